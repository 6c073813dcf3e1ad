"""Scores: photos in; the calibrated chance of "good", its range, and fc7 out. Scorer is the one way to a score.

The range is what the network itself would say of the same photo flipped, or framed a few pixels differently, from the
lowest to the highest, widened both ways by the calibration error that was measured on photos it never learned from.
It is about the picture: how much of the likes is luck is a matter of the model's accuracy.
"""

from __future__ import annotations

import math
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from scipy.special import expit

from deepselfie import compiled, face_height, pictures
from deepselfie import engine as engines
from deepselfie.card import CARD, WEIGHTS, read_model
from deepselfie.errors import DeepselfieError
from deepselfie.stage import Report, run_stage
from deepselfie.world import World, add_rowwise, read_json
from deepselfie.world import world as world_named

BATCH = 32  # photos in the network at once: more gains nothing on a CPU
GPU_BATCH = 256  # fills a GPU with the smallest network
GPUS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")  # how those that torch can use show themselves on Linux
SHIFT = 4  # px of the network's square: what training taught it to shrug off


@dataclass(frozen=True)
class Scores:
    """Of N photos. score, low, high: float32 (N,) in [0, 1]; logit: float32 (N,), before calibration;
    fc7: float16 (N, D), activations of the last hidden layer, >= 0."""

    score: np.ndarray
    low: np.ndarray
    high: np.ndarray
    logit: np.ndarray
    fc7: np.ndarray


class Scorer:
    """A network, loaded once and kept on the GPU if there is one. Safe to share between threads."""

    def __init__(self, folder: Path | str, device: str | None = None):
        """folder: a model's. Raises DeepselfieError where it is missing or broken."""
        self.card, _ = read_model(Path(folder))
        self.size, self.dimensions = self.card["size"], self.card["fc7"]
        self.device = device or ("cuda" if _has_gpu() else "cpu")
        self._threads = partial(ThreadPoolExecutor, os.cpu_count())
        self._step = BATCH if self.device == "cpu" else GPU_BATCH
        self.at_once = self._step * os.cpu_count() if self.device == "cpu" else self._step  # pictures on all cores
        self._forward = compiled.kept(Path(folder), self.card) if self.device == "cpu" else None
        if self._forward is None:
            from deepselfie import inference, models  # torch, which takes seconds to load

            self._forward, self._threads = inference.quickest(Path(folder), self.device), models.core_threads
        self._lock = threading.Lock()

    def score(self, images: Sequence[np.ndarray | bytes]) -> Scores:
        """Scores pictures of any size: uint8 (H, W, 3) RGB, or encoded. Raises DeepselfieError for a broken one."""
        if not len(images):
            none = np.zeros(0, np.float32)
            return Scores(none, none, none, none, np.zeros((0, self.dimensions), np.float16))
        squares = pictures.prepare(images, self.size)
        fc7, seen = self.look(np.concatenate([squares, *_views(squares)]))
        seen = seen.reshape(-1, len(images))  # (6, N)
        logit, chances = seen[0], self.calibrated(seen)
        error = float(self.card["calibration"].get("error", 0.0))
        low, high = np.clip(chances.min(0) - error, 0, 1), np.clip(chances.max(0) + error, 0, 1)
        return Scores(chances[0], low, high, logit, fc7[: len(images)])

    def look(self, squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """uint8 (N, size, size, 3) -> fc7 float16 (N, D) and logit float32 (N,), of each picture as it is."""
        fc7, logit = zip(*self._spread(self._forward, squares), strict=True)
        return np.concatenate(fc7), np.concatenate(logit)

    def look_at(self, images: Sequence[bytes | None]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """N encoded pictures -> which of them can be read, bool (N,), and of these fc7 and logit as `look` gives them.

        Each thread decodes some and computes them: one decodes, which Python's lock slows, while another computes."""

        def see(some: Sequence[bytes | None]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            squares = [pictures.try_square(image, self.size) for image in some]
            read = np.array([square is not None for square in squares], bool)
            if not read.any():
                return read, np.zeros((0, self.dimensions), np.float16), np.zeros(0, np.float32)
            return read, *self._forward(np.stack([square for square in squares if square is not None]))

        read, fc7, logit = zip(*self._spread(see, images), strict=True)
        return np.concatenate(read), np.concatenate(fc7), np.concatenate(logit)

    def _spread(self, work: Callable, items: Sequence) -> list:
        """What `work` makes of each batch, in their order; few are shared out among the cores as well."""
        step = min(self._step, max(math.ceil(len(items) * self._step / self.at_once), 1))
        with self._lock, self._threads() as pool:
            starts = range(0, max(len(items), 1), step)  # nothing is one batch of nothing
            return list(pool.map(work, [items[first : first + step] for first in starts]))

    def calibrated(self, logit: np.ndarray) -> np.ndarray:
        """Logits -> chances, float32 in [0, 1]."""
        calibration = self.card["calibration"]
        scaled = calibration["slope"] * logit.astype(float) + calibration["intercept"]
        return expit(scaled).astype(np.float32)


def _has_gpu() -> bool:
    """Whether there is one for torch, which is asked only where there may be one."""
    if sys.platform == "linux" and not any(Path(gpu).exists() for gpu in GPUS):
        return False
    import torch

    return torch.cuda.is_available()


def default_model(world: World) -> World:
    """The world whose model scores these photos: the world itself, if it has one, else the demo world."""
    return world if (world.model_path / CARD).exists() else world_named("demo")


def score(world: World, *, model: World | None = None, engine: str = "local") -> Report:
    """Adds `score` and `fc7` with the model of the world `model`; both are null without a face or a readable picture.

    model: None takes the world's own, else the demo's. Raises DeepselfieError where there is none.
    engine: "local" or "ray"."""
    giver = model or default_model(world)
    if not (giver.model_path / CARD).exists():
        raise DeepselfieError(
            f"There is no trained network in world '{giver.name}' to score '{world.name}' with. "
            f"Make one with: python -m deepselfie train {world.name}, or: python -m deepselfie demo"
        )
    card = read_json(giver.model_path / CARD) or {}

    def work(report: Report, progress) -> None:
        reads = ["id", *(name for name in ("image", "faces") if name in world.columns)]
        local = engine == "local"
        compute = partial(_batch, scorer=Scorer(giver.model_path)) if local else _Sent(giver.model_path)
        spread = engines.engine(engine, whole_machines=True)
        report.rows_in = add_rowwise(world, "score", reads, compute, key=report.key, progress=progress, engine=spread)
        report.columns = ["score", "fc7"]
        report.rows_out = _tell_left_out(world, report)
        if giver.path == world.path:
            face_height.learn(world)
        report.details = {
            "model": giver.name,
            "weights": card.get("weights"),
            "architecture": card.get("architecture"),
            "size": card.get("size"),
        }

    # The calibration as well as the weights: a score depends on both.
    settings = (card.get("weights"), card.get("calibration"))
    return run_stage(world, "score", work, key_parts=settings, after=("faces",))


def _batch(batch: pa.Table, scorer: Scorer) -> pa.Table:
    """Rows with id, image (or demo ids) and faces -> their `score` and `fc7`. Knows nothing of worlds."""
    n, images = batch.num_rows, pictures.of_batch(batch)
    faces = batch["faces"].to_pylist() if "faces" in batch.column_names else [None] * n
    wanted = [None if found == [] else image for image, found in zip(images, faces, strict=True)]
    scores = np.zeros(n, np.float32)
    fc7 = np.zeros((n, scorer.dimensions), np.float16)
    read, fc7_of_read, logit = scorer.look_at(wanted)
    fc7[read], scores[read] = fc7_of_read, scorer.calibrated(logit)
    left_out = ~read
    flat, mask = pa.array(fc7.reshape(-1)), pa.array(left_out)
    return pa.table(
        {
            "score": pa.array(scores, pa.float32(), mask=left_out),
            "fc7": pa.FixedSizeListArray.from_arrays(flat, scorer.dimensions, mask=mask),
        }
    )


class _Sent:
    """`_batch`, sent with the model's files to a machine that need not have them, and its Scorer made there."""

    def __init__(self, folder: Path):
        self.files = {name: (folder / name).read_bytes() for name in (CARD, WEIGHTS)}

    def __call__(self, batch: pa.Table) -> pa.Table:
        return _batch(batch, self._made)

    @cached_property
    def _made(self) -> Scorer:
        with tempfile.TemporaryDirectory() as folder:
            for name, data in self.files.items():
                (Path(folder) / name).write_bytes(data)
            return Scorer(folder)


def _views(squares: np.ndarray) -> list[np.ndarray]:
    """The same pictures, uint8 (N, S, S, 3), mirrored, and moved SHIFT px each way with their edges drawn out."""
    size, padded = squares.shape[1], pictures.drawn_out(squares, SHIFT)
    corners = ((0, SHIFT), (2 * SHIFT, SHIFT), (SHIFT, 0), (SHIFT, 2 * SHIFT))
    return [squares[:, :, ::-1], *(padded[:, y : y + size, x : x + size] for y, x in corners)]


def _tell_left_out(world: World, report: Report) -> int:
    """Reports each row without a score with its reason, and returns how many rows have one.

    From the table, not from what this run has computed: a run that resumes reports the whole."""
    where = "score IS NULL"
    names = ["id", *(name for name in ("faces",) if name in world.columns)]
    left = world.read(names, where)
    empty = set()
    if "image" in world.columns:
        empty = set(world.read(["id"], f"{where} AND image IS NULL")["id"].to_pylist())
    faces = left["faces"].to_pylist() if "faces" in names else [None] * len(left)
    for id, found in zip(left["id"].to_pylist(), faces, strict=True):
        reason = "no face" if found == [] else "no picture" if id in empty else "picture cannot be read"
        report.drop(reason, id=id)
    return len(world) - len(left)
