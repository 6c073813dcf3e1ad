"""Distillation: a student says what its teacher says of people it has not seen, and is not used where it does not."""

import numpy as np
import pyarrow as pa
import pytest
import torch
from scipy.special import expit

from deepselfie import models
from deepselfie.card import CARD
from deepselfie.distil import ALIKE, STUDENT, distil, student_of
from deepselfie.errors import DeepselfieError
from deepselfie.pictures import prepare
from deepselfie.score import score
from deepselfie.stage import Report
from deepselfie.train import train
from deepselfie.world import read_json, world
from tests.test_train import made, photo, tiny  # noqa: F401


def chances(folder, new):
    network, card = models.load(folder)
    with torch.inference_mode():
        logit = network(torch.from_numpy(prepare(new, network.size))).numpy()
    return expit(card["calibration"]["slope"] * logit + card["calibration"]["intercept"])


def test_a_student_says_what_its_teacher_says(tiny):  # noqa: F811
    train(tiny, architecture="tiny", epochs=2)
    score(tiny)
    report = distil(tiny, architecture="tiny", epochs=4)
    card, teacher = read_json(tiny.model_path / STUDENT / CARD), read_json(tiny.model_path / CARD)
    assert card["teacher"] == teacher["weights"] != card["weights"] and report.dropped == {}
    assert report.rows_in == len(tiny.read(["score"], where="score IS NOT NULL"))
    assert report.rows_in - report.rows_out == card["photos"] == pytest.approx(0.1 * report.rows_in, abs=6)
    assert card["rank_correlation"] >= ALIKE and student_of(tiny.model_path) == tiny.model_path / STUDENT
    rng = np.random.default_rng(9)
    new = [photo(bright, rng) for bright in (True, False) * 40]
    ours, theirs = (chances(folder, new) for folder in (tiny.model_path / STUDENT, tiny.model_path))
    assert np.corrcoef(ours, theirs)[0, 1] > 0.9 and np.abs(ours - theirs).mean() < 0.1
    assert distil(tiny, architecture="tiny", epochs=4).nothing_to_do

    other = models.load(tiny.model_path)[0]
    other.fc8.bias.data += 1
    models.save(other, tiny.model_path, teacher)  # another teacher: the old student does not speak for it
    assert student_of(tiny.model_path) is None
    assert not distil(tiny, architecture="tiny", epochs=1).nothing_to_do


def test_the_people_kept_apart_are_in_no_batch(tiny):  # noqa: F811
    from deepselfie.distil import _scored

    n = len(tiny)
    tiny.set_columns(pa.table({"score": pa.array(np.linspace(0, 1, n), pa.float32())}))
    examples = _scored(tiny, Report("distil", tiny.name, key="k"), 32, seed=0)
    sides = [set(examples.author[examples.of(split)]) for split in ("train", "validation")]
    assert not sides[0] & sides[1] and len(sides[1]) == pytest.approx(0.1 * len(sides[0] | sides[1]), abs=1)
    assert np.array_equal(examples.label, examples.aim >= 0.5)


def test_without_a_network_or_scores_it_says_what_to_do(tiny, tmp_path):  # noqa: F811
    with pytest.raises(DeepselfieError, match="deepselfie train w"):
        distil(tiny)
    network = models.build("mobilenet", pretrained=False)
    models.save(network, tiny.model_path, {"calibration": {"slope": 1.0, "intercept": 0.0}})
    with pytest.raises(DeepselfieError, match="deepselfie score w"):
        distil(tiny)
    few = made(tmp_path, "few", {"train": 50})
    models.save(network, few.model_path, {"calibration": {"slope": 1.0, "intercept": 0.0}})
    few.set_columns(pa.table({"score": pa.array([0.5] * len(few), pa.float32())}))
    with pytest.raises(DeepselfieError, match="takes 200"):
        distil(world("few"))
