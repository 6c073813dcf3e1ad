"""Where in a photo its score comes from. In: a square picture and its network; out: maps that have passed their checks.

Two ways: occlusion (Zeiler & Fergus 2014, section 4.2) and Grad-CAM (Selvaraju et al. 2017, section 3). A map is
shown only if it tells something of this photo (what it marks, deleted first, must lower the score faster than random
places do: Petsiuk et al. 2018, section 4.3) and of what was learned (a network with random weights must draw
another one: Adebayo et al. 2018, section 3).
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from scipy.stats import spearmanr

from deepselfie.models import Network

Look = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]  # uint8 (N, S, S, 3) -> fc7 (N, D), logit (N,)
PATCHES = 4  # of a side: a covered patch is as large as a face's parts
STEPS = 9  # of a patch's place along a side, three eighths of it each
CELLS = 8  # of a side, for deletion
DELETIONS = 8  # times that an eighth of all cells is deleted
RANDOM = 9  # random places that a map has to beat: by luck it does so once in ten
LEAST = 5  # cells along a side of the layer that Grad-CAM reads: fewer cannot tell an eye from a cheek
ALIKE = 0.5  # rank correlation with the map of random weights, from which on a map does not show what was learned
_hooked = threading.Lock()  # Grad-CAM listens to a network that others share


@dataclass(frozen=True)
class Map:
    """heat: float32 (S, S), 0..1, how much a place speaks for the photo; withheld: why it is not to be shown, or None.

    dropped: the mean fall of the logit while the marked is deleted; by_chance: the largest for RANDOM other places;
    alike: rank correlation with the map of random weights."""

    heat: np.ndarray
    withheld: str | None
    dropped: float
    by_chance: float
    alike: float


def maps(square: np.ndarray, look: Look, network: Network, scrambled: Network) -> dict[str, Map]:
    """Both maps of a picture, uint8 (S, S, 3); look: the network's; scrambled: what `scramble` made of it."""
    of_random = {"occlusion": occlusion(square, looking(scrambled)), "Grad-CAM": grad_cam(square, scrambled)}
    drawn = {"occlusion": occlusion(square, look), "Grad-CAM": grad_cam(square, network)}
    found = {}
    for name, heat in drawn.items():
        by_chance = max(deletion(square, look, order) for order in _moved(heat))
        found[name] = _checked(heat, deletion(square, look, _order(heat)), by_chance, of_random[name])
    return found


def occlusion(square: np.ndarray, look: Look) -> np.ndarray:
    """float32 (S, S), 0..1: how far the logit falls when a patch there is covered with the picture's mean colour."""
    size = len(square)
    patch, mean = size // PATCHES, square.mean((0, 1))
    starts = np.linspace(0, size - patch, STEPS).round().astype(int)
    covered = np.repeat(square[None], 1 + STEPS**2, 0)
    places = [(y, x) for y in starts for x in starts]
    for picture, (y, x) in zip(covered[1:], places, strict=True):
        picture[y : y + patch, x : x + patch] = mean
    logit = look(covered)[1]
    total, count = np.zeros((2, size, size), np.float32)
    for fall, (y, x) in zip(logit[0] - logit[1:], places, strict=True):
        total[y : y + patch, x : x + patch] += fall
        count[y : y + patch, x : x + patch] += 1
    return _scaled(total / count)


def grad_cam(square: np.ndarray, network: Network) -> np.ndarray:
    """float32 (S, S), 0..1: the last maps of the network with at least LEAST cells a side, each weighed by its mean
    gradient to the logit, summed, and what is negative cut off; zeros where a network has no such maps."""
    layers: list[torch.Tensor] = []

    def keep(_module, _inputs, output) -> None:
        if isinstance(output, torch.Tensor) and output.ndim == 4 and min(output.shape[2:]) >= LEAST:
            layers.append(output)

    pixels = torch.tensor(square)[None]  # (1, S, S, 3)
    with _hooked, torch.enable_grad():
        early = network.early(pixels).detach().requires_grad_()
        hooks = [module.register_forward_hook(keep) for module in network.rest.modules()]
        try:
            logit = network.late(early)[1]
        finally:
            for hook in hooks:
                hook.remove()
        if not layers:
            return np.zeros(square.shape[:2], np.float32)
        layer = layers[-1]
        gradient = torch.autograd.grad(logit[0], layer)[0]
    weighed = (gradient.mean((2, 3), keepdim=True) * layer).sum(1)[0]  # (H', W')
    heat = torch.relu(weighed).detach().numpy()
    return _scaled(cv2.resize(heat, square.shape[:2], interpolation=cv2.INTER_LINEAR))


def deletion(square: np.ndarray, look: Look, order: np.ndarray) -> float:
    """The mean fall of the logit while cells are blurred away, an eighth of all at a time.

    order: int (CELLS * CELLS,), the numbers of the cells, row by row, the first to be deleted first."""
    size = len(square)
    gone = cv2.GaussianBlur(square, (0, 0), size / 8)
    turn = np.empty(CELLS**2, np.float32)
    turn[order] = np.arange(CELLS**2)
    turn = cv2.resize(turn.reshape(CELLS, CELLS), (size, size), interpolation=cv2.INTER_NEAREST)[..., None]
    until = np.linspace(0, CELLS**2, DELETIONS + 1)
    logit = look(np.stack([np.where(turn < n, gone, square) for n in until]))[1]
    return float(np.mean(logit[0] - logit[1:]))


def scramble(network: Network, seed: int = 0) -> Network:
    """The same network with random weights of the same spread, layer by layer."""
    other = copy.deepcopy(network)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weights in other.parameters():
            if weights.ndim > 1:
                noise = torch.randn(weights.shape, generator=generator)
                weights.copy_(noise * weights.std())
    return other


def looking(network: Network) -> Look:
    """A network's own way of looking, as it is."""

    def look(squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with torch.inference_mode():
            fc7, logit = network.features(torch.from_numpy(squares))
        return fc7.numpy(), logit.numpy()

    return look


def lit(image: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """The picture, uint8 (H, W, 3), bright where the map (0..1, any size) is, dark elsewhere."""
    height, width = image.shape[:2]
    light = cv2.resize(heat, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 1)[..., None]
    return np.rint(image * (0.2 + 0.8 * light)).astype(np.uint8)


def _checked(heat: np.ndarray, dropped: float, by_chance: float, of_random: np.ndarray) -> Map:
    alike = 0.0
    if np.ptp(heat) > 0 and np.ptp(of_random) > 0:
        alike = float(spearmanr(_cells(heat), _cells(of_random)).statistic)
    withheld = None
    if np.ptp(heat) == 0:
        withheld = "it found nothing that speaks for this photo"
    elif dropped <= by_chance:
        withheld = "blurring what it marks lowers the score no faster than blurring other places"
    elif alike >= ALIKE:
        withheld = "a network that has learned nothing draws much the same map"
    return Map(heat, withheld, dropped, by_chance, alike)


def _cells(heat: np.ndarray) -> np.ndarray:
    """The mean of a map in each cell, (CELLS * CELLS,)."""
    return cv2.resize(heat, (CELLS, CELLS), interpolation=cv2.INTER_AREA).ravel()


def _order(heat: np.ndarray) -> np.ndarray:
    return np.argsort(-_cells(heat), kind="stable")


def _moved(heat: np.ndarray) -> list[np.ndarray]:
    """The orders of the same map moved to RANDOM other places, and what leaves at one side enters at the other.

    Of the same shape: cells scattered by lot would leave edges everywhere, which lower a score by themselves."""
    cells = _cells(heat).reshape(CELLS, CELLS)
    ways = [(y, x) for y in range(2, CELLS - 1) for x in range(2, CELLS - 1)]
    chosen = np.random.default_rng(0).permutation(ways)[:RANDOM]
    return [np.argsort(-np.roll(cells, way, (0, 1)).ravel(), kind="stable") for way in chosen]


def _scaled(heat: np.ndarray) -> np.ndarray:
    """What is positive, to 0..1."""
    heat = np.maximum(heat, 0).astype(np.float32)
    return heat / max(float(heat.max()), 1e-9) if heat.max() > 0 else heat
