"""A network as OpenVINO has compiled it, kept beside the model: the next start needs no torch, and no time to compile.

In: a model's folder and its card; out: a function of squares, for many threads. What torch said of a few pictures of
noise is kept with it: whatever does not say the same here, on this processor, is not used but made anew.
"""

from __future__ import annotations

import io
import os
import queue
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from scipy.special import expit

from deepselfie.world import fingerprint, write_atomically

# uint8 (B, size, size, 3) -> fc7 float16 (B, D), logit float32 (B,)
Forward = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
COMPILED = "compiled.npz"
TOLERANCE = 1e-2  # in units of score
# of batches: for each new one OpenVINO prepares anew, and keeps some megabytes
SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)


def core():
    """OpenVINO's, and how it shall compile: a stream a core, so that as many batches are computed at once."""
    sys.modules["openvino_telemetry"] = None  # or importing it would tell Google Analytics so; it takes a stub instead
    import openvino

    cores = os.cpu_count()
    return openvino.Core(), {
        "NUM_STREAMS": cores,
        "INFERENCE_NUM_THREADS": cores,
        "ENABLE_CPU_PINNING": False,  # other work may be on any of the cores
        "INFERENCE_PRECISION_HINT": "f32",  # bfloat16 halves the time, but moves scores by 0.02 and fc7 by a twentieth
    }


def running(compiled) -> Forward:
    """A compiled model at work; each batch is computed by one thread, filled up to one of SIZES with black pictures."""
    requests = queue.SimpleQueue()
    for _ in range(os.cpu_count()):
        requests.put(compiled.create_infer_request())

    def forward(batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        n = len(batch)
        full = np.zeros((next((size for size in SIZES if size >= n), n), *batch.shape[1:]), np.uint8)
        full[:n] = batch
        request = requests.get()
        try:
            fc7, logit = request.infer({0: full}).values()
        finally:
            requests.put(request)
        return fc7[:n].astype(np.float16), logit[:n].copy()

    return forward


def noise(size: int) -> np.ndarray:
    """uint8 (3, size, size, 3), always the same."""
    return np.random.default_rng(0).integers(0, 256, (3, size, size, 3), np.uint8)


def agree(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether logits are the same to TOLERANCE, as scores."""
    return bool(np.abs(expit(one.astype(float)) - expit(other.astype(float))).max() <= TOLERANCE)


def keep(folder: Path, card: dict, compiled, logit: np.ndarray) -> None:
    """Keeps a compiled model for the next start. logit: (3,), what torch says of the `noise`."""
    out = io.BytesIO()
    blob = np.frombuffer(compiled.export_model().getvalue(), np.uint8)
    np.savez(out, key=_key(card, *core()), compiled=blob, logit=logit)
    with suppress(OSError):  # of a world that cannot be written to, it is compiled each time
        write_atomically(folder / COMPILED, out.getvalue())


def kept(folder: Path, card: dict) -> Forward | None:
    """What was kept for these weights; None where there is none, or it is broken, or of another machine."""
    try:
        with np.load(folder / COMPILED) as file:  # checks each part's CRC
            one, settings = core()
            if file["key"] != _key(card, one, settings):
                return None
            compiled, logit = file["compiled"].tobytes(), file["logit"]
        forward = running(one.import_model(compiled, "CPU", settings))
        return forward if agree(forward(noise(card["size"]))[1], logit) else None
    except Exception:  # no file, or whatever zipfile, numpy and OpenVINO raise on what they have not written themselves
        return None


def _key(card: dict, one, settings: dict) -> str:
    able = [one.get_property("CPU", name) for name in ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES")]
    from openvino import __version__ as version

    return fingerprint(version, able, settings, card["weights"], card["architecture"], card["size"])
