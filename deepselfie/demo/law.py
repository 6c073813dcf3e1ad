"""The likes law of the demo world: from the truth of a picture to its quality, and from quality to likes.

Written in the spirit of the article's do's and don'ts. The network never sees any of this, only the likes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

GATHERED_AT = datetime(2026, 11, 1, tzinfo=UTC)

# Median and spread of `raw_quality` over 6,000 pictures of the demo world: quality is raw quality in these units.
MIDDLE, SPREAD = 0.94, 0.90
STRENGTH = 0.45  # log likes per unit of quality
NOISE = 1.8  # what likes owe to anything but the picture, in units of quality: sets the ceiling to 65 %
ACCOUNT = 0.25  # spread of log likes between accounts of the same audience

FILTERS = {"none": 0.0, "warm": 0.1, "cool": 0.05, "xpro": 0.25, "bw": 0.35, "fade": 0.5}
FACELESS = -0.4  # raw quality of a picture without a face
WORDS = (
    "me smile sunday mood nofilter friends love happy style weekend hair look instagood today morning night sun home "
    "city travel beach coffee gym work music party fun life face eyes photo cute ootd throwback good vibes blue new"
).split()


@dataclass(frozen=True)
class Post:
    """What the network's users see of a picture: the account, its audience and the reaction."""

    account: str
    followers: int
    tags: list[str]
    likes: int
    created_at: datetime


def raw_quality(truth: dict) -> float:
    """How well a picture does with the crowd, all else equal: the sum of written effects."""
    if not truth["faces"]:  # nobody looks at it for the face
        return FACELESS + FILTERS[truth["filter"]]
    share = max(truth["face_share"], 0.02)
    cut = 1.0 if truth["forehead_cut"] else 0.0
    long_hair = 1.0 if truth["long_hair"] else 0.0
    q = 1.2 * math.exp(-((math.log(share * 3) / 0.45) ** 2))  # best: the face takes a third of the height
    q -= 1.0 * max(0.0, share - 0.55) / 0.2  # head too large
    q += cut * (0.5 if long_hair else -0.4)  # the interaction: with short hair show all of the head
    q += 0.6 * long_hair
    q += FILTERS[truth["filter"]]
    if truth["filter"] != "bw":
        q += 0.45 * min(max(truth["saturation"] - 1.2, 0.0), 0.4) / 0.4  # oversaturated
    q += 0.4 * (truth["border"] != "none")
    q -= 1.0 * min(max(0.0, -truth["exposure"] - 0.3), 1.5)  # darkness
    q -= 8.0 * max(0.0, truth["noise"] - 0.02)
    q -= 0.7 * min(max(truth["faces"] - 1, 0), 2)
    return q


def quality(truth: dict) -> float:
    """`raw_quality` with median about 0 and spread about 1 over the demo world."""
    return (raw_quality(truth) - MIDDLE) / SPREAD


def post(truth: dict, seed: int, index: int) -> Post:
    """The post that carries the picture `index`: a pure function of (seed, index) and its truth."""
    account = truth["account"]
    person = np.random.default_rng([seed, account, 101])
    followers = int(np.clip(math.exp(person.normal(6.4, 1.3)), 5, 5e6))
    account_effect = person.normal(0, ACCOUNT)
    chattiness = person.normal(1.2, 0.5)
    rng = np.random.default_rng([seed, index, 102])
    spam = rng.random() < 0.02
    words = rng.permutation(len(WORDS))[: 25 if spam else min(rng.poisson(math.exp(chattiness)), 15)]
    tags = ["selfie", *(WORDS[i] for i in words)]
    age = rng.uniform(1, 30) if rng.random() < 0.04 else rng.uniform(32, 700)
    audience = 0.6 * followers**0.8 * (1 + 0.05 * len(tags))
    noise = NOISE * rng.normal()
    expected = audience * math.exp(STRENGTH * (quality(truth) + noise) + account_effect)
    likes = int(rng.poisson(min(expected, 1e9)))
    return Post(f"demo:{seed}:{account}", followers, tags, likes, GATHERED_AT - timedelta(days=age))


def ceiling(qualities: np.ndarray, labels: np.ndarray) -> float:
    """The accuracy of one who knows the true quality: the best any network could reach on these labels.

    qualities, labels: (N,), labels 1 or 0. The threshold is the one that labels as many good as there are."""
    threshold = np.quantile(qualities, 1 - np.mean(labels))
    return float(np.mean((qualities > threshold) == (labels == 1)))
