"""Ways to the best crop, side by side: what they reach for as many looks, and for as many seconds.

    python -m benchmarks.crop                        the shipped network, photos of the demo world
    python -m benchmarks.crop --photos 12 --grid 12  takes longer, tells more

The rival is the article's random search. Regret: points of score (a hundredth of it) below the best that anybody has
found, a dense grid and all ways together; also against the grid alone, where below 0 means better than the grid.
Planted: a score with one best frame, differentiable, and how often each way comes within an IoU of 0.9 of it.
Prefilter: how well rough scores by RoIAlign rank frames, and what one costs beside a forward pass.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from cmaes import CMA
from PIL import Image
from scipy.stats import spearmanr
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from deepselfie import crop, faces, models, pictures, prefilter, transformer
from deepselfie.crop import Limits
from deepselfie.demo import ids
from deepselfie.score import Scorer
from deepselfie.world import world

SIDE = 384  # px of the photos
BUDGETS = 50, 100, 200
Score = Callable[[np.ndarray], np.ndarray]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--photos", type=int, default=4)
    arguments.add_argument("--grid", type=int, default=9, help="positions each way, and sizes: 9 are 730 frames")
    arguments.add_argument("--planted", type=int, default=100)
    asked = arguments.parse_args()
    folder = world("demo").model_path
    network = models.fuse(models.load(folder)[0])
    scorer = Scorer(folder)
    photos = [pictures.rgb(pictures.rendered(ids.id_of(ids.UNSEEN, i), SIDE)) for i in range(asked.photos)]
    found = [faces.detect([photo])[0] for photo in photos]
    for rude in (False, True):
        compare(photos, found, rude, scorer, network, asked.grid)
    planted(asked.planted)
    rough(photos, scorer, network)
    whole(photos, found, scorer, network)
    rough_gradients(photos, network)


def ways(
    score: Score, allowed: Limits, network: nn.Module, photo: torch.Tensor, guess: Score | None = None
) -> dict[str, Callable]:
    """way -> a function of a budget and a seed that gives the best point of the cube it has found.

    guess: of the prefilter, where there is one."""

    def best(cube: np.ndarray) -> np.ndarray:
        return cube[score(cube).argmax()]

    def cma(count: int, seed: int) -> np.ndarray:
        bounds, tried = np.tile([0.0, 1.0], (3, 1)), []
        optimiser = CMA(np.full(3, 0.5), 0.3, bounds=bounds, population_size=crop.BATCH, seed=seed)
        for _ in range(count // crop.BATCH):
            asked = np.stack([optimiser.ask() for _ in range(crop.BATCH)])
            got = score(asked)
            optimiser.tell([(point, -value) for point, value in zip(asked, got, strict=True)])
            tried.append((got.max(), asked[got.argmax()]))
        return max(tried, key=lambda pair: pair[0])[1]

    def ours(count: int, seed: int, guess: Score | None = None) -> np.ndarray:
        climb = count // 2 // crop.BATCH * crop.BATCH
        led = crop.TOP if guess else 0
        return crop.search(score, count - climb - led, climb, seed, guess)[0][0]

    def climbed(count: int, seed: int) -> np.ndarray:
        tried, _ = transformer.climb(network, photo, allowed, evaluations=count - 5, seed=seed)
        return best(tried[:5])  # scored once more, exactly, and counted

    return {
        "random (the article's)": lambda count, seed: best(np.random.default_rng((seed, 1)).uniform(size=(count, 3))),
        "Sobol's sequence": lambda count, seed: best(crop.cover(count, seed)),
        "CMA-ES": cma,
        "Sobol, then CMA-ES": ours,
        **({"the same, led by the prefilter": lambda count, seed: ours(count, seed, guess)} if guess else {}),
        "spatial transformer": climbed,
    }


def compare(photos: list, found: list, rude: bool, scorer: Scorer, network: models.Network, grid: int) -> None:
    names, reached = [], []  # reached: (photos, ways, budgets)
    best_of_grid, seconds = [], []
    for seed, (photo, boxes) in enumerate(zip(photos, found, strict=True)):
        allowed, image = crop.limits(boxes, rude), Image.fromarray(photo)

        def score(cube: np.ndarray, image=image, allowed=allowed) -> np.ndarray:
            return scorer.calibrated(scorer.look(crop.squares(image, allowed.frames(cube), scorer.size))[1])

        def guess(cube: np.ndarray, image=image, allowed=allowed) -> np.ndarray:
            return prefilter.quick(network, image, allowed.smallest)(allowed.frames(cube))

        tensor = torch.from_numpy(photo.copy()).permute(2, 0, 1).float() / 255
        each = ways(score, allowed, network, tensor, guess)
        names, lines, times = list(each), [], []
        for way in each.values():
            starts = [time.perf_counter()]
            points = []
            for budget in BUDGETS:
                points.append(way(budget, seed))
                starts.append(time.perf_counter())
            lines.append(score(np.stack(points)))
            times.append(np.diff(starts))
        axis = np.linspace(0, 1, grid)
        dense = np.stack(np.meshgrid(axis, axis, axis[:-1]), -1).reshape(-1, 3)
        best_of_grid.append(max(float(score(part).max()) for part in np.array_split(dense, len(dense) // 64 + 1)))
        reached.append(lines)
        seconds.append(times)
    reached, seconds = 100 * np.array(reached), np.array(seconds)
    grid_best = 100 * np.array(best_of_grid)
    best = np.maximum(grid_best, reached.max((1, 2)))
    print(f"\n{'rude crops' if rude else 'faces kept'}, {len(photos)} photos: mean regret in points (against the grid)")
    print(f"| way | {' | '.join(f'{n} looks' for n in BUDGETS)} | s for {BUDGETS[1]} |\n|---|" + "---|" * 4)
    for i, name in enumerate(names):
        cells = [
            f"{(best - reached[:, i, j]).mean():.1f} ({(grid_best - reached[:, i, j]).mean():+.1f})" for j in range(3)
        ]
        print(f"| {name} | {' | '.join(cells)} | {seconds[:, i, 1].mean():.2f} |", flush=True)


class Template(nn.Module):
    """Likes a picture for being like the wanted one."""

    size = 32

    def __init__(self, wanted: torch.Tensor):
        super().__init__()
        self.wanted = wanted

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return -100 * (x - self.wanted).square().mean((1, 2, 3))


def planted(count: int) -> None:
    allowed, budget = crop.limits([]), crop.COVER + crop.CLIMB
    hits = {}
    for seed in range(count):
        rng = np.random.default_rng(seed)
        noise = torch.from_numpy(rng.normal(size=(1, 3, 9, 12))).float()
        photo = nn.functional.interpolate(noise, (128, 170), mode="bicubic")[0].sigmoid()
        best = rng.uniform(size=(1, 3))

        def shown(cube: np.ndarray, photo=photo) -> torch.Tensor:
            thetas = transformer.thetas(torch.from_numpy(cube).float(), allowed, photo.shape[2] / photo.shape[1])
            return transformer.sample(photo, thetas, Template.size)

        network = Template(shown(best))
        for name, way in ways(lambda cube, n=network: n(shown(cube)).numpy(), allowed, network, photo).items():
            share = crop.iou(allowed.frames(way(budget, seed)[None]), allowed.frames(best)[0])[0]
            hits.setdefault(name, []).append(share)
    print(f"\nplanted frame, {count} times, {budget} looks\n| way | IoU of 0.9 or more | median IoU |\n|---|---|---|")
    for name, shares in hits.items():
        print(f"| {name} | {np.mean(np.array(shares) >= 0.9):.0%} | {np.median(shares):.3f} |", flush=True)


def rough(photos: list, scorer: Scorer, network: models.Network, count: int = crop.GUESSED, exact: int = 96) -> None:
    allowed, cube = crop.limits([]), crop.cover(count)
    ranks, ratios, top = [], [], []
    for photo in photos:
        image, frames = Image.fromarray(photo), allowed.frames(cube)
        started = time.process_time()
        quick = prefilter.quick(network, image, allowed.smallest)(frames)
        middle = time.process_time()
        logits = scorer.look(crop.squares(image, frames[:exact], scorer.size))[1]
        ratios.append((time.process_time() - middle) / exact / ((middle - started) / count))
        ranks.append(spearmanr(quick[:exact], logits)[0])
        ten = np.argsort(-quick[:exact])[:10]
        top.append(100 * float(np.ptp(scorer.calibrated(np.array([logits.max(), logits[ten].max()])))))
    print(f"\nprefilter: Spearman to the exact scores {np.mean(ranks):.2f} ({min(ranks):.2f} to {max(ranks):.2f})")
    print(f"the best of its top ten of {exact} is {np.mean(top):.1f} points below the best of all")
    print(f"a crop, one of {count}, costs 1/{np.median(ratios):.0f} of an exact score (processor time)")


def whole(photos: list, found: list, scorer: Scorer, network: models.Network) -> None:
    started, spent = time.perf_counter(), time.process_time()
    told = [crop.best_crop(photo, boxes, scorer, network=network) for photo, boxes in zip(photos, found, strict=True)]
    n = len(photos)
    wall, spent = (time.perf_counter() - started) / n, (time.process_time() - spent) / n
    better = sum(one.better for one in told)
    print(f"\nwhole search: {wall:.1f} s a photo ({spent:.1f} s of processor time); {better} of {n} are worth a crop")


def rough_gradients(photos: list, network: models.Network, views: int = 24) -> None:
    """Why gradients alone drift: around a frame, how far those of single frames lie from their mean, in means; and how
    well a plane through the scores of the same frames is known, in the same unit."""
    apart, known = [], []
    for seed, photo in enumerate(photos):
        rng = np.random.default_rng(seed)
        around = torch.from_numpy(rng.uniform(0.3, 0.7, 3) + 0.05 * rng.normal(size=(views, 3))).float()
        cube = around.clone().requires_grad_()
        tensor = torch.from_numpy(photo.copy()).permute(2, 0, 1).float() / 255
        theta = transformer.thetas(cube, crop.limits([]), photo.shape[1] / photo.shape[0])
        logits = network(transformer.sample(tensor, theta, network.size))
        (gradients,) = torch.autograd.grad(logits.sum(), cube)
        plane = np.column_stack([np.ones(views), around.numpy()])
        fit, left, *_ = np.linalg.lstsq(plane, logits.detach().numpy(), rcond=None)
        errors = np.sqrt(left / (views - 4) * np.diag(np.linalg.inv(plane.T @ plane))[1:])
        steepness = np.linalg.norm(fit[1:])
        apart.append(np.linalg.norm(gradients.numpy().std(0)) / steepness)
        known.append(np.linalg.norm(errors) / steepness)
    scatter, known = np.median(apart), np.median(known)
    print(f"\ngradients of {views} frames around one scatter by {scatter:.1f} times the slope that their scores tell")
    print(f"known to within: by the gradients' mean {scatter / views**0.5:.1f}, by the scores {known:.1f} times itself")


if __name__ == "__main__":
    main()
