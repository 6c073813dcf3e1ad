"""Selfies to post: rendered people, so that nobody real is in them. In: how many. Out: JPEG bytes, all different."""

from __future__ import annotations

from functools import partial

from deepselfie.demo import render
from deepselfie.workers import workers

SEED = 77  # of people who are not in the demo world
SIZE = 128  # px: smaller than a phone posts, since a test waits for 300 of them: a quarter of a minute on two cores


def selfies(n: int, size: int = SIZE) -> list[bytes]:
    """n square JPEGs of `size` px. The first ones are the same whatever n."""
    with workers() as pool:
        return list(pool.map(partial(selfie, size=size), range(n), chunksize=8))


def selfie(index: int, size: int = SIZE) -> bytes:
    # group 1: one face is in each; overrides make it a selfie and no other shot's second take
    return render.encode(render.render(SEED, index, size=size, overrides={"group": 1})[0], quality=90)
