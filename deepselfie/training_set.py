"""The photos to train on. In: a labelled world; out: squares of pixels, decoded once, with labels and splits."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepselfie import pictures
from deepselfie.errors import DeepselfieError
from deepselfie.stage import Report
from deepselfie.world import World, fingerprint, people, read_json, write_json

SPLITS = ("train", "validation", "calibration")
FEWEST = 200  # photos to train on: with fewer, the ImageNet features fit any labels
DECODED_AT_ONCE = 512  # photos between two commits of the decoded pictures


@dataclass
class Examples:
    """pictures: uint8 (N, S, S, 3), on disk; label, aim: float32 (N,); split, author: (N,).

    aim: what the network is to say of a photo, its `standing` in (0, 1). The label is but the half it falls into: of a
    faint signal, halves keep 2/π of what ranks tell."""

    pictures: np.ndarray
    label: np.ndarray
    aim: np.ndarray
    split: np.ndarray
    author: np.ndarray

    def of(self, split: str) -> np.ndarray:
        return np.flatnonzero(self.split == split)


def training_set(world: World, report: Report, size: int, folder: Path) -> Examples:
    """The labelled photos of all three splits. Pictures are decoded once, to a file that a killed run goes on with."""
    ranked = "standing" in world.columns
    table = world.read(["id", "label", "split", "author", *(["standing"] if ranked else [])])
    ids, label = table["id"].to_numpy(), table["label"].to_numpy(zero_copy_only=False).astype(np.float32)
    split = table["split"].to_numpy(zero_copy_only=False)
    aim = table["standing"].to_numpy(zero_copy_only=False).astype(np.float32) if ranked else label
    rows = np.flatnonzero(~np.isnan(label) & np.isin(split, SPLITS))
    author = people(table["author"].to_pylist(), ids.tolist())[rows]
    report.rows_in = len(rows)
    _check(world, label[rows], split[rows])
    squares, readable = decoded(world, rows, size, folder, world.report("labels"))
    for row in rows[~readable]:
        report.drop("picture cannot be read", id=ids[row])
    _check(world, label[rows][readable], split[rows][readable])
    used = np.flatnonzero(readable)
    if len(used) < len(rows):
        squares = squares[used]
    return Examples(squares, label[rows][used], aim[rows][used], split[rows][used], author[used])


def _check(world: World, label: np.ndarray, split: np.ndarray) -> None:
    own = label[split == "train"]
    good, bad, held = int((own == 1).sum()), int((own == 0).sum()), int((split == "validation").sum())
    if good + bad < FEWEST or not good or not bad or not held:
        raise DeepselfieError(
            f"World '{world.name}' has {good} good and {bad} bad photos to train on and {held} to validate with: it "
            f"takes {FEWEST}, of both kinds. Import more photos with likes, or use the demo's model: "
            f"python -m deepselfie score {world.name}"
        )


def decoded(world: World, rows: np.ndarray, size: int, folder: Path, state: object) -> tuple[np.ndarray, np.ndarray]:
    """uint8 (N, size, size, 3), mapped from disk, and bool (N,): which of these rows could be read.

    state: of the world; what was decoded in another is not taken up."""
    folder = folder / fingerprint(rows.tolist(), size, state)
    folder.mkdir(parents=True, exist_ok=True)
    path, read = folder / "squares.npy", folder / "readable.json"
    readable: list[bool] = (read_json(read) or []) if path.exists() else []
    if readable:
        squares = np.lib.format.open_memmap(path, "r+")
    else:
        squares = np.lib.format.open_memmap(path, "w+", np.uint8, (len(rows), size, size, 3))
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow decodes without the interpreter's lock
        for first in range(len(readable), len(rows), DECODED_AT_ONCE):
            data = pictures.image_bytes(world, rows[first : first + DECODED_AT_ONCE])
            for i, square in enumerate(pool.map(lambda image: pictures.try_square(image, size), data)):
                readable.append(square is not None)
                if square is not None:
                    squares[first + i] = square
            squares.flush()
            write_json(read, readable)
    return squares, np.array(readable)
