"""Places with walls: bedroom, bathroom, cafe, gym, club, car, a plain wall."""

from __future__ import annotations

import numpy as np

from deepselfie.demo import surfaces as s
from deepselfie.demo.places import Place, paint

WALLS = [
    (228, 222, 212), (214, 216, 214), (205, 196, 184), (236, 232, 226), (178, 188, 190), (222, 206, 196),
    (196, 200, 188), (168, 176, 186), (230, 220, 200), (140, 150, 146), (206, 186, 172), (186, 182, 196),
]  # fmt: skip
WOODS = [(150, 112, 78), (112, 78, 54), (190, 158, 120), (84, 60, 46), (206, 184, 154)]
FABRICS = [
    (232, 230, 226), (120, 132, 150), (170, 150, 140), (86, 92, 104), (196, 176, 168), (110, 124, 110), (160, 120, 116),
    (208, 200, 184), (72, 80, 110),
]  # fmt: skip


def shell(p: Place, back: float, left: float, right: float, wall, floor, floor_material, floor_b=(0, 0, 0), scale=0.12):
    """Walls, floor and ceiling; they throw no shadows, or no window could shine in."""
    top = p.u(2.4, 2.8)
    accent = wall * p.u(0.8, 1.0) if p.chance(0.7) else p.one(*WALLS) * 0.7
    p.box(0, top / 2, -back - 0.1, left + right + 9, top, 0.2, accent, casts=False)
    p.box(-left - 0.1, top / 2, 0, 0.2, top, 12, wall, casts=False)
    p.box(right + 0.1, top / 2, 0, 0.2, top, 12, wall, casts=False)
    p.box(0, -0.1, 0, 14, 0.2, 14, floor, floor_b, floor_material, scale, casts=False)
    p.box(0, top + 0.1, 0, 14, 0.2, 14, paint(238, 236, 232), casts=False)
    p.box(0, 0.05, -back + 0.012, left + right, 0.1, 0.02, paint(232, 230, 226), casts=False)
    return top


def window(p: Place, x: float, back: float, w: float, h: float, y: float, day: float) -> None:
    """In the back wall, with frame, light on its surroundings and perhaps curtains."""
    low = p.one((92, 116, 70), (150, 140, 130), (120, 130, 120))
    p.box(x, y, -back + 0.01, w + 0.12, h + 0.12, 0.04, paint(238, 236, 232), casts=False)
    p.box(x, y, -back + 0.03, w, h, 0.04, paint(226, 236, 246), low, s.PANE, 0.022 * p.chance(0.7), day, casts=False)
    p.box(x, y - h / 2 - 0.05, -back + 0.08, w + 0.2, 0.04, 0.16, paint(236, 234, 230))
    p.lamp(x, y, -back + 0.5, np.array([0.85, 0.95, 1.1]) * day * 0.45 * w * h, 0.5)
    if p.chance(0.65):
        cloth = p.one(*FABRICS)
        for side in (-1, 1):
            width = p.u(0.2, 0.45)
            at = x + side * (w / 2 + width * 0.25)
            p.box(at, y - 0.1, -back + 0.09, width, h + 0.7, 0.05, cloth, (0, 0, 0), s.CURTAIN, 0.11, 0.2 * day)
        p.box(x, y + h / 2 + 0.22, -back + 0.1, w + 0.9, 0.03, 0.03, paint(90, 80, 72))


def picture(p: Place, x: float, y: float, back: float, w: float, h: float) -> None:
    a, b = p.muted(50, 220, 0.4), p.muted(60, 235, 0.4)
    p.box(x, y, -back + 0.02, w, h, 0.035, a, b, s.PICTURE)


def pictures(p: Place, back: float, left: float, right: float) -> None:
    n = int(p.rng.integers(1, 5))
    x = p.u(-left, right - 0.5)
    for _ in range(n):
        w = p.u(0.22, 0.6)
        picture(p, x + w / 2, p.u(1.35, 1.85), back, w, w * p.u(0.75, 1.4))
        x += w + p.u(0.08, 0.3)


def plant(p: Place, x: float, z: float, tall: float) -> None:
    pot = p.one((176, 112, 82), (226, 222, 214), (70, 70, 72))
    green = p.one((64, 100, 52), (48, 86, 56), (92, 120, 66))
    p.ball(x, 0.2 * tall, z, 0.34 * tall, 0.42 * tall, 0.34 * tall, pot)
    for _ in range(7):
        a, r = p.u(0, 6.28), p.u(0.05, 0.28) * tall
        y = p.u(0.5, 1.1) * tall
        w = p.u(0.22, 0.42) * tall
        p.leaves(
            x + r * np.cos(a), y, z + r * np.sin(a), w, w * 1.3, w, green * 0.8, green * 1.7, 0.5 * tall, p.u(0, 3)
        )


def floor_lamp(p: Place, x: float, z: float, on: float, y: float = 1.5) -> None:
    shade = paint(240, 222, 190)
    p.box(x, y / 2, z, 0.03, y, 0.03, paint(60, 56, 52))
    p.ball(x, y + 0.1, z, 0.34, 0.3, 0.34, shade, material=s.GLOW if on else s.PLAIN, glow=2.6 * on)
    if on:
        p.lamp(x, y + 0.1, z, np.array([1.0, 0.66, 0.34]) * 0.5 * on, 0.3)


def bed(p: Place, x: float, back: float, turn: float = 0.0) -> None:
    frame, sheet, cover = p.one(*WOODS), p.one((236, 234, 230), (214, 218, 224)), p.one(*FABRICS)
    w, long = p.u(1.2, 1.8), 2.0
    z = -back + 0.1
    head = p.one(*WOODS, *FABRICS)
    p.box(x, 0.55, z, w + 0.1, p.u(0.9, 1.2), 0.1, head)
    p.box(x, 0.2, z + long / 2, w, 0.3, long, frame)
    p.box(x, 0.45, z + long / 2, w, 0.25, long, sheet)
    p.ball(
        x,
        0.5,
        z + long * 0.62,
        w * 1.12,
        0.36,
        long * 0.85,
        cover,
        cover * 0.75,
        s.STRIPES if p.chance(0.35) else s.PLAIN,
        p.u(0.1, 0.3),
    )
    for side in (-1, 1):
        p.ball(x + side * w * 0.25, 0.68, z + 0.3, w * 0.46, 0.26, 0.42, sheet * p.u(0.8, 1))
        if p.chance(0.5):
            p.ball(x + side * w * 0.2, 0.68, z + 0.5, 0.42, 0.36, 0.2, p.one(*FABRICS))


def bookcase(p: Place, x: float, back: float) -> None:
    wood, w, tall = p.one(*WOODS, (230, 228, 224)), p.u(0.7, 1.3), p.u(1.6, 2.2)
    p.box(x, tall / 2, -back + 0.15, w + 0.06, tall, 0.24, wood * 0.6)
    rows = int(tall / 0.36)
    for i in range(rows):
        y = 0.08 + (i + 0.5) * tall / rows
        h = tall / rows - 0.05
        p.box(x, y, -back + 0.25, w, h, 0.08, wood, (0, 0, 0), s.BOOKS, p.u(0.03, 0.05), casts=False)
        p.box(x, y - h / 2 - 0.02, -back + 0.2, w + 0.06, 0.03, 0.26, wood)


def sofa(p: Place, x: float, back: float) -> None:
    cloth, w = p.one(*FABRICS), p.u(1.6, 2.4)
    z = -back + 0.5
    p.box(x, 0.25, z, w, 0.4, 0.85, cloth)
    p.box(x, 0.6, z - 0.32, w, 0.6, 0.25, cloth * 0.95)
    for side in (-1, 1):
        p.box(x + side * w / 2, 0.4, z, 0.2, 0.55, 0.85, cloth * 0.9)
        p.ball(x + side * w * 0.3, 0.66, z - 0.1, 0.45, 0.42, 0.2, p.one(*FABRICS))


def door(p: Place, x: float, back: float) -> None:
    colour = p.one((238, 236, 232), (190, 160, 124), (226, 222, 214))
    p.box(x, 1.02, -back + 0.01, 0.98, 2.1, 0.05, colour * 0.85)
    p.box(x, 1.0, -back + 0.03, 0.84, 2.0, 0.05, colour)
    for y in (0.55, 1.5):
        p.box(x, y, -back + 0.05, 0.55, 0.75, 0.03, colour * 0.88)
    p.ball(x + 0.34, 1.0, -back + 0.1, 0.06, 0.06, 0.06, paint(180, 170, 150))


def room(p: Place) -> None:
    p.near, p.share = p.u(1.6, 2.6), p.u(0.75, 1.0)
    seated = p.chance(0.45)
    p.height = p.u(1.15, 1.3) if seated else p.u(1.5, 1.65)
    back, left, right = p.u(1.1, 3.4), p.u(1.0, 2.6), p.u(1.0, 2.6)
    wall = p.one(*WALLS) * p.u(0.75, 1)
    if p.chance(0.12):
        wall = p.one((96, 120, 122), (122, 96, 92), (92, 104, 86), (70, 82, 104), (150, 116, 84))
    floor = p.one(*WOODS)
    top = shell(p, back, left, right, wall, floor, s.WOOD, floor * 0.5, 0.14)
    slots = [p.u(-left + 0.3, -0.4), p.u(0.4, right - 0.3)]
    p.rng.shuffle(slots)
    day = p.u(0.9, 1.6)
    if p.chance(0.5):
        window(p, slots[0], back, p.u(0.7, 1.5), p.u(1.0, 1.4), 1.55, day)
    else:
        pictures(p, back, left, right)
    kind = p.u()
    if kind < 0.42:
        bed(p, p.u(-0.8, 0.8), back)
        floor_lamp(p, slots[1], -back + 0.3, float(p.chance(0.4)), p.u(0.7, 1.0))
    elif kind < 0.62:
        sofa(p, p.u(-0.6, 0.6), back)
    if p.chance(0.45):
        bookcase(p, slots[1], back)
    elif p.chance(0.6):
        door(p, slots[1], back)
    else:
        pictures(p, back, -0.3, right)
    if p.chance(0.45):
        plant(p, p.u(-left, right), -back + 0.4, p.u(0.7, 1.5))
    if p.chance(0.25):
        floor_lamp(p, slots[0] + 0.5, -back + 0.4, float(p.chance(0.6)))
    if p.chance(0.3):  # a wardrobe against the side
        side = 1 if p.chance(0.5) else -1
        edge = right if side > 0 else left
        p.box(side * (edge - 0.28), 1.0, -back + 0.7, 0.55, 2.0, 1.2, p.one(*WOODS, (230, 228, 222)))
    if p.chance(0.15):  # a string of small lights
        for i in range(14):
            x = -left + (left + right) * i / 13
            p.ball(x, top - 0.35 + 0.1 * np.sin(i * 1.9), -back + 0.05, 0.05, 0.05, 0.05, paint(255, 214, 150),
                   material=s.GLOW, glow=5.0, casts=False)  # fmt: skip
    p.turn(p.u(-0.6, 0.6))


def plain(p: Place) -> None:
    """A wall close behind, with its corner, a switch, a shadow: the plainest of pictures."""
    p.near, p.share = p.u(1.4, 2.4), p.u(0.85, 1.05)
    back = p.u(0.45, 1.2)
    wall = p.one(*WALLS) * p.u(0.7, 1)
    kind = p.u()
    left, right = (p.u(0.5, 1.0), 4) if p.chance(0.4) else (4, 4)
    shell(p, back, left, right, wall, p.one(*WOODS), s.WOOD)
    if kind < 0.15:
        brick = p.one((150, 92, 74), (206, 202, 196), (120, 84, 70))
        p.box(0, 1.3, -back + 0.02, 9, 2.6, 0.04, brick, brick * 0.7 + 0.06, s.BRICK, 0.075, casts=False)
    elif kind < 0.25:
        wood = p.one(*WOODS)
        p.box(0, 1.3, -back + 0.02, 9, 2.6, 0.04, wood, wood, s.WOOD, 0.16, casts=False)
    elif kind < 0.45:
        door(p, p.u(-0.9, 0.9), back)
    elif kind < 0.65:
        pictures(p, back, 0.9, 0.9)
    elif kind < 0.75:
        cloth = p.one(*FABRICS)
        p.box(0, 1.3, -back + 0.05, 9, 2.6, 0.06, cloth, (0, 0, 0), s.CURTAIN, 0.18, 0.0, casts=False)
    if p.chance(0.3):
        p.box(p.u(-0.6, 0.6), 1.15, -back + 0.02, 0.08, 0.08, 0.03, paint(236, 234, 230))
    p.turn(p.u(-0.45, 0.45))


def bath(p: Place) -> None:
    p.near, p.share = p.u(1.2, 1.8), p.u(0.85, 1.05)
    back, left, right = p.u(0.8, 1.9), p.u(0.8, 1.5), p.u(0.8, 1.5)
    tile = p.one((232, 234, 234), (214, 222, 224), (226, 218, 206), (150, 184, 188), (110, 132, 140), (206, 196, 190))
    grout, size = tile * 0.62 + 0.05, p.u(0.09, 0.28)
    top = shell(p, back, left, right, p.one(*WALLS), paint(150, 148, 144), s.TILE, paint(110, 108, 104), 0.3)
    high = p.u(1.3, 2.4) if p.chance(0.6) else 2.7
    for x, z, w, d in ((0, -back + 0.01, 9, 0.03), (-left + 0.01, 0, 0.03, 9), (right - 0.01, 0, 0.03, 9)):
        p.box(x, high / 2, z, w, high, d, tile, grout, s.TILE, size, casts=False)
    kind = p.u()
    if kind < 0.4:  # a shower with a curtain or a glass
        side = 1 if p.chance(0.5) else -1
        cloth = p.one((236, 236, 234), (190, 208, 214), (206, 190, 186), (120, 140, 150))
        p.box(side * p.u(0.4, 0.8), 1.15, -back + 0.5, 0.9, 1.9, 0.05, cloth, (0, 0, 0), s.CURTAIN, 0.13)
        p.box(0, 2.1, -back + 0.5, 4, 0.03, 0.03, paint(200, 200, 200))
    elif kind < 0.75:  # mirror, basin and a shelf of bottles
        x = p.u(-0.6, 0.6)
        p.box(x, 1.55, -back + 0.03, p.u(0.5, 0.9), 0.8, 0.03, paint(190, 198, 200), tile * 0.4, s.MIRROR)
        p.box(x, 2.03, -back + 0.08, 0.5, 0.07, 0.08, paint(255, 240, 214), material=s.GLOW, glow=3.0)
        p.lamp(x, 2.0, -back + 0.3, np.array([1.0, 0.86, 0.66]) * 0.35, 0.3)
        p.box(x, 0.82, -back + 0.25, 0.7, 0.14, 0.48, paint(240, 240, 238))
    if p.chance(0.7):
        x = p.u(-right, right) * 0.8
        p.box(x, 1.35, -back + 0.09, 0.6, 0.02, 0.15, paint(220, 220, 218))
        p.box(x, 1.46, -back + 0.06, 0.56, 0.2, 0.08, paint(200, 190, 180), tile, s.SHELF, 0.075)
    if p.chance(0.6):
        towel = p.one(*FABRICS)
        p.box(p.u(-0.8, 0.8), p.u(1.1, 1.4), -back + 0.06, 0.42, 0.75, 0.06, towel, towel * 0.8, s.CURTAIN, 0.2)
    if p.chance(0.35):
        p.box(
            p.u(-0.8, 0.8),
            1.9,
            -back + 0.03,
            0.6,
            0.5,
            0.04,
            paint(228, 238, 246),
            paint(190, 205, 214),
            s.PANE,
            0.0,
            1.3,
        )
    p.box(0, top - 0.02, -back + 0.7, 0.4, 0.05, 0.4, paint(255, 250, 240), material=s.GLOW, glow=2.2)
    p.turn(p.u(-0.6, 0.6))


def person(p: Place, x: float, z: float, seated: bool = False) -> None:
    """Somebody far off: enough for a blurred crowd."""
    low = -0.42 if seated else 0.0
    cloth, skin = p.muted(30, 200, 0.4), p.one((222, 178, 150), (150, 104, 76), (96, 66, 50))
    hair = p.one((24, 20, 19), (60, 42, 30), (150, 112, 70))
    p.ball(x, 1.12 + low, z, 0.46, 0.72, 0.28, cloth)
    p.ball(x, 1.58 + low, z, 0.17, 0.24, 0.19, skin)
    p.ball(x, 1.63 + low, z - 0.02, 0.19, 0.22, 0.21, hair)
    if not seated:
        p.box(x, 0.45, z, 0.3, 0.9, 0.2, p.muted(30, 110, 0.6))


def cafe(p: Place) -> None:
    p.near, p.share, p.height = p.u(1.8, 2.8), p.u(0.6, 0.85), p.u(1.15, 1.3)
    back, left, right = p.u(2.5, 5.0), p.u(1.5, 3.0), p.u(1.5, 3.0)
    wall = p.one((150, 122, 96), (216, 206, 190), (112, 124, 120), (100, 94, 92), (190, 170, 146), (224, 216, 206))
    shell(p, back, left, right, wall, p.one(*WOODS), s.WOOD)
    if p.chance(0.4):
        p.box(0, 1.3, -back + 0.02, 9, 2.6, 0.03, paint(142, 92, 74), paint(120, 100, 90), s.BRICK, 0.08, casts=False)
    kind = p.u()
    if kind < 0.5:
        for i in range(2):
            window(p, -1.4 + 2.6 * i + p.u(-0.3, 0.3), back, 1.5, 1.5, 1.6, p.u(1.0, 1.8))
    else:  # the bar
        p.box(0, 0.55, -back + 1.0, 4.0, 1.1, 0.5, p.one(*WOODS) * 0.8, material=s.WOOD, scale=0.15)
        p.box(0, 1.12, -back + 1.0, 4.1, 0.05, 0.6, p.one(*WOODS))
        for y in (1.5, 1.9):
            p.box(0, y, -back + 0.18, 3.0, 0.03, 0.25, p.one(*WOODS))
            p.box(0, y + 0.16, -back + 0.15, 3.0, 0.28, 0.12, wall, wall * 0.6, s.SHELF, 0.1)
    for _ in range(int(p.rng.integers(2, 5))):  # hanging lamps
        x, z = p.u(-1.8, 1.8), -p.u(1.2, back - 0.5)
        p.box(x, 2.4, z, 0.012, 0.8, 0.012, paint(20, 20, 20), casts=False)
        p.ball(x, 1.98, z, 0.2, 0.2, 0.2, paint(255, 206, 140), material=s.GLOW, glow=4.5, casts=False)
        p.lamp(x, 1.95, z, np.array([1.0, 0.66, 0.36]) * 0.4, 0.3)
    for i in range(int(p.rng.integers(2, 4))):
        x, z = p.u(0.5, 2.2) * (1 if i % 2 else -1), -p.u(0.9, back - 0.8)
        p.box(x, 0.72, z, 0.75, 0.04, 0.75, p.one(*WOODS))
        p.box(x, 0.36, z, 0.06, 0.72, 0.06, paint(40, 38, 36))
        p.box(x + 0.5, 0.65, z - 0.1, 0.05, 0.9, 0.42, p.one(*WOODS) * 0.7)
        if p.chance(0.6):
            person(p, x + p.u(-0.2, 0.2), z - 0.55, True)
    if p.chance(0.4):
        plant(p, p.u(-1.6, 1.6), -back + 0.5, p.u(0.9, 1.6))
    p.turn(p.u(-0.5, 0.5))


def gym(p: Place) -> None:
    p.near, p.share = p.u(2.0, 3.0), p.u(0.7, 0.95)
    back, left, right = p.u(2.5, 5.0), p.u(2.0, 3.5), p.u(2.0, 3.5)
    wall = p.one((214, 216, 218), (120, 124, 130), (190, 194, 198), (206, 200, 190))
    top = shell(p, back, left, right, wall, paint(92, 94, 98), s.GROUND, paint(110, 112, 116))
    accent = p.one((196, 62, 50), (226, 180, 50), (52, 110, 170), (90, 160, 90))
    p.box(0, p.u(1.7, 2.2), -back + 0.02, 9, 0.25, 0.02, accent, casts=False)
    if p.chance(0.6):
        p.box(p.u(-1, 1), 1.3, -back + 0.03, 2.6, 1.9, 0.02, paint(170, 176, 180), wall * 0.35, s.MIRROR)
    for _ in range(int(p.rng.integers(2, 4))):  # machines: uprights, a seat, plates
        x, z = p.u(-2, 2), -p.u(1.4, back - 0.4)
        black = paint(30, 30, 32)
        for k in (-0.35, 0.35):
            p.box(x + k, 1.0, z, 0.08, 2.0, 0.08, black)
        p.box(x, 1.95, z, 0.78, 0.08, 0.08, black)
        p.box(x, 0.5, z + 0.25, 0.4, 0.1, 0.5, p.one((40, 40, 44), (150, 40, 40)))
        for k in range(2):
            p.ball(
                x + (k - 0.5) * 0.95,
                p.u(0.9, 1.4),
                z,
                0.08,
                0.42,
                0.42,
                p.one((20, 20, 22), (160, 50, 40), (40, 70, 130)),
            )
    p.box(0, 0.75, -back + 0.3, 2.4, 0.06, 0.35, paint(40, 40, 42))
    for i in range(7):
        p.ball(-1.1 + i * 0.36, 0.86, -back + 0.35, 0.28, 0.17, 0.17, paint(26, 26, 28))
    for i in range(3):
        p.box(-1.6 + 1.6 * i, top - 0.03, -1.8, 0.18, 0.06, 2.6, paint(245, 248, 255), material=s.GLOW, glow=2.4)
        p.lamp(-1.6 + 1.6 * i, top - 0.3, -1.8, np.array([0.95, 1.0, 1.05]) * 0.45, 0.8)
    p.turn(p.u(-0.5, 0.5))


def club(p: Place) -> None:
    """Dark, with coloured lamps, a crowd and a bar."""
    p.near, p.share, p.ambient = p.u(1.0, 1.6), 0.75, 0.35
    back, left, right = p.u(3.0, 6.0), 3.0, 3.0
    shell(p, back, left, right, paint(58, 52, 66), paint(40, 36, 40), s.GROUND, paint(50, 46, 50))
    colours = [(255, 60, 130), (70, 90, 255), (170, 70, 255), (255, 120, 50), (60, 220, 210), (255, 40, 60)]
    one, other = p.one(*colours), p.one(*colours)
    for i in range(int(p.rng.integers(5, 10))):
        x, y, z = p.u(-2.6, 2.6), p.u(1.7, 2.4), -p.u(1.6, back)
        colour = one if p.chance(0.5) else other
        r = p.u(0.06, 0.13)
        p.ball(x, y, z, r, r, r, colour, material=s.GLOW, glow=p.u(4, 14), casts=False)
        if i < 4:
            p.lamp(x, y, z, colour * p.u(0.4, 1.2), 0.4)
    if p.chance(0.6):
        for _k in range(int(p.rng.integers(1, 4))):  # neon tubes
            p.box(p.u(-1.8, 1.8), p.u(1.3, 2.2), -back + 0.1, p.u(0.05, 1.0), p.u(0.04, 0.5), 0.03, one + 0.1,
                  material=s.GLOW, glow=p.u(3, 7), casts=False)  # fmt: skip
    if p.chance(0.5):
        for y in (1.2, 1.55, 1.9):
            p.box(0, y, -back + 0.2, 2.4, 0.3, 0.2, paint(200, 150, 90), paint(60, 40, 30), s.SHELF, 0.1)
        p.lamp(0, 2.2, -back + 0.6, np.array([1.0, 0.6, 0.3]) * 0.5, 0.4)
    for _ in range(int(p.rng.integers(3, 8))):
        person(p, p.u(0.5, 2.4) * (1 if p.chance(0.5) else -1), -p.u(1.2, back - 0.4))
    p.turn(p.u(-0.5, 0.5))


def car(p: Place) -> None:
    """The driver's or a passenger's place: seat and headrest, roof, pillars, windows with the world behind."""
    p.height, p.share, p.ambient = 1.12, p.u(0.8, 1.1), 2.0
    side = 1 if p.chance(0.5) else -1
    p.crowded = 0.12
    dark = p.one((62, 62, 66), (90, 82, 76), (48, 48, 52), (140, 128, 114))
    seat = p.one((60, 60, 64), (120, 106, 92), (90, 90, 96), (160, 146, 130), (178, 172, 164))
    trim = p.one((198, 194, 186), (150, 148, 146), (70, 70, 72))
    p.zenith, p.horizon, p.clouds, p.haze = paint(120, 165, 215), paint(222, 232, 240), p.u(0, 0.9), 0.004
    for x in (0, -side * 0.75):
        p.box(x, 0.45, -0.32, 0.5, 0.95, 0.16, seat, seat * 0.75, s.STRIPES, p.u(0.1, 0.5))
        p.ball(x, 0.86, -0.32, 0.54, 0.36, 0.2, seat)
        p.box(x, 1.1, -0.30, 0.24, 0.13, 0.1, seat * 0.9)
        p.ball(x, 1.12, -0.30, 0.32, 0.22, 0.14, seat * 0.95)
    p.box(-side * 0.36, 1.62, -0.6, 2.4, 0.1, 2.6, trim, casts=False)  # roof
    p.lamp(0.2, 1.3, 0.3, np.array([0.9, 0.95, 1.0]) * 0.25, 0.5)
    p.box(side * 0.78, 0.37, -0.4, 0.12, 0.95, 3.0, dark, casts=False)  # doors
    p.box(-side * 1.5, 0.37, -0.4, 0.12, 0.95, 3.0, dark, casts=False)
    p.box(side * 0.76, 1.2, -0.38, 0.1, 0.75, 0.14, trim * 0.8, casts=False)  # pillars
    p.box(-side * 1.48, 1.2, -0.55, 0.1, 0.75, 0.14, trim * 0.8, casts=False)
    p.box(side * 0.74, 1.22, -1.6, 0.12, 0.7, 0.5, trim * 0.7, casts=False)
    p.box(-side * 1.42, 1.22, -1.6, 0.12, 0.7, 0.5, trim * 0.7, casts=False)
    p.box(-side * 0.36, 0.5, -1.5, 2.1, 0.95, 0.3, seat * 0.8, casts=False)  # back seat
    p.box(-side * 0.36, 1.42, -1.95, 2.1, 0.16, 0.1, trim * 0.7, casts=False)
    p.box(-side * 0.36, 0.86, -2.1, 2.1, 0.08, 0.5, dark, casts=False)
    for k in (-0.9, 0.2):
        p.ball(-side * 0.36 + k + 0.35, 1.02, -1.46, 0.28, 0.2, 0.14, seat * 0.7)
    p.box(0, -0.5, 0, 90, 0.2, 90, p.one((108, 108, 108), (96, 104, 84)), (0, 0, 0), s.ROAD, 0.0, casts=False)
    for _ in range(14):
        x, z = side * p.u(3, 14), -p.u(-1, 14)
        if p.chance(0.4):
            x, z = p.u(-8, 8), -p.u(7, 18)
        if p.chance(0.75):
            green = p.one((70, 98, 52), (92, 116, 66), (60, 84, 60))
            w = p.u(2, 4)
            p.leaves(x, p.u(1.0, 2.2), z, w, w * 1.2, w, green * 0.6, green * 1.5, 2.0, casts=False)
        else:
            wall = p.muted(120, 210, 0.6)
            p.box(x * 1.4, 2, z * 1.3, p.u(3, 6), 6, p.u(3, 6), wall, wall * 0.2, s.FACADE, p.u(1, 2), casts=False)
    p.turn(p.u(-0.22, 0.22))
