"""The best crop. In: a photo, its faces and a Scorer; out: the part of the photo that the network likes best.

A crop is a frame (x, y, size): its upper left corner and its sides, in fractions of the photo's width and height, so
that it keeps the photo's aspect. What frames are allowed is a box of three numbers in [0, 1], the cube, which every
search here searches: there is nothing outside it, so no search can leave what is allowed.

The article (2015) tried random crops. Here Sobol's sequence covers the cube, CMA-ES climbs from the best of it, and
since the best of many noisy scores is too good to be true, the winner meets the original again on fresh views of both.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from cmaes import CMA
from PIL import Image
from scipy.stats import qmc, t

from deepselfie.pictures import drawn_out, prepare
from deepselfie.score import SHIFT, Scorer

if TYPE_CHECKING:
    import torch

    from deepselfie.models import Network

KEPT = 0.9  # of the box of each face
SMALLEST, RUDEST = 0.4, 0.3  # of each side; below a third the enlarged crop of a phone's photo is blurred
COVER, CLIMB = 128, 96  # frames scored to cover the cube and to climb: the benchmark's curve is flat from there
BATCH = 8  # frames a generation of CMA-ES: 12 climb less far, being fewer generations
STEP = 0.1  # of the cube: about the distance between neighbours when COVER points cover it
GUESSED, TOP = 1024, 10  # frames that the prefilter ranks, for less than a tenth each, and those of them then scored
FINALISTS, APART = 8, 0.9  # frames that are compared once more, and the IoU above which two count as the same
VIEWS, FRESH = 8, 48  # views of each finalist, and of the winner and the original
CONFIDENCE = 0.95

Array = TypeVar("Array", np.ndarray, "torch.Tensor")
Score = Callable[[np.ndarray], np.ndarray]  # points of the cube, float (N, 3) -> scores (N,), larger is better


@dataclass(frozen=True)
class Limits:
    """What frames are allowed. smallest: their least side; x, y: (the least far right or lower edge, the greatest left
    or upper edge) that keep every face, (0, 1) where none is to be kept. All in fractions of the photo."""

    smallest: float
    x: tuple[float, float] = (0.0, 1.0)
    y: tuple[float, float] = (0.0, 1.0)

    def frames(self, cube: Array) -> Array:
        """Points of the cube (N, 3), each in [0, 1] -> frames x, y, size (N, 3); of numpy or torch, differentiable."""
        size = self.smallest + (1 - self.smallest) * cube[:, 2]
        edges = []
        for share, (reach, start) in zip((cube[:, 0], cube[:, 1]), (self.x, self.y), strict=True):
            low, high = (reach - size).clip(0), (1 - size).clip(max=start)
            edges.append(low + (high - low) * share)
        if isinstance(cube, np.ndarray):
            return np.stack([*edges, size], 1)
        import torch  # takes seconds to load, and who hands over a tensor has done so

        return torch.stack([*edges, size], 1)


def limits(faces: Sequence[dict], rude: bool = False) -> Limits:
    """Those that keep KEPT of each face's box (as faces.detect gives it) and at least SMALLEST; rude: RUDEST alone."""
    if rude or not faces:
        return Limits(RUDEST if rude else SMALLEST)
    side = KEPT**0.5  # of both the box's width and its height: then KEPT of its area, wherever the edges cut
    smallest, kept = SMALLEST, []
    left, upper, right, lower = np.array([inside(face) for face in faces]).T
    for low, high in ((left, right), (upper, lower)):
        span = high - low
        reach, left = float((low + side * span).max()), float((low + (1 - side) * span).min())
        kept.append((reach, left))
        smallest = max(smallest, float(side * span.max()), reach - left)
    return Limits(min(smallest, 1.0), *kept)


def cover(count: int, seed: int = 0) -> np.ndarray:
    """Points of the cube (count, 3) by Sobol's sequence, scrambled (Owen, 1998)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a count that is no power of two is a little less even
        return qmc.Sobol(3, seed=seed).random(count)


def search(
    score: Score, count: int = COVER, climb: int = CLIMB, seed: int = 0, guess: Score | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """All tried points of the cube (N, 3), best first, and their scores (N,): covered, then climbed from the best.

    guess: a cheap stand-in for `score`; the TOP of GUESSED points by it are tried as well."""
    tried = cover(count, seed)
    if guess is not None:
        many = cover(GUESSED, seed + 1)
        tried = np.concatenate([tried, many[np.argsort(-guess(many))[:TOP]]])
    found = score(tried)
    optimiser = CMA(
        mean=tried[found.argmax()], sigma=STEP, bounds=np.tile([0.0, 1.0], (3, 1)), seed=seed, population_size=BATCH
    )
    for _ in range(0, climb, BATCH):
        asked = np.stack([optimiser.ask() for _ in range(BATCH)])
        got = score(asked)
        optimiser.tell([(point, -value) for point, value in zip(asked, got, strict=True)])
        tried, found = np.concatenate([tried, asked]), np.concatenate([found, got])
    order = np.argsort(-found)
    return tried[order], found[order]


def squares(photo: Image.Image, frames: np.ndarray, size: int) -> np.ndarray:
    """What frames (N, 3) show, to fractions of a pixel, as the network gets it: uint8 (N, size, size, 3)."""
    corners = np.concatenate([frames[:, :2], frames[:, :2] + frames[:, 2:]], 1).clip(0, 1)
    boxes = corners * [*photo.size, *photo.size]  # (N, 4) px: left, upper, right, lower
    return np.stack([photo.resize((size, size), Image.Resampling.BILINEAR, tuple(box), 3.0) for box in boxes])


@dataclass(frozen=True, eq=False)
class Crop:
    """The best crop that was found, and whether it is worth it.

    box: left, upper, right, lower, px; image: uint8 (H, W, 3), what it shows; before, after: mean scores of the photo
    and the crop over FRESH views of each; gain: (lowest, mean, highest) of after - before, the interval CONFIDENCE;
    corners: of a turned crop, whose box is only around it, (x, y) px, clockwise from the upper left."""

    box: tuple[int, int, int, int]
    image: np.ndarray
    before: float
    after: float
    gain: tuple[float, float, float]
    corners: tuple[tuple[float, float], ...] | None = None

    @property
    def better(self) -> bool:
        """False: keep the original, the gain may be none."""
        return self.gain[0] > 0


def best_crop(
    image: np.ndarray,
    faces: Sequence[dict],
    scorer: Scorer,
    rude: bool = False,
    network: Network | None = None,
    seed: int = 0,
) -> Crop:
    """image: uint8 (H, W, 3); faces: of it, as faces.detect gives them, all of which a crop keeps unless it is rude;
    network: the scorer's own, for the prefilter, None goes without."""
    photo, allowed = Image.fromarray(image), limits(faces, rude)
    small = shrunk(photo, scorer.size)

    def score(cube: np.ndarray) -> np.ndarray:
        return scorer.look(squares(small, allowed.frames(cube), scorer.size))[1]

    rough = None
    if network:
        from deepselfie.prefilter import quick  # torch and torchvision, as the network itself

        rough = quick(network, small, allowed.smallest)
    tried, _ = search(score, seed=seed, guess=rough and (lambda cube: rough(allowed.frames(cube))))
    boxes = [whole_pixels(frame, photo.size) for frame in finalists(allowed.frames(tried))]
    cuts = [cut(image, box) for box in boxes]
    best, *found = settled(image, cuts, scorer, seed)
    return Crop(boxes[best], cuts[best], *found)


def shrunk(photo: Image.Image, size: int) -> Image.Image:
    """As small as a search needs it: the smallest crop still has two pixels each way for each of a network's."""
    least, small = 2 * size / RUDEST, photo.copy()
    if min(small.size) > least:
        small.thumbnail([round(side * least / min(small.size)) for side in small.size], Image.Resampling.LANCZOS)
    return small


def settled(
    image: np.ndarray, cuts: Sequence[np.ndarray], scorer: Scorer, seed: int = 0
) -> tuple[int, float, float, tuple[float, float, float]]:
    """Which of the cuts of an image is the best over VIEWS views, and before, after and gain as a Crop tells them."""
    seen = prepare([image, *cuts], scorer.size)
    best = 1 + int(_viewed(seen, scorer, VIEWS, seed)[:, 1:].mean(0).argmax())
    scores = _viewed(seen[[0, best]], scorer, FRESH, seed + 1)  # (FRESH, 2)
    before, after = scores.mean(0).tolist()
    return best - 1, before, after, gained(*scores.T)


def gained(before: np.ndarray, after: np.ndarray) -> tuple[float, float, float]:
    """Scores (V,) of the same views of two pictures -> (lowest, mean, highest) difference: Student's t on the pairs."""
    difference = (after - before).astype(float)
    mean, n = difference.mean(), len(difference)
    reach = t.ppf((1 + CONFIDENCE) / 2, n - 1) * difference.std(ddof=1) / n**0.5
    return float(mean - reach), float(mean), float(mean + reach)


def finalists(frames: np.ndarray) -> np.ndarray:
    """The first FINALISTS of (N, 3) that are no near-copies (IoU > APART) of one before them."""
    chosen = frames[:1]
    for frame in frames[1:]:
        if len(chosen) < FINALISTS and iou(chosen, frame).max() <= APART:
            chosen = np.vstack([chosen, frame])
    return chosen


def iou(frames: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Intersection over union of each of (N, 3) with one frame (3,)."""
    low = np.maximum(frames[:, :2], other[:2])
    high = np.minimum(frames[:, :2] + frames[:, 2:], other[:2] + other[2])
    both = (high - low).clip(0).prod(1)
    return both / (frames[:, 2] ** 2 + other[2] ** 2 - both)


def kept(box: tuple[float, float, float, float], face: dict) -> float:
    """The share, 0..1, of a face's box inside the photo that is also inside `box` (left, upper, right, lower, 0..1).

    1 for a face that is all outside the photo: no crop can lose any of it."""
    left, upper, right, lower = inside(face)
    if right <= left or lower <= upper:
        return 1.0
    width, height = min(right, box[2]) - max(left, box[0]), min(lower, box[3]) - max(upper, box[1])
    return max(width, 0.0) * max(height, 0.0) / ((right - left) * (lower - upper))


def inside(face: dict) -> tuple[float, float, float, float]:
    """The part of a face's box that is inside the photo: left, upper, right, lower, 0..1."""
    left, upper = min(max(face["x"], 0.0), 1.0), min(max(face["y"], 0.0), 1.0)
    return left, upper, min(max(face["x"] + face["w"], 0.0), 1.0), min(max(face["y"] + face["h"], 0.0), 1.0)


def whole_pixels(frame: np.ndarray, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The box in px (left, upper, right, lower) around a frame, of a photo of `size` (width, height)."""
    low, high = frame[:2] * size, (frame[:2] + frame[2]) * size
    left, upper = np.floor(low + 1e-6).astype(int).clip(0).tolist()
    right, lower = np.minimum(np.ceil(high - 1e-6).astype(int), size).tolist()
    return left, upper, right, lower


def cut(image: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    left, upper, right, lower = box
    return image[upper:lower, left:right]


def _viewed(squares: np.ndarray, scorer: Scorer, count: int, seed: int) -> np.ndarray:
    """Scores (count, N) of pictures (N, S, S, 3), all moved and mirrored alike, up to SHIFT px each way."""
    rng, side, n = np.random.default_rng(seed), squares.shape[1], len(squares)
    padded = drawn_out(squares, SHIFT)
    moved = [padded[:, y : y + side, x : x + side] for y, x in rng.integers(0, 2 * SHIFT + 1, (count, 2))]
    views = [view[:, :, :: rng.choice([-1, 1])] for view in moved]
    return scorer.calibrated(scorer.look(np.concatenate(views))[1]).reshape(count, n)
