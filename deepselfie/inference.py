"""The quickest way through a network on this machine. In: a network; out: a function of squares, for many threads.

On a CPU OpenVINO, which takes layers together: half the time of torch's. On a GPU, and where a network is not for
OpenVINO, torch. They agree to a hundredth of a score, and on a CPU to a ten thousandth.
"""

from __future__ import annotations

import os
import queue
import sys
import warnings
from collections.abc import Callable

import numpy as np
import torch
from scipy.special import expit
from torch import nn

from deepselfie.models import Network, fuse

# uint8 (B, size, size, 3) -> fc7 float16 (B, D), logit float32 (B,)
Forward = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
TOLERANCE = 1e-2  # in units of score


def quickest(network: Network, device: str) -> Forward:
    """The quickest of the ways below that gives the scores that torch gives."""
    plain = by_torch(network, device)
    if device != "cpu":
        return plain
    try:
        quick = by_openvino(network)
    except Exception:  # an operation of somebody's network that it does not know, or no OpenVINO for this machine
        return plain
    noise = np.random.default_rng(0).integers(0, 256, (3, network.size, network.size, 3), np.uint8)
    one, other = (expit(forward(noise)[1].astype(float)) for forward in (plain, quick))
    return quick if np.abs(one - other).max() <= TOLERANCE else plain


def by_torch(network: Network, device: str) -> Forward:
    """Channels last; on a GPU in bfloat16. On a CPU each calling thread computes alone, see `models.core_threads`."""
    fused = fuse(network).to(device, memory_format=torch.channels_last)

    def forward(batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with torch.inference_mode(), torch.autocast(device, torch.bfloat16, enabled=device != "cpu"):
            fc7, logit = fused.features(torch.from_numpy(np.ascontiguousarray(batch)).to(device))
            return fc7.half().cpu().numpy(), logit.float().cpu().numpy()

    return forward


def by_openvino(network: Network) -> Forward:
    """Compiled for this processor, a stream a core: as many batches are computed at once, each by one thread."""
    sys.modules["openvino_telemetry"] = None  # or importing it would tell Google Analytics so; it takes a stub instead
    import openvino

    example = torch.zeros(2, network.size, network.size, 3, dtype=torch.uint8)
    shape = openvino.PartialShape([-1, *example.shape[1:]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # its successor torch.export takes ten times as long
        traced = torch.jit.trace(_Features(network), example, check_trace=False)
    model = openvino.convert_model(traced, input=(shape, openvino.Type.u8))
    cores = os.cpu_count()
    settings = {
        "NUM_STREAMS": cores,
        "INFERENCE_NUM_THREADS": cores,
        "ENABLE_CPU_PINNING": False,  # other work may be on any of the cores
        "INFERENCE_PRECISION_HINT": "f32",  # bfloat16 halves the time, but moves scores by 0.02 and fc7 by a twentieth
    }
    compiled = openvino.Core().compile_model(model, "CPU", settings)
    requests = queue.SimpleQueue()
    for _ in range(cores):
        requests.put(compiled.create_infer_request())

    def forward(batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        request = requests.get()
        try:
            fc7, logit = request.infer({0: np.ascontiguousarray(batch)}).values()
        finally:
            requests.put(request)
        return fc7.astype(np.float16), logit

    return forward


class _Features(nn.Module):
    def __init__(self, network: Network):
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.network.features(x)
