"""What a network computes between pixels and score. In: a network as scoring runs it, and a square; out: its numbers.

The network is a `models.fuse`d one: batch normalisation lies folded in the convolutions, so filters and biases are
those with which it really computes. All of it is float32, an ordinary forward pass with hooks that look on.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

import numpy as np
import torch
from scipy.special import expit
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from deepselfie.models import Network

Kept = TypeVar("Kept")
_looking = threading.Lock()  # hooks sit on the network itself: they would see another visitor's photo as well


@dataclass(frozen=True)
class Stage:
    """One layer or block of the backbone. maps: float32 (C, H, W), what comes out of it, after its activation."""

    name: str
    maps: np.ndarray


@dataclass(frozen=True)
class Flow:
    """All that becomes of one photo.

    entry: float32 (3, S, S), the normalised pixels that the first convolution meets; sums: (C, H, W), what it makes of
    them, before any activation; pooled: (F,), what the backbone hands on; fc6, fc7: after their ReLU; logit: fc8's."""

    stages: list[Stage]
    entry: np.ndarray
    sums: np.ndarray
    pooled: np.ndarray
    fc6: np.ndarray
    fc7: np.ndarray
    logit: float


@dataclass(frozen=True)
class Step:
    """One convolution filter at one place. pixels, weights: float32 (3, k, k), normalised pixels and their weights.

    filter: its index; left, top: px, where in the square the patch lies; total: sum of products and bias; follows: the
    activation after it, "" where something else comes; value: total after that activation."""

    filter: int
    left: int
    top: int
    pixels: np.ndarray
    weights: np.ndarray
    bias: float
    total: float
    follows: str
    value: float

    @property
    def products(self) -> np.ndarray:
        """float32 (3, k, k)"""
        return self.pixels * self.weights


def flow(network: Network, square: np.ndarray) -> Flow:
    """uint8 (size, size, 3) -> what every stage makes of it.

    Stages are the layers of trunk and rest that have maps (C, H, W); a network without any (a transformer) has none."""
    met: dict[nn.Module, np.ndarray] = {}

    def meets(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        met[module] = inputs[0][0].numpy(force=True).copy()

    def gives(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        sums.append(output[0].numpy(force=True).copy())  # a ReLU may work in place

    sums: list[np.ndarray] = []
    first = first_convolution(network)
    watched = (first, network.fc6, network.fc7, network.fc8)
    with (
        _looking,
        _watching([first.register_forward_hook(gives), *(m.register_forward_pre_hook(meets) for m in watched)]),
    ):
        stages, logit = _run(network, square[None], lambda maps: maps[0].numpy(force=True).copy())
    entry, pooled, fc6, fc7 = (met[module] for module in watched)
    return Flow([Stage(*stage) for stage in stages], entry, sums[0], pooled, fc6, fc7, float(logit[0]))


def means(network: Network, squares: np.ndarray) -> list[np.ndarray]:
    """uint8 (B, size, size, 3) -> for each stage float32 (B, C): each map's mean over its photo."""
    with _looking:
        return [kept for _, kept in _run(network, squares, lambda maps: maps.mean((2, 3)).numpy(force=True))[0]]


def strongest(looked_at: list[tuple[np.ndarray, list[np.ndarray]]], stage: int, channel: int, count: int) -> np.ndarray:
    """The rows of the photos in which a map has the greatest mean, greatest first.

    looked_at: of some photos each, their rows (B,) and their `means`."""
    rows = np.concatenate([rows for rows, _ in looked_at])
    strength = np.concatenate([means[stage][:, channel] for _, means in looked_at])
    return rows[np.argsort(-strength, kind="stable")[:count]]


def step(network: Network, flow: Flow, channel: int) -> Step:
    """The arithmetic of one filter of the first convolution, at the place in the photo where its sum is greatest."""
    convolution = first_convolution(network)
    row, column = _peak(flow.sums[channel], convolution)
    # What an output is made of shows in its gradient: the weights, each at its pixel. All ones: none is overlooked.
    ones, entry = copy.deepcopy(convolution).requires_grad_(False), torch.from_numpy(flow.entry)[None]
    ones.weight.fill_(1)
    entry.requires_grad_()
    with torch.enable_grad():
        (touched,) = torch.autograd.grad(ones(entry)[0, channel, row, column], entry)
    ys, xs = torch.nonzero(touched[0].sum(0), as_tuple=True)  # (S, S)
    rows, columns = (sorted(set(places.tolist())) for places in (ys, xs))
    pixels = flow.entry[:, rows][:, :, columns]  # (3, k, k)
    weights = convolution.weight[channel].detach().numpy()
    bias = 0.0 if convolution.bias is None else float(convolution.bias[channel].detach())
    total = float((pixels * weights).sum(dtype=np.float64)) + bias
    activation = _activation(network, convolution)
    value = total if activation is None else float(activation(torch.tensor([total])))
    follows = "" if activation is None else type(activation).__name__
    return Step(channel, columns[0], rows[0], pixels, weights, bias, total, follows, value)


def first_convolution(network: Network) -> nn.Conv2d:
    """The layer that meets the pixels."""
    return next(m for m in network.modules() if isinstance(m, nn.Conv2d) and m.in_channels == 3)


def filters(network: Network) -> np.ndarray:
    """float32 (C, 3, k, k): the weights of the first convolution."""
    return first_convolution(network).weight.detach().numpy()


def chance(logit: float, calibration: dict) -> float:
    """A logit as a score in [0, 1]; calibration: slope and intercept, from the model's card."""
    return float(expit(calibration["slope"] * logit + calibration["intercept"]))


def said(module: nn.Module) -> str:
    """A layer or block in a few words; "" for what computes nothing."""
    convolutions = [m for m in module.modules() if isinstance(m, nn.Conv2d)]
    if len(convolutions) > 1:
        return f"block of {len(convolutions)} convolutions"
    leaves = [m for m in module.modules() if next(m.children(), None) is None]
    return ", ".join(word for word in map(_word, leaves) if word)


def _word(leaf: nn.Module) -> str:
    kind = type(leaf).__name__
    if isinstance(leaf, nn.Conv2d):
        high, wide = leaf.kernel_size
        return f"{'depthwise ' if leaf.groups > 1 else ''}convolution {high} × {wide}"
    if "Pool" in kind:
        return "max pooling" if "Max" in kind else "average pooling"
    return "" if kind in ("Identity", "Flatten", "Sequential") or "Drop" in kind else kind


@contextmanager
def _watching(hooks: Iterable[RemovableHandle]) -> Iterator[None]:
    """Hooks that are gone afterwards, whatever happens."""
    hooks = list(hooks)
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _run(
    network: Network, squares: np.ndarray, keep: Callable[[Tensor], Kept]
) -> tuple[list[tuple[str, Kept]], np.ndarray]:
    """A forward pass: name and keep(maps) of each stage, maps (B, C, H, W), and the logits (B,).

    A layer without weights that keeps the shape (an activation) belongs to the stage before it."""
    stages: list[tuple[str, torch.Size, Kept]] = []

    def look(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if not isinstance(output, Tensor) or output.dim() != 4 or not 1 < output.shape[2] == output.shape[3]:
            return
        name = said(module)
        if stages and stages[-1][1] == output.shape and next(module.parameters(), None) is None:
            name = ", ".join(filter(None, (stages.pop()[0], name)))
        stages.append((name, output.shape, keep(output)))

    with _watching(layer.register_forward_hook(look) for layer in _layers(network)), torch.inference_mode():
        logit = network(torch.from_numpy(np.ascontiguousarray(squares)))
    return [(name, kept) for name, _, kept in stages], logit.numpy(force=True)


def _layers(network: Network) -> list[nn.Module]:
    """The layers and blocks of the backbone; a library's whole classifier, which is one module, is opened."""
    if len(network.trunk) == 0 and len(network.rest) == 1:
        parts = network.rest[0].children()
        return list(chain.from_iterable(part if isinstance(part, nn.Sequential) else [part] for part in parts))
    return [*network.trunk, *network.rest]


def _peak(sums: np.ndarray, convolution: nn.Conv2d) -> tuple[int, int]:
    """Row and column of the greatest number of a map (H, W), away from the edge, where filters meet only padding."""
    edge = -(-max(convolution.kernel_size) // min(convolution.stride))
    inner = sums[edge:-edge, edge:-edge]
    row, column = np.unravel_index(inner.argmax(), inner.shape)
    return int(row) + edge, int(column) + edge


def _activation(network: Network, convolution: nn.Conv2d) -> nn.Module | None:
    """What comes right after a convolution, if it is an activation; None where it is another layer."""
    leaves = [m for m in network.modules() if next(m.children(), None) is None]
    after = leaves[next(i for i, leaf in enumerate(leaves) if leaf is convolution) + 1 :]
    following = next(leaf for leaf in after if not isinstance(leaf, nn.Identity))
    return copy.deepcopy(following) if next(following.parameters(), None) is None and _word(following) else None
