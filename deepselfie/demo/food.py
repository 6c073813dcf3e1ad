"""Plates and cups from above, on a table."""

from __future__ import annotations

import math

import numpy as np

from deepselfie.demo.brush import Board
from deepselfie.demo.people import linear


def food(b: Board) -> None:
    b.table()
    x, y, r = b.u(0.42, 0.58), b.u(0.42, 0.58), b.u(0.27, 0.40)
    dish = DISHES[int(b.rng.integers(len(DISHES)))]
    if b.u() < 0.55:
        fork_and_knife(b, x, y, r)
    if b.u() < 0.45:  # a drink beside it
        cup(b, x + b.u(0.30, 0.45) * b.rng.choice([-1, 1]), y - b.u(0.30, 0.42), b.u(0.12, 0.16))
    dish(b, x, y, r)
    b.image *= b.tint


def plate(b: Board, x: float, y: float, r: float) -> None:
    china = b.chosen((240, 238, 232), (240, 238, 232), (52, 54, 58), (196, 206, 204), (222, 202, 180))
    b.shadow(x, y, r, r, lift=0.05)
    at, mask = b.ellipse(x, y, r, r)
    u, v = b.local(at, x, y, 1, 1, 0)
    d = np.hypot(u, v) / r
    slope = np.where(d > 0.97, 1.2, np.where(d > 0.74, 0.22, np.where(d > 0.66, 0.85, 0.0)))
    toward = (u * b.lamp[0] + v * b.lamp[1]) / np.maximum(d * r, 1e-3)
    rim = b.image[at] * 0
    rim[:] = china
    b.lay(mask, rim * (0.9 - 0.28 * slope * toward * np.where(d > 0.97, -1, 1))[..., None], at)


def scattered(b: Board, x, y, r, n: int) -> list[tuple[float, float, float]]:
    """x, y and a turn for n things within r, the outer ones first."""
    a, d = b.u(0, 2 * math.pi, n), np.sqrt(b.u(0, 1, n)) * r
    order = np.argsort(-d)
    turn = b.u(0, math.pi, n)
    return [(x + d[i] * math.cos(a[i]), y + d[i] * math.sin(a[i]), float(turn[i])) for i in order]


def noodles(b: Board, x, y, r) -> None:
    plate(b, x, y, r)
    sauce = b.chosen((178, 62, 30), (226, 190, 130), (110, 130, 60))
    dough = linear((232, 196, 120)) * 0.6 + sauce * 0.4
    b.dome(x, y, r * 0.62, r * 0.58, dough * 0.5, flat=0.5)
    for _ in range(70):
        a, d, bend, start = b.u(0, 6.28), b.u(0, 0.42) * r, b.u(1.5, 3.5), b.u(0, 6.28)
        t = np.linspace(start, start + bend, 14)
        size = b.u(0.12, 0.34) * r
        px, py = x + d * math.cos(a) + size * np.cos(t), y + d * math.sin(a) + size * np.sin(t)
        light = b.u(0.65, 1.25)
        b.stroke(np.stack([px + 0.003, py + 0.004], 1), 0.012, dough * 0.3)
        b.stroke(np.stack([px, py], 1), 0.010, dough * light)
    for px, py, _ in scattered(b, x, y, r * 0.25, 9):
        b.dome(px, py, r * b.u(0.04, 0.10), r * b.u(0.04, 0.08), sauce * b.u(0.7, 1.1), b.u(0, 3), 0.25, 0.008)
    leaves(b, x, y, r * 0.12, 4, r * 0.09)


def leaves(b: Board, x, y, spread, n, size) -> None:
    for px, py, turn in scattered(b, x, y, spread, n):
        green = b.chosen((74, 128, 48), (112, 156, 62), (54, 100, 42), (140, 170, 80))
        b.dome(px, py, size * b.u(0.8, 1.3), size * b.u(0.35, 0.6), green, turn, 0.08, 0.012, 0.3)
        c, s = math.cos(turn) * size * 0.8, math.sin(turn) * size * 0.8
        b.stroke([(px - c, py - s), (px + c, py + s)], 0.003, green * 1.5)


def salad(b: Board, x, y, r) -> None:
    bowl(b, x, y, r)
    leaves(b, x, y, r * 0.58, 42, r * 0.22)
    for px, py, turn in scattered(b, x, y, r * 0.52, 9):
        kind = b.rng.integers(3)
        if kind == 0:  # half a tomato
            b.dome(px, py, r * 0.13, r * 0.13, b.chosen((206, 48, 34)), turn, 0.5, 0.014)
        elif kind == 1:  # cucumber
            b.dome(px, py, r * 0.14, r * 0.14, linear((60, 104, 44)), turn, 0.1, 0.012, 0.6)
            b.disc(px, py, r * 0.12, r * 0.12, linear((196, 214, 150)))
            b.disc(px, py, r * 0.06, r * 0.06, linear((178, 200, 120)), soft=0.01)
        else:  # an onion's ring or cheese
            b.dome(px, py, r * 0.10, r * 0.08, linear((244, 238, 220)), turn, 0.05, 0.012, 0.4)


def bowl(b: Board, x, y, r) -> None:
    china = b.chosen((236, 232, 224), (60, 80, 104), (40, 42, 46), (184, 146, 104), (180, 196, 188))
    b.shadow(x, y, r, r, lift=0.07)
    b.dome(x, y, r, r, china, lift=0, flat=0.75, gloss=0.1)
    b.disc(x, y, r * 0.93, r * 0.93, china * 0.55)
    at, mask = b.ellipse(x, y, r * 0.9, r * 0.9)
    u, v = b.local(at, x, y, r, r, 0)
    b.lay(mask, china * np.float32(0.5) * (1 - 0.5 * (u * b.lamp[0] + v * b.lamp[1]))[..., None], at)


def soup(b: Board, x, y, r) -> None:
    bowl(b, x, y, r)
    broth = b.chosen((196, 130, 60), (206, 96, 44), (222, 186, 120), (120, 140, 70))
    b.dome(x, y, r * 0.86, r * 0.86, broth, lift=0, flat=0.93, gloss=0.5)
    at, mask = b.ellipse(x - 0.2 * r, y + 0.1 * r, r * 0.4, r * 0.3, 0.4, r * 0.3)
    b.lay(mask * 0.35, broth * 1.5, at)
    for px, py, _ in scattered(b, x, y, r * 0.7, 26):
        b.disc(px, py, r * 0.025, r * 0.025, broth * 1.6, soft=0.006)
    if b.u() < 0.6:  # halves of an egg
        for side in (-1, 1):
            px, py = x + side * r * 0.22, y - r * 0.3
            b.dome(px, py, r * 0.17, r * 0.21, linear((248, 244, 234)), 0.3 * side, 0.2, 0.01, 0.5)
            b.dome(px, py, r * 0.09, r * 0.10, linear((238, 160, 40)), 0, 0.4, 0, 0.3)
    leaves(b, x + 0.3 * r, y + 0.25 * r, r * 0.2, 6, r * 0.11)


def eggs(b: Board, x, y, r) -> None:
    plate(b, x, y, r)
    toast = b.chosen((206, 150, 84), (176, 116, 62))
    for k in (0, 1):  # slices of toast
        cx, cy = x - r * 0.28 + k * r * 0.1, y + r * 0.3 - k * r * 0.12
        corners = [(-0.34, -0.26), (0.30, -0.30), (0.36, 0.24), (-0.30, 0.28)]
        mask = b.polygon([(cx + p * r, cy + q * r) for p, q in corners])
        b.lay(mask, toast * (0.55 + 0.1 * k))
        mask = b.polygon([(cx + p * r * 0.88, cy + q * r * 0.86) for p, q in corners])
        b.lay(mask, linear((236, 200, 140)) * (0.7 + 0.5 * b.clouds(40, 2))[..., None])
    for k in range(int(b.rng.integers(1, 3))):
        cx, cy = x + r * (0.22 - 0.1 * k), y - r * (0.28 - 0.5 * k)
        for i in range(9):
            a = i * 0.7
            b.dome(cx + r * 0.16 * math.cos(a), cy + r * 0.16 * math.sin(a), r * b.u(0.12, 0.17), r * 0.14,
                   linear((248, 246, 238)), a, 0.1, 0.008 if i == 0 else 0, 0.8)  # fmt: skip
        b.disc(cx, cy, r * 0.22, r * 0.22, linear((250, 248, 242)), soft=0.02)
        b.dome(cx, cy, r * 0.13, r * 0.13, linear((248, 170, 36)), 0, 0.8, 0.006, 0.2)
    leaves(b, x - r * 0.3, y - r * 0.35, r * 0.14, 6, r * 0.12)
    for i in range(3):  # tomatoes
        b.dome(
            x + r * (0.30 + 0.12 * i), y + r * (0.42 - 0.12 * i), r * 0.10, r * 0.10, b.chosen((204, 44, 34)), 0, 0.7
        )


def pizza(b: Board, x, y, r) -> None:
    b.shadow(x, y, r * 1.06, r * 1.06, lift=0.03)
    board = b.chosen((182, 140, 96), (140, 98, 62), (70, 68, 66))
    b.dome(x, y, r * 1.12, r * 1.12, board, lift=0.03, flat=0.95, gloss=0)
    b.dome(x, y, r, r, linear((214, 160, 92)), lift=0.012, flat=0.6, gloss=0.03)
    for px, py, turn in scattered(b, x, y, 0.001, 1) + [
        (x + r * 0.93 * math.cos(a), y + r * 0.93 * math.sin(a), a) for a in b.u(0, 6.28, 14)
    ]:
        b.disc(px, py, r * 0.06, r * 0.04, linear((120, 70, 34)), turn, 0.02)
    b.disc(x, y, r * 0.84, r * 0.84, linear((190, 66, 30)), soft=0.02)
    at, mask = b.ellipse(x, y, r * 0.82, r * 0.82, soft=0.02)
    cheese = b.clouds(9, 4)[at]
    b.lay(mask * np.clip(cheese * 4 - 1.2, 0, 1), linear((246, 206, 120)) * (0.6 + 0.7 * cheese)[..., None], at)
    for px, py, turn in scattered(b, x, y, r * 0.7, 13):
        b.dome(px, py, r * 0.125, r * 0.12, b.chosen((176, 56, 38), (158, 46, 34)), turn, 0.08, 0.004, 0.85)
    leaves(b, x, y, r * 0.6, 6, r * 0.1)
    for k in range(4):
        c, s = math.cos(k * 0.785 + 0.2) * r, math.sin(k * 0.785 + 0.2) * r
        b.stroke([(x - c, y - s), (x + c, y + s)], 0.005, linear((120, 60, 30)))


def pancakes(b: Board, x, y, r) -> None:
    plate(b, x, y, r)
    for k in range(5):
        dough = linear((224, 164, 88)) * (0.8 + 0.06 * k)
        px, py = x + b.u(-0.02, 0.02), y + 0.05 - 0.022 * k
        b.dome(px, py, r * 0.58, r * 0.54, linear((248, 214, 150)) * 0.8, lift=0.016, flat=0.6)
        b.disc(px, py, r * 0.53, r * 0.49, dough * 0.62, soft=0.02)
    top = y + 0.05 - 0.088
    at, mask = b.ellipse(x, top, r * 0.42, r * 0.34, 0.3, 0.05)
    b.lay(mask * 0.8, linear((150, 74, 20)) * (0.6 + 0.6 * b.clouds(6, 3))[at][..., None], at)
    b.dome(x, top, r * 0.12, r * 0.10, linear((252, 236, 160)), 0.3, 0.2, 0.01, 0.4)
    for px, py, _ in scattered(b, x, y, r * 0.75, 16):
        b.dome(px, py, r * 0.06, r * 0.06, b.chosen((52, 60, 104), (186, 36, 50), (200, 40, 60)), 0, 0.5, 0.01)


def doughnuts(b: Board, x, y, r) -> None:
    plate(b, x, y, r * 1.1)
    for k in range(3):
        px, py = x + 0.47 * r * math.cos(k * 2.1 + 0.5), y + 0.47 * r * math.sin(k * 2.1 + 0.5)
        size, glaze = r * b.u(0.40, 0.45), b.chosen((226, 120, 150), (84, 48, 30), (240, 232, 220), (150, 196, 200))
        b.dome(px, py, size, size, linear((206, 150, 84)), lift=0.025, flat=0.1, gloss=0.03)
        for i in range(9):  # the glaze runs down unevenly
            a = i * 0.7
            b.disc(
                px + 0.62 * size * math.cos(a),
                py + 0.62 * size * math.sin(a),
                size * b.u(0.22, 0.28),
                size * 0.24,
                glaze * 0.8,
            )
        b.dome(px, py, size * 0.84, size * 0.84, glaze, lift=0, flat=0.35, gloss=0.35)
        for _ in range(22):
            a, d, turn = b.u(0, 6.28), b.u(0.42, 0.76) * size, b.u(0, 3.14)
            cx, cy = px + d * math.cos(a), py + d * math.sin(a)
            c, s = 0.012 * math.cos(turn), 0.012 * math.sin(turn)
            b.stroke(
                [(cx - c, cy - s), (cx + c, cy + s)],
                0.007,
                b.chosen((250, 220, 90), (250, 250, 250), (240, 90, 110), (90, 170, 220)),
            )
        b.dome(px, py, size * 0.32, size * 0.32, linear((190, 130, 70)) * 0.6, lift=0, flat=0.4, gloss=0)
        b.disc(
            px + b.lamp[0] * 0.006,
            py + b.lamp[1] * 0.006,
            size * 0.26,
            size * 0.26,
            linear((236, 232, 226)) * 0.35,
            soft=0.01,
        )


def cup(b: Board, x, y, r) -> None:
    """Coffee from above, with a saucer and perhaps a heart of milk."""
    plate(b, x, y, r * 1.5)
    china = b.chosen((244, 242, 238), (238, 236, 230), (60, 90, 110), (40, 40, 44))
    turn = b.u(-0.6, 0.6)
    c, s = math.cos(turn), math.sin(turn)
    b.stroke([(x + r * 0.9 * c, y + r * 0.9 * s), (x + r * 1.35 * c, y + r * 1.35 * s)], 0.16 * r + 0.004, china * 0.7)
    b.dome(x, y, r, r, china, lift=0.04, flat=0.7)
    b.disc(x, y, r * 0.90, r * 0.90, china * 0.45)
    coffee = b.chosen((92, 52, 26), (132, 82, 46), (60, 34, 20))
    b.dome(x, y, r * 0.84, r * 0.84, coffee, lift=0, flat=0.93, gloss=0.3)
    if b.u() < 0.75:
        milk = linear((238, 214, 176)) * 0.85
        for k in (-1, 1):
            b.disc(x + k * r * 0.20, y - r * 0.16, r * 0.30, r * 0.30, milk, soft=0.06 * r)
        heart = [(x - r * 0.46, y - r * 0.04), (x + r * 0.46, y - r * 0.04), (x, y + r * 0.58)]
        b.lay(b.polygon(heart), milk)


def coffee(b: Board, x, y, r) -> None:
    cup(b, x, y, r * 0.7)
    for k in range(int(b.rng.integers(0, 3))):  # a croissant's folds, or biscuits
        cx, cy, turn = x - r * (1.1 - 0.1 * k), y + r * (0.7 - 0.5 * k), b.u(-0.5, 0.5)
        for i in range(7):
            t = (i - 3) / 3
            size = r * (0.24 - 0.12 * abs(t))
            b.dome(cx + t * r * 0.36, cy + t * t * r * 0.16, size * 0.62, size, linear((206, 136, 62)) * b.u(0.8, 1.1),
                   turn * 0.3 + t * 0.7, 0.12, 0.012)  # fmt: skip


def fork_and_knife(b: Board, x, y, r) -> None:
    for side in (-1, 1):
        px = x + side * (r + 0.07)
        if side > 0 or b.u() < 0.7:
            ends = [(px, y - 0.18), (px + b.u(-0.02, 0.02), y + 0.24)]
            b.stroke([(p - b.lamp[0] * 0.02, q - b.lamp[1] * 0.02) for p, q in ends], 0.024, b.image.mean((0, 1)) * 0.5)
            b.stroke(ends, 0.022, linear((150, 152, 156)))
            b.stroke([(p - 0.004, q) for p, q in ends], 0.007, linear((238, 240, 244)))
            if side < 0:
                for k in (-1, 0, 1):
                    b.stroke([(px + k * 0.013, y - 0.27), (px + k * 0.013, y - 0.18)], 0.008, linear((190, 192, 196)))
            else:
                b.stroke([(px, y - 0.27), (px, y - 0.05)], 0.032, linear((176, 178, 182)))


DISHES = (noodles, salad, soup, eggs, pizza, pancakes, doughnuts, coffee, coffee)
