import numpy as np
import pyarrow as pa
import pytest

from deepselfie import summary, texts
from deepselfie.labels import labels
from deepselfie.world import world, write_json


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A world of 400 posts with likes, labelled by the real stage; nothing else has run."""
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    rng, n, w = np.random.default_rng(0), 400, world("posts")
    w.append(
        pa.table(
            {
                "id": [f"p:{i}" for i in range(n)],
                "author": [f"a{i // 2}" for i in range(n)],
                "followers": pa.array(rng.integers(50, 5000, n), pa.int64()),
                "likes": pa.array(rng.integers(0, 500, n), pa.int64()),
                "tags": [["selfie"]] * n,
            }
        )
    )
    return w


def words(pairs):
    return " ".join(text for _, text in pairs)


def test_a_world_without_any_reports_still_tells_the_story(bare):
    assert len(summary.steps(bare)) == 5 and "None" not in words(summary.steps(bare))
    assert "never met" in words(summary.steps(bare))
    assert summary.accuracy(bare) is None and summary.label_rules(bare) == [] and summary.stages(bare) == []
    assert summary.curves(bare) is None and summary.calibration(bare) is None and summary.card(bare) is None


def test_the_rules_and_the_story_carry_the_numbers_of_the_label_report(bare):
    report = labels(bare)
    write_json(bare.model_path / "card.json", {"architecture": "lite0"})
    rules = " ".join(summary.label_rules(bare))
    assert f"{report.details['groups']} groups of 100" in rules and "100 to 100,000 followers" in rules
    assert f"{report.details['good']:,} good and {report.details['bad']:,} bad" in rules
    assert f"({report.details['good']:,})" in words(summary.steps(bare)) and "400 posts" in words(summary.steps(bare))
    assert f"({report.details['split']['train']:,} of them it had learned from)" in words(summary.steps(bare))
    (row,) = summary.stages(bare)
    assert row["out"] == str(report.rows_out) and "fewer than 100 followers" in row["left out"]


def test_photos_scored_by_the_demos_model_tell_how_that_one_learned(bare):
    demo = world("demo")
    write_json(demo.model_path / "card.json", {"architecture": "lite0"})
    demo.save_report("training-train", {"details": {"curves": {"validation": [0.7, 0.6]}, "best_epoch": 1}})
    found = {"accuracy": 0.617, "interval": [0.6, 0.63], "ceiling": 0.65}
    demo.save_report("score", {"details": {"evaluation": found}})
    assert summary.model_world(bare) == demo and summary.curves(bare)["best"] == 1
    assert str(summary.accuracy(bare)).replace("\u00a0", " ") == "61.7 % (95 % interval 60.0 % to 63.0 %)"
    assert "65" in texts.how_well(summary.accuracy(bare))


def test_the_card_reads_as_a_list_with_sections_and_skips_what_nobody_reads():
    training = {"photos": 16000, "mixed": True}
    card = {"architecture": "lite0", "training": training, "limits": ["a", "b"], "long": [1] * 99}
    text = summary.card_markdown(card, "Model card")
    assert text.startswith("# Model card\n") and "- Architecture: lite0" in text and "- Limits: a, b" in text
    assert text.index("**Training**") > text.index("- Limits") and "- Photos: 16,000" in text and "- Mixed: yes" in text
    assert "Long" not in text


def test_what_was_planted_is_told_from_the_most_liked_to_the_least(bare):
    assert summary.recovered(bare) == []
    effects = [
        {"effect": "noise", "share": 0.031, "planted": -0.25, "found": -0.1},
        {"effect": "long hair", "share": 0.44, "planted": 0.6, "found": 0.58},
    ]
    bare.save_report("recovery", {"details": {"effects": effects}})
    assert [list(row.values()) for row in summary.recovered(bare)] == [
        ["long hair", "44\u00a0%", "+0.60", "+0.58"],
        ["noise", "3.1\u00a0%", "\u22120.25", "\u22120.10"],
    ]
