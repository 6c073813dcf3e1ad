"""Selfies of nobody: `render(seed, index)` draws one and tells the truth about it.

Everything is a pure function of (seed, index): the same picture in any process, the same composition at any size.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from deepselfie.demo import accounts, backgrounds, darkroom, faceless, law, people, scene, shots, truth
from deepselfie.demo.camera import Camera, camera

SUPERSAMPLING = 2  # pixels drawn for one kept, each way
QUALITY = 88  # of JPEG
FRIENDS = 1 << 40  # companions in groups have account numbers from here on


@dataclass(frozen=True)
class Sample:
    """All that a picture is made from. people[0] is the account's own, in front; all lists are parallel."""

    seed: int
    index: int  # of the shot: a picture taken again has that of the first take
    account: int
    shot: shots.Shot
    people: tuple[people.Person, ...]
    looks: tuple[people.Look, ...]
    cameras: tuple[Camera, ...]


def sample(seed: int, index: int, overrides: dict | None = None) -> Sample:
    """`overrides` replaces sampled attributes, named as in the truth (`hair`, `tone`, `filter`, `head` …)."""
    source = accounts.original(seed, index) if overrides is None else index
    account = accounts.account(index)
    shot = taken_again(shots.shot(seed, source, overrides), seed, index, source)
    who = [people.person(seed, account, overrides)]
    who += [people.person(seed, FRIENDS + source * 8 + i) for i in range(1, shot.group)]
    looks = [people.look(seed, source, i, p, None if i else overrides, shot.background) for i, p in enumerate(who)]
    cameras = [camera(shot, i, seed, source) for i in range(shot.group)]
    return Sample(seed, source, account, shot, tuple(who), tuple(looks), tuple(cameras))


def taken_again(shot: shots.Shot, seed: int, index: int, source: int) -> shots.Shot:
    """The shot, or for another take of it one that is off by a hair."""
    if index == source:
        return shot
    rng = np.random.default_rng([seed, index, 11])
    x, y = rng.normal(0, 0.002, 2)
    return replace(shot, x=shot.x + x, y=shot.y + y, exposure=shot.exposure + rng.normal(0, 0.03))


def compose(s: Sample, side: int) -> tuple[np.ndarray, np.ndarray, dict]:
    """(side, side, 3) linear light, (side, side) skin, and what truth.boxes measures: points, owner, part.

    The background comes first, then people from the back."""
    shot = s.shot
    rng = np.random.default_rng([s.seed, s.index, 7])
    image = backgrounds.background(shot, s.cameras[0], scene.lamps(shot), side, rng)
    skin = np.zeros((side, side), np.float32)
    owner, part = np.full((side, side), -1, np.int8), np.zeros((side, side), np.uint8)
    points = []
    for i in reversed(range(shot.group)):
        drawn = scene.draw_person(s.people[i], s.looks[i], shot, s.cameras[i], side, [s.seed, s.index, i])
        image = scene.lay_over(image, drawn.light, owner >= 0)
        skin = np.maximum(skin * (1 - drawn.light[..., 3]), drawn.skin)
        owner[drawn.part > 0], part[drawn.part > 0] = i, drawn.part[drawn.part > 0]
        points.insert(0, drawn.points)
    glow = np.maximum(image - 0.9, 0)
    image = image + 0.35 * cv2.GaussianBlur(glow, (0, 0), side * 0.02)
    return image, skin, {"points": points, "owner": owner, "part": part}


def render(seed: int, index: int, size: int = 96, overrides: dict | None = None) -> tuple[np.ndarray, dict]:
    """The picture `index` of the world `seed`: (size, size, 3) uint8 RGB, and the truth about it.

    The truth has the fields of truth.TRUTH. With `overrides` (even empty ones) it is always a selfie."""
    cv2.setNumThreads(1)  # pictures are drawn in several processes: threads would only fight
    side, source = size * SUPERSAMPLING, accounts.original(seed, index)
    subject = faceless.subject(seed, source) if overrides is None else "selfie"
    if subject == "selfie":
        s = sample(seed, index, overrides)
        shot = s.shot
        image, skin, seen = compose(s, side)
        facts = facts_of(s) | truth.boxes(**seen, window=darkroom.window(shot.border))
    else:
        shot = taken_again(shots.shot(seed, source), seed, index, source)
        image, skin = faceless.picture(subject, shot, side, np.random.default_rng([seed, source, 12]))
        facts = {"group": 0, "faces": 0}
    image = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
    skin = cv2.resize(skin, (size, size), interpolation=cv2.INTER_AREA)
    exposed = darkroom.expose(image, skin, shot)
    noisy = darkroom.add_noise(exposed, shot.noise, np.random.default_rng([seed, index, 8]))
    bare = skin if subject == "selfie" else np.zeros_like(skin)
    done = darkroom.posted(noisy, bare, shot)
    noiseless = darkroom.printed(exposed[:: truth.LINES], bare[:: truth.LINES], shot)
    facts |= {"account": accounts.account(index), "subject": subject, "filter": shot.filter, "border": shot.border}
    facts |= truth.photometry(done, noiseless, darkroom.window(shot.border))
    facts = {field.name: facts.get(field.name) for field in truth.TRUTH}
    return done, facts | {"quality": law.quality(facts)}


def facts_of(s: Sample) -> dict:
    """The truth that needs no measuring."""
    shot, person, look = s.shot, s.people[0], s.looks[0]
    return {
        "group": shot.group,
        **truth.turned(s.cameras[0]),
        "background": shot.background,
        "light": shot.light,
        "shot": shot.shot,
        "hair": person.hair,
        "long_hair": person.long_hair,
        "hair_colour": person.hair_colour,
        "female": person.female,
        "tone": person.tone,
        "age": person.age,
        "expression": look.expression,
        "glasses": look.glasses,
        "headwear": look.headwear,
        "clothes": look.clothes.garment,
        "beard": person.beard,
    }


def encode(image: np.ndarray, quality: int = QUALITY) -> bytes:
    """RGB picture as JPEG; the same bytes for the same picture."""
    done, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"cannot encode a picture of shape {image.shape}")
    return data.tobytes()
