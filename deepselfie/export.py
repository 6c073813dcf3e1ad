"""A network as one ONNX file for the browser. In: a network and its calibration; out: bytes.

The graph takes the pixels of a picture as a canvas gives them and returns the score that `score.Scorer` gives: the
squish to the network's square, the normalisation, the network and the calibration are all inside, so that there is
nothing left on which a browser and Python could differ.
"""

from __future__ import annotations

import copy
import io
import threading
import warnings
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torch.nn.utils import parametrize

from deepselfie import face_height, models
from deepselfie.distil import student_of
from deepselfie.world import fingerprint, read_json

VERSION = 2  # raised when other bytes come of the same network
OPSET = 18  # the first whose Resize is antialiased
LARGE = 1000  # numbers: smaller weights stay float32, they take no space
LIMIT = 7_750_000  # bytes of the weights file that a phone is asked to load: 12 MB, less the largest runtime's 4.25

_one_at_a_time = threading.Lock()


def onnx(network: models.Network, calibration: dict, face: dict | None = None) -> bytes:
    """The network as ONNX: `pixels`, uint8 RGBA (H, W, 4), H and W free -> `score`, float32 (1,) in [0, 1]; with face,
    as face_height.fit gives it, also `face`, float32 (1,): the face's height as a share of the picture's, about.

    Weights are float16 in the file and widened as it is loaded."""
    graph = _Mirror(_halved(models.fuse(network)), calibration, face)
    pixels = torch.zeros(network.size + 1, network.size + 2, 4, dtype=torch.uint8)
    out, axes = io.BytesIO(), {"pixels": {0: "height", 1: "width"}}
    with torch.no_grad(), warnings.catch_warnings():
        # The exporter that torch now prefers takes five times as long, and three more packages.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            graph, (pixels,), out, dynamo=False, opset_version=OPSET, do_constant_folding=False,
            input_names=["pixels"], output_names=["score", "face"] if face else ["score"], dynamic_axes=axes,
        )  # fmt: skip
    return out.getvalue()


def version_of(folder: Path) -> str | None:
    """What the exported model in `folder` depends on, as a short hash; None where there is none, or one too large."""
    card, weights = read_json(folder / models.CARD), folder / models.WEIGHTS
    if not card or not weights.is_file() or weights.stat().st_size > LIMIT:
        return None
    return fingerprint(VERSION, card.get("weights"), card.get("calibration"), face_height.known(folder))


def for_browser(folder: Path) -> Path | None:
    """The folder of the network that a browser gets for the model in `folder`: its own, or where that is too large its
    student's; None without either."""
    if version_of(folder):
        return folder
    student = student_of(folder)
    return student if student and version_of(student) else None


def exported(folder: Path, version: str) -> bytes:
    """The model in `folder` as ONNX, kept in memory; version: its `version_of`. Raises DeepselfieError if broken."""
    with _one_at_a_time:  # whoever asks meanwhile gets the same
        return _exported(folder, version)


@lru_cache(maxsize=2)  # 8 MB each, made in some seconds
def _exported(folder: Path, version: str) -> bytes:
    network, card = models.load(folder)
    return onnx(network, card["calibration"], face_height.known(folder))


class _Mirror(nn.Module):
    def __init__(self, network: models.Network, calibration: dict, face: dict | None):
        super().__init__()
        self.network, self.calibration, self.face = network, calibration, face
        self.register_buffer("weights", torch.tensor(face["weights"] if face else []))

    def forward(self, pixels: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        rgb = pixels[:, :, :3].permute(2, 0, 1)[None]  # (H, W, 4) -> (1, 3, H, W)
        squared = _Squared.apply(rgb, self.network.size)  # -> (1, 3, size, size)
        fc7, logit = self.network.features(squared.float() / 255)  # -> (1, D), (1,)
        score = torch.sigmoid(self.calibration["slope"] * logit + self.calibration["intercept"])
        return (score, fc7 @ self.weights + self.face["bias"]) if self.face else score


class _Squared(torch.autograd.Function):
    """Pillow's antialiased bilinear resize of uint8, as in `pictures.square`; ONNX's is written after Pillow's."""

    @staticmethod
    def forward(ctx, x: Tensor, size: int) -> Tensor:
        return interpolate(x, (size, size), mode="bilinear", antialias=True)

    @staticmethod
    def symbolic(g, x, size: int):  # torch's exporter knows no antialiased resize
        absent = g.op("Constant", value_t=torch.zeros(0))
        sizes = g.op("Constant", value_t=torch.tensor([1, 3, size, size]))
        how = {"mode_s": "linear", "antialias_i": 1, "coordinate_transformation_mode_s": "half_pixel"}
        return g.op("Resize", x, absent, absent, sizes, **how).setType(x.type().with_sizes([1, 3, size, size]))


class _Widened(nn.Module):
    def forward(self, weight: Tensor) -> Tensor:
        return weight.float()


def _halved(network: models.Network) -> models.Network:
    """A copy that keeps its large weights as float16 and computes in float32."""
    halved = copy.deepcopy(network)
    for module in list(halved.modules()):
        weight = getattr(module, "weight", None)
        if isinstance(module, nn.Conv2d | nn.Linear) and weight.numel() >= LARGE:
            module.weight = nn.Parameter(weight.detach().half(), requires_grad=False)
            parametrize.register_parametrization(module, "weight", _Widened(), unsafe=True)
    return halved
