"""Writes a folder of photos as phones and Instagram made them, with likes.csv, to measure with and to try the import.

    python -m benchmarks.photos FOLDER --count 5000 --side 1080
    python -m deepselfie import FOLDER/likes.csv --world NAME

On them are the demo world's selfies, enlarged from their thumbnails, under uneven light and with the grain that makes
a JPEG as heavy as a phone's; their likes are the demo's, so there is something to learn. In between lie PNGs, WebPs,
photos turned by EXIF, broken ones and tiny ones, as in any folder.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import time
from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from deepselfie.atlas import LARGE, rank_slot, read_atlas
from deepselfie.layout import order
from deepselfie.workers import workers
from deepselfie.world import World, world

FIELDS = ("likes", "followers", "tags", "created_at", "author")
ASPECTS = ((1, 1), (1, 1), (1, 1), (4, 5), (3, 4), (9, 16), (16, 9), (4, 3))  # width : height; Instagram's is 1 : 1
FINE, COARSE = 6.5, 5.0  # grey levels of grain: 85 kB at 640 × 640, 220 kB at 1080 × 1080
TURNS = ((3, Image.Transpose.ROTATE_180), (6, Image.Transpose.ROTATE_90), (8, Image.Transpose.ROTATE_270))
ORIENTATION = 0x0112
BATCH = 32  # photos handed to a process at a time


def write_photos(folder: Path, count: int, side: int) -> Iterator[int]:
    """Writes `count` photos whose longer side is `side` px, and likes.csv; yields how many are done."""
    demo = world("demo")
    shown = demo.take(order(demo), list(FIELDS)).to_pylist()
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    with workers() as pool:
        batches = [range(i, min(i + BATCH, count)) for i in range(0, count, BATCH)]
        for written in pool.map(partial(_write, folder, side, len(shown)), batches):
            names += written
            yield len(names)
    with open(folder / "likes.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["image", *FIELDS])
        for index, name in enumerate(names):
            post = shown[index % len(shown)]
            table.writerow([name, *({**post, "tags": " ".join(post["tags"] or [])}[field] for field in FIELDS)])


def _write(folder: Path, side: int, ranks: int, indices: range) -> list[str]:
    """Writes the photos of these indices; returns their file names."""
    names = []
    for index in indices:
        rng = np.random.default_rng(index)
        across, down = ASPECTS[rng.integers(len(ASPECTS))]
        size = side * across // max(across, down), side * down // max(across, down)
        ending, data = encoded(photo(rng, index % ranks, size), index, side)
        names.append(f"{index:06}.{ending}")
        (folder / names[-1]).write_bytes(data)
    return names


def photo(rng: np.random.Generator, rank: int, size: tuple[int, int]) -> np.ndarray:
    """uint8 (height, width, 3): the demo selfie of a rank, cut a little differently each time."""
    width, height = size
    selfie = tile(world("demo").path, rank)
    if rng.random() < 0.5:
        selfie = selfie[:, ::-1]
    across, down = (round((LARGE - 6) * side / max(size)) for side in size)
    left, top = (LARGE - across) // 2 + rng.integers(-3, 4), rng.integers(0, 6)  # heads are in the upper middle
    selfie = selfie[top : top + down, left : left + across]
    image = cv2.resize(selfie, size, interpolation=cv2.INTER_CUBIC).astype(np.int16)
    towards = rng.normal(0, 12, 2)
    light = np.add.outer(np.linspace(-1, 1, height) * towards[0], np.linspace(-1, 1, width) * towards[1])
    x, y = rng.integers(0, [_grain().shape[1] - width, _grain().shape[0] - height])
    image += (light.astype(np.int16) + _grain()[y : y + height, x : x + width])[..., None]
    return np.clip(image, 0, 255).astype(np.uint8)


def encoded(pixels: np.ndarray, index: int, side: int) -> tuple[str, bytes]:
    """File ending and bytes: JPEG, and at fixed indices what else lies in people's folders."""
    image, out = Image.fromarray(pixels), io.BytesIO()
    if index % 250 == 60:
        image.save(out, "PNG", compress_level=1)
        return "png", out.getvalue()
    if index % 250 == 120:
        image.save(out, "WEBP", quality=85, method=0)
        return "webp", out.getvalue()
    if index % 500 == 180:  # tiny
        image = image.resize((12, 9))
    exif = Image.Exif()
    if index % 20 == 10:
        exif[ORIENTATION], turn = TURNS[index // 20 % len(TURNS)]
        image = image.transpose(turn)
    image.save(out, "JPEG", quality=85, exif=exif)
    broken = index % 500 == 240
    return "jpg", out.getvalue()[: 3000 if broken else None]


@lru_cache(maxsize=1)
def _grain() -> np.ndarray:
    """int16 (2400, 2400): fine noise and the blotches of a small sensor's noise reduction."""
    rng = np.random.default_rng(0)
    fine = cv2.GaussianBlur(rng.standard_normal((2400, 2400), np.float32), (0, 0), 0.6)
    coarse = cv2.GaussianBlur(rng.standard_normal((2400, 2400), np.float32), (0, 0), 2.5)
    return np.rint(fine / fine.std() * FINE + coarse / coarse.std() * COARSE).astype(np.int16)


def tile(demo: Path, rank: int) -> np.ndarray:
    """uint8 (64, 64, 3): the thumbnail of a rank of the world in this folder."""
    name, x, y, px = rank_slot(_atlas(demo), rank)
    cell = _page(demo / "atlas" / name)[y : y + px, x : x + px]
    return cell if px == LARGE else cv2.resize(cell, (LARGE, LARGE), interpolation=cv2.INTER_CUBIC)


@lru_cache(maxsize=1)
def _atlas(demo: Path) -> dict:
    return read_atlas(World(demo))


@lru_cache(maxsize=4)
def _page(path: Path) -> np.ndarray:
    with Image.open(path) as page:
        return np.asarray(page.convert("RGB"))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--count", type=int, default=5000)
    arguments.add_argument("--side", type=int, default=1080, help="px of the longer side")
    asked = arguments.parse_args()
    start = time.perf_counter()
    for done in write_photos(asked.folder, asked.count, asked.side):
        print(f"\r{done:,} photos, {done / (time.perf_counter() - start):.0f}/s", end="", file=sys.stderr)
    size = sum(file.stat().st_size for file in asked.folder.iterdir())
    print(f"\n{asked.count:,} photos, {size / asked.count / 1000:.0f} kB each, in {asked.folder}")


if __name__ == "__main__":
    main()
