"""Baselines: each knows what it may look at, and no more; nobody is told by a model that has met them."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from deepselfie.baselines import baselines


def posts(rng, n=1500, *, picture=0.0, audience=0.0):
    """Labels that lean on the size of the face (best in the middle), or on the hour."""
    look, who = rng.normal(size=(n, 2)), rng.normal(size=(n, 5))
    lean = picture * (1 - look[:, 1] ** 2) + audience * who[:, 2]
    label = (lean + rng.logistic(0, 1, n) > 0).astype(int)
    return {"picture": look, "audience": who, "label": label, "people": np.arange(n) // 3}


@pytest.mark.parametrize("fitted", ["elsewhere", "out of fold"])
def test_each_rival_finds_what_it_may_look_at(fitted):
    rng = np.random.default_rng(0)
    for what, knows in (("picture", "brightness and face size"), ("audience", "audience and hour alone")):
        seen = posts(rng, **{what: 1.5})
        found = baselines(seen, posts(rng, **{what: 1.5}) if fitted == "elsewhere" else None)
        auc = {name: roc_auc_score(seen["label"], scores) for name, scores in found.items()}
        assert auc[knows] > 0.65 and all(abs(value - 0.5) < 0.06 for name, value in auc.items() if name != knows)
        assert np.ptp(found["a constant"]) == 0


def test_out_of_fold_nobody_is_told_by_their_own_likes():
    """Likes here depend on the account alone: who has met it knows them all, who has not knows nothing."""
    rng = np.random.default_rng(1)
    people = np.repeat(np.arange(200), 8)
    face = rng.normal(size=(200, 5))[people]  # as good as a name
    seen = {"picture": face[:, :2], "audience": face, "label": (rng.random(200) < 0.5)[people], "people": people}
    found = baselines(seen, None)
    assert abs(roc_auc_score(seen["label"], found["audience and hour alone"]) - 0.5) < 0.1


def test_what_is_unknown_is_no_hindrance_and_nothing_to_learn_is_said():
    rng = np.random.default_rng(2)
    seen = posts(rng, picture=1.0)
    seen["picture"][rng.random(seen["picture"].shape) < 0.2] = np.nan
    seen["audience"][rng.random(seen["audience"].shape) < 0.2] = np.nan
    assert all(np.isfinite(scores).all() for scores in baselines(seen, None).values())
    assert baselines(seen | {"label": np.ones(1500)}, None) == {}
    assert baselines(seen | {"people": np.zeros(1500)}, None) == {}
