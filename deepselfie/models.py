"""Networks: photos in, fc7 and one logit out. A pretrained backbone, then fc6, fc7, fc8, as in the article.

In: uint8 RGB (B, H, W, 3), or float (B, 3, H, W) in [0, 1]; the network normalises them itself.
"""

from __future__ import annotations

import copy
import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as unpack
from safetensors.torch import save as packed
from torch import Tensor, nn

from deepselfie.architectures import DEFAULT, Parts, folded, parts
from deepselfie.card import AGAIN, CARD, WEIGHTS, read_model
from deepselfie.errors import DeepselfieError
from deepselfie.world import write_atomically, write_json


class Network(nn.Module):
    """trunk (never trained), rest, fc6, fc7, fc8.

    Batch normalisation always keeps its ImageNet statistics and there is no dropout, so training and scoring compute
    the very same function; `train()` therefore changes nothing."""

    def __init__(self, architecture: str, parts: Parts):
        super().__init__()
        self.architecture, self.size, self.began_from = architecture, parts.size, "nothing"
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


def build(architecture: str = DEFAULT, pretrained: bool = True, checkpoint: Path | str | None = None) -> Network:
    """A new network: in its backbone ImageNet's weights, those of a checkpoint, or (pretrained=False) random ones.

    architecture, checkpoint, errors: see `architectures.parts`."""
    network = Network(architecture, parts(architecture, pretrained, checkpoint))
    network.began_from = Path(checkpoint).name if checkpoint else "published weights" if pretrained else "nothing"
    return network


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


def fuse(network: Network) -> Network:
    """A copy that computes the same, in the networks we know with batch normalisation folded into the convolutions."""
    fused = copy.deepcopy(network)
    return fused if ":" in network.architecture else folded(fused)  # anybody's may run in another order than listed


def save(network: Network, folder: Path, card: dict) -> dict:
    """Writes weights (float16) and card to `folder`, each atomically, and returns the card as written.

    The card names the hash of its weights, so a pair that does not belong together is noticed by `load`."""
    # Statistics stay float32: they are few, and some variances lie outside float16.
    weights = dict(network.named_parameters())
    tensors = {name: t.half() if name in weights else t for name, t in network.state_dict().items()}
    tensors = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    data = packed(tensors)
    write_atomically(folder / WEIGHTS, data)
    own = {"architecture": network.architecture, "began_from": network.began_from, "size": network.size}
    card = own | {"fc7": network.fc7.out_features} | card
    card |= {"weights": hashlib.sha256(data).hexdigest()}
    write_json(folder / CARD, card)
    return card


def load(folder: Path) -> tuple[Network, dict]:
    """The network and the card in `folder`; nothing in it is executed. Raises DeepselfieError naming the bad file."""
    card, data = read_model(folder)
    architecture = card["architecture"]
    network = build(architecture, pretrained=False)
    try:
        network.load_state_dict(unpack(data))
    except (SafetensorError, RuntimeError) as error:
        raise DeepselfieError(f"{folder / WEIGHTS} does not fit '{architecture}' ({error}). {AGAIN}") from error
    network.size, network.began_from = card["size"], card.get("began_from", "published weights")
    return network, card
