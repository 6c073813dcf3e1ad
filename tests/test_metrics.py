"""Metrics: intervals that cover the truth, figures that agree with an oracle, calibration that mends."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.metrics import log_loss as sklearn_log_loss

from deepselfie.metrics import (
    audience_rank,
    author_interval,
    calibrate,
    calibration_curve,
    calibration_error,
    compare,
    draws,
    figures,
    log_loss,
    measure,
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
    found = measure(scores, labels, authors)
    assert found["accuracy"] == np.mean((scores > 0.5) == labels)
    assert found["auc"] == pytest.approx(roc_auc_score(labels, scores))
    assert found["log_loss"] == pytest.approx(sklearn_log_loss(labels, scores))
    assert found["brier"] == pytest.approx(brier_score_loss(labels, scores))
    assert (found["photos"], found["authors"]) == (5000, 1000)
    for name in ("accuracy", "auc", "log_loss", "brier"):
        low, high = found["intervals"][name]
        assert low < found[name] < high
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
    rank, label = audience_rank(likes, audience), quality > 0
    assert measure(sigmoid(quality), label, range(3000), likes_rank=rank)["rank_correlation"] > 0.9
    fame = measure(audience / audience.max(), label, range(3000), likes_rank=rank)  # is no merit
    assert abs(fame["rank_correlation"]) < 0.1
    low, high = fame["intervals"]["rank_correlation"]
    assert low < 0 < high
    alike = measure(np.ones(3), np.ones(3), np.ones(3), likes_rank=audience_rank(np.ones(3), np.ones(3)))
    assert alike["rank_correlation"] is None and alike["intervals"]["rank_correlation"] is None


def test_shuffled_labels_show_what_chance_reaches(honest):
    logit, labels, _ = honest
    found = shuffled_accuracy(sigmoid(logit), labels)
    assert found["mean"] == pytest.approx(0.5, abs=0.01) and found["highest"] < 0.55 and found["p"] < 0.01
    coin = np.random.default_rng(6).random(5000)
    assert shuffled_accuracy(coin, labels)["p"] > 0.01


def test_one_photo_and_none():
    one = measure([0.7], [1], ["a"])
    assert one["auc"] is None and one["intervals"]["auc"] is None and one["accuracy"] == 1
    with pytest.raises(ValueError):
        measure([], [], [])


@given(arrays(int, 30, elements=st.integers(0, 4)), st.integers(0, 2**31))
@settings(max_examples=60, deadline=None)
def test_weights_count_photos_as_if_they_were_there_so_often(times, seed):
    rng = np.random.default_rng(seed)
    scores, likes = rng.integers(0, 8, 30) / 8, rng.integers(0, 6, 30)  # many ties
    labels = rng.integers(0, 2, 30)
    found = figures(scores, labels, likes)(times[None].astype(float))
    s, y, r = (np.repeat(values, times) for values in (scores, labels, likes))
    if 0 < y.sum() < len(y):
        assert found["auc"][0] == pytest.approx(roc_auc_score(y, s))
        assert found["log_loss"][0] == pytest.approx(log_loss(s, y))
        assert found["brier"][0] == pytest.approx(np.mean((s - y) ** 2))
        assert found["accuracy"][0] == pytest.approx(np.mean((s >= 0.5) == (y == 1)))
    if len(s) and np.ptp(s) and np.ptp(r):
        assert found["rank_correlation"][0] == pytest.approx(spearmanr(s, r).statistic)


def test_authors_are_drawn_whole_and_as_many_as_there_are():
    authors = np.random.default_rng(7).permutation(np.repeat(np.arange(40), 3))
    weights = np.concatenate(list(draws(authors, resamples=50)))
    assert weights.shape == (50, 120) and np.all(weights.sum(1) == 120)  # each of 40 draws brings its three photos
    assert all(np.all(weights[:, authors == a] == weights[:, authors == a][:, :1]) for a in range(40))


def crowd(rng, authors=150, each=4, bias=0.0):
    """Photos whose authors share a taste: scores, labels, authors, and the likes' rank that the labels come from."""
    taste = np.repeat(rng.normal(0, 0.8, authors), each)
    logit = taste + rng.normal(0, 0.6, authors * each)
    luck = logit + rng.logistic(0, 1, len(logit))
    return sigmoid(logit + bias), (luck > 0).astype(int), np.repeat(np.arange(authors), each), luck


def test_intervals_of_all_figures_cover_the_truth():
    rng = np.random.default_rng(8)
    scores, labels, authors, luck = crowd(rng, 60_000, bias=0.4)
    truth = figures(scores, labels, luck)(np.ones((1, len(scores))))
    hits = dict.fromkeys(truth, 0)
    for seed in range(100):
        scores, labels, authors, luck = crowd(rng, bias=0.4)
        found = measure(scores, labels, authors, likes_rank=luck, seed=seed, resamples=300)["intervals"]
        for name, (low, high) in found.items():
            hits[name] += low <= truth[name][0] <= high
    assert all(88 <= n <= 100 for n in hits.values()), hits


def test_better_is_only_said_where_the_paired_interval_excludes_nothing_gained():
    rng = np.random.default_rng(9)
    scores, labels, authors, _ = crowd(rng, 600)
    same = scores + 1e-6 * rng.normal(size=len(scores))
    found = compare(scores, {"coin": np.full(len(scores), 0.5), "same": same}, labels, authors)
    assert {one["verdict"] for one in found["coin"].values()} == {"better"}
    assert found["coin"]["log_loss"]["value"] == pytest.approx(np.log(2))
    assert found["same"]["brier"]["verdict"] == "not told apart" and abs(found["same"]["brier"]["gain"]) < 1e-4
    assert compare(same * 0 + 0.5, {"ours": scores}, labels, authors)["ours"]["auc"]["verdict"] == "worse"
    # Paired: what both get wrong does not blur which is better
    close = sigmoid(np.log(scores / (1 - scores)) + rng.normal(0, 0.25, len(scores)))
    gain = compare(scores, {"close": close}, labels, authors)["close"]["log_loss"]["interval"]
    alone = measure(scores, labels, authors)["intervals"]["log_loss"]
    assert np.ptp(gain) < np.ptp(alone) / 2
