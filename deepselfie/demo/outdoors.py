"""Places under the sky: park, beach, street, mountains, sunset, a city at night."""

from __future__ import annotations

import math

import numpy as np

from deepselfie.demo import surfaces as s
from deepselfie.demo.indoors import person
from deepselfie.demo.places import Place, paint

GREENS = [(70, 100, 48), (88, 116, 58), (58, 88, 58), (112, 124, 62), (96, 108, 50)]
AUTUMN = [(170, 120, 50), (150, 84, 44), (120, 110, 56)]
STONES = [
    (196, 180, 158), (170, 150, 132), (206, 200, 192), (160, 110, 90), (140, 136, 134), (216, 196, 170), (150, 96, 80),
    (186, 190, 192),
]  # fmt: skip


def day(p: Place) -> None:
    """A sky: clear, fair or grey."""
    kind, p.crowded = p.u(), 1.1
    p.zenith = p.one((84, 138, 206), (104, 156, 214), (120, 164, 212)) * 1.05
    p.horizon = p.one((206, 222, 236), (220, 228, 234), (196, 216, 236)) * 1.15
    p.clouds = p.u(0.2, 0.9) if kind < 0.6 else 0.0
    if kind > 0.82:
        p.zenith, p.horizon, p.clouds = paint(196, 204, 212) * 1.1, paint(226, 229, 232) * 1.15, p.u(0, 0.6)


def tree(p: Place, x: float, z: float, tall: float, green: np.ndarray, clumps: int = 7) -> None:
    bark = p.one((86, 68, 54), (110, 94, 78), (66, 54, 46))
    p.box(x, tall * 0.25, z, 0.05 * tall, tall * 0.5, 0.05 * tall, bark)
    for k in range(clumps):
        a, r = k * 2.4, p.u(0.06, 0.24) * tall
        w = p.u(0.28, 0.46) * tall
        y = tall * p.u(0.48, 0.95)
        shade = p.u(0.6, 1.1)
        p.leaves(x + r * math.cos(a), y, z + r * math.sin(a), w, w * 0.8, w, green * 0.7 * shade,
                 green * 1.8 * shade, 0.16 * tall, p.u(0, 3), casts=k < 3)  # fmt: skip


def car(p: Place, x: float, z: float, turn: float) -> None:
    colour = p.one((190, 192, 196), (40, 42, 46), (150, 40, 38), (60, 80, 120), (230, 230, 228), (110, 112, 116))
    c, sn = math.cos(turn), math.sin(turn)
    p.box(x, 0.62, z, 1.75, 0.62, 4.1, colour, turn=turn)
    p.box(x, 1.12, z, 1.5, 0.5, 2.1, paint(46, 54, 62), turn=turn)
    p.box(x, 1.38, z, 1.4, 0.06, 1.7, colour, turn=turn)
    for i in (-1, 1):
        for k in (-1, 1):
            wx, wz = i * 0.8, k * 1.3
            p.ball(x + wx * c + wz * sn, 0.32, z - wx * sn + wz * c, 0.25, 0.64, 0.64, paint(18, 18, 20), turn=turn)
    for i in (-1, 1):  # lamps
        wx, wz = i * 0.65, 2.05
        p.ball(x + wx * c + wz * sn, 0.7, z - wx * sn + wz * c, 0.3, 0.16, 0.1, paint(235, 235, 225), turn=turn)


def outdoor(p: Place) -> None:
    """A park: meadow, path, trees near and far."""
    day(p)
    p.haze, p.focus = p.u(0.004, 0.012), 1.25
    autumn = p.chance(0.18)
    green = p.one(*GREENS)
    p.box(0, -0.1, 0, 260, 0.2, 260, green * 0.9, p.one(*GREENS) * 1.25, s.GROUND, casts=False)
    if p.chance(0.55):
        path = p.one((190, 176, 152), (150, 146, 142), (206, 196, 178))
        p.box(
            p.u(-3, 3), -0.09, -20, p.u(1.4, 2.6), 0.2, 60, path, path * 0.8, s.GROUND, turn=p.u(-0.5, 0.5), casts=False
        )
    for i in range(int(p.rng.integers(2, 5))):
        x, z = p.u(0.6, 7) * (1 if i % 2 else -1), -p.u(3.5, 14)
        tree(p, x, z, p.u(4, 7.5), p.one(*AUTUMN) if autumn and p.chance(0.7) else p.one(*GREENS))
    far = p.u(16, 45)
    for i in range(13):
        x = (i - 6) * far * 0.17 + p.u(-1.5, 1.5)
        tall = p.u(5, 10)
        g = p.one(*AUTUMN) if autumn and p.chance(0.6) else p.one(*GREENS)
        p.leaves(x, tall * 0.42, -far + p.u(-4, 4), tall * 1.1, tall, tall, g * 0.55, g * 1.3, 1.8, casts=False)
    if p.chance(0.55):  # bushes close by
        for _ in range(int(p.rng.integers(2, 6))):
            w, g = p.u(0.7, 1.6), p.one(*GREENS)
            x, z = p.u(-2.5, 2.5), -p.u(1.3, 3.5)
            p.leaves(x, w * p.u(0.3, 0.9), z, w, w * 1.1, w, g * 0.6, g * 1.7, 0.55, p.u(0, 3))
            if p.chance(0.4):
                flower = p.one((220, 120, 150), (236, 226, 210), (226, 190, 80))
                p.leaves(x, w * 0.7, z + 0.1, w * 0.9, w, w * 0.9, flower * 0.7, flower, 0.2, casts=False)
    if p.chance(0.3):
        wood = p.one((120, 88, 60), (84, 66, 50))
        x, z = p.u(-2, 2), -p.u(2.2, 4)
        p.box(x, 0.45, z, 1.5, 0.06, 0.45, wood)
        p.box(x, 0.75, z - 0.2, 1.5, 0.3, 0.05, wood)
    for _ in range(int(p.rng.integers(0, 4))):
        person(p, p.u(-5, 5), -p.u(6, 16))
    if p.chance(0.25):
        wall = p.one(*STONES)
        p.box(p.u(-14, 14), 7, -far - 10, 16, 14, 8, wall, wall * 0.2, s.FACADE, 2.2, turn=p.u(-0.4, 0.4), casts=False)
    p.turn(p.u(-0.5, 0.5))


def palm(p: Place, x: float, z: float, tall: float) -> None:
    bark, green, lean = paint(120, 98, 76), paint(78, 104, 56), p.u(-0.15, 0.15)
    for k in range(5):
        p.box(x + lean * tall * (k / 5) ** 2, tall * (k + 0.5) / 5, z, 0.2, tall / 5 + 0.1, 0.2, bark * p.u(0.8, 1.1))
    top = x + lean * tall * 0.85
    for k in range(9):
        a = k * 0.7 + p.u(-0.15, 0.15)
        r = 0.17 * tall
        y = tall - 0.1 * tall * p.u(0.0, 0.9)
        p.leaves(top + r * math.cos(a), y, z + r * math.sin(a), 0.40 * tall, 0.09 * tall, 0.10 * tall, green * 0.6,
                 green * 1.6, 0.5, -a)  # fmt: skip


def beach(p: Place) -> None:
    day(p)
    p.haze = p.u(0.001, 0.003)
    if p.chance(0.25):
        p.horizon, p.zenith = p.one((255, 214, 170), (250, 206, 190)) * 1.1, paint(140, 166, 206)
    shore = p.u(2.5, 12)
    sand = p.one((222, 202, 168), (206, 184, 150), (232, 218, 194))
    sea = p.one((44, 110, 140), (60, 140, 158), (36, 88, 124), (84, 150, 156), (90, 120, 130))
    glitter = p.u(0.4, 1.0) if p.chance(0.3) else 0.0
    p.box(0, -0.1, 0, 300, 0.2, 2 * shore, sand, sand * 0.82, s.GROUND, casts=False)
    p.box(
        0,
        -0.12,
        -1000 - shore,
        4000,
        0.2,
        2000,
        sea,
        p.one((90, 170, 176), (70, 140, 160)),
        s.WATER,
        1,
        glitter,
        casts=False,
    )
    if p.chance(0.45):
        for _ in range(int(p.rng.integers(1, 4))):
            palm(p, p.u(1.5, 7) * (1 if p.chance(0.5) else -1), -p.u(3.5, 10), p.u(3.5, 6.5))
    if p.chance(0.4):  # a headland
        green = paint(90, 108, 96)
        side = 1 if p.chance(0.5) else -1
        for k in range(4):
            w = p.u(60, 140)
            p.ball(
                side * (90 + 50 * k), 0, -p.u(220, 330), w, p.u(16, 46), w, green, green * 0.7, s.GROUND, casts=False
            )
    if p.chance(0.45):
        for _ in range(int(p.rng.integers(1, 3))):  # sunshades
            x, z, colour = (
                p.u(-4, 4),
                -p.u(2.5, 8),
                p.one((206, 70, 60), (236, 232, 222), (60, 110, 160), (226, 180, 80)),
            )
            p.box(x, 1.0, z, 0.05, 2.0, 0.05, paint(220, 214, 200))
            p.ball(x, 1.95, z, 1.9, 0.5, 1.9, colour, paint(240, 238, 232), s.STRIPES, 0.4)
            p.box(x + 0.7, 0.2, z, 0.6, 0.08, 1.5, p.muted(90, 230, 0.3))
    for _ in range(int(p.rng.integers(0, 5))):
        person(p, p.u(-6, 6), -p.u(3.5, shore + 1))
    if p.chance(0.3):
        x = p.u(-60, 60)
        p.box(x, 1.2, -120, 5, 0.8, 2, paint(240, 240, 240), casts=False)
        p.box(x, 5, -120, 2.2, 6, 0.1, paint(245, 245, 245), casts=False)
    p.turn(p.u(-0.35, 0.35))


def houses(p: Place, x: float, night: float = 0.0) -> None:
    """Both sides of a street that runs away from the camera."""
    for side in (-1, 1):
        z = 2.0
        while z > -60:
            w, tall = p.u(5, 10), p.u(6, 16)
            wall = p.one(*STONES) * p.u(0.7, 1.0)
            deep = p.u(-0.3, 0.3)
            at = side * (x + 4 + deep)
            glass = paint(70, 84, 96) * p.u(0.5, 1.5)
            p.box(at, tall / 2, z - w / 2, 8, tall, w - 0.05, wall, glass, s.FACADE, p.u(1.5, 2.4), night)
            shop = p.muted(40, 170, 0.75)
            p.box(
                side * (x + deep - 0.03),
                1.5,
                z - w / 2,
                0.1,
                2.6,
                w * 0.8,
                shop,
                glass * 0.8,
                s.FACADE,
                p.u(1.2, 2.0),
                night * 1.5,
                casts=False,
            )
            if p.chance(0.7):
                glow = night * p.u(0.6, 2.0)
                p.box(
                    side * (x + deep - 0.4),
                    3.0,
                    z - w / 2,
                    0.9,
                    0.35,
                    w * 0.7,
                    shop + 0.02,
                    material=s.GLOW if night else s.PLAIN,
                    glow=glow,
                    casts=False,
                )
            z -= w


def street(p: Place) -> None:
    day(p)
    p.haze = p.u(0.006, 0.016)
    half = p.u(3.5, 8)
    p.box(
        0, -0.1, 0, 200, 0.2, 260, p.one((98, 98, 100), (120, 116, 112)), paint(210, 208, 200), s.ROAD, 1.0, casts=False
    )
    stone = p.one((168, 164, 158), (150, 146, 142))
    off = p.u(-0.6, 0.6) * half
    for side in (-1, 1):
        p.box(side * half - off, 0.0, -20, 3.4, 0.25, 90, stone, stone * 0.7, s.TILE, 0.6, casts=False)
    first = len(p.rows)
    houses(p, half)
    for row in p.rows[first:]:
        row[1] -= off
    for _ in range(int(p.rng.integers(1, 5))):
        side = 1 if p.chance(0.5) else -1
        car(p, side * (half - 2.9) - off, -p.u(4, 22), 0.0 if p.chance(0.7) else math.pi)
    for i in range(int(p.rng.integers(0, 4))):
        side = 1 if i % 2 else -1
        tree(p, side * (half - 1.2) - off, -p.u(4, 20), p.u(4, 6.5), p.one(*GREENS), 5)
    for _ in range(int(p.rng.integers(0, 6))):
        person(p, p.u(-half, half), -p.u(3, 16))
    if p.chance(0.5):
        x, z = (half - 1.6) * (1 if p.chance(0.5) else -1) - off, -p.u(3, 9)
        p.box(x, 2.2, z, 0.1, 4.4, 0.1, paint(60, 64, 64))
        p.box(x, 4.4, z, 0.5, 0.15, 0.3, paint(70, 72, 72))
    p.turn(p.u(-0.75, 0.75))


def mountain(p: Place) -> None:
    day(p)
    p.haze = 0.004
    green = p.one((96, 112, 60), (120, 124, 76), (84, 100, 60))
    p.box(0, -0.1, 0, 40, 0.2, 24, green, paint(140, 132, 116), s.GROUND, casts=False)
    p.peaks = p.u(0.2, 0.5)
    for _ in range(5):  # the slope that one stands on goes down
        x, z, w = p.u(-30, 30), -p.u(14, 24), p.u(10, 26)
        p.ball(x, -w * 0.18, z, w, w * 0.4, w, green * p.u(0.7, 1.0), paint(120, 116, 100), s.GROUND, casts=False)
    for _ in range(int(p.rng.integers(3, 10))):
        x, z, tall = p.u(2, 12) * (1 if p.chance(0.5) else -1), -p.u(6, 25), p.u(4, 9)
        g = paint(50, 74, 50) * p.u(0.7, 1.2)
        for k in range(3):
            w = tall * (0.42 - 0.12 * k)
            p.leaves(x, tall * (0.3 + 0.27 * k), z, w, tall * 0.5, w, g * 0.6, g * 1.4, 0.6, casts=k == 0)
    if p.chance(0.4):
        for _ in range(4):
            w = p.u(0.5, 1.6)
            p.ball(p.u(-3, 3), 0, -p.u(1.5, 5), w, w, w, paint(140, 136, 130), paint(110, 106, 100), s.GROUND)
    p.turn(p.u(-0.4, 0.4))


def sunset(p: Place) -> None:
    """The sun is low behind: over the sea, hills or roofs."""
    p.crowded = 1.1
    p.zenith = p.one((70, 92, 150), (90, 100, 150), (110, 120, 160)) * 0.9
    p.horizon = p.one((255, 186, 120), (255, 160, 110), (250, 190, 150), (244, 150, 130)) * 1.05
    p.sun = tuple(v / 1.02 for v in (p.u(-0.45, 0.45), p.u(0.04, 0.16), -1.0))
    p.sun_colour, p.clouds = np.array([1.5, 0.85, 0.4]), p.u(0.1, 0.8)
    kind = p.u()
    p.haze = 0.004
    if kind < 0.4:
        p.box(0, -0.1, 0, 200, 0.2, 8, paint(170, 140, 112), paint(140, 112, 90), s.GROUND, casts=False)
        p.box(
            0, -0.12, -1004, 4000, 0.2, 2000, paint(120, 104, 112), paint(168, 128, 112), s.WATER, 1, 0.35, casts=False
        )
    elif kind < 0.7:
        p.box(0, -0.1, 0, 500, 0.2, 500, paint(92, 96, 56), paint(140, 124, 70), s.GROUND, casts=False)
        for _k in range(10):
            g = paint(58, 64, 44)
            x, z, w = p.u(-40, 40), -p.u(12, 60), p.u(4, 9)
            p.leaves(x, w * 0.4, z, w, w * 1.1, w, g * 0.6, g * 1.3, 1.5, casts=False)
        p.peaks = p.u(0.05, 0.14)
    else:  # roofs
        p.box(0, -12, 0, 600, 0.2, 600, paint(60, 58, 62), paint(80, 70, 66), s.GROUND, casts=False)
        for _k in range(24):
            z = -p.u(25, 120)
            tall = p.u(4, 16)
            wall = p.one(*STONES) * 0.6
            p.box(
                p.u(-0.7, 0.7) * -z,
                -12 + tall / 2,
                z,
                p.u(5, 12),
                tall,
                8,
                wall,
                wall * 0.3,
                s.FACADE,
                2.0,
                p.u(0, 0.6),
                casts=False,
            )
        p.box(0, 0.5, -1.3, 9, 1.0, 0.08, paint(90, 86, 84), casts=False)
    p.turn(p.u(-0.2, 0.2))


def night(p: Place) -> None:
    """A street or a view over a city with its lamps."""
    p.ambient, p.share, p.near, p.focus, p.crowded = 0.16, 0.9, 0.75, 1.7, 1.1
    p.zenith, p.horizon = paint(16, 20, 38), paint(58, 50, 62)
    colours = [(255, 190, 110), (255, 160, 80), (255, 232, 200), (150, 180, 255), (255, 90, 80), (120, 220, 200)]
    if p.chance(0.62):
        half = p.u(4, 8)
        p.box(0, -0.1, 0, 200, 0.2, 260, paint(60, 60, 66), paint(140, 138, 130), s.ROAD, 1.0, casts=False)
        houses(p, half, p.u(0.5, 1.2))
        for i in range(7):  # street lamps
            z, side = -3.0 - 6 * i, 1 if i % 2 else -1
            p.ball(
                side * (half - 1.5), 4.2, z, 0.4, 0.3, 0.4, paint(255, 196, 120), material=s.GLOW, glow=16, casts=False
            )
            p.lamp(side * (half - 1.5), 4.0, z, np.array([1.0, 0.66, 0.34]) * 2.2, 0.5)
        for _ in range(10):  # lamps of cars
            z, back = -p.u(5, 40), p.chance(0.5)
            colour, x = (
                (paint(255, 40, 30), p.u(0.5, half - 2)) if back else (paint(255, 244, 220), -p.u(0.5, half - 2))
            )
            for k in (0, 1.3):
                p.ball(x + k, 0.7, z, 0.22, 0.18, 0.2, colour, material=s.GLOW, glow=14, casts=False)
        for _ in range(int(p.rng.integers(1, 5))):  # signs
            side = 1 if p.chance(0.5) else -1
            sign = p.one(*colours, (255, 70, 150), (80, 120, 255))
            x, y, z = side * (half - 0.6), p.u(2.2, 4.5), -p.u(3, 16)
            p.box(x, y, z, 0.9, p.u(0.3, 1.2), 0.12, sign, material=s.GLOW, glow=p.u(1.5, 4), casts=False)
        for _ in range(int(p.rng.integers(0, 5))):
            person(p, p.u(-half, half) * 0.8, -p.u(2.5, 10))
    else:
        p.box(0, -25, 0, 2000, 0.2, 2000, paint(22, 22, 28), casts=False)
        for _ in range(12):
            z, tall = -p.u(60, 200), p.u(10, 50)
            p.box(
                p.u(-0.6, 0.6) * -z,
                -25 + tall / 2,
                z,
                p.u(8, 18),
                tall,
                10,
                paint(40, 42, 50),
                paint(24, 26, 32),
                s.FACADE,
                p.u(2, 4),
                1.6,
                casts=False,
            )
        for _ in range(90):
            z = -p.u(40, 260)
            r = -z * p.u(0.010, 0.017)
            p.ball(
                p.u(-0.75, 0.75) * -z,
                -24 + p.u(0, 9),
                z,
                r,
                r,
                r,
                p.one(*colours),
                material=s.GLOW,
                glow=p.u(1.5, 6),
                casts=False,
            )
        p.box(0, 1.02, -1.2, 9, 0.06, 0.06, paint(90, 90, 94), casts=False)
    p.turn(p.u(-0.5, 0.5))
