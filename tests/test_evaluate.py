"""Evaluation: intervals that cover the truth, figures that agree with an oracle, calibration that mends."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.metrics import log_loss as sklearn_log_loss

from deepselfie.evaluate import (
    author_interval,
    calibrate,
    calibration_curve,
    calibration_error,
    evaluate,
    log_loss,
    rank_correlation,
    shuffled_accuracy,
)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.fixture(scope="module")
def honest():
    """5,000 photos of 1,000 authors whose labels fall by exactly the chance that the score says."""
    rng = np.random.default_rng(0)
    logit = rng.normal(0, 1, 5000)
    return logit, (rng.random(5000) < sigmoid(logit)).astype(int), np.repeat(np.arange(1000), 5)


def test_figures_agree_with_sklearn(honest):
    logit, labels, authors = honest
    scores = sigmoid(logit)
    found = evaluate(scores, labels, authors)
    assert found["accuracy"] == np.mean((scores > 0.5) == labels)
    assert found["auc"] == pytest.approx(roc_auc_score(labels, scores))
    assert found["log_loss"] == pytest.approx(sklearn_log_loss(labels, scores))
    assert found["brier"] == pytest.approx(brier_score_loss(labels, scores))
    assert (found["photos"], found["authors"]) == (5000, 1000)
    assert found["interval"][0] < found["accuracy"] < found["interval"][1]
    assert sum(found["calibration"]["count"]) == 5000 and found["ece"] < 0.03


def clustered(rng, spread, authors=60, each=10, accuracy=0.65):
    """Right or wrong for photos of authors, some of whom are easy: spread is the beta law's looseness."""
    easy = rng.beta(accuracy * spread, (1 - accuracy) * spread, authors)
    return (rng.random((authors, each)) < easy[:, None]).ravel(), np.repeat(np.arange(authors), each)


@pytest.mark.parametrize("spread", [2.0, 200.0])
def test_interval_covers_the_truth_as_often_as_it_says(spread):
    rng = np.random.default_rng(1)
    hits = 0
    for seed in range(200):
        low, high = author_interval(*clustered(rng, spread), seed=seed)
        hits += low <= 0.65 <= high
    assert 0.90 <= hits / 200 <= 0.99


def test_interval_widens_when_photos_of_an_author_are_alike():
    correct, authors = clustered(np.random.default_rng(2), 1.0)
    together, apart = author_interval(correct, authors), author_interval(correct, np.arange(len(correct)))
    assert np.ptp(together) > 1.5 * np.ptp(apart)


def test_interval_is_the_same_each_time(honest):
    correct = honest[1]
    assert author_interval(correct, honest[2], seed=5) == author_interval(correct, honest[2], seed=5)


def test_platt_scaling_finds_the_law_and_reduces_the_error(honest):
    logit, labels, _ = honest
    wrong = 3 * logit + 1  # three times too sure, and leaning to good
    own, held = np.arange(2500), np.arange(2500, 5000)
    slope, intercept = calibrate(wrong[own], labels[own])
    assert slope == pytest.approx(1 / 3, abs=0.05) and intercept == pytest.approx(-1 / 3, abs=0.1)
    before = calibration_error(sigmoid(wrong[held]), labels[held])
    after = calibration_error(sigmoid(slope * wrong[held] + intercept), labels[held])
    assert after < 0.04 and after < before / 3


def test_calibration_never_turns_the_order_around(honest):
    logit, labels, _ = honest
    slope, intercept = calibrate(-logit, labels)
    assert slope > 0
    assert sigmoid(slope * -logit + intercept).mean() == pytest.approx(labels.mean(), abs=0.01)
    assert calibrate(logit, np.ones(5000)) == (1.0, 0.0)


def test_calibration_bins_hold_the_same_mass():
    scores = np.random.default_rng(3).beta(2, 9, 1003)
    curve = calibration_curve(scores, scores > 0.2)
    assert np.ptp(curve["count"]) <= 1 and curve["count"].sum() == 1003
    assert np.all(np.diff(curve["predicted"]) > 0) and np.all(np.diff(curve["observed"]) >= 0)


def test_log_loss_of_a_coin_and_of_certain_errors():
    assert log_loss([0.5, 0.5], [1, 0]) == pytest.approx(np.log(2))
    assert np.isfinite(log_loss([1.0], [0]))


def test_rank_correlation_looks_within_an_audience():
    rng = np.random.default_rng(4)
    quality, audience = rng.normal(size=3000), rng.lognormal(6, 1, 3000)
    likes = audience * np.exp(quality)
    assert rank_correlation(quality, likes, audience) > 0.9
    assert abs(rank_correlation(audience, likes, audience)) < 0.1  # fame is no merit
    assert rank_correlation(np.ones(3), np.ones(3), np.ones(3)) is None


def test_shuffled_labels_show_what_chance_reaches(honest):
    logit, labels, _ = honest
    found = shuffled_accuracy(sigmoid(logit), labels)
    assert found["mean"] == pytest.approx(0.5, abs=0.01) and found["highest"] < 0.55 and found["p"] < 0.01
    coin = np.random.default_rng(6).random(5000)
    assert shuffled_accuracy(coin, labels)["p"] > 0.01


def test_one_photo_and_none():
    assert evaluate([0.7], [1], ["a"])["auc"] is None
    with pytest.raises(ValueError):
        evaluate([], [], [])
