"""Subgroups: a planted bias is found and told right, and none is found where there is none."""

import numpy as np
import pytest

from deepselfie.metrics import draws, measure
from deepselfie.subgroups import FEWEST, calibration, difference, groups, ranking, subgroups


def world_of(rng, authors=500, each=4):
    """Honest scores, labels that fall by them, authors, and facts: of people, of photos, one that goes with likes."""
    n, who = authors * each, np.repeat(np.arange(authors), each)
    logit = rng.normal(0, 0.5, authors)[who] + rng.normal(0, 0.6, n)
    scores = 1 / (1 + np.exp(-logit))
    labels = (rng.random(n) < scores).astype(int)
    there = np.ones(n, bool)
    facts = {
        "woman": (there, (rng.random(authors) < 0.5)[who]),
        "hair": (there, rng.choice(["black", "brown", "red"], authors, p=[0.5, 0.35, 0.15])[who]),
        "border": (there, rng.random(n) < 0.3),
        "faces": (there, rng.integers(1, 4, n).astype(float)),
        "brightness": (rng.random(n) < 0.9, rng.normal(size=n)),
        "liked": (there, logit + rng.normal(0, 0.3, n)),  # a lawful reason for high scores
    }
    return scores, labels, who, facts


def test_a_planted_bias_is_found_with_its_group_and_size():
    scores, labels, who, facts = world_of(np.random.default_rng(0), authors=1500)
    red = facts["hair"][1] == "red"
    found = subgroups(np.where(red, np.clip(scores - 0.1, 0, 1), scores), labels, who, facts)
    worst = found["groups"][0]
    assert (worst["attribute"], worst["value"], worst["found"]) == ("hair", "red", True)
    low, high = worst["intervals"]["bias"]
    assert low < -0.1 < high < 0 and worst["bias"] == pytest.approx(-0.1, abs=0.04)
    assert worst["photos"] == red.sum() and worst["authors"] == len(np.unique(who[red]))
    assert {row["attribute"] for row in found["groups"] if row["found"]} == {"hair"}


def test_a_group_that_is_liked_less_is_scored_lower_without_bias():
    scores, labels, who, facts = world_of(np.random.default_rng(1), authors=1500)
    rows = [row for row in subgroups(scores, labels, who, facts)["groups"] if row["attribute"] == "liked"]
    gaps = sorted(rows, key=lambda row: row["value"])
    assert gaps[0]["score_gap"] < -0.15 and gaps[-1]["score_gap"] > 0.15
    assert gaps[0]["intervals"]["score_gap"][1] < 0 and not any(row["found"] for row in gaps)


def test_in_worlds_without_bias_at_most_one_in_twenty_finds_any(monkeypatch):
    monkeypatch.setattr("deepselfie.subgroups.RESAMPLES", 2)  # AUC and ECE do not matter here
    rng = np.random.default_rng(2)
    alarms = sum(any(row["found"] for row in subgroups(*world_of(rng))["groups"]) for _ in range(100))
    assert alarms <= 5


def test_the_interval_of_a_difference_covers_it_though_photos_of_people_are_alike():
    rng, hits, naive = np.random.default_rng(3), 0, 0
    for _ in range(300):
        who = np.repeat(np.arange(100), 8)
        member = rng.random(100)[who] < 0.3
        values = rng.normal(0, 1, 100)[who] + rng.normal(0, 0.5, 800) + 0.2 * member
        low, high = difference(values, member, ~member, who)[1]
        hits += low <= 0.2 <= high
        low, high = difference(values, member, ~member, np.arange(800))[1]
        naive += low <= 0.2 <= high
    assert 0.91 <= hits / 300 <= 0.985 and naive / 300 < 0.7


def test_small_groups_and_groups_of_few_people_are_counted_not_told():
    rng = np.random.default_rng(4)
    n = 2000
    who = np.where(np.arange(n) < 300, np.arange(n) % 10, np.arange(n))
    rare, ten_people = np.arange(n) >= n - FEWEST + 1, np.arange(n) < 300
    there = np.ones(n, bool)
    found = subgroups(
        rng.random(n), rng.integers(0, 2, n), who, {"rare": (there, rare), "ten people": (there, ten_people)}
    )
    assert found["suppressed"] == 2
    assert {(row["attribute"], row["value"]) for row in found["groups"]} == {("rare", False), ("ten people", False)}
    assert subgroups(rng.random(9), np.ones(9), range(9), {})["groups"] == []


def test_numbers_are_cut_into_fifths_and_the_unknown_are_in_no_group():
    rng = np.random.default_rng(5)
    known, values = rng.random(1003) < 0.8, rng.normal(size=1003)
    members = [member for _, _, member, _ in groups({"x": (known, values)})]
    assert len(members) == 5 and np.ptp([m.sum() for m in members]) <= 2
    assert np.array_equal(np.sum(members, axis=0), known.astype(int))
    few = list(groups({"faces": (np.ones(6, bool), np.array([1.0, 1, 2, 2, 3, 3]))}))
    assert [value for _, value, _, _ in few] == [[1, 1], [2, 2], [3, 3]]
    assert list(groups({"same": (np.ones(6, bool), np.zeros(6))})) == []


def test_auc_and_ece_agree_with_the_bootstrap_of_all_photos():
    scores, labels, who, _ = world_of(np.random.default_rng(6), authors=400)
    scores = np.clip(np.round(scores, 2) + 0.05, 0, 1)  # with ties, and a little too high
    other = measure(scores, labels, who)
    times = np.concatenate(list(draws(np.arange(400), resamples=1000)))
    for name, (value, ends) in {
        "auc": ranking(scores, labels, who),
        "ece": calibration(scores, labels, who, times),
    }.items():
        assert value == pytest.approx(other[name], abs=1e-6), name
        assert np.allclose(ends, other["intervals"][name], atol=0.15 * np.ptp(ends)), name
    assert ranking(scores, np.ones(len(who)), who) == (None, None)
