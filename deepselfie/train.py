"""Fine-tuning: labelled photos of a world in, `model/` (weights and card) out.

A pretrained network learns how many of its group a photo outdoes, by logistic loss; the epoch that best tells good from
bad (validation loss) is kept, its logits are calibrated on photos that neither the weights nor that choice have seen.
"""

from __future__ import annotations

import copy
import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save as packed
from scipy.special import expit
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from deepselfie import models
from deepselfie.errors import DeepselfieError
from deepselfie.metrics import calibrate, log_loss, measure
from deepselfie.models import Network
from deepselfie.pictures import drawn_out
from deepselfie.stage import Report, run_stage
from deepselfie.training_set import SPLITS, Examples, training_set
from deepselfie.world import World, write_atomically

EPOCHS = 4  # with likes this noisy, validation loss turns up after about as many
BATCH = 64  # smaller gains nothing per photo on two cores, larger makes fewer steps
SHARE = 32  # photos of a batch that one core takes: fixed, so the sums are the same on any number of cores
RATE = 3e-4  # of the last layer of the backbone
HEAD_RATE = 1e-3  # of the new layers, which start from nothing
LAYER_DECAY = 0.8  # each layer further down learns this much slower: what it knows is more general
FAN_IN = 1280  # inputs of a layer up to which these rates hold: beyond, Adam's steps add up (Tensor Programs V)
WEIGHT_DECAY = 0.05  # as usual for AdamW
WARM_UP = 0.1  # of all steps: until the new head means something, its gradients only harm the backbone
AVERAGE = 0.995  # of the moving average of weights: over about half an epoch of 20,000 photos
SHIFT = 4  # px: a photo is the same photo when framed a little differently; more would move what matters
CHECKPOINT_SECONDS = 120
SHOWN = 64  # examples of each kind, as in the article


@dataclass
class Course:
    """How far training has come: all but the tensors. Epochs and steps count what is done."""

    epoch: int = 0
    step: int = 0  # within the epoch
    loss: float = 0.0  # sums over the photos of this epoch so far
    right: int = 0
    seconds: float = 0.0
    best: int = -1
    curves: dict[str, list[float]] = field(default_factory=lambda: {"training": [], "validation": []})
    accuracy: dict[str, list[float]] = field(default_factory=lambda: {"training": [], "validation": []})


def train(
    world: World,
    *,
    architecture: str = models.DEFAULT,
    checkpoint: Path | str | None = None,
    epochs: int = EPOCHS,
    seed: int = 0,
    shuffle_labels: bool = False,
) -> Report:
    """Trains on the split `train` and writes `model/`. Needs the stage `labels`.

    architecture, checkpoint: see `architectures.parts`.
    shuffle_labels: a check that deals the labels out anew: it must end near 50 %, and keeps the world's model.
    Raises DeepselfieError for fewer than 200 photos, or without both good and bad ones."""
    stage = "train-shuffled" if shuffle_labels else "train"

    def work(report: Report, progress) -> None:
        torch.manual_seed(seed)
        network = models.build(architecture, checkpoint=checkpoint)
        examples = training_set(world, report, network.size, world.parts(stage) / "pictures")
        if shuffle_labels:
            for split in SPLITS:
                rows = examples.of(split)
                dealt = np.random.default_rng([seed, 7]).permutation(rows)
                examples.label[rows], examples.aim[rows] = examples.label[dealt], examples.aim[dealt]
        so_far = world.parts(stage) / f"{report.key}.safetensors"
        with models.core_threads() as pool:
            course = fit(network, examples, so_far, epochs=epochs, seed=seed, progress=progress, pool=pool)
            for parameter in network.parameters():
                parameter.data = parameter.data.half().float()  # as saved: what is measured here is what will be used
            measured = _measure(network, examples, pool)
        report.rows_out = len(examples.of("train"))
        report.details = measured | {
            "architecture": architecture,
            "checkpoint": checkpoint and str(Path(checkpoint).resolve()),
            "size": network.size,
            "epochs": epochs,
            "best_epoch": course.best,
            "curves": course.curves,
            "accuracy": course.accuracy,
            "photos": {split: len(examples.of(split)) for split in SPLITS},
            "photos_per_second": round(epochs * report.rows_out / max(course.seconds, 1e-9), 1),
            "device": _device(),
            "seed": seed,
        }
        if not shuffle_labels:
            models.save(network, world.model_path, _card(world, report))

    recipe = (RATE, HEAD_RATE, LAYER_DECAY, WEIGHT_DECAY, WARM_UP, AVERAGE, SHIFT, BATCH)
    settings = (architecture, epochs, seed, recipe, *([_digest(checkpoint)] if checkpoint else []))
    files = () if shuffle_labels else (world.model_path / models.CARD,)
    return run_stage(world, stage, work, key_parts=settings, after=("labels",), files=files)


def augment(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """uint8 (B, S, S, 3) -> the same, each flipped or not and shifted by up to SHIFT px, its edges drawn out."""
    size = batch.shape[1]
    padded = drawn_out(batch, SHIFT)
    out = np.empty_like(batch)
    for i, (y, x) in enumerate(rng.integers(0, 2 * SHIFT + 1, (len(batch), 2))):
        out[i] = padded[i, y : y + size, x : x + size]
    flip = rng.random(len(batch)) < 0.5
    out[flip] = out[flip, :, ::-1]
    return out


def logits(network: Network, pictures: np.ndarray, rows: np.ndarray, pool: ThreadPoolExecutor) -> np.ndarray:
    """float64 (len(rows),): the network's raw logits of these pictures, uint8 (N, S, S, 3)."""
    fused, device = models.fuse(network), network.mean.device

    def look(part: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return fused(torch.from_numpy(pictures[part]).to(device)).cpu().numpy()

    return np.concatenate(list(pool.map(look, np.array_split(rows, max(1, len(rows) // BATCH))))).astype(float)


def fit(network: Network, examples: Examples, checkpoint: Path, *, epochs: int, seed: int, progress, pool) -> Course:
    """Trains, and leaves the weights of the best epoch in `network`. Goes on from the checkpoint, if there is one."""
    device = _device()
    network.to(device, memory_format=torch.channels_last)
    average = copy.deepcopy(network)
    learns = {name: p for name, p in network.named_parameters() if p.requires_grad}
    averages = [average.get_parameter(name) for name in learns]
    optimizer = torch.optim.AdamW(_groups(network), weight_decay=WEIGHT_DECAY)
    bases = [group["lr"] for group in optimizer.param_groups]
    train_rows, check_rows = examples.of("train"), examples.of("validation")
    steps = max(1, len(train_rows) // BATCH)
    course, best = _restore(checkpoint, learns, average, optimizer, steps)
    saved = clock = time.monotonic()
    while course.epoch < epochs:
        order = np.random.default_rng([seed, course.epoch]).permutation(train_rows)
        batches = np.array_split(order, steps)
        while course.step < steps:
            done = course.epoch * steps + course.step
            for group, base in zip(optimizer.param_groups, bases, strict=True):
                group["lr"] = base * _schedule(done / (epochs * steps))
            rows = np.sort(batches[course.step])  # in the order of the disk
            shots = augment(examples.pictures[rows], np.random.default_rng([seed, course.epoch, course.step]))
            aim, label = examples.aim[rows], examples.label[rows]
            loss, right = _backward(network, list(learns.values()), shots, aim, label, pool)
            optimizer.step()
            with torch.no_grad():
                keep = min(AVERAGE, (1 + done) / (10 + done))  # short at first, or it would remember the start
                torch._foreach_lerp_(averages, [p.detach() for p in learns.values()], 1 - keep)
            course.step += 1
            course.loss += loss
            course.right += right
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                course.seconds, clock = course.seconds + time.monotonic() - clock, time.monotonic()
                saved = _keep(checkpoint, course, learns, average, optimizer, best)
            progress(course.epoch * len(train_rows) + course.step * BATCH, epochs * len(train_rows))
        chance = expit(logits(average, examples.pictures, check_rows, pool))
        truth = examples.label[check_rows]
        if log_loss(chance, truth) < min(course.curves["validation"], default=np.inf):
            course.best, best = course.epoch, {name: average.get_parameter(name).detach().clone() for name in learns}
        for curve, (seen, held) in (
            (course.curves, (course.loss / len(train_rows), log_loss(chance, truth))),
            (course.accuracy, (course.right / len(train_rows), float(np.mean((chance >= 0.5) == (truth == 1))))),
        ):
            curve["training"].append(seen)
            curve["validation"].append(held)
        course.epoch, course.step, course.loss, course.right = course.epoch + 1, 0, 0.0, 0
        course.seconds, clock = course.seconds + time.monotonic() - clock, time.monotonic()
        saved = _keep(checkpoint, course, learns, average, optimizer, best)
    network.load_state_dict(best, strict=False)
    network.to("cpu")
    return course


def _backward(
    network: Network,
    parameters: list[Tensor],
    shots: np.ndarray,
    aim: np.ndarray,
    label: np.ndarray,
    pool: ThreadPoolExecutor,
) -> tuple[float, int]:
    """Puts the gradient of a batch's mean loss in what it aims at into the parameters; returns the summed loss in its
    labels, and how many of these are right.

    Each worker takes its share of the batch: uint8 (B, S, S, 3), float32 (B,) each."""
    device = _device()

    def part(rows: np.ndarray) -> tuple[tuple[Tensor, ...], float, int]:
        aims, truth = (torch.from_numpy(values[rows]).to(device) for values in (aim, label))
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):  # on a CPU its gradients are slower
            with torch.no_grad():
                early = network.early(torch.from_numpy(shots[rows]).to(device))
            logit = network.late(early)[1].float()
        loss = binary_cross_entropy_with_logits(logit, aims, reduction="sum")
        gradients = torch.autograd.grad(loss / len(label), parameters)
        logit = logit.detach()
        told = binary_cross_entropy_with_logits(logit, truth, reduction="sum").item()
        return gradients, told, int(((logit > 0) == (truth > 0.5)).sum())

    shares = 1 if device == "cuda" else max(1, len(label) // SHARE)
    parts = list(pool.map(part, np.array_split(np.arange(len(label)), shares)))
    for parameter, *gradients in zip(parameters, *(found[0] for found in parts), strict=True):
        parameter.grad = sum(gradients[1:], gradients[0])
    return sum(found[1] for found in parts), sum(found[2] for found in parts)


def _groups(network: Network) -> list[dict]:
    """The trained layers with their learning rates, lowest last."""
    head = [p for layer in (network.fc6, network.fc7, network.fc8) for p in layer.parameters()]
    layers = [list(layer.parameters()) for layer in network.rest]
    layers = [layer for layer in reversed(layers) if layer]
    rates = [HEAD_RATE, *(RATE * LAYER_DECAY**depth for depth in range(len(layers)))]
    groups = []
    for rate, layer in zip(rates, [head, *layers], strict=True):
        shares: dict[float, list[Tensor]] = {}
        for p in layer:
            inputs = p[0].numel() if p.dim() > 1 else 1  # biases and gains have one
            shares.setdefault(min(1.0, FAN_IN / inputs), []).append(p)
        groups += [{"params": some, "lr": rate * share} for share, some in shares.items()]
    return groups


def _schedule(share: float) -> float:
    """The learning rate over training, as a share of its highest: up in a line, down in a cosine."""
    return share / WARM_UP + 1e-3 if share < WARM_UP else (1 + np.cos(np.pi * (share - WARM_UP) / (1 - WARM_UP))) / 2


def _keep(path: Path, course: Course, learns: dict[str, Tensor], average: Network, optimizer, best: dict) -> float:
    """Writes the checkpoint and returns the time at which that was done."""
    tensors = {f"best.{name}": value for name, value in best.items()}
    for name, parameter in learns.items():
        state = optimizer.state[parameter]
        tensors |= {f"now.{name}": parameter.detach(), f"average.{name}": average.get_parameter(name).detach()}
        tensors |= {f"first.{name}": state["exp_avg"], f"second.{name}": state["exp_avg_sq"]}
    tensors = {name: value.cpu().contiguous() for name, value in tensors.items()}
    write_atomically(path, packed(tensors, metadata={"course": json.dumps(vars(course))}))
    return time.monotonic()


def _restore(path: Path, learns: dict[str, Tensor], average: Network, optimizer, steps: int) -> tuple[Course, dict]:
    """The course and the best weights of the checkpoint, whose other tensors are put where they belong."""
    if not path.exists():
        return Course(), {}
    with safe_open(path, "pt") as file, torch.no_grad():
        course = Course(**json.loads(file.metadata()["course"]))
        for name, parameter in learns.items():
            parameter.copy_(file.get_tensor(f"now.{name}"))
            average.get_parameter(name).copy_(file.get_tensor(f"average.{name}"))
            optimizer.state[parameter] = {
                "step": torch.tensor(float(course.epoch * steps + course.step)),
                "exp_avg": torch.zeros_like(parameter).copy_(file.get_tensor(f"first.{name}")),
                "exp_avg_sq": torch.zeros_like(parameter).copy_(file.get_tensor(f"second.{name}")),
            }
        best = {name: file.get_tensor(f"best.{name}") for name in learns if course.best >= 0}
    return course, best


def _measure(network: Network, examples: Examples, pool: ThreadPoolExecutor) -> dict:
    """The calibration, from the split `calibration` alone, and how well the calibrated network does on `validation`."""
    own, held = examples.of("calibration"), examples.of("validation")
    slope, intercept = 1.0, 0.0
    if len(own):
        slope, intercept = calibrate(logits(network, examples.pictures, own, pool), examples.label[own])
    logit = logits(network, examples.pictures, held, pool)
    found = measure(expit(slope * logit + intercept), examples.label[held], examples.author[held])
    calibration = {"slope": slope, "intercept": intercept, "error": found["ece"], "photos": len(own)}
    return {"calibration": calibration, "validation": found}


def _card(world: World, report: Report) -> dict:
    """What a user of the network should know; `models.save` adds architecture, size and hash."""
    details = report.details
    return {
        "learned_from": f"world '{world.name}': likes of {details['photos']['train']:,} photos",
        "says": "the chance that a photo is in the better liked half of posts to audiences of like size, in this data",
        "not_for": "judging people: likes measure a crowd and a moment, not a person's worth",
        "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "calibration": details["calibration"],
        "validation": {name: value for name, value in details["validation"].items() if name != "calibration"},
        "training": {
            "epochs": details["epochs"],
            "kept_epoch": details["best_epoch"] + 1,  # people count from one
            **{name: details[name] for name in ("photos_per_second", "device", "seed")},
        },
        "examples": {"good": _some_ids(world, 1), "bad": _some_ids(world, 0)},
    }


def _some_ids(world: World, label: int) -> list[str]:
    """Ids of photos trained on as good (1) or bad (0), to be shown beside the model: by lot, the same lot each time."""
    found = world.read(["id"], where=f"split = 'train' AND label = {label}")["id"].to_pylist()
    return np.random.default_rng(label).permutation(found)[:SHOWN].tolist()


def _digest(checkpoint: Path | str) -> str:
    try:
        return hashlib.sha256(Path(checkpoint).read_bytes()).hexdigest()
    except OSError as error:
        raise DeepselfieError(f"The weights in {checkpoint} cannot be read ({error.strerror}).") from error


def _device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"
