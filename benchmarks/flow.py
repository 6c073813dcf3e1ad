"""How the flow grows with a world: rate, peak memory and disk of each stage, for few photos and for many.

    python -m benchmarks.flow                             10,000 and 100,000 photos: 25 minutes on two cores
    python -m benchmarks.flow --photos 2000 10000
    python -m benchmarks.flow --keep DIR                  worlds and tables stay there, and stages that are done

The photos are selfies of the demo world, each cropped, turned, mirrored and lit in a way of its own, as JPEGs of
72 × 128 px in a Parquet table with likes. They are small, for what is asked is how a stage grows, and not how long a
decoder takes; so the demo's network looks at SEES px, not at the 224 that it was trained for, with as wide an fc7.
Each stage runs in a process of its own, by the command line. Memory is what a process and its workers hold themselves,
added up twenty times a second; pages of files, which the system drops when it needs the room, do not count. Photos a
second are those of the stage's report; growth is told of the processor's time, which is nearly the same on a busy
machine, from when Python has started and has all modules. With fewer than 10,000, buffers are still filling: that is no
growth. Needs Linux.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.photos import tile
from deepselfie.atlas import BEST, LARGE
from deepselfie.embed import SAMPLE
from deepselfie.models import CARD, WEIGHTS
from deepselfie.workers import workers
from deepselfie.world import World, read_json, world, write_json

ROOT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT = 72, 128  # px: a phone held upright
SEES = 64  # px of the square that the network looks at
GROUP = 1000  # rows of the table in memory at once
EVERY = 0.05  # s between two looks at the memory
LINEAR = 1.25  # times the CPU a photo: what caches and logarithms may do
BOUNDED = 2.0  # kB of memory a further photo: ids, hashes and numbers, which every stage reads whole
# The command line, but it leaves the seconds of all its processors, without those of starting, in a file.
COUNTED = """
import os, sys
import deepselfie.flow, deepselfie.sources
from deepselfie.cli import main
before = sum(os.times()[:4])
code = main(sys.argv[2:])
open(sys.argv[1], "w").write(str(sum(os.times()[:4]) - before))
sys.exit(code)
"""
# What a stage holds of all photos at once, however small its batches are, in bytes a photo. fc7 has DIMENSIONS numbers;
# what faces and score have computed lies on disk, and the table takes it from there in pieces.
DIMENSIONS = 1280
HELD = {
    "import": (400, "ids, once as the set of those that are there and once as a list, and 64-bit hashes"),
    "faces": (600, "ids and numbers of faces, which are counted for the report"),
    "score": (300, "ids of the photos without a score, with the reasons"),
    "embed": (14 * DIMENSIONS, f"fc7 of the {SAMPLE:,} that make the map; with more, places and 50 coordinates"),
    "layout": (600, "ids, scores, places and the grid"),
    "atlas": (400, "order and geometry; thumbnails lie on disk until their pages are made"),
}


@dataclass
class Measured:
    """One stage of one world. seconds; cpu: seconds of all processors; memory: bytes at the peak; disk: bytes more."""

    seconds: float
    cpu: float
    memory: int
    disk: int


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--photos", type=int, nargs=2, default=(10_000, 100_000), metavar=("FEW", "MANY"))
    arguments.add_argument("--keep", type=Path, metavar="DIR", help="where the worlds are to stay")
    asked = arguments.parse_args()
    few, many = sorted(asked.photos)
    with tempfile.TemporaryDirectory() as temporary:
        folder = (asked.keep or Path(temporary)).resolve()
        give_network(folder)
        found = {n: flow(folder, n) for n in (few, many)}
        size = (folder / f"{many}.parquet").stat().st_size / many
    print(f"{os.cpu_count()} cores; photos of {WIDTH} × {HEIGHT} px, {size / 1000:.1f} kB each\n")
    print("\n".join(table(found[few], found[many], few, many)))


def give_network(cache: Path) -> None:
    """The demo's network in a world `demo` of this cache, to look at smaller squares."""
    shipped, here = world("demo").model_path, cache / "demo" / "model"
    here.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(shipped / WEIGHTS, here / WEIGHTS)
    write_json(here / CARD, read_json(shipped / CARD) | {"size": SEES})


def flow(cache: Path, n: int) -> dict[str, Measured]:
    """Takes n photos through all stages; what was measured already, in a cache that was kept, is read."""
    photos, made = cache / f"{n}.parquet", World(cache / f"flow-{n}")
    notes = cache / f"{n}.json"
    found = {stage: Measured(**one) for stage, one in (read_json(notes) or {}).items()}
    if not photos.exists():
        say(f"{n:,} photos: writing the table")
        write_table(photos, n)
    for stage in HELD:
        if stage in found:
            continue
        say(f"{n:,} photos: {stage}")
        command = ["import", photos, "--world", made.name] if stage == "import" else [stage, made.name]
        before = on_disk(made.path)
        memory, cpu = run(list(map(str, command)), cache)
        seconds = made.report(stage)["seconds"]
        found[stage] = Measured(seconds, cpu, memory, on_disk(made.path) - before)
        write_json(notes, {name: asdict(one) for name, one in found.items()})
    return found


def write_table(path: Path, n: int) -> None:
    """A Parquet table of n posts, under its name once it is whole."""
    schema = pa.schema(
        [("id", pa.string()), ("image", pa.binary()), ("author", pa.string())]
        + [(name, pa.int64()) for name in ("likes", "followers")]
    )
    temporary, rng = path.with_suffix(".tmp"), np.random.default_rng(0)
    with workers() as pool, pq.ParquetWriter(temporary, schema, compression="none") as file:
        groups = [range(first, min(first + GROUP, n)) for first in range(0, n, GROUP)]
        for group, images in zip(groups, pool.map(partial(drawn, world("demo").path), groups), strict=True):
            likes, followers = rng.integers(0, 5000, len(group)), rng.integers(100, 100_000, len(group))
            names = [[f"{kind}-{i // share}" for i in group] for kind, share in (("post", 1), ("somebody", 4))]
            file.write_table(pa.table([names[0], images, names[1], likes, followers], schema=schema))
    os.replace(temporary, path)


def drawn(demo: Path, indices: range) -> list[bytes]:
    """JPEGs: a selfie of the demo each, as nobody has held the phone before."""
    images = []
    for index in indices:
        rng = np.random.default_rng(index)
        selfie = tile(demo, index % BEST)
        side = rng.uniform(0.75, 1.0) * LARGE  # of what is seen
        middle = LARGE / 2 + rng.uniform(-1, 1, 2) * (LARGE - side) / 2
        turn = cv2.getRotationMatrix2D((*middle,), rng.uniform(-20, 20), HEIGHT / side)
        turn[:, 2] += np.array([WIDTH, HEIGHT]) / 2 - middle
        image = cv2.warpAffine(selfie, turn, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        light = rng.uniform(0.7, 1.3, 3) + np.linspace(-1, 1, HEIGHT)[:, None, None] * rng.normal(0, 0.15)
        image = np.clip(image * light, 0, 255).astype(np.uint8)
        out = io.BytesIO()
        Image.fromarray(image[:, ::-1] if rng.random() < 0.5 else image).save(out, "JPEG", quality=85)
        images.append(out.getvalue())
    return images


def run(arguments: list[str], cache: Path) -> tuple[int, float]:
    """A command on the worlds of a cache: the most bytes that it and its processes held at once; CPU seconds."""
    environment, spent, peak = os.environ | {"DEEPSELFIE_CACHE": str(cache)}, cache / "spent", 0
    command = [sys.executable, "-c", COUNTED, str(spent), *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        peak = max(peak, sum(map(held, family(process.pid))))
        time.sleep(EVERY)
    if process.returncode:
        sys.exit(f"python -m deepselfie {' '.join(arguments)} ended with {process.returncode}")
    return peak, float(spent.read_text())


def family(process: int) -> list[int]:
    """A process and all that it has started, and those in turn."""
    found = [process]
    for one in found:
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found += map(int, children.read_text().split())
            except (FileNotFoundError, ProcessLookupError):  # it has ended
                continue
    return found


def held(process: int) -> int:
    """Bytes of memory of a process that are no pages of a file; 0 once it has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("Anonymous:")), 0)


def on_disk(folder: Path) -> int:
    return sum(512 * path.stat().st_blocks for path in folder.rglob("*") if path.is_file())


def table(few: dict[str, Measured], many: dict[str, Measured], n: int, m: int) -> list[str]:
    """Lines that tell of each stage with n and with m > n photos, how it grows, and what is to blame."""
    lines = [
        f"| stage | photos/s, {n:,} | {m:,} | CPU ms a photo | × | peak MB, {n:,} | {m:,} | kB a further photo "
        "| disk, kB a photo | × |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    remarks = []
    for stage, (a, b) in {stage: (few[stage], many[stage]) for stage in few}.items():
        slower = (b.cpu / m) / (a.cpu / n)
        memory = (b.memory - a.memory) / (m - n)
        disk = [one.disk / count for one, count in ((a, n), (b, m))]
        cells = [f"{n / a.seconds:,.0f}", f"{m / b.seconds:,.0f}", f"{1000 * b.cpu / m:.2f}", f"{slower:.2f}"]
        cells += [f"{one.memory / 1e6:,.0f}" for one in (a, b)] + [f"{memory / 1000:.2f}"]
        cells += [f"{disk[1] / 1000:.2f}", f"{disk[1] / disk[0]:.2f}"]
        lines.append(f"| {stage} | {' | '.join(cells)} |")
        expected, what = HELD[stage]
        if slower > LINEAR:
            remarks.append(f"{stage}: takes {slower:.2f} times the processor's time a photo: more than in proportion.")
        if memory > 1000 * BOUNDED:
            known = "as expected" if memory <= LINEAR * expected else "MORE than expected"
            remarks.append(
                f"{stage}: holds {memory / 1000:.1f} kB of each photo, {known} ({expected / 1000:.1f} kB): {what}."
            )
    remarks = remarks or ["Time grows in proportion, and memory by no more than ids and numbers."]
    return [*lines, "", *remarks]


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
