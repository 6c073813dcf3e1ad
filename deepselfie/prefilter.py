"""A quick look at many crops at once. In: a network and a photo; out: about what the network would score each frame.

All convolutions run over the whole photo, once at each of a few scales; what they make of a frame is cut out of that
by RoIAlign (He et al., Mask R-CNN, 2017), and only the last, small layers see each frame alone. It is not the score:
these features know what lies beyond a frame's edges, and a crop does not. Good for choosing whom to score.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision.ops import roi_align

from deepselfie.models import Network, core_threads

SCALES = 4  # from the whole photo to the smallest frame: between them a face is a sixth larger or smaller at most


def quick(network: Network, photo: Image.Image, smallest: float) -> Callable[[np.ndarray], np.ndarray] | None:
    """A function of frames (N, 3): x, y, size in fractions, at least `smallest`, that gives logits (N,), roughly.

    None for a network that has no convolutions apart from its last layers."""
    sizes = np.geomspace(1, smallest, SCALES)
    with core_threads():
        convolutions, last, side = split(network)
        if not len(convolutions):
            return None
        maps = [_features(network, convolutions, photo, round(network.size / size)) for size in sizes]

    def look(frames: np.ndarray) -> np.ndarray:
        nearest = np.abs(np.log(frames[:, 2:] / sizes)).argmin(1)  # (N,)
        logits = np.zeros(len(frames), np.float32)
        for scale in np.unique(nearest):
            which, features = np.flatnonzero(nearest == scale), maps[scale]
            boxes = np.concatenate([frames[which, :2], frames[which, :2] + frames[which, 2:]], 1) * features.shape[-1]
            rois = torch.from_numpy(np.column_stack([np.zeros(len(which)), boxes])).float().to(features.device)
            with core_threads(), torch.inference_mode():
                seen = roi_align(features, rois, (side, side), sampling_ratio=1, aligned=True)  # (n, C, side, side)
                fc7 = torch.relu(network.fc7(torch.relu(network.fc6(last(seen)))))
                logits[which] = network.fc8(fc7)[:, 0].cpu().numpy()
        return logits

    return look


def split(network: Network) -> tuple[nn.Sequential, nn.Sequential, int]:
    """The layers of the backbone that make maps, those that follow, and the side of the last map for one square."""
    layers = [*network.trunk, *network.rest]
    shape, maps = torch.zeros(1, 3, network.size, network.size).to(network.mean), []
    with torch.inference_mode():
        for layer in layers:
            shape = layer(shape)
            maps.append(shape.shape[-1] if shape.dim() == 4 else 0)
    count = maps.index(0) if 0 in maps else len(maps)
    while count and maps[count - 1] == 1:  # pooled, but not yet flat
        count -= 1
    return nn.Sequential(*layers[:count]), nn.Sequential(*layers[count:]), maps[count - 1] if count else 0


def _features(network: Network, convolutions: nn.Sequential, photo: Image.Image, side: int) -> Tensor:
    """(1, C, H', W') of the whole photo, squished to a square of `side` px."""
    pixels = np.array(photo.resize((side, side), Image.Resampling.BILINEAR))
    with torch.inference_mode():
        x = torch.from_numpy(pixels).to(network.mean.device).permute(2, 0, 1)[None] / 255  # (1, 3, side, side)
        return convolutions((x - network.mean) / network.std)
