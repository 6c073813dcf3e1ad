"""Heads of cats and dogs from shaded ellipses with a radial fur, in front of a blurred room or meadow."""

from __future__ import annotations

import math

import cv2
import numpy as np

from deepselfie.demo.brush import Board
from deepselfie.demo.people import linear

COATS_OF_CATS = [
    ((206, 132, 62), (244, 214, 176), 1), ((128, 122, 116), (206, 200, 192), 1), ((36, 34, 36), (64, 60, 60), 0),
    ((232, 228, 220), (246, 242, 236), 0), ((110, 90, 70), (196, 176, 150), 1), ((96, 102, 112), (140, 146, 154), 0),
    ((226, 208, 180), (92, 66, 52), 0),
]  # fmt: skip
COATS_OF_DOGS = [
    ((196, 150, 92), (226, 196, 150)), ((110, 72, 44), (168, 124, 82)), ((44, 40, 38), (150, 100, 58)),
    ((228, 220, 206), (244, 240, 232)), ((150, 96, 54), (240, 234, 224)), ((120, 116, 112), (200, 196, 190)),
]  # fmt: skip
EYES = [(176, 176, 60), (104, 150, 80), (206, 150, 50), (90, 150, 190)]


def pet(b: Board) -> None:
    place(b)
    x, y, r, turn = b.u(0.42, 0.58), b.u(0.44, 0.56), b.u(0.24, 0.34), b.rng.normal(0, 0.14)
    (cat if b.u() < 0.55 else dog)(b, x, y, r, turn)
    b.image *= b.tint


def place(b: Board) -> None:
    kind = b.rng.integers(3)
    if kind == 0:  # a sofa with cushions
        b.image[:] = b.chosen((210, 202, 190), (150, 160, 166), (190, 170, 150)) * (0.6 + 0.6 * (1 - b.y))[..., None]
        fabric = b.chosen((120, 110, 104), (70, 90, 100), (150, 120, 96), (96, 60, 60))
        b.lay(b.polygon([(-0.1, 0.5), (1.1, 0.46), (1.1, 1.1), (-0.1, 1.1)]), fabric)
        for _ in range(3):
            b.dome(
                b.u(0, 1),
                b.u(0.4, 0.7),
                0.26,
                0.2,
                b.chosen((200, 120, 90), (90, 130, 140), (220, 210, 190)),
                b.u(0, 1),
            )
    elif kind == 1:  # a meadow
        b.image[:] = linear((190, 210, 225)) * (1 - b.y)[..., None] + linear((96, 140, 60)) * b.y[..., None]
        for _ in range(120):
            b.disc(
                b.u(0, 1),
                b.u(0.1, 1),
                b.u(0.01, 0.05),
                b.u(0.01, 0.05),
                b.chosen((90, 140, 60), (130, 160, 80), (60, 100, 46)),
            )
    else:  # a bed by a window
        b.image[:] = b.chosen((226, 222, 216), (206, 212, 220)) * (0.9 - 0.3 * b.x)[..., None]
        b.lay(b.polygon([(0.05, -0.1), (0.4, -0.1), (0.4, 0.4), (0.05, 0.4)]), np.ones(3) * 1.4)
        for _ in range(8):
            b.dome(
                b.u(0, 1),
                b.u(0.6, 1.0),
                b.u(0.2, 0.4),
                b.u(0.05, 0.12),
                b.chosen((236, 232, 226), (220, 220, 226)),
                b.u(-0.4, 0.4),
            )
    b.blur(0.025)


def fur(b: Board, at, u, v, grain: float = 1.0) -> np.ndarray:
    """Light and dark hairs that run away from the middle."""
    hairs = b.rng.random((14, 160)).astype(np.float32)
    angle = (np.arctan2(v, u) / (2 * math.pi) + 0.5) * 158
    away = np.hypot(u, v) * 7 * grain + np.sin(angle * 0.9) * 0.5
    out = cv2.remap(hairs, angle.astype(np.float32), np.clip(away, 0, 12.9).astype(np.float32), cv2.INTER_LINEAR)
    return 0.72 + 0.56 * out


def furry(b: Board, x, y, rx, ry, colour, turn=0.0, lift=0.0, flat=0.25) -> None:
    """A dome with fur, frayed at its edge."""
    if lift:
        b.shadow(x, y, rx, ry, turn, lift)
    at = b.near(x, y, max(rx, ry) * 1.15)
    u, v = b.local(at, x, y, rx, ry, turn)
    hairs = fur(b, at, u, v)
    mask = np.clip((1.0 + 0.12 * (hairs - 1) - np.hypot(u, v)) * min(rx, ry) * b.side * 0.7 + 0.5, 0, 1)
    b.lay(mask, b.shaded(u, v, turn, colour, 0.02, flat) * hairs[..., None].astype(np.float32), at)


class Head:
    """Turns places on a head, in units of its radius, into places of the picture."""

    def __init__(self, x, y, r, turn) -> None:
        self.x, self.y, self.r, self.turn = x, y, r, turn
        self.c, self.s = math.cos(turn), math.sin(turn)

    def __call__(self, u: float, v: float) -> tuple[float, float]:
        return self.x + self.r * (u * self.c - v * self.s), self.y + self.r * (v * self.c + u * self.s)


def eye(b: Board, head: Head, u, v, size, iris, slit: float) -> None:
    x, y = head(u, v)
    r = head.r
    b.disc(x, y, size * r * 1.22, size * r * 1.12, linear((26, 20, 18)), head.turn + 0.25 * np.sign(u), 0.012)
    b.dome(x, y, size * r, size * r * 0.92, iris, head.turn, 0.0, 0, 0.7)
    b.disc(x, y, size * r * slit, size * r * 0.84, linear((8, 8, 8)), head.turn, 0.006)
    b.disc(
        x - 0.35 * size * r * np.sign(-b.lamp[0] or 1),
        y - 0.38 * size * r,
        size * r * 0.22,
        size * r * 0.22,
        np.ones(3),
        0,
        0.004,
    )


def cat(b: Board, x, y, r, turn) -> None:
    (coat, light, striped), iris = COATS_OF_CATS[int(b.rng.integers(len(COATS_OF_CATS)))], b.chosen(*EYES)
    coat, light = (linear(c) * b.u(0.9, 1.1) for c in (coat, light))
    head = Head(x, y, r, turn)
    furry(b, *head(b.u(-0.4, 0.4), 1.75), r * 1.2, r * 1.3, coat * 0.8, lift=0.05)
    for side in (-1, 1):
        ear = [head(side * 0.34, -0.62), head(side * 0.80, -1.38), head(side * 0.98, -0.30)]
        mask = cv2.GaussianBlur(b.polygon(ear), (0, 0), b.side * 0.004)
        b.lay(mask, coat * (0.85 if side * b.lamp[0] > 0 else 0.6))
        inner = [head(side * 0.48, -0.66), head(side * 0.76, -1.18), head(side * 0.86, -0.45)]
        b.lay(cv2.GaussianBlur(b.polygon(inner), (0, 0), b.side * 0.008) * 0.8, linear((196, 140, 130)) * 0.6)
    furry(b, x, y, r * 1.08, r * 0.92, coat, turn, 0.04)
    if striped:
        for u in (-0.26, 0.0, 0.26):
            b.stroke([head(u, -0.86), head(u * 0.8, -0.48)], 0.07 * r, coat * 0.45)
        for side in (-1, 1):
            for v in (0.12, 0.34):
                b.stroke([head(side * 1.02, v - 0.1), head(side * 0.66, v)], 0.06 * r, coat * 0.45)
    for side in (-1, 1):
        furry(b, *head(side * 0.20, 0.42), r * 0.30, r * 0.26, light, turn)
    furry(b, *head(0, 0.66), r * 0.20, r * 0.15, light * 0.9, turn)
    slit = b.u(0.25, 0.8)
    for side in (-1, 1):
        eye(b, head, side * 0.42, -0.06, 0.21, iris, slit)
    nose = [head(-0.11, 0.22), head(0.11, 0.22), head(0, 0.34)]
    b.lay(cv2.GaussianBlur(b.polygon(nose), (0, 0), b.side * 0.004), linear((200, 120, 116)) * 0.8)
    for side in (-1, 1):
        t = np.linspace(0, 1, 7)
        b.stroke(
            [head(side * 0.22 * k, 0.34 + 0.16 * math.sin(k * 2.4) + 0.06 * k) for k in t],
            0.018 * r + 0.002,
            linear((60, 34, 30)),
        )
        for k in range(4):
            b.stroke([head(side * 0.28, 0.40 + 0.05 * k), head(side * 1.35, 0.24 + 0.16 * k)], 0.004, np.ones(3) * 0.85)


def dog(b: Board, x, y, r, turn) -> None:
    coat, light = (linear(c) * b.u(0.9, 1.1) for c in COATS_OF_DOGS[int(b.rng.integers(len(COATS_OF_DOGS)))])
    head = Head(x, y, r, turn)
    furry(b, *head(b.u(-0.3, 0.3), 1.9), r * 1.25, r * 1.3, coat * 0.75, lift=0.05)
    furry(b, x, y, r * 0.92, r * 1.02, coat, turn, 0.04)
    patch = b.u()
    if patch < 0.5:  # a blaze between the eyes
        furry(b, *head(0, -0.3), r * 0.22, r * 0.72, light, turn)
    droop = b.u(0.2, 0.55)
    for side in (-1, 1):
        furry(b, *head(side * 0.92, -0.12 + 0.3 * droop), r * 0.30, r * 0.74, coat * 0.62, turn - side * droop, 0.02)
    furry(b, *head(0, 0.42), r * 0.52, r * 0.46, light, turn, 0.015)
    for side in (-1, 1):
        furry(b, *head(side * 0.22, 0.56), r * 0.32, r * 0.30, light, turn)
    if b.u() < 0.55:  # it pants
        b.disc(*head(0, 0.92), r * 0.22, r * 0.16, linear((60, 24, 24)), turn, 0.02)
        b.dome(*head(0.02, 1.06), r * 0.17, r * 0.28, linear((216, 110, 116)), turn, 0.15, 0, 0.3)
    for side in (-1, 1):
        eye(b, head, side * 0.38, -0.16, 0.125, linear((70, 42, 22)), 0.62)
        if patch > 0.7:
            b.disc(*head(side * 0.34, -0.42), r * 0.12, r * 0.08, light, 0.3 * side, 0.03)
    b.dome(*head(0, 0.24), r * 0.21, r * 0.155, linear((30, 26, 26)), turn, 0.45, 0.008, 0.2)
    for side in (-1, 1):
        b.disc(*head(side * 0.085, 0.27), r * 0.05, r * 0.035, linear((6, 6, 6)), turn, 0.006)
    b.stroke([head(0, 0.38), head(0, 0.72)], 0.02 * r + 0.002, linear((50, 30, 26)))
    t = np.linspace(-1, 1, 11)
    b.stroke([head(0.42 * k, 0.86 - 0.16 * k * k) for k in t], 0.02 * r + 0.002, linear((50, 30, 26)))
