"""Pictures that people post with #selfie although nobody is in them: food, pets, landscapes, texts, things laid out.

Painted as backgrounds are, from soft-edged shapes with light and shade; the darkroom does the rest.
"""

from __future__ import annotations

import numpy as np

from deepselfie.demo.brush import Board
from deepselfie.demo.cards import card
from deepselfie.demo.food import food
from deepselfie.demo.landscapes import landscape
from deepselfie.demo.people import pick
from deepselfie.demo.pets import pet
from deepselfie.demo.shots import Shot
from deepselfie.demo.things import things

SHARE = 0.15  # of all posts
SUBJECTS = {"food": 0.3, "pet": 0.2, "landscape": 0.25, "text": 0.13, "things": 0.12}


def subject(seed: int, index: int) -> str:
    """What picture `index` shows: mostly a "selfie"."""
    rng = np.random.default_rng([seed, index, 10])
    return pick(rng, SUBJECTS) if rng.random() < SHARE else "selfie"


def picture(subject: str, shot: Shot, side: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(side, side, 3) float32 linear light and (side, side) 0..1: what the camera meters by."""
    b = Board(side, shot, rng)
    if subject == "text":
        return b.image, card(b)
    PAINTERS[subject](b)
    return np.maximum(b.image, 0), np.exp(-(((b.x - 0.5) ** 2 + (b.y - 0.5) ** 2) / 0.1))


PAINTERS = {"food": food, "pet": pet, "landscape": landscape, "things": things}
