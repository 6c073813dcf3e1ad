"""Training: learns what is planted and nothing where nothing is, and ends the same after a kill."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file
from torch import nn
from torchvision.models import vgg

from deepselfie import architectures, models
from deepselfie import train as module
from deepselfie.errors import DeepselfieError
from deepselfie.stage import Report
from deepselfie.train import augment, train
from deepselfie.training_set import training_set
from deepselfie.world import World, world

SHARES = {"train": 400, "validation": 60, "calibration": 60}
SIDE = 32  # px: the smallest that leaves lite0 one cell to look at


def photo(bright, rng):
    """A noisy JPEG that is a little brighter or darker than grey."""
    noise = rng.normal(150 if bright else 105, 40, (SIDE, SIDE, 3))
    out = io.BytesIO()
    Image.fromarray(np.clip(noise, 0, 255).astype(np.uint8)).save(out, "JPEG")
    return out.getvalue()


def made(cache, name="w", shares=SHARES) -> World:
    """A world in which brightness decides; one picture of each split is broken, and one row has no label."""
    rng = np.random.default_rng(0)
    split = [name for name, n in shares.items() for _ in range(n)]
    label = [int(x) for x in rng.integers(0, 2, len(split))]
    images = [photo(good, rng) for good in label]
    for first in np.cumsum([0, *shares.values()])[:-1]:
        images[first] = b"\xff\xd8 no picture"
    made = World(Path(cache) / name)
    made.append(
        pa.table(
            {
                "id": [f"t:{i}" for i in range(len(split) + 1)],
                "author": [f"a{i // 3}" for i in range(len(split))] + [None],
                "image": pa.array([*images, images[-1]], pa.large_binary()),
            }
        )
    )
    made.set_columns(pa.table({"label": pa.array([*label, None], pa.int8()), "split": [*split, None]}))
    return made


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    shrink()
    yield made(tmp_path)
    architectures.ARCHITECTURES.pop("tiny")


def shrink():
    """Makes "tiny" an architecture: lite0 at 32 px."""

    def cut(full):
        parts = architectures._cut_lite0(full)
        return architectures.Parts(**vars(parts) | {"size": SIDE})

    architectures.ARCHITECTURES["tiny"] = (architectures.lite0, cut)


def test_a_planted_signal_is_learned_and_shuffled_labels_are_not(tiny):
    report = train(tiny, architecture="tiny", epochs=3)
    found = report.details["validation"]
    assert found["accuracy"] > 0.9 and found["auc"] > 0.95 and found["photos"] == 59
    assert report.dropped == {"picture cannot be read": 3} and {p["id"] for p in report.problems} >= {"t:0", "t:400"}
    assert [len(report.details["curves"][name]) for name in ("training", "validation")] == [3, 3]
    losses = report.details["curves"]["validation"]
    assert losses[report.details["best_epoch"]] == min(losses) < losses[0] + 1e-9
    network, card = models.load(tiny.model_path)
    assert card["calibration"]["slope"] > 0 and card["size"] == network.size == SIDE
    assert card["validation"]["accuracy"] == found["accuracy"]
    assert not tiny.parts("train").exists()
    assert train(tiny, architecture="tiny", epochs=3).nothing_to_do

    before = (tiny.model_path / models.WEIGHTS).read_bytes()
    shuffled = train(tiny, architecture="tiny", epochs=2, shuffle_labels=True)
    low, high = shuffled.details["validation"]["intervals"]["accuracy"]
    assert low < 0.5 < high
    assert (tiny.model_path / models.WEIGHTS).read_bytes() == before  # a check does not replace the model


CHILD = """
import sys
import torch
from deepselfie import train as module
from deepselfie.world import world
from tests.test_train import shrink
torch.set_num_threads(1)  # not as in this process: the sums must not depend on it
shrink()
module.CHECKPOINT_SECONDS = 0
module.train(world(sys.argv[1]), architecture="tiny", epochs=2)
"""


def test_killed_training_ends_with_the_same_weights(tiny, tmp_path):
    small = {"train": 210, "validation": 20, "calibration": 20}
    for name in ("whole", "killed"):
        made(tmp_path, name, small)
    child = subprocess.Popen([sys.executable, "-c", CHILD, "killed"], stderr=subprocess.DEVNULL)
    parts = world("killed").parts("train")
    while not list(parts.glob("*.safetensors")):
        assert child.poll() is None
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert world("killed").report("train") is None and list(parts.glob("*.safetensors"))
    whole, resumed = (train(world(name), architecture="tiny", epochs=2) for name in ("whole", "killed"))
    one, two = (load_file(world(name).model_path / models.WEIGHTS) for name in ("whole", "killed"))
    assert one.keys() == two.keys() and all(np.array_equal(one[name], two[name]) for name in one)
    assert whole.details["curves"] == resumed.details["curves"]


@pytest.mark.parametrize("shares", [{"train": 150, "validation": 20}, {"train": 250}])
def test_too_few_photos_are_refused(tiny, tmp_path, shares):
    with pytest.raises(DeepselfieError, match=r"it takes 200.*score few"):
        train(made(tmp_path, "few", shares), architecture="tiny")


def test_the_network_aims_at_the_standing_where_it_is_known(tiny):
    n = len(tiny)
    folder = tiny.parts("x")
    plain = training_set(tiny, Report("x", tiny.name), SIDE, folder)
    assert np.array_equal(plain.aim, plain.label)
    tiny.set_columns(pa.table({"standing": pa.array(np.linspace(0.01, 0.99, n), pa.float32())}))
    ranked = training_set(tiny, Report("x", tiny.name), SIDE, folder)
    assert np.array_equal(ranked.label, plain.label) and len(np.unique(ranked.aim)) == len(ranked.aim)


def test_one_kind_of_label_is_refused(tiny):
    rows = len(tiny)
    tiny.set_columns(pa.table({"label": pa.array([1] * rows, pa.int8())}))
    with pytest.raises(DeepselfieError, match="0 bad"):
        train(tiny, architecture="tiny")


def test_a_world_without_labels_is_told_what_to_run(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    bare = world("bare")
    bare.append(pa.table({"id": ["t:0"]}))
    with pytest.raises(DeepselfieError, match="no column label"):
        train(bare)


def test_augmented_photos_are_the_same_photos_moved_or_mirrored():
    ramp = np.broadcast_to(np.arange(0, 128, 4, np.uint8)[None, None, :, None], (200, SIDE, SIDE, 3))
    out = augment(ramp, np.random.default_rng(0))
    assert out.shape == ramp.shape and out.dtype == np.uint8
    middle = out[:, 16, 16, 0].astype(int)
    right = out[:, 16, 17, 0].astype(int) - middle
    assert set(right) == {4, -4} and 60 < (right < 0).sum() < 140  # mirrored: falls to the right
    assert np.ptp(middle[right > 0]) == 8 * module.SHIFT and np.ptp(middle) <= 8 * module.SHIFT + 4
    np.testing.assert_array_equal(out, augment(ramp, np.random.default_rng(0)))


def test_layers_nearer_to_the_photo_learn_slower():
    groups = module._groups(models.build("lite0", pretrained=False))
    rates = [group["lr"] for group in groups]
    assert rates == sorted(rates, reverse=True) and rates[0] == module.HEAD_RATE and len(set(rates)) == len(rates)
    assert module._schedule(0.0) < 0.01 and module._schedule(0.1) == 1 and module._schedule(1.0) < 1e-6


def test_another_checkpoint_is_another_training(tiny, tmp_path):
    full = architectures.lite0(pretrained=False)
    for file in ("one", "two"):
        torch.nn.init.normal_(full.conv_head.weight)
        torch.save(full.state_dict(), tmp_path / f"{file}.pth")
    fewer = made(tmp_path, "fewer", {"train": 210, "validation": 20, "calibration": 20})
    one, again, two = (
        train(fewer, architecture="tiny", checkpoint=tmp_path / f"{name}.pth", epochs=1)
        for name in ("one", "one", "two")
    )
    assert again.nothing_to_do and not two.nothing_to_do and one.details["checkpoint"] == str(tmp_path / "one.pth")
    assert models.load(fewer.model_path)[1]["began_from"] == "two.pth"
    with pytest.raises(DeepselfieError, match=r"none\.pth cannot be read"):
        train(fewer, architecture="tiny", checkpoint=tmp_path / "none.pth")


def test_wide_layers_learn_slower():
    """Each of vgg16's fc6 has 25,088 inputs: at the rate of 1,280, one step would overthrow all that it knows."""
    fc6, fc7 = nn.Linear(25088, 4), nn.Linear(4, 4)
    half, rest = (0.5, 0.5, 0.5), nn.Sequential(nn.Conv2d(512, 4, 3))
    parts = architectures.Parts(nn.Sequential(), rest, fc6, fc7, 32, half, half)
    rates = {p: group["lr"] for group in module._groups(models.Network("wide", parts)) for p in group["params"]}
    assert rates[fc6.weight] == pytest.approx(module.HEAD_RATE * 1280 / 25088) and rates[fc6.bias] == module.HEAD_RATE
    assert rates[fc7.weight] == module.HEAD_RATE and rates[rest[0].weight] == pytest.approx(module.RATE * 1280 / 4608)


def narrow_vgg16(pretrained):
    """The article's thirteen convolutions and the layers on top, each a sixteenth as wide."""
    torch.manual_seed(0)
    full = nn.Module()
    full.features = vgg.make_layers([4, 4, "M", 8, 8, "M", 16, 16, 16, "M", 32, 32, 32, "M", 32, 32, 32, "M"])
    full.avgpool = nn.AdaptiveAvgPool2d(7)
    full.classifier = nn.Sequential(nn.Linear(32 * 49, 256), nn.ReLU(), nn.Dropout(), nn.Linear(256, 256))
    for layer in full.features:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")  # as torchvision begins it
    return full


def test_a_narrow_vgg16_learns_what_is_planted(tiny, monkeypatch):
    def cut(full):
        return architectures.Parts(**vars(architectures._cut_vgg16(full)) | {"size": SIDE})

    monkeypatch.setitem(architectures.ARCHITECTURES, "narrow", (narrow_vgg16, cut))
    found = train(tiny, architecture="narrow", epochs=6).details["validation"]
    assert found["intervals"]["accuracy"][0] > 0.5
