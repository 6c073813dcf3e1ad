"""What is said of trust follows the report: signs, verdicts, marks; and nothing is said where nothing was measured."""

import json

import numpy as np
import pyarrow as pa
import pytest

from deepselfie import cli, figures, summary, trust
from deepselfie.evaluate import evaluate
from deepselfie.world import world
from tests.test_evaluate import posts


@pytest.fixture
def exam(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    made = posts("w")
    return made, evaluate(made).details


def test_each_figure_has_its_interval_and_the_newest_beside_it(exam):
    made, details = exam
    rows = trust.figures(made)
    assert len(rows) == len(trust.FIGURES)
    low, high = details["evaluation"]["intervals"]["accuracy"]
    assert f"{100 * low:.1f}" in rows[0]["all"] and f"{100 * high:.1f}" in rows[0]["all"]
    assert any(details["newest"]["since"] in name for name in rows[0])
    assert f"{100 * details['newest']['learned_as_new']:.0f}\u00a0%" in trust.future(
        made
    ) and "--by-time" in trust.future(made)
    made.set_columns(pa.table({"split": pa.array(["test"] * 600 + ["train"] * 600)}))  # the newest come first
    made.save_report("labels", {"key": "by time"})
    evaluate(made)
    assert "the future" in trust.future(made) and "--by-time" not in trust.future(made)


def test_better_is_said_of_what_the_report_calls_better(exam):
    made, details = exam
    rows = trust.rivals(made)
    assert [row["rival"] for row in rows] == list(details["baselines"])
    for one in details["baselines"]["a constant"].values():
        one["verdict"] = "better"
    made.save_report("evaluate", {"details": details})
    assert trust.rivals(made)[0]["so the network is"] == "better by all 4 figures"
    details["baselines"]["a constant"]["auc"]["verdict"] = "not told apart"
    made.save_report("evaluate", {"details": details})
    assert trust.rivals(made)[0]["so the network is"] == "better by accuracy, log-loss, brier; not told apart by auc"


def test_leaks_are_marked(exam):
    made, details = exam
    assert all(line.startswith("✅") for line in trust.leaks(made))
    details["leaks"] = [{"check": "people in two splits", "found": 3}, {"check": "twins", "found": None}]
    made.save_report("evaluate", {"details": details})
    first, second = trust.leaks(made)
    assert first.startswith("❌ People") and first.endswith("3") and second.startswith("❔")


def test_the_biased_group_comes_first_in_table_and_figure(exam):
    made, details = exam
    rows = trust.groups(made)
    assert rows[0]["group"].startswith("Long nose") and rows[0]["biased"] == "yes"
    assert len(rows) == len(details["subgroups"]["groups"]) and str(len(rows)) in trust.in_short(made)
    figure = figures.forest(trust.biases(made), {"bias": "points"})
    drawn = np.concatenate([trace.x for trace in figure.data if trace.x is not None])
    assert np.abs(drawn).max() == pytest.approx(100 * abs(details["subgroups"]["groups"][0]["bias"]))


def test_groups_are_called_what_people_call_them():
    def called(attribute, value):
        return trust.group_name({"attribute": attribute, "value": value}).replace("\u00a0", " ")

    assert called("brightness", [0.31, 0.452]) == "Brightness: 31 % to 45 %"
    assert called("faces", [2.0, 2.0]) == "People: 2" and called("border", False) == "Border: no"
    assert (
        called("truth.hair", "bob") == "Hair: bob" and called("followers", [100.0, 1234.6]) == "Followers: 100 to 1,235"
    )


def test_the_terminal_is_told_too(exam, capsys):
    assert cli.main(["evaluate", "w"]) == 0
    text = capsys.readouterr().out
    assert "nothing to do" in text and "beside a constant:" in text and "✅ People in two splits: none" in text
    assert len(trust.lines(exam[0])) == len(trust.FIGURES) + 3 + 3 + 2


def test_the_card_tells_how_the_exam_went(exam):
    made, details = exam
    made.model_path.mkdir()
    (made.model_path / "card.json").write_text('{"architecture": "lite0"}')
    text = summary.card_markdown(trust.card(made), "Card")
    low, high = details["evaluation"]["intervals"]["auc"]
    assert f"AUC: {details['evaluation']['auc']:.4g} (95\u00a0% interval {low:.4g} to {high:.4g})" in text
    assert "- People in two splits: 0" in text and "- Long nose: yes: " in text and "- A constant: " in text
    assert json.loads(json.dumps(trust.card(made)))["architecture"] == "lite0"


def test_nothing_is_said_where_nothing_was_measured(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    bare = world("bare")
    for said in (trust.figures, trust.rivals, trust.leaks, trust.shuffled, trust.biases, trust.groups, trust.in_short):
        assert not said(bare)
    assert trust.ways(bare) == []


def test_the_ways_to_label_are_told_from_their_report(exam):
    made, _ = exam
    way = {"way": "pairs", "photos": 900, "agreement": 0.6, "of_ceiling": 0.7, "learned": 0.4, "interval": [0.3, 0.5]}
    made.save_report("ways", {"ways": [way | {"ratio": 0.9, "ratio_interval": [0.8, 1.0]}]})
    (row,) = trust.ways(made)
    assert "own posts" in row["labels"] and row["times the article's"] == "0.90 (0.80 to 1.00)"
