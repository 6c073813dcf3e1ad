"""Two other ways from likes to standing than the article's. In: likes and who posted; out: the share of posts that one
outdoes, in (0, 1), among what it is compared with; above a half it is good. NaN: it is compared with nothing.

The article compares a post with a hundred others of like audience (labels.py). A regression can take the hour and the
number of tags into account as well; comparing an account with itself takes away all that makes accounts differ.
"""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from deepselfie.baselines import out_of_fold
from deepselfie.errors import DeepselfieError


def residual(likes: np.ndarray, audience: np.ndarray, people: np.ndarray, *, seed: int = 0) -> tuple[np.ndarray, float]:
    """The rank of log likes beyond what boosted trees expect of such an audience; and R², how much they explain.

    likes, people: (N,); audience: (N, F), see audience.audience. The trees never meet the person they tell of, or they
    would take an account's good pictures for a part of its audience. Ties fall by lot.
    Raises DeepselfieError for posts of a single person."""
    if len(np.unique(people)) < 2:
        raise DeepselfieError("All these posts are one person's: compare them with each other, by --way pairs.")
    likes = np.log1p(likes)
    with threadpool_limits(1):  # as in baselines: threads that wait for each other take a hundred times as long
        expected = out_of_fold(HistGradientBoostingRegressor(random_state=seed), audience, likes, people)
    beyond = likes - expected
    lot = np.random.default_rng(seed).permutation(len(likes))
    standing = np.empty(len(likes))
    standing[np.lexsort((lot, beyond))] = (np.arange(len(likes)) + 0.5) / len(likes)
    return standing, float(1 - beyond.var() / (likes.var() or 1.0))


def pairs(likes: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Of the other posts of the same person, and the post itself, the share that it outdoes; of equals, half.

    NaN for a person's only post and for one right in the middle: it is neither better nor worse than the others.
    likes, people: (N,)."""
    who = np.unique(people, return_inverse=True)[1]
    order = np.lexsort((likes, who))
    who, likes = who[order], np.asarray(likes)[order]
    row = np.arange(len(who))
    new_person = np.diff(who, prepend=-1) != 0
    new_likes = new_person | (np.diff(likes, prepend=-1) != 0)
    begin, first = (np.maximum.accumulate(np.where(new, row, 0)) for new in (new_person, new_likes))
    posts = np.bincount(who)[who]
    equals = np.bincount(np.cumsum(new_likes) - 1)[np.cumsum(new_likes) - 1]  # the post itself among them
    standing = np.empty(len(who))
    standing[order] = (first - begin + equals / 2) / posts
    standing[standing == 0.5] = np.nan
    return standing
