"""The snapped grid beside its rivals: how far photos are moved, which neighbours they keep, and how long it takes.

    python -m benchmarks.snapped_grid

The maps: the t-SNE of the demo world, and clusters of uneven size and width drawn at random. The rivals: the exact
assignment of all photos at once (the same cells, the least cost there is), and cells by chance. Then ever more photos
by ours alone: the time a photo must hardly grow. 4 minutes on one core."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from scipy.optimize import linear_sum_assignment
from threadpoolctl import threadpool_limits

from deepselfie import snapped
from deepselfie.embed import vectors
from deepselfie.world import world

SIZES = (10_000, 50_000, 100_000, 200_000)


def main() -> None:
    rng = np.random.default_rng(0)
    demo = rng.permutation(vectors(world("demo").read(["tsne"])["tsne"])[1])
    rivals = {"deepselfie": snapped.snap, "exact assignment": exact, "by chance": by_chance}
    print("| map | photos | | cost, to the exact one's | recall@10 | CPU seconds | ms a photo |\n" + "|---" * 7 + "|")
    for name, places in (("demo", demo[:2000]), ("clusters", clusters(2000))):
        measures = {method: measured(how, places) for method, how in rivals.items()}
        least = measures["exact assignment"][0]
        for method, (cost, recall, seconds) in measures.items():
            show(name, len(places), method, f"{cost / least:.4f}", recall, seconds)
    for name, places in (("demo", demo), *(("clusters", clusters(n)) for n in SIZES)):
        _, recall, seconds = measured(snapped.snap, places)
        show(name, len(places), "deepselfie", "", recall, seconds)


def show(name: str, n: int, method: str, cost: str, recall: float, seconds: float) -> None:
    print(
        f"| {name} | {n:,} | {method} | {cost} | {recall:.1%} | {seconds:.1f} | {1000 * seconds / n:.3f} |", flush=True
    )


def measured(how: Callable[[np.ndarray, int], np.ndarray], places: np.ndarray) -> tuple[float, float, float]:
    """Cost in squared cells, recall@10, and seconds of one core: the least of three times, for cores are shared."""
    columns, _ = snapped.shape(len(places))
    seconds = np.inf
    for _ in range(3):
        clock = time.process_time()
        found = how(places, columns)
        seconds = min(seconds, time.process_time() - clock)
    cost = ((stretched(places, columns) - found) ** 2).sum()
    return cost, snapped.neighbours_kept(places, found), seconds


def exact(places: np.ndarray, columns: int) -> np.ndarray:
    cells = filled(len(places), columns)
    cost = ((stretched(places, columns)[:, None] - cells) ** 2).sum(axis=2)
    return cells[linear_sum_assignment(cost)[1]]


def by_chance(places: np.ndarray, columns: int) -> np.ndarray:
    return np.random.default_rng(1).permutation(filled(len(places), columns))


def filled(n: int, columns: int) -> np.ndarray:
    return np.stack([np.arange(n) % columns, np.arange(n) // columns], axis=1)


def stretched(places: np.ndarray, columns: int) -> np.ndarray:
    """Places (N, 2) in cells: the map over the whole grid, upside down, as lines count from the top."""
    low, high = places.min(axis=0), places.max(axis=0)
    share = (places - low) / (high - low)
    return np.stack([share[:, 0], 1 - share[:, 1]], axis=1) * (columns, -(-len(places) // columns)) - 0.5


def clusters(n: int) -> np.ndarray:
    rng = np.random.default_rng(2)
    centres, width = rng.normal(size=(20, 2)) * 30, rng.uniform(1, 6, 20)
    which = rng.choice(20, n, p=rng.dirichlet(np.ones(20)))
    return centres[which] + rng.normal(size=(n, 2)) * width[which, None]


if __name__ == "__main__":
    with threadpool_limits(1):  # so that seconds are those of one core
        main()
