"""The set behind a person: shapes for the tracer, metres. The head is at (0, height, 0) and looks along +z."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from deepselfie.demo import surfaces
from deepselfie.demo.people import linear
from deepselfie.demo.tracer import BALL, BOX, FOLIAGE, WIDTH

NOTHING = (0, 0, 0)


def paint(*sRGB: int) -> np.ndarray:
    return linear(sRGB)


@dataclass
class Place:
    """What painters add to. Colours are linear light; sizes are whole widths, heights and depths."""

    rng: np.random.Generator
    height: float = 1.55  # of the head above the floor
    rows: list[list[float]] = field(default_factory=list)
    lamps: list[list[float]] = field(default_factory=list)  # place, colour, size
    near: float = 0.0  # metres to the key's lamp; 0: it is the sun or the sky
    share: float = 1.0  # of the key that reaches the place
    ambient: float = 1.0
    zenith: np.ndarray = field(default_factory=lambda: paint(110, 160, 215))
    horizon: np.ndarray = field(default_factory=lambda: paint(215, 226, 236))
    sun: tuple[float, float, float] = (0, -1, 0)
    sun_colour: np.ndarray = field(default_factory=lambda: np.zeros(3))
    clouds: float = 0.0
    peaks: float = 0.0  # height of mountains at the horizon, tangent
    haze: float = 0.0  # share lost a metre
    crowded: float = 0.35  # metres from which things darken each other
    focus: float = 1.0  # blur against the usual

    def u(self, low: float = 0.0, high: float = 1.0) -> float:
        return float(self.rng.uniform(low, high))

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def one(self, *colours: tuple) -> np.ndarray:
        return linear(colours[int(self.rng.integers(len(colours)))])

    def muted(self, low: int = 70, high: int = 190, grey: float = 0.55) -> np.ndarray:
        """A colour as things have it."""
        c = self.rng.integers(low, high, 3)
        return linear(c * (1 - grey) + c.mean() * grey)

    def add(self, kind, x, y, z, w, h, d, material, a, b, scale, glow, turn, casts):
        row = [kind, x, y, z, w / 2, h / 2, d / 2, math.cos(turn), math.sin(turn), material, *a, *b]
        self.rows.append([*row, scale, glow, int(self.rng.integers(10000)), float(casts)])

    def box(
        self, x, y, z, w, h, d, a, b=NOTHING, material=surfaces.PLAIN, scale=1.0, glow=0.0, turn=0.0, casts=True
    ) -> None:
        self.add(BOX, x, y, z, w, h, d, material, a, b, scale, glow, turn, casts)

    def ball(
        self, x, y, z, w, h, d, a, b=NOTHING, material=surfaces.PLAIN, scale=1.0, glow=0.0, turn=0.0, casts=True
    ) -> None:
        self.add(BALL, x, y, z, w, h, d, material, a, b, scale, glow, turn, casts)

    def leaves(self, x, y, z, w, h, d, a, b, scale=1.0, turn=0.0, casts=True) -> None:
        self.add(FOLIAGE, x, y, z, w, h, d, surfaces.LEAVES, a, b, scale, 0.0, turn, casts)

    def lamp(self, x, y, z, colour, size=0.3) -> None:
        self.lamps.append([x, y, z, *colour, size])

    def turn(self, angle: float) -> None:
        """The whole set about the head."""
        c, s = math.cos(angle), math.sin(angle)
        for row in self.rows:
            x, z, rc, rs = row[1], row[3], row[7], row[8]
            row[1], row[3] = x * c + z * s, -x * s + z * c
            row[7], row[8] = rc * c - rs * s, rs * c + rc * s
        for lamp in self.lamps:
            lamp[0], lamp[2] = lamp[0] * c + lamp[2] * s, -lamp[0] * s + lamp[2] * c
        x, y, z = self.sun
        self.sun = (x * c + z * s, y, -x * s + z * c)

    def shapes(self) -> np.ndarray:
        return np.array(self.rows, np.float64).reshape(-1, WIDTH)
