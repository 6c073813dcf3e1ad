"""The spatial transformer (Jaderberg et al., 2015): a crop by the gradient of the score with respect to its frame.

In: a network, a photo and what frames are allowed; out: the frames on the way up, the best by the network first.

The article tried this and gave up: its frames "would sometimes get stuck, or drift around". Two reasons can be seen.
A bilinear sampler reads four of the many pixels that lie under one of the network's: its gradient is that of grain.
Here each is the weighted mean of them all. And the score itself is rough: a network with strides jumps as a picture
moves by a pixel, so that gradients of neighbouring frames differ by more than their mean is (benchmarks/crop.py). So a
step looks at several frames around its centre and fits a plane to their gradients and their scores, each trusted as far
as it agrees: on smooth scores the gradients decide, on rough ones the scores do. Frames are sigmoids of what is climbed
with, so that they stay within what is allowed; steps have a length that only shrinks; a weak prior draws them to the
whole photo where the score does not care; and several climb at once, from the best of Sobol's sequence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from deepselfie.crop import (
    CLIMB,
    COVER,
    FINALISTS,
    KEPT,
    Crop,
    Limits,
    cover,
    cut,
    inside,
    limits,
    settled,
    shrunk,
    whole_pixels,
)
from deepselfie.models import Network
from deepselfie.score import Scorer

SAMPLES = 4  # a side, for each pixel of the network's: of a photo of `SAMPLES` times its side, all pixels
COVERED = 0.4  # of the evaluations
STARTS = 2  # the best of those: one alone ends on the wrong hill
TOGETHER = 0.3  # of the evaluations for climbing: then the higher one goes on alone
VIEWS = 6  # frames around each, of which each step takes the slope
RADIUS = 0.5  # of the first step, before the sigmoid: a tenth of the way through what is allowed; the last are short
SPREAD = 0.7  # of the views around their centre, in steps
FITS = 3  # rounds in which a slope and the trust in what it is made of are found together
BEYOND = 0.1  # of the cube, that a sigmoid would end beyond its faces, where it is cut off: so that these are reached
PRIOR = 0.05  # logits for the whole photo against none of it
FACE = 10.0  # logits a half frame by which a face would stick out of it
TURN, STRETCH, SHEAR = math.radians(15), 0.1, 0.1  # at most, each way: beyond that people notice
APART = 0.05  # of the cube: finalists lie as far from each other
TINY = 1e-8  # keeps a perfect fit from dividing by zero
BATCH = 16  # frames sampled at once: 28 MB


def best_crop(
    image: np.ndarray,
    faces: Sequence[dict],
    scorer: Scorer,
    network: Network,
    rude: bool = False,
    affine: bool = False,
    seed: int = 0,
) -> Crop:
    """As crop.best_crop, for as many looks, but climbed; affine: it may also turn, stretch and shear a little."""
    allowed = limits(faces, rude)
    small = torch.from_numpy(np.array(shrunk(Image.fromarray(image), network.size))).permute(2, 0, 1).float() / 255
    tried, _ = climb(network, small, allowed, () if rude else faces, COVER + CLIMB, affine, seed)
    whole = np.array([[0.5, 0.5, 1.0, *[0.5] * 3]], np.float32)[
        :, : 6 if affine else 3
    ]  # where nothing keeps the faces
    chosen = finalists(tried if len(tried) else whole)
    height, width = image.shape[:2]
    boxes = [whole_pixels(frame, (width, height)) for frame in allowed.frames(chosen[:, :3])]
    turned = corners(thetas(torch.from_numpy(chosen), allowed, width / height), (width, height)) if affine else []
    cuts = [cut_turned(image, each) for each in turned] if affine else [cut(image, box) for box in boxes]
    best, *found = settled(image, cuts, scorer, seed)
    return Crop(boxes[best], cuts[best], *found, tuple(map(tuple, turned[best].tolist())) if affine else None)


def finalists(cube: np.ndarray) -> np.ndarray:
    """The first FINALISTS of (N, D) that lie APART from each before them."""
    chosen = cube[:1]
    for point in cube[1:]:
        if len(chosen) < FINALISTS and np.abs(chosen - point).max(1).min() > APART:
            chosen = np.vstack([chosen, point])
    return chosen


def corners(theta: Tensor, size: tuple[int, int]) -> np.ndarray:
    """Where frames (N, 2, 3) have their corners in a photo of `size` (width, height) px: (N, 4, 2), clockwise."""
    own = torch.tensor([[-1.0, 1, 1, -1], [-1, -1, 1, 1], [1, 1, 1, 1]])
    return ((theta @ own + 1) / 2 * torch.tensor(size).view(2, 1)).transpose(1, 2).numpy()


def cut_turned(image: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """What lies between four corners (4, 2) of uint8 (H, W, 3), upright, with the photo's aspect and its fineness."""
    height, width = image.shape[:2]
    across, down = frame[1] - frame[0], frame[3] - frame[0]
    share = math.sqrt(abs(np.linalg.det([across, down])) / (width * height))
    w, h = max(1, round(share * width)), max(1, round(share * height))
    step = np.column_stack([across / w, down / h])  # of the photo's px for one of the cut's
    origin = frame[0] + step @ [0.5, 0.5] - 0.5  # a pixel's number names its corner, its colour is that of its centre
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(image, np.column_stack([step, origin]), (w, h), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def sample(photo: Tensor, theta: Tensor, size: int) -> Tensor:
    """What frames show of a photo (3, H, W), as (N, 3, size, size), each pixel the mean of what lies under it.

    theta: (N, 2, 3), from the frame's coordinates to the photo's, both -1..1 from edge to edge, as in F.affine_grid.
    The weights are Pillow's for BILINEAR: a triangle, two of the new pixels wide, here SAMPLES times as finely read."""
    side = (size + 1) * SAMPLES  # the outer triangles reach half a pixel over the edge
    wider = torch.cat([theta[:, :, :2] * (1 + 1 / size), theta[:, :, 2:]], 2)
    grid = F.affine_grid(wider, (len(theta), 3, side, side), align_corners=False)  # (N, side, side, 2)
    read = F.grid_sample(photo.expand(len(theta), -1, -1, -1), grid, padding_mode="border", align_corners=False)
    triangle = 1 - ((torch.arange(2 * SAMPLES) + 0.5) / SAMPLES - 1).abs()
    weights = (triangle / triangle.sum()).to(photo)
    for shape, stride in (((-1, 1), (SAMPLES, 1)), ((1, -1), (1, SAMPLES))):  # down, then across
        kernel = weights.view(1, 1, *shape).expand(3, -1, -1, -1)
        read = F.conv2d(read, kernel, stride=stride, groups=3)
    return read


def thetas(cube: Tensor, allowed: Limits, aspect: float) -> Tensor:
    """Points of the cube (N, 3), or (N, 6): also turn, stretch and shear, 0.5 for none -> (N, 2, 3) for `sample`.

    aspect: the photo's width / height. A frame that is turned lies within the upright one of the first three."""
    x, y, size = allowed.frames(cube[:, :3]).unbind(1)
    matrix = torch.eye(2).expand(len(cube), 2, 2).to(cube)
    if cube.shape[1] == 6:
        turn, stretch, shear = ((2 * cube[:, 3:] - 1) * torch.tensor([TURN, STRETCH, SHEAR]).to(cube)).unbind(1)
        cos, sin, none = turn.cos(), turn.sin(), torch.zeros_like(turn)
        turned = torch.stack([cos, -sin, sin, cos], 1).view(-1, 2, 2)
        matrix = turned @ torch.stack([stretch.exp(), shear, none, (-stretch).exp()], 1).view(-1, 2, 2)
        matrix = matrix * torch.tensor([[1, 1 / aspect], [aspect, 1]]).to(cube)  # of px to of fractions
        matrix = matrix / matrix.abs().sum(2).amax(1).view(-1, 1, 1)
    centre = torch.stack([2 * x + size - 1, 2 * y + size - 1], 1)
    return torch.cat([size.view(-1, 1, 1) * matrix, centre.unsqueeze(2)], 2)


def sticking_out(theta: Tensor, faces: Sequence[dict]) -> Tensor:
    """By how much the most of any face's box, but for what may be lost of it, lies outside each frame: (N,), >= 0.

    In half frames; 0 keeps at least KEPT of each box."""
    if not faces:
        return torch.zeros(len(theta)).to(theta)
    lost, corners = (1 - KEPT**0.5) / 2, []
    for left, upper, right, lower in map(inside, faces):
        aside, above = lost * (right - left), lost * (lower - upper)
        corners += [(x, y) for x in (left + aside, right - aside) for y in (upper + above, lower - above)]
    away = 2 * torch.tensor(corners).to(theta).T - 1 - theta[:, :, 2:]  # (N, 2, corners)
    seen = torch.linalg.solve(theta[:, :, :2], away)  # in the frame's coordinates
    return (seen.abs() - 1).clip(0).amax((1, 2))


def climb(
    network: nn.Module,
    photo: Tensor,
    allowed: Limits,
    faces: Sequence[dict] = (),
    evaluations: int = 100,
    affine: bool = False,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """All tried points of the cube that keep the faces, best first, (N, 3) or, with affine, (N, 6); their logits (N,).

    network: float (N, 3, S, S) in [0, 1] -> logits (N,), with its `size` S; photo: (3, H, W), float in [0, 1]."""
    aspect, lot = photo.shape[2] / photo.shape[1], torch.Generator().manual_seed(seed)

    def look(cube: Tensor) -> tuple[Tensor, Tensor]:
        theta = thetas(cube, allowed, aspect)
        return network(sample(photo, theta, network.size)), sticking_out(theta, faces)

    covered = torch.from_numpy(cover(round(COVERED * evaluations), seed)).to(photo)
    if affine:
        covered = torch.cat([covered, torch.full_like(covered, 0.5)], 1)
    with torch.no_grad():
        logits, out = (torch.cat(part) for part in zip(*map(look, covered.split(BATCH)), strict=True))
    tried, found, kept = [covered], [logits], [out == 0]
    starts = covered[(logits - FACE * out + PRIOR * covered[:, 2]).topk(STARTS).indices]
    centres = torch.logit((starts + BEYOND) / (1 + 2 * BEYOND))  # (STARTS, 3 or 6)
    rounds = (evaluations - len(covered)) // VIEWS
    together = max(1, round(TOGETHER * rounds / STARTS))
    steps = together + rounds - STARTS * together
    for step in range(steps):
        reach = RADIUS * (1 - step / steps)
        around = torch.randn(len(centres), VIEWS, centres.shape[1], generator=lot).to(photo) * reach * SPREAD
        free = (centres.unsqueeze(1) + around).sigmoid().flatten(0, 1)
        cube = ((1 + 2 * BEYOND) * free - BEYOND).clip(0, 1).requires_grad_()
        logits, out = look(cube)
        aim = logits - FACE * out + PRIOR * cube[:, 2]
        (upward,) = torch.autograd.grad(aim.sum(), cube)
        upward = (upward * (1 + 2 * BEYOND) * free * (1 - free)).detach().view_as(around)  # through the sigmoid
        aim = aim.detach().view(-1, VIEWS)
        slopes = torch.stack([slope(*start) for start in zip(around, aim, upward, strict=True)])
        centres = centres + reach * F.normalize(slopes, dim=1)
        if step + 1 == together:  # from here as in successive halving
            centres = centres[aim.mean(1).argmax()].unsqueeze(0)
        tried.append(cube.detach())
        found.append(logits.detach())
        kept.append(out.detach() == 0)
    tried, found, kept = torch.cat(tried), torch.cat(found), torch.cat(kept)
    order = found[kept].argsort(descending=True)
    return tried[kept][order].cpu().numpy(), found[kept][order].cpu().numpy()


def slope(around: Tensor, values: Tensor, gradients: Tensor) -> Tensor:
    """(D,) of the plane that fits views best: where they lie (V, D), how high (V,), and which way is up there (V, D).

    Heights and gradients are trusted by how well each agree among themselves, as in generalised least squares."""
    count, dimensions = around.shape
    away, height = around - around.mean(0), values - values.mean()
    unrest = gradients.var(0).mean() + TINY
    found = gradients.mean(0)
    for _ in range(FITS):
        misfit = (height - away @ found).square().mean() + TINY
        weights = away.T @ away / misfit + count / unrest * torch.eye(dimensions).to(around)
        found = torch.linalg.solve(weights, away.T @ height / misfit + gradients.sum(0) / unrest)
    return found
