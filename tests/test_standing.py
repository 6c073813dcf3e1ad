"""Standing by residual and by pairs: what was planted in the pictures comes out, what accounts owe to size does not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from deepselfie.errors import DeepselfieError
from deepselfie.standing import pairs, residual


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), max_size=40))
@settings(max_examples=100, deadline=None)
def test_pairs_count_what_a_post_outdoes_among_its_own(posts):
    people, likes = np.array(posts, int).reshape(-1, 2).T
    standing = pairs(likes, people)
    for row, found in enumerate(standing):
        others = likes[(people == people[row]) & (np.arange(len(likes)) != row)]
        above, below = (others < likes[row]).sum(), (others > likes[row]).sum()
        if above == below:  # alone, or in the middle
            assert np.isnan(found)
        else:
            assert (found > 0.5) == (above > below) and 0 < found < 1
            assert found == pytest.approx((above + (len(others) - above - below + 1) / 2) / (len(others) + 1))


def crowd(rng, people=400, each=6):
    """Likes by quality, audience, hour, the account's own charm and luck."""
    who = np.repeat(np.arange(people), each)
    followers, charm = rng.normal(7, 1.5, people)[who], rng.normal(0, 1, people)[who]
    hour, quality = rng.uniform(0, 24, len(who)), rng.normal(size=len(who))
    log = 0.8 * followers + np.cos(hour / 24 * 2 * np.pi) + charm + 0.5 * quality + rng.normal(0, 0.5, len(who))
    return rng.poisson(np.exp(log)), np.stack([followers, hour], axis=1), who, quality, charm


def test_the_residual_keeps_quality_and_forgets_audience_and_hour():
    likes, audience, who, quality, _ = crowd(np.random.default_rng(0))
    standing, explained = residual(likes, audience, who)
    assert 0.4 < explained < 0.95
    assert np.allclose(np.sort(standing), (np.arange(len(who)) + 0.5) / len(who))
    assert abs(spearmanr(standing, audience[:, 0]).statistic) < 0.1
    assert abs(spearmanr(standing, np.cos(audience[:, 1] / 24 * 2 * np.pi)).statistic) < 0.1
    assert spearmanr(standing, quality).statistic > 0.25


def test_pairs_forget_the_charm_of_accounts_and_the_residual_does_not():
    likes, audience, who, quality, charm = crowd(np.random.default_rng(1))
    apart, beyond = pairs(likes, who), residual(likes, audience, who)[0]
    used = ~np.isnan(apart)
    assert abs(spearmanr(apart[used], charm[used]).statistic) < 0.05 < 0.5 < spearmanr(beyond, charm).statistic
    assert spearmanr(apart[used], quality[used]).statistic > spearmanr(beyond, quality).statistic


def test_the_trees_have_never_met_the_person_they_tell_of():
    """Followers here name the account and likes are its charm alone: in-sample trees would explain nearly all of it."""
    rng = np.random.default_rng(2)
    who = np.repeat(np.arange(300), 8)
    likes, audience = np.exp(rng.normal(5, 1, 300))[who], rng.normal(size=(300, 1))[who]
    assert residual(likes, audience, who)[1] < 0.1
    with pytest.raises(DeepselfieError, match="--way pairs"):
        residual(likes[:8], audience[:8], who[:8])
