"""Effects: planted ones are found with their sign and size, intervals cover as often as they say, nulls stay null."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from deepselfie.effects import found, means, percentile_points, regression

DRAWS = 200
AUTHORS, EACH = 150, 4


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def crowd(rng, effect, *, logistic, authors=AUTHORS, each=EACH):
    """Photos of authors who share half of their luck, and traits that go together; the last one is the author's own."""
    n, k, who = authors * each, len(effect), np.repeat(np.arange(authors), each)
    x = rng.normal(size=(n, k)) + 0.7 * rng.normal(size=(n, 1))
    x[:, -1] = rng.normal(size=authors)[who]
    alike = rng.random(n) < 0.5
    if logistic:  # luck is uniform whether shared or not, so each photo's chance is exactly the law's
        luck = np.where(alike, rng.random(authors)[who], rng.random(n))
        return x, (luck < sigmoid(x @ effect + 0.2)).astype(float), who
    return x, x @ effect + np.where(alike, rng.normal(size=authors)[who], rng.normal(size=n)), who


@pytest.mark.parametrize("logistic", [True, False])
def test_intervals_cover_planted_effects_as_often_as_they_say(logistic):
    effect, rng, hits, sign = np.array([0.6, -0.4, 0.0, 0.5]), np.random.default_rng(1), [], []
    for _ in range(150):
        x, y, who = crowd(rng, effect, logistic=logistic)
        fit = regression(x, y, who, logistic=logistic, draws=DRAWS)
        low, high = fit.interval
        hits.append((low <= effect) & (effect <= high))
        sign.append(fit.value * effect)
    coverage = np.mean(hits, axis=0)
    assert 0.92 <= coverage.mean() <= 0.98 and coverage.min() >= 0.89, coverage
    assert (np.mean(np.array(sign) > 0, axis=0)[effect != 0] > 0.95).all()


def test_photos_taken_as_if_each_had_its_own_author_would_promise_too_much():
    effect, rng, hits = np.zeros(2), np.random.default_rng(2), []
    for _ in range(100):
        x, y, who = crowd(rng, effect, logistic=False)
        low, high = regression(x, y, np.arange(len(who)), logistic=False, draws=DRAWS).interval
        hits.append((low <= 0) & (high >= 0))
    assert np.mean(hits, axis=0)[-1] < 0.9  # the trait that is the author's own


def test_fits_agree_with_sklearn():
    x, y, who = crowd(np.random.default_rng(3), np.array([0.5, -0.5, 1.0]), logistic=True)
    ours = regression(x, y, who, logistic=True, draws=2).value
    assert ours == pytest.approx(LogisticRegression(C=1 / 0.1, tol=1e-9, max_iter=999).fit(x, y).coef_[0], abs=1e-3)
    ours = regression(x, x[:, 0] + y, who, logistic=False, draws=2).value
    assert ours == pytest.approx(LinearRegression().fit(x, x[:, 0] + y).coef_, abs=1e-3)


def test_each_draw_of_least_squares_is_the_refit_of_that_crowd():
    x, y, who = crowd(np.random.default_rng(4), np.array([0.5, 1.0]), logistic=False, authors=40)
    fit = regression(x, y, who, logistic=False, draws=1, seed=9)
    drawn = np.random.default_rng(9).integers(40, size=(1, 40))[0]
    rows = np.concatenate([np.flatnonzero(who == author) for author in drawn])
    assert fit.draws[0] == pytest.approx(LinearRegression().fit(x[rows], y[rows]).coef_, abs=5e-3)


def test_of_a_hundred_worlds_without_effects_hardly_one_in_twenty_finds_any():
    rng, worlds = np.random.default_rng(5), []
    for _ in range(100):
        x, y, who = crowd(rng, np.zeros(12), logistic=True)
        worlds.append(found(regression(x, y, who, logistic=True, draws=DRAWS).p))
    assert np.mean(worlds) <= 0.05 and np.mean(np.any(worlds, axis=1)) <= 0.05


def test_of_what_is_found_at_most_one_in_twenty_is_false():
    rng, false, power = np.random.default_rng(6), [], []
    effect = np.array([0.7, -0.7, 0.6, -0.5, *np.zeros(8)])
    for _ in range(100):
        x, y, who = crowd(rng, effect, logistic=True)
        yes = found(regression(x, y, who, logistic=True, draws=DRAWS).p)
        false.append(yes[effect == 0].sum() / max(yes.sum(), 1))
        power.append(yes[effect != 0].mean())
    assert np.mean(false) <= 0.05 and np.mean(power) > 0.9


def test_means_cover_the_truth_and_pass_over_what_is_not_known():
    rng, truth, hits = np.random.default_rng(7), np.array([0.3, 0.0]), []
    for _ in range(150):
        who = np.repeat(np.arange(60), 3)
        x = truth + rng.normal(size=(180, 2)) + rng.normal(size=(60, 1))[who]
        x[rng.random(x.shape) < 0.3] = np.nan
        fit = means(x, who, draws=DRAWS)
        low, high = fit.interval
        hits.append((low <= truth) & (truth <= high))
        assert fit.value == pytest.approx(np.nanmean(x, axis=0))
    assert 0.91 <= np.mean(hits) <= 0.98


def test_a_difference_of_two_groups_covers_the_truth():
    rng, hits = np.random.default_rng(8), []
    for _ in range(150):
        x, y, who = crowd(rng, np.array([0.5, 0.0]), logistic=False)
        group = rng.random(len(y)) < 0.4
        y = y + 0.3 * x[:, 0] * group
        fits = [regression(x[s], y[s], who[s], logistic=False, crowd=AUTHORS, draws=DRAWS) for s in (group, ~group)]
        low, high = fits[0].minus(fits[1]).interval
        hits.append((low <= [0.3, 0]) & (np.array([0.3, 0]) <= high))
    assert 0.91 <= np.mean(hits) <= 0.985


def test_a_yes_that_all_liked_photos_have_stays_finite():
    x = np.r_[np.ones(100), np.zeros(100)][:, None]
    fit = regression(x, x[:, 0], np.arange(200), logistic=True, draws=50)
    assert np.isfinite(fit.draws).all() and fit.value[0] > 3


def test_points_say_whom_the_median_photo_overtakes():
    logits = np.random.default_rng(0).normal(size=1001)
    assert percentile_points(0.0, logits) == pytest.approx(0, abs=0.1)
    up = percentile_points(0.5, logits)
    assert up == pytest.approx(100 * np.mean(logits <= np.median(logits) + 0.5) - 50)
    assert percentile_points(np.array([99.0, -99.0]), logits).tolist() == [50, -50]


def test_nothing_is_found_where_nothing_was_looked_at():
    assert found(np.zeros(0)).shape == (0,)
    fit = means(np.full((5, 1), np.nan), np.arange(5), draws=10)
    assert fit.p[0] == 1
