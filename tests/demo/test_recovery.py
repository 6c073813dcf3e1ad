"""What a network found of planted effects: all of a perfect one, nothing of a blind one, the sign of a wrong one."""

import numpy as np

from deepselfie.demo.recovery import recovered

NAMES = ["good", "bad", "rare", "never"]


def planted(n=4000):
    rng = np.random.default_rng(0)
    parts = [0.6 * (rng.random(n) < 0.5), -0.4 * (rng.random(n) < 0.3), 0.9 * (rng.random(n) < 0.02), np.zeros(n)]
    return np.stack(parts, axis=1)


def test_who_knows_the_quality_has_found_all():
    terms = planted()
    found = recovered(NAMES, terms, 3 * terms.sum(axis=1) + 1)
    assert [row["effect"] for row in found["effects"]] == NAMES[:3]
    assert all(abs(row["found"] - row["planted"]) < 0.01 for row in found["effects"])
    assert [row["planted"] for row in found["effects"]] == [0.6, -0.4, 0.9]
    assert found["same_sign"] == 3 and found["order"] == 1


def test_an_effect_turned_round_is_seen():
    terms = planted()
    found = recovered(NAMES, terms, terms @ [1, -1, 1, 0])
    good, bad, _ = found["effects"]
    assert good["found"] > 0 and bad["planted"] < 0 < bad["found"] and found["same_sign"] == 2


def test_who_sees_nothing_finds_nothing():
    terms = planted()
    found = recovered(NAMES, terms, np.random.default_rng(1).normal(size=len(terms)))
    assert all(abs(row["found"]) < 0.25 * abs(row["planted"]) for row in found["effects"])
    assert all(row["found"] == 0 for row in recovered(NAMES, terms, np.full(len(terms), 0.3))["effects"])
