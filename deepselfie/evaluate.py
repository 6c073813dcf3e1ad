"""How good scores are. In: scores, labels and authors of photos never trained on; out: figures with honest intervals.

Plain numpy: nothing here knows of networks or worlds.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata, spearmanr
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

RESAMPLES = 2000  # the ends of a 95 % interval then wobble by less than a tenth of its width
BINS = 10  # of equal mass: each point of the calibration curve stands on as many photos


def evaluate(scores: np.ndarray, labels: np.ndarray, authors: np.ndarray, *, seed: int = 0) -> dict:
    """All figures of a set of photos, JSON-able.

    scores: (N,) in [0, 1]; labels: (N,) 1 or 0; authors: (N,) anything hashable. Raises ValueError where N is 0."""
    scores, labels = np.asarray(scores, float), np.asarray(labels, int)
    if not len(scores) == len(labels) == len(authors) > 0:
        raise ValueError(f"{len(scores)} scores, {len(labels)} labels and {len(authors)} authors")
    correct = (scores >= 0.5) == (labels == 1)
    both = 0 < labels.sum() < len(labels)
    curve = calibration_curve(scores, labels)
    return {
        "accuracy": float(correct.mean()),
        "interval": author_interval(correct, authors, seed=seed),
        "auc": float(roc_auc_score(labels, scores)) if both else None,
        "log_loss": log_loss(scores, labels),
        "brier": float(np.mean((scores - labels) ** 2)),
        "ece": calibration_error(scores, labels),
        "good": float(labels.mean()),
        "photos": len(scores),
        "authors": len(set(np.asarray(authors).tolist())),
        "calibration": {name: values.tolist() for name, values in curve.items()},
    }


def author_interval(correct: np.ndarray, authors: np.ndarray, *, seed: int = 0) -> list[float]:
    """The 95 % interval [low, high] of the mean of `correct` (N,), bootstrapped over authors.

    Photos of one author resemble each other, so it is authors, not photos, that are drawn anew."""
    _, who = np.unique(np.asarray(authors).astype(str), return_inverse=True)
    right, photos = np.bincount(who, np.asarray(correct, float)), np.bincount(who)  # (A,) each
    rng = np.random.default_rng(seed)
    means = []
    for _ in range(RESAMPLES // 100):  # 100 at a time: 100 x A indices fit the cache of any machine
        drawn = rng.integers(len(photos), size=(100, len(photos)))
        means.append(right[drawn].sum(1) / photos[drawn].sum(1))
    return np.quantile(np.concatenate(means), [0.025, 0.975]).tolist()


def log_loss(scores: np.ndarray, labels: np.ndarray) -> float:
    """Mean negative log-likelihood in nats; ln 2 = 0.693 is a coin's."""
    scores = np.clip(np.asarray(scores, float), 1e-7, 1 - 1e-7)
    return float(-np.mean(np.where(np.asarray(labels) == 1, np.log(scores), np.log1p(-scores))))


def calibration_curve(scores: np.ndarray, labels: np.ndarray, bins: int = BINS) -> dict[str, np.ndarray]:
    """`predicted` (mean score), `observed` (share of good) and `count` of bins that hold the same number of photos."""
    order = np.argsort(scores, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    scores, labels = np.asarray(scores, float), np.asarray(labels, float)
    return {
        "predicted": np.array([scores[part].mean() for part in parts]),
        "observed": np.array([labels[part].mean() for part in parts]),
        "count": np.array([len(part) for part in parts]),
    }


def calibration_error(scores: np.ndarray, labels: np.ndarray, bins: int = BINS) -> float:
    """The mean distance of the calibration curve from the diagonal (ECE), in units of score."""
    curve = calibration_curve(scores, labels, bins)
    return float(np.average(np.abs(curve["predicted"] - curve["observed"]), weights=curve["count"]))


def calibrate(logit: np.ndarray, label: np.ndarray) -> tuple[float, float]:
    """Platt scaling: the slope (> 0) and intercept by which sigmoid(slope * logit + intercept) fits the labels best.

    Where there are not both labels, (1, 0); where the logit knows nothing, a slope of almost nothing."""
    if len(np.unique(label)) < 2:
        return 1.0, 0.0
    fit = LogisticRegression(C=1e6).fit(np.asarray(logit, float)[:, None], label)
    slope, intercept = float(fit.coef_[0, 0]), float(fit.intercept_[0])
    if slope <= 0:  # calibrating must not turn the order around
        return 1e-3, float(np.log(np.mean(label) / (1 - np.mean(label))))
    return slope, intercept


def rank_correlation(scores: np.ndarray, likes: np.ndarray, audience: np.ndarray, group: int = 100) -> float | None:
    """Spearman's correlation of score with the rank of likes among `group` photos of like audience.

    None for fewer than two photos, or where all are alike."""
    order = np.argsort(-np.asarray(audience, float), kind="stable")
    rank = np.empty(len(order))
    for part in np.array_split(order, max(1, len(order) // group)):
        rank[part] = rankdata(np.asarray(likes)[part]) / max(len(part), 1)
    if len(order) < 2 or np.ptp(rank) == 0 or np.ptp(scores) == 0:
        return None
    return float(spearmanr(scores, rank).statistic)


def shuffled_accuracy(scores: np.ndarray, labels: np.ndarray, *, rounds: int = 1000, seed: int = 0) -> dict:
    """What the same scores reach on labels dealt out anew: the accuracy of knowing nothing.

    `mean` and `highest` over the rounds; `p`: the share of rounds at least as good as the true labels."""
    guess, labels = np.asarray(scores) >= 0.5, np.asarray(labels) == 1
    rng = np.random.default_rng(seed)
    dealt = np.array([np.mean(guess == rng.permutation(labels)) for _ in range(rounds)])
    better = int(np.sum(dealt >= np.mean(guess == labels)))
    return {"mean": float(dealt.mean()), "highest": float(dealt.max()), "p": (better + 1) / (rounds + 1)}
