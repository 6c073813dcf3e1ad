"""The likes law of the demo world: from the truth of a picture to its quality, and from quality to likes.

Written in the spirit of the article's do's and don'ts. The network never sees any of this, only the likes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

GATHERED_AT = datetime(2026, 11, 1, tzinfo=UTC)

# Set by `python -m benchmarks.likes_law`. Quality is raw quality in units of its median and spread over the selfies of
# the demo world; noise is what likes owe to anything but the picture and the account, in units of quality: it sets the
# ceiling to 65 %.
MIDDLE, SPREAD = 1.01, 0.80
NOISE = 1.74
STRENGTH = 0.45  # log likes per unit of quality
ACCOUNT = 0.25  # spread of log likes between accounts of the same audience
EVENING = 0.12  # log likes that a post at 8 pm gains, and one at 8 am loses
BOTS = 0.015  # share of accounts with bought followers or bought likes
SPAM = 0.02  # share of posts with a wall of tags

FILTERS = {"none": 0.0, "warm": 0.1, "cool": 0.05, "xpro": 0.25, "bw": 0.35, "fade": 0.5}
FACELESS = -0.4  # raw quality of a picture that nobody looks at for the face
WORDS = (
    "me smile sunday mood nofilter friends love happy style weekend hair look instagood today morning night sun home "
    "city travel beach coffee gym work music party fun life face eyes photo cute ootd throwback good vibes blue new"
).split()
BAIT = "follow4follow like4like f4f l4l followme tagsforlikes likeforlike instalike photooftheday followback".split()


@dataclass(frozen=True)
class Post:
    """What the network's users see of a picture: the account, its audience and the reaction."""

    account: str
    followers: int
    tags: list[str]
    likes: int
    created_at: datetime


def effects(truth: dict) -> dict[str, float]:
    """What each written effect adds to the raw quality of a picture, by its name; those of faces for selfies alone."""
    found = {
        "a filter": FILTERS[truth["filter"]],
        "a border": 0.4 * (truth["border"] != "none"),
        "strong colours": 0.45 * ramp(truth["saturation"], 0.38, 0.52) * (truth["filter"] != "bw"),
        "darkness": -1.2 * ramp(-truth["exposure"], 0.3, 1.8),
        "noise": -0.5 * ramp(truth["noise"], 0.008, 0.03),
    }
    if truth["subject"] != "selfie":
        return found | {"no face": FACELESS}
    share = max(truth["face_share"], 0.02)
    cut, long_hair = float(truth["forehead_cut"]), float(truth["long_hair"])
    return found | {
        "a face a third of the height": 1.2 * math.exp(-((math.log(share * 3) / 0.45) ** 2)),
        "a head too large": -max(0.0, share - 0.55) / 0.2,
        "forehead cut, long hair": 0.5 * cut * long_hair,
        "forehead cut, short hair": -0.4 * cut * (1 - long_hair),  # with short hair show all of the head
        "long hair": 0.6 * long_hair,
        "company": -0.7 * min(max(truth["faces"] - 1, 0), 2),
    }


def raw_quality(truth: dict) -> float:
    """How well a picture does with the crowd, all else equal: the sum of written effects."""
    return sum(effects(truth).values())


def ramp(x: float, low: float, high: float) -> float:
    """0 up to low, 1 from high on."""
    return min(max((x - low) / (high - low), 0.0), 1.0)


def quality(truth: dict) -> float:
    """`raw_quality` with median about 0 and spread about 1 over the selfies of the demo world."""
    return (raw_quality(truth) - MIDDLE) / SPREAD


def post(truth: dict, seed: int, index: int, noise: float = NOISE) -> Post:
    """The post that carries the picture `index`: a pure function of (seed, index) and its truth."""
    account = truth["account"]
    person = np.random.default_rng([seed, account, 101])
    followers = int(np.clip(math.exp(person.normal(6.4, 1.3)), 5, 5e6))
    account_effect = person.normal(0, ACCOUNT)
    chattiness = person.normal(1.2, 0.5)
    bot = person.random() < BOTS
    if bot:
        few, many = person.integers(0, 80), math.exp(person.uniform(12, 15.5))
        followers = int(few if person.random() < 0.5 else many)
    rng = np.random.default_rng([seed, index, 102])
    spam = rng.random() < SPAM
    words = rng.permutation(len(WORDS))[: 25 if spam else min(rng.poisson(math.exp(chattiness)), 15)]
    tags = ["selfie", *(WORDS[i] for i in words), *(BAIT if spam else [])]
    age = int(rng.integers(2, 30) if rng.random() < 0.04 else rng.integers(33, 700))  # days
    hour = rng.normal(17, 4.5) % 24
    audience = 0.6 * followers**0.8 * (1 + 0.05 * len(tags))
    effects = account_effect + EVENING * math.cos((hour - 20) / 24 * 2 * math.pi)
    expected = audience * math.exp(STRENGTH * (quality(truth) + noise * rng.normal()) + effects)
    likes = int(math.exp(rng.uniform(0, 12))) if bot else int(rng.poisson(min(expected, 1e9)))
    created_at = GATHERED_AT - timedelta(days=age) + timedelta(seconds=int(hour * 3600))
    return Post(f"demo:{seed}:{account}", followers, tags, likes, created_at)


def ceiling(qualities: np.ndarray, labels: np.ndarray) -> float:
    """The accuracy of one who knows the true quality: the best any network could reach on these labels.

    qualities, labels: (N,), labels 1 or 0. The threshold is the one that labels as many good as there are."""
    threshold = np.quantile(qualities, 1 - np.mean(labels))
    return float(np.mean((qualities > threshold) == (labels == 1)))
