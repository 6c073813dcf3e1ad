"""Photos a second of the whole atlas stage on photos as phones make them, beside Pillow's two ways to a thumbnail.

    python -m benchmarks.atlas            2,000 photos of 640 px and of 1080 px
    python -m benchmarks.atlas --count N

Neither rival makes pages: one decodes each photo whole, one as small as the decoder can; both on all cores as well.
Beside the speed stands the processor's time a photo, which is the same on a busy machine."""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.photos import write_photos
from deepselfie.atlas import LARGE, atlas, read_atlas
from deepselfie.layout import layout
from deepselfie.sources import import_photos
from deepselfie.world import World

SIDES = (640, 1080)  # px: Instagram's until 2015, and since


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--count", type=int, default=2000)
    count = arguments.parse_args().count
    for side in SIDES:
        with tempfile.TemporaryDirectory() as folder:
            photos, measured = Path(folder, "photos"), World(Path(folder, "measured"))
            for _ in write_photos(photos, count, side):
                pass
            import_photos(measured, photos / "likes.csv")
            measure(measured, side)


def measure(world: World, side: int) -> None:
    """Scores the photos at random, makes their atlas, and prints how fast that was."""
    rng, n = np.random.default_rng(0), len(world)
    places = pa.FixedSizeListArray.from_arrays(pa.array(rng.normal(size=2 * n), pa.float32()), 2)
    world.set_columns(pa.table({"score": pa.array(rng.random(n), pa.float32()), "tsne": places}))
    layout(world)
    images = world.read(["image"])["image"].to_pylist()
    print(f"{n:,} photos of {side} px, {sum(map(len, images)) / n / 1000:.0f} kB each")
    ours = clocked("the atlas", n, lambda: atlas(world))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, thumbnail in (("Pillow, whole", whole), ("Pillow, draft", draft)):
            rival = clocked(name, n, lambda thumbnail=thumbnail: list(pool.map(thumbnail, images)))
            print(f"  {'':13}  the atlas is {ours / rival:.2f} times as fast")
    folder = world.path / "atlas"
    for level in read_atlas(world)["levels"]:
        for family, names in level["pages"].items():
            total = sum((folder / name).stat().st_size for name in names)
            print(f"  {level['px']:2} px, {family:4}: {total / n:5.0f} B a photo on {len(names)} pages")


def clocked(name: str, n: int, work: Callable[[], object]) -> float:
    """Prints and returns how many of n photos this does in a second."""
    start, processor = time.perf_counter(), time.process_time()
    work()
    rate, spent = n / (time.perf_counter() - start), (time.process_time() - processor) / n
    print(f"  {name:13} {rate:6,.0f}/s, {spent * 1000:.2f} ms of one core a photo")
    return rate


def whole(data: bytes) -> Image.Image:
    """The whole photo decoded, then scaled."""
    return Image.open(io.BytesIO(data)).convert("RGB").resize((LARGE, LARGE), Image.Resampling.LANCZOS)


def draft(data: bytes) -> Image.Image:
    """Scaled by eighths while it is decoded, as Image.thumbnail does, then to size."""
    image = Image.open(io.BytesIO(data))
    image.draft("RGB", (LARGE, LARGE))
    return image.convert("RGB").resize((LARGE, LARGE), Image.Resampling.LANCZOS, reducing_gap=2.0)


if __name__ == "__main__":
    main()
