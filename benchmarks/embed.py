"""How good the map of the demo world's photos is and how long it takes, beside openTSNE alone and beside flat maps.

    nice python -m benchmarks.embed                  50,000 photos, 2 rounds: a quarter of an hour on two cores
    nice python -m benchmarks.embed --photos 5000

t-SNE is affinities, 250 iterations exaggerated and 500 not, of the same PCA coordinates; ours leaves checkpoints. The
whole stage `embed` reads, does the PCA, t-SNE and the figures, and writes. Ours and openTSNE alone take turns, so that
other work on the machine hits both; CPU seconds say more than seconds where there is any.

fc7 comes from the shipped PCA coordinates, which hold 99.9 % of its variance. The photos that are left over are new
to the map, and placed on it."""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openTSNE
import pyarrow as pa

from deepselfie.embed import (
    ALONE_UP_TO,
    COMPONENTS,
    PERPLEXITY,
    embed,
    neighbours,
    place,
    tsne,
    vectors,
)
from deepselfie.embedding_quality import FIGURES, K, kept, nearest, planes, quality
from deepselfie.world import World, world

SPREADS = (0.3, 1, 3, 10, 20, 40, 80)  # standard deviations at which a map's divergence is looked at; the best counts


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--photos", type=int, default=50_000)
    arguments.add_argument("--rounds", type=int, default=2)
    asked = arguments.parse_args()
    fc7 = shipped_fc7()
    fc7, new = fc7[: asked.photos], fc7[asked.photos :][:500]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DEEPSELFIE_CACHE"] = folder
        measure(fc7, new, asked.rounds, Path(folder))


def measure(fc7: np.ndarray, new: np.ndarray, rounds: int, folder: Path) -> None:
    """Prints all figures of a map of fc7 (N, D), and of new photos (M, D) on it."""
    from sklearn.decomposition import PCA

    embed(make_world("warm-up", fc7[:2000]))  # what is imported and compiled once is nobody's time
    coordinates = PCA(COMPONENTS, random_state=0).fit_transform(fc7.astype(np.float32))
    jobs = 1 if len(fc7) <= ALONE_UP_TO else os.cpu_count() or 1
    settings = {"perplexity": PERPLEXITY, "neighbors": "exact", "random_state": 0}
    same = f"openTSNE alone, same settings, threads: {jobs}"
    spent: dict[str, list[np.ndarray]] = {}
    ours, maps = [], {}
    for i in range(rounds):
        ours.append(clock(spent, "deepselfie's t-SNE", ours_alone, coordinates, folder / f"{i}"))
        maps[same] = clock(spent, same, openTSNE.TSNE(n_jobs=jobs, **settings).fit, coordinates)
    maps["openTSNE as it comes"] = clock(spent, "openTSNE as it comes, 1 thread", openTSNE.TSNE().fit, coordinates)
    pca, exact = make_world("pca", fc7), make_world("exact", fc7)
    clock(spent, "the whole stage embed", embed, pca)
    clock(spent, "the whole stage embed --exact", lambda: embed(exact, exact=True))
    maps = {"deepselfie": places(pca), "deepselfie --exact": places(exact)} | maps | planes(coordinates)
    maps = {name: np.asarray(flat) for name, flat in maps.items()}

    rival = np.mean(spent[same], axis=0)
    print(f"{len(fc7):,} photos, {fc7.shape[1]} numbers in fc7; rounds of turns: {rounds}")
    print("| | seconds | CPU seconds | of openTSNE alone: seconds | CPU |\n|---|---|---|---|---|")
    for name, times in spent.items():
        mean = np.mean(times, axis=0)
        ratio = mean / rival
        print(f"| {name} | {mean[0]:.1f} | {mean[1]:.1f} | {ratio[0]:.3f} | {ratio[1]:.3f} |")

    print(f"\n| | {' | '.join(FIGURES)} | KL divergence |\n|---|{'---|' * len(FIGURES)}---|")
    divergences = divergence(coordinates, maps, jobs)
    for name, figures in quality(fc7, maps).items():
        print(f"| {name} | {' | '.join(f'{value:.3f}' for value in figures.values())} | {divergences[name]:.3f} |")
    for name, says in FIGURES.items():
        print(f"{name}: {says}")

    other = ours_alone(coordinates, folder / "other", seed=1)
    rows = np.random.default_rng(0).permutation(len(fc7))[:1000]
    print(f"\nof a photo's {K} nearest on the map, those also nearest on the map of another run:")
    for name, another in {"the same seed": ours[-1], "another seed": other}.items():
        print(f"  {name}: {kept(nearest(ours[0], rows), nearest(another, rows)):.3f}")
    new_photos(pca, new)


def new_photos(photos: World, new: np.ndarray) -> None:
    """Prints how soon and how near to its true neighbours each of new photos (M, D) gets its place."""
    found = places(photos)
    start = time.perf_counter()
    place(photos, new[:1])
    ready = time.perf_counter()
    each = []
    for fc7 in new[1:21]:
        then = time.perf_counter()
        place(photos, fc7)
        each.append(time.perf_counter() - then)
    print(f"\na new photo is placed in {np.median(each):.3f} s, {np.max(each):.3f} s at most of {len(each)}; ", end="")
    print(f"the first one of a world in {ready - start:.2f} s")
    true = np.array([neighbours(photos, fc7, K) for fc7 in new])
    placed = place(photos, new)
    off = np.linalg.norm(placed - np.median(found[true], axis=1), axis=1)
    random = np.linalg.norm(placed - np.roll(placed, 1, axis=0), axis=1)
    with_new = nearest(np.concatenate([found, placed]), np.arange(len(found), len(found) + len(new)), 2 * K)
    near = [len(set(a[a < len(found)][:K]) & set(b)) / K for a, b in zip(with_new, true, strict=True)]
    print(
        f"{len(new)} new photos: {np.median(off):.2f} from the middle of their {K} true neighbours (median), ", end=""
    )
    print(f"{np.median(random):.1f} from each other; of those neighbours {np.mean(near):.3f} are nearest on the map")


def clock(spent: dict[str, list[np.ndarray]], name: str, work: Callable, *arguments):
    """Does the work, notes (seconds, CPU seconds of all threads) under its name, returns what it returned."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    result = work(*arguments)
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    spent.setdefault(name, []).append(np.array([time.perf_counter() - start, cpu]))
    print(f"  {name}: {spent[name][-1][0]:.1f} s, {cpu:.1f} s of CPU", flush=True)
    return result


def ours_alone(coordinates: np.ndarray, folder: Path, seed: int = 0) -> np.ndarray:
    return tsne(coordinates, PERPLEXITY, "exact", folder, lambda *_: None, seed)[0]


def divergence(coordinates: np.ndarray, maps: dict[str, np.ndarray], jobs: int) -> dict[str, float]:
    """KL divergence of each map (N, 2) from the same affinities, as it is and at other sizes: the best counts."""
    from openTSNE import TSNEEmbedding, affinity

    affinities = affinity.PerplexityBasedNN(coordinates, PERPLEXITY, method="exact", n_jobs=jobs, random_state=0)

    def of(flat: np.ndarray) -> float:
        return TSNEEmbedding(flat.astype(float), affinities, n_jobs=jobs).optimize(0).kl_divergence

    return {
        name: min(of(flat * factor) for factor in (1, *(spread / flat.std() for spread in SPREADS)))
        for name, flat in maps.items()
    }


def shipped_fc7() -> np.ndarray:
    """float16 (N, D): the fc7 of the demo world's ranked photos, from the PCA coordinates that are shipped."""
    demo = world("demo")
    coordinates = vectors(demo.read(["fc7"])["fc7"])[1]
    with np.load(demo.path / "embedding.npz") as model:
        return (coordinates @ model["components"] + model["mean"]).astype(np.float16)


def make_world(name: str, fc7: np.ndarray) -> World:
    """A world of photos that have fc7 (N, D) and a score, and nothing else."""
    made, n = world(name), len(fc7)
    made.append(pa.table({"id": [f"benchmark:{i}" for i in range(n)]}))
    column = pa.FixedSizeListArray.from_arrays(pa.array(fc7.ravel(), pa.float16()), fc7.shape[1])
    made.set_columns(pa.table({"score": pa.array(np.linspace(0, 1, n), pa.float32()), "fc7": column}))
    return made


def places(photos: World) -> np.ndarray:
    return vectors(photos.read(["tsne"])["tsne"])[1]


if __name__ == "__main__":
    main()
