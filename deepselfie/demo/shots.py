"""How the picture was taken: framing, camera, light, exposure, filter, border. A pure function of (seed, index).

The whole distribution of pictures is written down here, so that the likes law has something to find.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from deepselfie.demo.people import pick

GROUPS = {"1": 0.86, "2": 0.08, "3": 0.04, "4": 0.02}
BACKGROUNDS = {
    "room": 0.29, "plain": 0.09, "bath": 0.08, "cafe": 0.05, "gym": 0.03, "club": 0.04, "car": 0.08, "outdoor": 0.12,
    "street": 0.09, "beach": 0.06, "mountain": 0.02, "sunset": 0.02, "night": 0.03,
}  # fmt: skip
LIGHTS_OF = {
    "outdoor": {"sun": 0.42, "shade": 0.43, "golden": 0.15}, "beach": {"sun": 0.6, "shade": 0.25, "golden": 0.15},
    "street": {"sun": 0.4, "shade": 0.5, "golden": 0.1}, "mountain": {"sun": 0.6, "shade": 0.4},
    "sunset": {"dusk": 0.8, "flash": 0.2}, "night": {"flash": 0.55, "warm": 0.3, "neon": 0.15},
    "club": {"flash": 0.45, "neon": 0.55}, "car": {"window": 0.5, "shade": 0.3, "sun": 0.2},
    "gym": {"shade": 0.6, "window": 0.4}, "cafe": {"window": 0.5, "warm": 0.35, "shade": 0.15},
}  # fmt: skip
MIRRORS = {"bath": 0.42, "room": 0.42, "gym": 0.08, "plain": 0.08}  # places that have one
LIGHTS_INDOORS = {"window": 0.48, "warm": 0.21, "shade": 0.23, "flash": 0.08}
FILTERS = {"none": 0.50, "bw": 0.09, "fade": 0.13, "warm": 0.11, "cool": 0.07, "xpro": 0.10}
BORDERS = {"none": 0.88, "white": 0.06, "black": 0.03, "thin": 0.03}
MIRROR, CUT, DARK, OVERSATURATED = 0.045, 0.28, 0.08, 0.10  # shares of pictures
SQUISHED = 0.09  # share of pictures that were not square and were not cropped either
REACH = 0.8  # share of selfies whose arm holds the camera; the others stand on something or have a stick
# Where people of a group stand: (x of the head as a fraction of the width, size against the first); front ones first.
PLACES = {
    1: [(0.5, 1.0)],
    2: [(0.34, 1.0), (0.67, 0.92)],
    3: [(0.49, 1.0), (0.20, 0.80), (0.79, 0.78)],
    4: [(0.33, 1.0), (0.64, 0.92), (0.12, 0.68), (0.87, 0.70)],
}


@dataclass(frozen=True)
class Shot:
    group: int
    shot: str  # face or mirror
    head: float  # height of the head from chin to top, fraction of the picture's height
    x: float  # where the point between the eyes is, fractions
    y: float
    tilt: float  # degrees
    yaw: float
    pitch: float  # degrees; positive: the camera looks down
    distance: float  # of the camera, mesh units
    background: str
    light: str
    light_yaw: float  # degrees
    light_pitch: float
    key: float  # strengths of light
    sky: float
    rim: float
    exposure: float  # EV
    noise: float  # standard deviation in linear light
    filter: str
    saturation: float
    border: str
    vignette: float
    balance: tuple[float, float]  # gains of red and blue
    squish: float  # width against height: a tall picture that was pressed into the square is wider
    arm: int  # 1 or -1: the arm of the first person that holds the camera (1: right in the picture); 0: none
    hand: tuple[
        float, float, float
    ]  # where: before the mirror on the body's axes, else on the camera's (x, y, forward)


def framing(rng: np.random.Generator, group: int, mirror: bool, given: dict) -> tuple[float, float, float]:
    """head, x, y of a shot. A cut forehead means that the top edge runs between the brows and the hairline."""
    head = float(np.clip(rng.lognormal(math.log(0.52), 0.30), 0.28, 1.02))
    small, group_head, x = rng.uniform(0.19, 0.32), rng.uniform(0.34, 0.44), rng.normal(0.5, 0.07)
    cut_y, whole_y = rng.uniform(0.13, 0.21), rng.uniform(0.03, 0.16)
    cut = bool(given.get("forehead_cut", rng.random() < CUT and group == 1 and not mirror))
    head = small if mirror else group_head / (1 + 0.08 * (group - 2)) if group > 1 else head
    head = float(given.get("head", max(head, 0.40) if cut else head))
    y = min(head * 0.53 + whole_y, 0.60) if head < 0.9 else head * 0.52
    if cut:
        y = head * cut_y
    if mirror:  # nothing is drawn below the knees
        y = max(y, 1.06 - 3.7 * head)
    return head, float(given.get("x", np.clip(x, 0.3, 0.7))), float(given.get("y", y))


def light_direction(rng: np.random.Generator, light: str) -> tuple[float, float]:
    """yaw and pitch in degrees of the main light."""
    yaw, low = rng.uniform(-65, 65), rng.uniform(8, 48)
    pitch = {
        "sun": rng.uniform(32, 55), "flash": rng.uniform(0, 15), "shade": rng.uniform(30, 65),
        "golden": rng.uniform(6, 18), "dusk": rng.uniform(20, 50),
    }.get(light, low)  # fmt: skip
    return float(yaw * 0.18 if light == "flash" else yaw), float(pitch)


def shot(seed: int, index: int, overrides: dict | None = None) -> Shot:
    """The camera's part of picture `index`; `overrides` replaces what was drawn, by field name."""
    given = overrides or {}
    rng = np.random.default_rng([seed, index, 3])
    group = int(given.get("group", int(pick(rng, GROUPS))))
    kind = given.get("shot", "mirror" if rng.random() < MIRROR and group == 1 else "face")
    mirror = kind == "mirror"
    head, x, y = framing(rng, group, mirror, given)
    tilt = float(rng.normal(0, 8) if rng.random() < 0.75 else rng.normal(0, 18))
    yaw, pitch = float(np.clip(rng.normal(0, 12), -30, 30)), float(np.clip(rng.normal(3, 5), -9, 16))
    distance = rng.uniform(18, 24) if mirror else rng.uniform(7.5, 11) if group > 1 else rng.uniform(5.6, 8.5)
    anywhere, by_mirror = pick(rng, BACKGROUNDS), pick(rng, MIRRORS)
    background = given.get("background", by_mirror if mirror else anywhere)
    light = given.get("light", pick(rng, LIGHTS_OF.get(background, LIGHTS_INDOORS)))
    light_yaw, light_pitch = light_direction(rng, light)
    usual, dark = np.clip(rng.normal(0.05, 0.26), -0.6, 0.65), rng.uniform(-2.2, -1.2)
    exposure = float(given.get("exposure", dark if rng.random() < DARK else usual))
    dim = 0.010 * (background in ("night", "club")) + 0.004 * (light in ("warm", "neon"))
    noise = (0.0022 + dim + 0.028 * max(0.0, -exposure - 0.5)) * rng.uniform(0.6, 1.3)
    ordinary, strong = np.clip(rng.normal(1.06, 0.11), 0.78, 1.35), rng.uniform(1.5, 2.0)
    saturation = float(strong if rng.random() < OVERSATURATED else ordinary)
    side = 1 if rng.random() < 0.6 and group < 2 else -1  # away from the others
    high, low = (rng.uniform(0.15, 0.6) * side, rng.uniform(5.2, 5.65), rng.uniform(2.0, 2.6)), rng.uniform(4.3, 5.1)
    aside = (rng.uniform(1.5, 1.9) * side, rng.uniform(5.8, 6.8), rng.uniform(1.8, 2.2))
    in_mirror = (high, (high[0], float(low), high[2]), aside)[int(rng.integers(3))]
    held = (rng.uniform(0.6, 1.3) * side, rng.uniform(-1.5, -0.8), rng.uniform(0.1, 0.4))
    reaches = rng.random() < REACH
    pressed = rng.uniform(1.12, 1.33) if rng.random() < 0.8 else rng.uniform(0.8, 0.9)
    squish = pressed if rng.random() < SQUISHED else 1.0
    return Shot(
        group=group,
        shot=kind,
        head=head,
        x=0.5 if group > 1 and "x" not in given else x,
        y=y,
        tilt=float(given.get("tilt", tilt * (0.35 if mirror else 1))),
        yaw=float(given.get("yaw", yaw)),
        pitch=float(given.get("pitch", pitch * (0 if mirror else 1))),
        distance=float(distance),
        background=background,
        light=light,
        light_yaw=light_yaw,
        light_pitch=light_pitch,
        key=float(rng.uniform(0.85, 1.25)),
        sky=float(rng.uniform(0.8, 1.2)),
        rim=float(rng.random()),
        exposure=exposure,
        noise=float(given.get("noise", noise)),
        filter=given.get("filter", pick(rng, FILTERS)),
        saturation=float(given.get("saturation", saturation)),
        border=given.get("border", pick(rng, BORDERS)),
        vignette=float(rng.uniform(0.1, 0.5)),
        squish=float(given.get("squish", squish)),
        arm=side if mirror or reaches else 0,
        hand=tuple(float(v) for v in (in_mirror if mirror else held)),
        balance=(float(rng.uniform(0.95, 1.05)), float(rng.uniform(0.95, 1.05))),
    )
