"""Worlds of the benchmark: any number of photos with places, scores and attributes, laid out by the pipeline itself.

In: the thumbnails of the demo world. Out: `bench-<n>` in the benchmark's own cache: photos that all differ (crops of
the demo's, mirrored and tinted), a map of round and of drawn-out clusters, fc7 in which neighbours on the map are
neighbours, and what the stages layout and atlas make of them. A world that is there is kept.
"""

from __future__ import annotations

import io
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

from benchmarks.photos import tile
from deepselfie.atlas import LARGE, atlas, read_atlas
from deepselfie.attributes import ATTRIBUTES
from deepselfie.layout import layout
from deepselfie.world import World, world

DEMO = Path(__file__).resolve().parents[2] / "cache" / "demo"
SIDES = (64, 97)  # px of a photo made here
CLUSTERS = 40
WIDTH = 24  # of fc7
BATCH = 10_000  # photos a commit: 30 MB
SEED = 5


def make(n: int, say=print) -> World:
    """The world `bench-<n>`, made where it is not there yet."""
    made = world(f"bench-{n}")
    if len(made) != n or "tsne" not in made.columns:
        shutil.rmtree(made.path, ignore_errors=True)
        clock = time.monotonic()
        _write_photos(made, n)
        made.set_columns(_columns(n))
        say(f"{made.name}: {n:,} photos written in {time.monotonic() - clock:.0f} s")
    for stage in (layout, atlas):
        say(f"{made.name}: {stage(made)}")
    return made


def _write_photos(made: World, n: int) -> None:
    tiles = _tiles()
    with ThreadPoolExecutor() as pool:
        for start in range(0, n, BATCH):
            numbers = range(start, min(start + BATCH, n))
            photos = list(pool.map(lambda i: _photo(tiles, i), numbers))
            images = pa.array([data for data, _ in photos], pa.large_binary())
            side = pa.array([side for _, side in photos], pa.int32())
            ids = [f"bench:{i:07}" for i in numbers]
            made.append(pa.table({"id": ids, "image": images, "width": side, "height": side}))


def _tiles() -> list[Image.Image]:
    """The demo's selfies at 64 px; from the repository's demo world, for the benchmark has a cache of its own."""
    return [Image.fromarray(tile(DEMO, rank)) for rank in range(read_atlas(World(DEMO))["n"])]


def _photo(tiles: list[Image.Image], i: int) -> tuple[bytes, int]:
    """A JPEG and its side, px."""
    rng = np.random.default_rng((SEED, i))
    side, part = int(rng.integers(*SIDES)), float(rng.uniform(44, LARGE))
    x, y = rng.uniform(0, LARGE - part, 2)
    photo = tiles[int(rng.integers(len(tiles)))].resize(
        (side, side), Image.Resampling.BICUBIC, (x, y, x + part, y + part)
    )
    if rng.random() < 0.5:
        photo = photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    tint = rng.uniform(0.8, 1.2, (3, 1))
    photo = photo.point(np.minimum(tint * np.arange(256), 255).astype(np.uint8).ravel().tolist())
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=85)
    return out.getvalue(), side


def _columns(n: int) -> pa.Table:
    """score, label, tsne, fc7, attributes and cluster of n photos."""
    rng = np.random.default_rng(SEED)
    cluster, places = _places(rng, n)
    # fc7: plane waves over the map, as long as a cluster is wide, and some noise
    waves = rng.normal(0, 0.05, (2, WIDTH))
    fc7 = np.cos(places @ waves + rng.uniform(0, 2 * np.pi, WIDTH)) + rng.normal(0, 0.05, (n, WIDTH))
    latent = fc7[:, 0] + 0.6 * fc7[:, 1] + rng.normal(0, 0.8, n)
    score = (np.argsort(np.argsort(latent)) + 0.5) / n
    return pa.table(
        {
            "score": pa.array(score, pa.float32()),
            "label": pa.array(rng.random(n) < score, pa.int8()),
            "tsne": _vectors(places, pa.float32()),
            "fc7": _vectors(fc7, pa.float16()),
            "attributes": _attributes(rng, fc7),
            "cluster": pa.array([f"Cluster {c + 1}" for c in cluster]),
        }
    )


def _places(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Clusters as t-SNE draws them: blobs of all sizes, every third drawn out to a curved thread. (n,), (n, 2)."""
    share = rng.gamma(1.5, size=CLUSTERS)
    cluster = rng.choice(CLUSTERS, n, p=share / share.sum())
    # the places of a sunflower's seeds
    angle, radius = 2.4 * np.arange(CLUSTERS), 100 * np.sqrt((np.arange(CLUSTERS) + 0.5) / CLUSTERS)
    centre = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    width = 28 * np.sqrt(share / share.sum() * 10)
    along, thread = rng.uniform(-1, 1, n), cluster % 3 == 0
    turn = rng.uniform(0, 2 * np.pi, CLUSTERS)[cluster] + along
    step = np.stack([np.cos(turn), np.sin(turn)], axis=1) * (along * 45 * thread)[:, None]
    spread = (width * np.where(np.arange(CLUSTERS) % 3, 0.5, 0.15))[cluster, None]
    return cluster, centre[cluster] + step + rng.normal(0, 1, (n, 2)) * spread


def _vectors(values: np.ndarray, kind: pa.DataType) -> pa.FixedSizeListArray:
    flat = values.astype(kind.to_pandas_dtype()).ravel()
    return pa.FixedSizeListArray.from_arrays(pa.array(flat, kind), values.shape[1])


def _attributes(rng: np.random.Generator, fc7: np.ndarray) -> pa.StructArray:
    """Facts that go with the place on the map, one more than the other by chance."""
    parts = []
    for number, field in enumerate(ATTRIBUTES):
        value = (1 + fc7[:, number % WIDTH] / 1.2) / 2 + rng.normal(0, 0.1, len(fc7))
        if pa.types.is_boolean(field.type):
            value = value > 0.8
        elif pa.types.is_integer(field.type):
            value = np.rint(1 + 2 * np.clip(value, 0, 1))
        else:
            value = np.clip(value, 0, 1)
        parts.append(pa.array(value).cast(field.type))
    return pa.StructArray.from_arrays(parts, fields=list(ATTRIBUTES))
