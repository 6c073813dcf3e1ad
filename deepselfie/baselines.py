"""Rivals that know next to nothing of a picture: a network that does not beat them has learned nothing worth showing.

In: features and labels of the photos learned from; out: the chance of "good" of the photos evaluated. Where the
photos learned from are not here, each photo is told by a model fitted on other people's photos among those evaluated.
"""

from __future__ import annotations

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from threadpoolctl import threadpool_limits

FOLDS = 5  # each model sees four fifths, as a network that keeps a fifth aside does


def picture() -> ClassifierMixin:
    """Logistic regression on a few measured facts and their products, for the best face is not the largest."""
    return make_pipeline(
        SimpleImputer(keep_empty_features=True), StandardScaler(), PolynomialFeatures(2), LogisticRegression(C=1.0)
    )


def audience() -> ClassifierMixin:
    """Boosted trees on who could see the post and when: what labels should owe nothing to."""
    return HistGradientBoostingClassifier(random_state=0)


RIVALS = {
    "brightness and face size": (picture, "picture"),
    "audience and hour alone": (audience, "audience"),
}  # name -> (estimator, which features it looks at)


def baselines(seen: dict[str, np.ndarray], train: dict[str, np.ndarray] | None) -> dict[str, np.ndarray]:
    """name -> scores (N,) of the photos in `seen`, which has `picture` (N, 2), `audience` (N, 5), `label`, `people`.

    train: the same of the photos learned from, or None to fit each fifth of the people in `seen` on the others.
    Empty where only one kind of label, or one person, is there to learn from."""
    own = train or seen
    if len(np.unique(own["label"])) < 2 or len(np.unique(own["people"])) < 2:
        return {}
    found = {"a constant": np.full(len(seen["label"]), own["label"].mean())}  # the share of good photos, for everyone
    for name, (estimator, what) in RIVALS.items():
        at, there = seen[what], own[what]
        with threadpool_limits(1):  # on a busy machine the trees' threads wait for each other, a hundred times as long
            if train:
                chance = estimator().fit(there, own["label"]).predict_proba(at)
            else:
                chance = out_of_fold(estimator(), at, own["label"], own["people"], method="predict_proba")
        found[name] = chance[:, 1]
    return found


def out_of_fold(estimator, features, target, people, *, method: str = "predict") -> np.ndarray:
    """What the estimator says of each photo when fitted on other people's: at least two of them."""
    folds = GroupKFold(min(FOLDS, len(np.unique(people))))
    return cross_val_predict(estimator, features, target, groups=people, cv=folds, method=method)
