"""Things laid out on a floor, seen from above: shoes, a shirt, sunglasses, a phone, a watch, a book, flowers."""

from __future__ import annotations

import math

import cv2
import numpy as np

from deepselfie.demo.brush import Board
from deepselfie.demo.people import linear


def things(b: Board) -> None:
    b.table()
    if b.u() < 0.4:  # a new pair of shoes
        size, turn = b.u(0.30, 0.38), b.u(-0.5, 0.5)
        colour, sole = b.chosen(*CLOTHS), b.chosen((240, 238, 232), (60, 54, 50), (196, 160, 110))
        for side in (-1, 1):
            x, y = 0.5 + side * 0.17 * math.cos(turn), 0.5 + side * 0.17 * math.sin(turn)
            shoe(b, x, y, size, turn + side * b.u(0.0, 0.12), side, colour, sole)
    else:
        shirt(b, 0.42, 0.42, b.u(0.24, 0.30), b.u(-0.2, 0.2))
        around = [(0.82, 0.22), (0.82, 0.52), (0.20, 0.82), (0.52, 0.84), (0.82, 0.82)]
        order = b.rng.permutation(len(SMALL))
        for (x, y), k in zip(around, order, strict=False):
            SMALL[int(k)](b, x + b.u(-0.03, 0.03), y + b.u(-0.03, 0.03), b.u(-0.5, 0.5))
    b.image *= b.tint


CLOTHS = [(236, 234, 228), (40, 42, 48), (60, 84, 128), (176, 66, 62), (210, 160, 150), (110, 128, 96), (196, 164, 110)]


def placed(points, x, y, size, turn) -> list[tuple[float, float]]:
    c, s = math.cos(turn), math.sin(turn)
    return [(x + size * (u * c - v * s), y + size * (v * c + u * s)) for u, v in points]


def slab(b: Board, points, colour, lift=0.02, rough=0.0) -> np.ndarray:
    """A flat thing with its shadow; returns its mask."""
    mask = b.polygon(points)
    move = np.float32([[1, 0, -b.lamp[0] * lift * b.side], [0, 1, -b.lamp[1] * lift * b.side]])
    fallen = cv2.GaussianBlur(cv2.warpAffine(mask, move, mask.shape[::-1]), (0, 0), max(0.5, lift * b.side * 0.6))
    b.tone(fallen * (1 - mask), 0.5)
    light = 0.85 + 0.3 * (b.lamp[0] * (b.x - 0.5) + b.lamp[1] * (b.y - 0.5))
    if rough:
        light = light * (1 - rough + 2 * rough * b.clouds(6, 4))
    b.lay(mask, np.asarray(colour, np.float32) * light[..., None])
    return mask


def outline(n: int, radius) -> list[tuple[float, float]]:
    return [(radius(a) * math.sin(a), -radius(a) * math.cos(a)) for a in np.linspace(0, 2 * math.pi, n, endpoint=False)]


def shoe(b: Board, x, y, size, turn, side, colour, sole) -> None:
    t = np.linspace(0, 2 * math.pi, 60)
    v = -np.cos(t)  # toe at -1, heel at 1
    wide = (
        0.37
        * np.abs(np.sin(t)) ** 0.62
        * (1 - 0.17 * np.exp(-(((v - 0.25) / 0.35) ** 2)) - 0.10 * (v > 0.5) * (v - 0.5))
    )
    shape = np.stack([wide * np.sign(np.sin(t)) - 0.07 * side * np.exp(-(((v + 0.5) / 0.5) ** 2)), v], 1)
    slab(b, placed(shape * 1.05, x, y, size, turn), sole, 0.03)
    slab(b, placed(shape * [0.90, 0.96], x, y, size, turn), colour, 0.004, 0.10)
    toe = placed([(-0.05 * side, -0.60)], x, y, size, turn)[0]
    b.dome(*toe, size * 0.27, size * 0.31, colour, turn, 0.10, 0, 0.35)
    b.disc(*placed([(0, 0.50)], x, y, size, turn)[0], size * 0.20, size * 0.36, colour * 0.15, turn, 0.02)
    b.disc(*placed([(0, 0.56)], x, y, size, turn)[0], size * 0.14, size * 0.26, sole * 0.4, turn, 0.03)
    slab(b, placed([(-0.14, -0.32), (0.14, -0.32), (0.16, 0.20), (-0.16, 0.20)], x, y, size, turn), colour * 0.8, 0.003)
    lace = linear((244, 242, 236)) if colour.mean() < 0.5 else linear((70, 70, 74))
    for k in range(5):
        at = -0.28 + 0.10 * k
        b.stroke(placed([(-0.18, at), (0.18, at + 0.05)], x, y, size, turn), 0.012, lace * (0.85 + 0.1 * (k % 2)))


def shirt(b: Board, x, y, size, turn) -> None:
    colour = b.chosen(*CLOTHS)
    shape = [
        (-0.34, -1.0), (-0.62, -0.92), (-1.12, -0.40), (-0.82, -0.12), (-0.62, -0.34), (-0.64, 1.0), (0.64, 1.0),
        (0.62, -0.34), (0.82, -0.12), (1.12, -0.40), (0.62, -0.92), (0.34, -1.0), (0.16, -0.84), (-0.16, -0.84),
    ]  # fmt: skip
    mask = slab(b, placed(shape, x, y, size, turn), colour, 0.012, 0.22)
    kind = b.rng.integers(4)
    _, v = b.local((slice(None), slice(None)), x, y, size, size, turn)
    if kind == 0:
        b.lay(mask * (v * 5 % 1 < 0.45), b.chosen(*CLOTHS) * 0.8)
    elif kind == 1:
        b.disc(*placed([(0, -0.1)], x, y, size, turn)[0], size * 0.3, size * 0.3, b.chosen(*CLOTHS), turn)
    folds = np.clip(b.clouds(5, 3, 0.4) * 2 - 0.8, 0, 1)
    b.tone(mask * folds, 0.72)
    b.stroke(
        placed([(-0.34, -1.0), (-0.16, -0.84), (0.16, -0.84), (0.34, -1.0)], x, y, size, turn), 0.014, colour * 0.6
    )


def telephone(b: Board, x, y, turn) -> None:
    for grow, colour in ((1.0, (30, 30, 34)), (0.93, (52, 66, 96))):
        body = [(-0.075, -0.15), (0.075, -0.15), (0.075, 0.15), (-0.075, 0.15)]
        slab(b, placed(body, x, y, grow, turn), linear(colour), 0.012 if grow == 1 else 0)
    b.lay(
        b.polygon(placed([(-0.06, -0.13), (0.02, -0.13), (-0.06, 0.1)], x, y, 1, turn)) * 0.35, linear((170, 190, 220))
    )


def shades(b: Board, x, y, turn) -> None:
    lens = b.chosen((30, 30, 34), (70, 46, 30), (40, 60, 80))
    for side in (-1, 1):
        px, py = placed([(side * 0.075, 0)], x, y, 1, turn)[0]
        b.dome(px, py, 0.068, 0.056, lens * 0.5, turn, 0, 0.015, 0.5)
        b.dome(px, py, 0.058, 0.047, lens, turn, 0.7, 0, 0.5)
        b.stroke(placed([(side * 0.14, -0.02), (side * 0.12, -0.14)], x, y, 1, turn), 0.012, lens * 0.4)
    b.stroke(placed([(-0.02, -0.01), (0.02, -0.01)], x, y, 1, turn), 0.014, lens * 0.5)


def watch(b: Board, x, y, turn) -> None:
    strap = b.chosen((110, 70, 44), (40, 40, 44), (170, 130, 90))
    slab(b, placed([(-0.03, -0.19), (0.03, -0.19), (0.03, 0.19), (-0.03, 0.19)], x, y, 1, turn), strap, 0.008)
    b.dome(x, y, 0.072, 0.072, b.chosen((200, 200, 204), (206, 168, 96)), 0, 0.5, 0.015, 0.6)
    b.disc(x, y, 0.058, 0.058, b.chosen((244, 242, 236), (28, 30, 36)))
    for a, long in ((0.6, 0.030), (2.4, 0.044)):
        b.stroke([(x, y), (x + long * math.sin(a), y - long * math.cos(a))], 0.006, linear((120, 110, 90)))


def book(b: Board, x, y, turn) -> None:
    cover = b.chosen(*CLOTHS)
    shape = [(-0.10, -0.13), (0.10, -0.13), (0.10, 0.13), (-0.10, 0.13)]
    slab(b, placed([(u + 0.008, v + 0.008) for u, v in shape], x, y, 1, turn), linear((240, 236, 226)), 0.02)
    slab(b, placed(shape, x, y, 1, turn), cover, 0)
    for k, half in enumerate((0.06, 0.045, 0.05)):
        line = placed([(-half, -0.06 + 0.03 * k), (half, -0.06 + 0.03 * k)], x, y, 1, turn)
        b.stroke(line, 0.009, np.clip(cover * 2.2 + 0.15, 0, 1) if cover.mean() < 0.4 else cover * 0.35)


def flowers(b: Board, x, y, turn) -> None:
    petal, heart = b.chosen((236, 220, 226), (222, 120, 140), (246, 206, 96), (190, 170, 220)), linear((226, 176, 60))
    for k in range(4):
        px, py = x + 0.07 * math.cos(k * 1.7 + turn), y + 0.06 * math.sin(k * 1.7 + turn)
        b.stroke([(px, py), (x + 0.02, y + 0.17)], 0.008, linear((84, 120, 60)))
    for k in range(4):
        px, py = x + 0.07 * math.cos(k * 1.7 + turn), y + 0.06 * math.sin(k * 1.7 + turn)
        for i in range(7):
            a = i * 0.9 + k
            b.dome(px + 0.030 * math.cos(a), py + 0.030 * math.sin(a), 0.026, 0.015, petal, a, 0.03, 0.004, 0.3)
        b.dome(px, py, 0.014, 0.014, heart, 0, 0.1, 0.003)


def bag(b: Board, x, y, turn) -> None:
    leather = b.chosen((120, 72, 42), (50, 46, 46), (190, 90, 80), (200, 170, 130))
    t = np.linspace(math.pi, 2 * math.pi, 12)
    b.stroke(placed([(0.07 * math.cos(a), -0.07 + 0.10 * math.sin(a)) for a in t], x, y, 1, turn), 0.014, leather * 0.6)
    mask = slab(
        b, placed([(-0.12, -0.08), (0.12, -0.08), (0.14, 0.11), (-0.14, 0.11)], x, y, 1, turn), leather, 0.02, 0.1
    )
    b.tone(mask * b.polygon(placed([(-0.125, -0.08), (0.125, -0.08), (0.09, 0.03), (-0.09, 0.03)], x, y, 1, turn)), 0.8)
    b.dome(*placed([(0, 0.03)], x, y, 1, turn)[0], 0.014, 0.014, linear((214, 180, 100)), 0, 0.5, 0.004)


SMALL = (telephone, shades, watch, book, flowers, bag)
