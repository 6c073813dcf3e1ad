"""Who posts which picture, and which pictures are the same shot taken again. All from (seed, index) alone."""

from __future__ import annotations

import numpy as np

POSTS = (8, 1, 2, 1, 5, 1, 3, 2, 1)  # pictures that nine accounts in a row post: few post many, most post one
BLOCK = sum(POSTS)
_OWNER = np.repeat(np.arange(len(POSTS)), POSTS).tolist()  # place in the block -> account in the block
_FIRST = (np.cumsum(POSTS) - POSTS).tolist()
RETAKEN = 0.032  # share of the pictures after an account's first: 2 % of all


def account(index: int) -> int:
    """The account that posts picture `index`; an account's pictures follow each other."""
    block, place = divmod(index, BLOCK)
    return block * len(POSTS) + _OWNER[place]


def first(account: int) -> int:
    """The index of an account's first picture."""
    block, place = divmod(account, len(POSTS))
    return block * BLOCK + _FIRST[place]


def original(seed: int, index: int) -> int:
    """The index of the shot that this picture is another take of: nearly always its own."""
    while index != first(account(index)) and np.random.default_rng([seed, index, 9]).random() < RETAKEN:
        index -= 1
    return index
