"""Selfies of nobody: `render(seed, index)` draws one and tells the truth about it, `truth` tells without drawing.

Everything is a pure function of (seed, index): the same picture in any process, the same composition at any size.
An account posts four pictures: index // 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from deepselfie.demo import backgrounds, darkroom, figure, hair, ids, people, scene, shots
from deepselfie.demo.camera import Camera, box, camera, face_vertices, forehead_top
from deepselfie.demo.mesh import body

SUPERSAMPLING = 2  # pixels drawn for one kept, each way
QUALITY = 88  # of JPEG
FRIENDS = 1 << 40  # companions in groups have account numbers from here on


@dataclass(frozen=True)
class Sample:
    """All that a picture is made from. people[0] is the account's own, in front; all lists are parallel."""

    seed: int
    index: int
    account: int
    shot: shots.Shot
    people: tuple[people.Person, ...]
    looks: tuple[people.Look, ...]
    cameras: tuple[Camera, ...]


def sample(seed: int, index: int, overrides: dict | None = None) -> Sample:
    """`overrides` replaces sampled attributes, named as in the truth (`hair`, `tone`, `filter`, `head` …)."""
    account = index // ids.PER_ACCOUNT
    shot = shots.shot(seed, index, overrides)
    who = [people.person(seed, account, overrides)]
    who += [people.person(seed, FRIENDS + index * 8 + i) for i in range(1, shot.group)]
    looks = [people.look(seed, index, i, p, None if i else overrides) for i, p in enumerate(who)]
    cameras = [camera(shot, i, seed, index) for i in range(shot.group)]
    return Sample(seed, index, account, shot, tuple(who), tuple(looks), tuple(cameras))


@lru_cache(maxsize=1)
def measured_vertices() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return face_vertices(), forehead_top(), body().scalp_vertices()


def measure(s: Sample) -> dict:
    """Boxes of head and face of the first person, from projected vertices; fractions of the picture."""
    face, forehead, scalp = measured_vertices()
    v, view, person = figure.figure(s.people[0]).bare, s.cameras[0], s.people[0]
    style = hair.STYLES[person.hair]
    crown = v[scalp]
    middle = (crown.max(0) + crown.min(0)) / 2
    hair_shell = middle + (crown - middle) * np.float32(1 + 0.55 * style.volume + 0.1 * style.curl)
    fx, fy, fw, fh = box(view.project(v[face]))
    hx, hy, hw, hh = box(np.concatenate([view.project(v[face]), view.project(hair_shell)]))
    seen = max(0.0, min(1.0, fy + fh) - max(0.0, fy))
    top = float(view.project(v[forehead])[:, 1].mean())
    return {
        "head_x": hx, "head_y": hy, "head_w": hw, "head_h": hh,
        "face_x": fx, "face_y": fy, "face_w": fw, "face_h": fh,
        "face_share": seen, "forehead_cut": top < 0.0,
    }  # fmt: skip


def truth_of(s: Sample) -> dict:
    shot, person, look = s.shot, s.people[0], s.looks[0]
    return {
        "account": s.account,
        "group": shot.group,
        **measure(s),
        "tilt": shot.tilt,
        "yaw": shot.yaw,
        "pitch": shot.pitch,
        "exposure": shot.exposure,
        "noise": shot.noise,
        "saturation": shot.saturation,
        "filter": shot.filter,
        "border": shot.border,
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
        "beard": person.beard,
    }


def truth(seed: int, index: int, overrides: dict | None = None) -> dict:
    """The same dict as `render` returns, without drawing: the same keys and types for every picture."""
    return truth_of(sample(seed, index, overrides))


def compose(s: Sample, side: int) -> tuple[np.ndarray, np.ndarray]:
    """(side, side, 3) linear light and (side, side) skin: background first, then people from the back."""
    shot = s.shot
    half = backgrounds.background(shot.background, side // 2, np.random.default_rng([s.seed, s.index, 7]))
    strength = 1.0 if shot.background == "night" else scene.BACK_LIGHT[shot.light]
    tint = np.array([1.1, 0.85, 0.6]) if shot.light == "warm" and shot.background != "night" else np.ones(3)
    image = cv2.resize(half, (side, side), interpolation=cv2.INTER_LINEAR) * (strength * tint).astype(np.float32)
    skin = np.zeros((side, side), np.float32)
    for i in reversed(range(shot.group)):
        drawn, bare = scene.draw_person(s.people[i], s.looks[i], shot, s.cameras[i], side, [s.seed, s.index, i])
        solid = drawn[..., 3:]
        alpha = cv2.GaussianBlur(drawn[..., 3], (0, 0), 0.7)[..., None]
        image = np.where(solid > 0, image * (1 - alpha) + drawn[..., :3] * alpha, image)
        skin = np.maximum(skin * (1 - drawn[..., 3]), bare)
    glow = np.maximum(image - 0.9, 0)
    return image + 0.35 * cv2.GaussianBlur(glow, (0, 0), side * 0.02), skin


def render(seed: int, index: int, size: int = 96, overrides: dict | None = None) -> tuple[np.ndarray, dict]:
    """The picture `index` of the world `seed`: (size, size, 3) uint8 RGB, and the truth about it."""
    cv2.setNumThreads(1)  # pictures are drawn in several processes: threads would only fight
    s = sample(seed, index, overrides)
    image, skin = compose(s, size * SUPERSAMPLING)
    image = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
    skin = cv2.resize(skin, (size, size), interpolation=cv2.INTER_AREA)
    return darkroom.develop(image, skin, s.shot, np.random.default_rng([seed, index, 8])), truth_of(s)


def encode(image: np.ndarray, quality: int = QUALITY) -> bytes:
    """RGB picture as JPEG; the same bytes for the same picture."""
    done, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"cannot encode a picture of shape {image.shape}")
    return data.tobytes()
