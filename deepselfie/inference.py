"""The quickest way through a network here. In: a model's folder; out: a function of squares, for many threads.

On a CPU OpenVINO, which takes layers together: half the time of torch's. On a GPU, and where a network is not for
OpenVINO, torch. They agree to a hundredth of a score, and on a CPU to a ten thousandth.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn

from deepselfie.compiled import Forward, agree, core, keep, noise, running
from deepselfie.models import Network, fuse, load


def quickest(folder: Path, device: str) -> Forward:
    """The quickest of the ways below that gives the scores that torch gives; OpenVINO's is kept for the next start.

    Raises DeepselfieError where the model is missing or broken."""
    network, card = load(folder)
    plain = by_torch(network, device)
    if device != "cpu":
        return plain
    try:
        compiled = compile_for_openvino(network)
        quick = running(compiled)
    except Exception:  # an operation of somebody's network that it does not know, or no OpenVINO for this machine
        return plain
    probe = noise(network.size)
    logit = plain(probe)[1]
    if not agree(quick(probe)[1], logit):
        return plain
    keep(folder, card, compiled, logit)
    return quick


def by_torch(network: Network, device: str) -> Forward:
    """Channels last; on a GPU in bfloat16. On a CPU each calling thread computes alone, see `models.core_threads`."""
    fused = fuse(network).to(device, memory_format=torch.channels_last)

    def forward(batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with torch.inference_mode(), torch.autocast(device, torch.bfloat16, enabled=device != "cpu"):
            fc7, logit = fused.features(torch.from_numpy(np.ascontiguousarray(batch)).to(device))
            return fc7.half().cpu().numpy(), logit.float().cpu().numpy()

    return forward


def compile_for_openvino(network: Network):
    """OpenVINO's compiled model, for this processor."""
    one, settings = core()
    import openvino

    example = torch.zeros(2, network.size, network.size, 3, dtype=torch.uint8)
    shape = openvino.PartialShape([-1, *example.shape[1:]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # its successor torch.export takes ten times as long
        traced = torch.jit.trace(_Features(network), example, check_trace=False)
    model = openvino.convert_model(traced, input=(shape, openvino.Type.u8))
    return one.compile_model(model, "CPU", settings)


class _Features(nn.Module):
    def __init__(self, network: Network):
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.network.features(x)
