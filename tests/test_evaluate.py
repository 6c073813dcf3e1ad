"""The exam: its figures agree with what was planted, leaks are seen, and it is sat again where something is new."""

import json

import numpy as np
import pyarrow as pa
import pytest

from deepselfie.evaluate import evaluate
from deepselfie.world import world

DAY = np.timedelta64(1, "D")


def posts(name, n=1200, *, seed=0, prefix="", splits=("train", "validation", "test", "test")):
    """A world of n scored posts, two an author, labelled by the score and luck; long noses are scored too low."""
    rng, made = np.random.default_rng(seed), world(name)
    half = n // 2
    gathered = np.datetime64("2026-06-01", "us")
    made.append(
        pa.table(
            {
                "id": [f"{prefix}{i}" for i in range(n)],
                "author": [f"{prefix}a{i // 2}" for i in range(n)],
                "followers": pa.array(rng.integers(100, 5000, n), pa.int64()),
                "likes": pa.array(rng.integers(0, 500, n), pa.int64()),
                "tags": [["selfie"]] * n,
                "created_at": pa.array(gathered - np.arange(n) * DAY // 4).cast(pa.timestamp("us", "UTC")),
                "gathered_at": pa.array([gathered] * n).cast(pa.timestamp("us", "UTC")),
                "phash": pa.array(rng.integers(-(2**62), 2**62, n), pa.int64()),
            }
        )
    )
    chance = 1 / (1 + np.exp(-rng.normal(0, 1.2, n)))
    nose = np.repeat(rng.random(half) < 0.4, 2)
    face = pa.StructArray.from_arrays(
        [pa.array(rng.random(n), pa.float32()), pa.array(nose)], names=["brightness", "long_nose"]
    )
    made.set_columns(
        pa.table(
            {
                "label": pa.array((rng.random(n) < chance).astype(np.int8)),
                "split": np.repeat(rng.choice(splits, half), 2),
                "score": pa.array(np.where(nose, chance - 0.2, chance).clip(0, 1), pa.float32()),
                "attributes": face,
                "duplicate_of": pa.nulls(n, pa.string()),
            }
        )
    )
    return made


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))


def found_in(report):
    return {leak["check"]: leak["found"] for leak in report.details["leaks"]}


def test_the_report_holds_all_that_the_page_shows():
    report = evaluate(posts("w"))
    details = json.loads(json.dumps(report.details))
    assert set(details["evaluation"]["intervals"]) == {
        "accuracy", "auc", "log_loss", "brier", "ece", "rank_correlation"
    }  # fmt: skip
    assert details["evaluation"]["photos"] == report.rows_out and 0.6 < details["evaluation"]["accuracy"] < 0.9
    assert details["newest"]["photos"] == pytest.approx(report.rows_out / 5, abs=3)
    assert details["newest"]["since"] > "2026-03-01"
    assert details["shuffled"]["mean"] == pytest.approx(0.5, abs=0.03) and details["shuffled"]["p"] < 0.01
    assert details["fitted_on"] == "the photos learned from" and len(details["baselines"]) == 3
    assert details["baselines"]["a constant"]["auc"]["verdict"] == "better"
    assert set(found_in(report).values()) == {0}
    worst = details["subgroups"]["groups"][0]
    assert worst["attribute"] == "long_nose" and worst["found"] and abs(worst["bias"]) == pytest.approx(0.2, abs=0.08)


def test_it_is_sat_again_only_when_something_is_new():
    made = posts("w")
    first = evaluate(made)
    again = evaluate(made)
    assert again.nothing_to_do and again.details == json.loads(json.dumps(first.details))
    made.save_report("labels", {"key": "other labels"})
    assert not evaluate(made).nothing_to_do


def test_people_and_twins_in_two_splits_are_seen():
    made = posts("w")
    table = made.read(["split", "author", "id"])
    split = table["split"].to_pylist()
    a, b = split.index("train"), split.index("test")
    split[a ^ 1] = "test"  # the other post of the same author
    twins = [None] * len(split)
    twins[b] = table["id"][a].as_py()
    made.set_columns(pa.table({"split": split, "duplicate_of": pa.array(twins, pa.string())}))
    found = found_in(evaluate(made))
    assert found["people in two splits"] == 1 and found["near-duplicates in two splits"] == 1


def test_labels_dealt_after_training_may_have_been_learned_from():
    made = posts("w")
    made.save_report("train", {"world": "w", "finished_at": "2026-01-02T00:00:00+00:00"})
    made.save_report("labels", {"finished_at": "2026-01-01T00:00:00+00:00"})
    assert found_in(evaluate(made))["evaluated photos that may have been learned from"] == 0
    made.save_report("labels", {"key": "anew", "finished_at": "2026-01-03T00:00:00+00:00"})
    report = evaluate(made)
    assert found_in(report)["evaluated photos that may have been learned from"] == report.rows_out


def test_a_model_from_elsewhere_is_asked_whom_it_has_met():
    crowd, exam = posts("crowd", prefix="c"), posts("exam", 400, seed=1, prefix="e", splits=("test",))
    crowd.save_report("train", {"world": "crowd"})
    exam.save_report("score", {"details": {"model": "crowd"}})
    report = evaluate(exam)
    assert report.details["fitted_on"] == "other people's photos in the test"
    assert [leak["found"] for leak in report.details["leaks"]] == [0, 0, 0, 0, 0]
    met = crowd.read(["author", "phash"]).slice(0, 400)  # the same people, and pictures but for a bit
    exam.set_columns(pa.table({"author": met["author"], "phash": pa.array(met["phash"].to_numpy() ^ 1)}))
    exam.save_report("labels", {"key": "new"})
    found = found_in(evaluate(exam))
    assert found["evaluated people that were learned from"] == 200
    assert found["evaluated photos that look like one learned from"] == 400
    exam.save_report("score", {"key": "new", "details": {"model": "elsewhere"}})
    assert found_in(evaluate(exam))["evaluated people that were learned from"] is None


def test_a_world_without_labels_has_no_exam():
    made = world("bare")
    made.append(pa.table({"id": ["a"]}))
    report = evaluate(made)
    assert report.details == {} and report.rows_out == 0
    few = posts("few", 40, splits=("train",))
    assert evaluate(few).details == {}
