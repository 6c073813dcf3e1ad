"""Blurred places behind people, painted from rectangles and discs: linear light (side, side, 3) float32."""

from __future__ import annotations

import math

import cv2
import numpy as np

from deepselfie.demo.people import linear


class Canvas:
    def __init__(self, side: int, rng: np.random.Generator) -> None:
        self.side, self.u, self.rng = side, rng.uniform, rng
        self.image = np.zeros((side, side, 3), np.float32)
        self.y, self.x = np.mgrid[0:side, 0:side].astype(np.float32) / side

    def box(self, x0: float, y0: float, x1: float, y1: float, colour) -> None:
        s = self.side
        corner, other = (int(x0 * s), int(y0 * s)), (int(x1 * s), int(y1 * s))
        cv2.rectangle(self.image, corner, other, tuple(float(c) for c in colour), -1)

    def disc(self, x: float, y: float, r: float, colour) -> None:
        s = self.side
        centre = (int(x * s * 16), int(y * s * 16))
        colour = tuple(float(c) for c in colour)
        cv2.circle(self.image, centre, max(16, int(r * s * 16)), colour, -1, cv2.LINE_8, 4)

    def some_colour(self, low: int = 60, high: int = 180, grey: float = 0.0) -> np.ndarray:
        colour = self.rng.integers(low, high, 3)
        return linear(colour * (1 - grey) + colour.mean() * grey)

    def chosen(self, *colours) -> np.ndarray:
        return linear(colours[int(self.rng.integers(len(colours)))])


def room(c: Canvas) -> float:
    wall = c.chosen(
        (226, 218, 205), (205, 212, 216), (190, 175, 160), (232, 226, 220), (160, 172, 176), (214, 194, 184)
    )
    wall = wall * c.u(0.7, 1)
    c.image[:] = wall
    c.image *= (0.6 + 0.6 * np.exp(-((c.x - c.u(-0.3, 1.1)) ** 2) * 2.5))[..., None]
    if c.u() < 0.6:  # a window
        left = c.u(-0.2, 0.8)
        c.box(left, -0.1, left + c.u(0.2, 0.4), c.u(0.3, 0.55), linear((235, 242, 250)) * 1.6)
        c.box(left + 0.1, -0.1, left + 0.12, 0.5, wall * 0.6)
    for _ in range(c.rng.integers(0, 4)):  # pictures on the wall
        x, y, w = c.u(0, 0.9), c.u(0, 0.4), c.u(0.08, 0.2)
        c.box(x, y, x + w, y + w * 1.2, wall * 0.25)
        c.box(x + 0.012, y + 0.012, x + w - 0.012, y + w * 1.2 - 0.012, c.some_colour(50, 210, 0.3))
    if c.u() < 0.55:  # shelves of books
        start = c.u(-0.1, 0.3) if c.u() < 0.5 else c.u(0.6, 0.8)
        for y in (0.15, 0.33, 0.51):
            x = start
            while x < start + 0.35:
                w = c.u(0.01, 0.04)
                c.box(x, y + c.u(0, 0.05), x + w, y + 0.15, c.some_colour(50, 150, 0.3) * 0.7)
                x += w
    c.box(-0.1, c.u(0.72, 0.9), 1.1, 1.2, c.some_colour(60, 180, 0.5) * 0.6)
    if c.u() < 0.4:
        c.disc(c.u(0, 1), c.u(0.1, 0.4), 0.06, (2.2, 1.7, 1.1))
    return c.u(0.006, 0.03)


def outdoor(c: Canvas) -> float:
    horizon = c.u(0.35, 0.7)
    y = c.y[..., None]
    c.image[:] = (linear((150, 190, 235)) * (1 - y) * 1.2 + linear((225, 235, 245)) * y) * 1.1
    green = c.chosen((70, 110, 45), (95, 120, 60), (60, 90, 60), (150, 120, 60), (110, 130, 90))
    for i in range(120):
        tint = np.array([c.u(0.8, 1.3), 1, c.u(0.6, 1.1)]) * c.u(0.25, 1.5)
        c.disc(c.u(-0.1, 1.1), horizon + c.u(-0.28, 0.4) + 0.1 * math.sin(i), c.u(0.02, 0.09), green * tint)
    c.box(-0.1, horizon + 0.3, 1.1, 1.2, green * 1.1)
    for _ in range(40):
        c.disc(c.u(0, 1), horizon + c.u(-0.25, 0.3), c.u(0.006, 0.018), linear((235, 245, 200)) * c.u(0.6, 1.6))
    return c.u(0.012, 0.035)


def night(c: Canvas) -> float:
    c.image[:] = np.array([0.02, 0.02, 0.032]) + np.array([0.07, 0.04, 0.06]) * (c.y**2)[..., None] * c.u(0.2, 1)
    colours = [
        (255, 180, 90),
        (255, 120, 60),
        (255, 230, 190),
        (120, 160, 255),
        (255, 80, 130),
        (90, 220, 200),
    ]
    glow = c.image.copy()
    for _ in range(c.rng.integers(20, 60)):
        colour = c.chosen(*colours) * c.u(0.3, 1.4)
        c.disc(c.u(0, 1), c.u(0.05, 0.85), c.u(0.01, 0.05), colour + c.u(0, 0.1))
    c.image = np.maximum(c.image, glow)
    return 0.008


def beach(c: Canvas) -> float:
    horizon = c.u(0.35, 0.6)
    t = (c.y / horizon).clip(0, 1)[..., None]
    low = linear((225, 238, 248) if c.u() > 0.4 else (255, 205, 150))
    c.image[:] = linear((105, 170, 230)) * (1 - t) + low * t
    c.box(-0.1, horizon, 1.1, horizon + 0.16, linear((50, 125, 160)))
    c.box(-0.1, horizon + 0.15, 1.1, 1.2, linear((222, 200, 160)))
    return c.u(0.005, 0.015)


def car(c: Canvas) -> float:
    c.image[:] = 0.045
    c.box(0, 0, c.u(0.25, 0.4), 0.55, linear((215, 228, 240)) * 1.4)
    c.box(c.u(0.7, 0.8), 0, 1.1, 0.5, linear((200, 215, 225)) * 1.3)
    c.box(0.3, 0.25, 0.75, 1.1, (0.07, 0.065, 0.07))
    c.disc(0.52, 0.3, 0.2, (0.08, 0.075, 0.075))
    c.box(-0.1, -0.1, 1.1, 0.08, (0.25, 0.24, 0.22))
    return 0.012


def bath(c: Canvas) -> float:
    tile = c.chosen((225, 230, 232), (205, 215, 220), (230, 222, 210), (150, 190, 195))
    c.image[:] = tile * 0.8
    n = int(c.rng.integers(6, 13))
    for i in range(n + 1):
        c.box(i / n, 0, i / n + 0.006, 1, tile * 0.5)
        c.box(0, i / n, 1, i / n + 0.006, tile * 0.5)
    c.image *= (0.6 + 0.5 * np.exp(-((c.x - 0.5) ** 2 + (c.y - 0.1) ** 2) * 2))[..., None]
    c.box(c.u(0.6, 0.8), 0.2, 1.1, 1.1, linear((240, 240, 240)) * 0.9)
    c.box(-0.1, 0.75, 0.25, 1.1, c.some_colour(60, 200, 0.3))
    return c.u(0.004, 0.014)


def street(c: Canvas) -> float:
    c.image[:] = linear((215, 222, 230))
    for mirrored in (False, True):
        x = 0.0
        while x < 0.42:
            w = c.u(0.1, 0.18)
            left = 1 - x - w if mirrored else x
            wall = linear(c.rng.integers(70, 190, 3) * 0.5 + np.array([75, 65, 58]))
            top = c.u(0.02, 0.3) + x * 0.5
            c.box(left, top, left + w, 1.1, wall)
            for i in range(2):
                for j in range(8):
                    pane = wall * 0.35 if c.u() < 0.7 else linear((250, 220, 160))
                    a = left + w * (0.15 + 0.45 * i)
                    c.box(a, top + 0.04 + j * 0.1, a + w * 0.25, top + 0.09 + j * 0.1, pane)
            x += w
    c.box(-0.1, 0.78, 1.1, 1.2, linear((120, 118, 115)))
    for _ in range(8):
        c.disc(c.u(0, 1), c.u(0.55, 0.8), c.u(0.02, 0.05), c.some_colour(30, 190, 0.3))
    return c.u(0.008, 0.025)


def plain(c: Canvas) -> float:
    colour = linear(c.rng.integers(60, 240, 3) * 0.4 + np.array([120, 116, 112]))
    c.image[:] = colour * 0.7
    c.image *= (0.7 + 0.5 * np.exp(-((c.x - c.u(0, 1)) ** 2 + (c.y - c.u(0, 0.6)) ** 2) * 2))[..., None]
    return 0.01


PAINTERS = {
    "room": room, "outdoor": outdoor, "night": night, "beach": beach, "car": car, "bath": bath, "street": street,
    "plain": plain,
}  # fmt: skip


def background(kind: str, side: int, rng: np.random.Generator) -> np.ndarray:
    canvas = Canvas(side, rng)
    blur = PAINTERS[kind](canvas) * side
    image = canvas.image
    mottle = cv2.resize(rng.random((24, 24)).astype(np.float32), (side, side), interpolation=cv2.INTER_LINEAR)
    image = np.maximum(image + (mottle[..., None] - 0.5) * np.float32(0.08 * image.mean()), 0)
    if kind in ("outdoor", "night"):  # out of focus lights are discs, not clouds
        r = max(1, int(blur * 0.9))
        y, x = np.mgrid[-r : r + 1, -r : r + 1]
        lens = (x * x + y * y <= r * r).astype(np.float32)
        image, blur = cv2.filter2D(image, -1, lens / lens.sum()), blur * 0.2
    return cv2.GaussianBlur(image, (0, 0), blur) if blur > 0.2 else image
