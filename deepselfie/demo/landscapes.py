"""Skies with what is under them: hills, mountains, the sea, a city."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from deepselfie.demo.brush import Board
from deepselfie.demo.people import linear

# Colours at the top of the sky, halfway and at the horizon; light on the land; strength of the sun's glow.
SKIES = {
    "day": ((70, 130, 205), (130, 180, 230), (214, 230, 240), (1.0, 0.97, 0.9), 0.25),
    "hazy": ((150, 180, 205), (190, 205, 215), (232, 230, 224), (0.9, 0.9, 0.88), 0.3),
    "sunset": ((64, 72, 128), (206, 120, 110), (255, 190, 96), (0.75, 0.45, 0.32), 1.0),
    "dawn": ((110, 130, 180), (232, 176, 178), (255, 224, 176), (0.8, 0.65, 0.6), 0.8),
    "dusk": ((18, 24, 58), (64, 58, 110), (206, 120, 116), (0.25, 0.22, 0.32), 0.5),
}


def landscape(b: Board) -> None:
    name, horizon = list(SKIES)[int(b.rng.integers(len(SKIES)))], b.u(0.42, 0.68)
    over = sky(b, name, horizon)
    SCENES[int(b.rng.integers(len(SCENES)))](b, horizon, over)


class Sky(NamedTuple):
    light: np.ndarray  # (3,) on the land
    dark: bool
    sun: float  # x
    glow: np.ndarray  # (3,) of the sun


def sky(b: Board, name: str, horizon: float) -> Sky:
    top, middle, low, light, glow = SKIES[name]
    t = np.clip(b.y / horizon, 0, 1)[..., None]
    top, middle, low = linear(top), linear(middle), linear(low)
    b.image[:] = np.where(t < 0.6, top + (middle - top) * (t / 0.6), middle + (low - middle) * ((t - 0.6) / 0.4))
    sx, sy = b.u(0.15, 0.85), horizon - b.u(0.04, 0.3) * (1 if glow > 0.4 else 1.6)
    away = np.hypot(b.x - sx, b.y - sy)
    warm = linear((255, 196, 120)) if glow > 0.4 else np.ones(3)
    b.image += (glow * 0.9 * np.exp(-away / 0.16))[..., None] * warm.astype(np.float32)
    puffs = np.clip(b.clouds(3, 5, 2.5) * 2.6 - b.u(1.2, 1.7), 0, 1) * np.clip(1.2 - b.y / horizon, 0, 1)
    edge = np.clip(puffs - cv2.GaussianBlur(puffs, (0, 0), b.side * 0.03), -0.3, 0.3)
    lit = low * 1.05 if name != "day" else np.ones(3) * 1.1
    b.lay(puffs * 0.85, (lit * 0.9).astype(np.float32) * (1 + 1.2 * edge)[..., None])
    if glow > 0.4:
        b.disc(sx, sy, 0.035, 0.035, warm * 2.4 + 0.3, soft=0.012)
    return Sky(np.array(light, np.float32), name in ("dusk", "sunset"), sx, (warm * (0.4 + glow)).astype(np.float32))


def ridge(b: Board, level: float, height: float, rough: int) -> np.ndarray:
    """(side,) y of a range of hills."""
    out, weight, grain = np.zeros(b.side, np.float32), 1.0, rough
    for _ in range(5):
        cells = b.rng.random((1, grain + 2)).astype(np.float32)
        out += weight * (cv2.resize(cells, (b.side, 1), interpolation=cv2.INTER_CUBIC)[0] - 0.5)
        grain, weight = grain * 2, weight * 0.48
    return level - height * out


def under(b: Board, line: np.ndarray) -> np.ndarray:
    return np.clip((b.y - line[None]) * b.side + 0.5, 0, 1)


def hills(b: Board, horizon: float, over: Sky) -> None:
    light = over.light
    green = b.chosen((84, 124, 56), (120, 132, 66), (62, 98, 60), (150, 136, 80)) * light
    air = b.image[int(horizon * b.side) - 1].mean(0)
    far = int(b.rng.integers(3, 5))
    for k in range(far):
        near = (k + 1) / far
        line = ridge(b, horizon - 0.05 + 0.42 * near**2 * (1 - horizon), 0.16 * (1.2 - 0.6 * near), 2 + k)
        texture = 0.7 + 0.6 * b.clouds(int(24 / near), 3, 2.0)
        slope = np.gradient(cv2.GaussianBlur(line[None], (0, 0), b.side * 0.02)[0]) * b.side * 0.05
        shade = np.clip(1 + slope * np.sign(b.lamp[0]), 0.5, 1.6)[None]
        colour = green * (texture * shade)[..., None] * near + air * (1 - near) * 0.9
        b.lay(under(b, line), colour)
    if b.u() < 0.6:
        trees(b, horizon + 0.2, green * 0.35)


def trees(b: Board, level: float, colour: np.ndarray) -> None:
    for x in np.sort(b.u(-0.05, 1.05, int(b.rng.integers(4, 12)))):
        h, y = b.u(0.10, 0.26), level + b.u(0.05, 0.25)
        if b.u() < 0.5:  # a fir
            for k in range(7):
                t = k / 6
                w = h * 0.30 * (0.15 + t)
                tier = [
                    (x, y - h * (1.08 - t * 0.9)),
                    (x - w, y - h * (0.86 - t * 0.9)),
                    (x + w, y - h * (0.86 - t * 0.9)),
                ]
                b.lay(b.polygon(tier), colour * b.u(0.7, 1.2))
        else:
            b.stroke([(x, y + 0.02), (x, y - h * 0.4)], h * 0.05, colour * 0.6)
            for _ in range(26):
                a, d = b.u(0, 6.28), b.u(0, 0.34) * h
                b.dome(x + d * math.cos(a), y - h * 0.55 + d * 0.85 * math.sin(a), h * b.u(0.08, 0.16), h * 0.11,
                       colour * b.u(0.8, 1.9), 0, 0, 0)  # fmt: skip


def mountains(b: Board, horizon: float, over: Sky) -> None:
    light = over.light
    air = b.image[int(horizon * b.side) - 1].mean(0)
    for k in range(2):
        line = ridge(b, horizon - 0.10 + 0.1 * k, 0.36 - 0.1 * k, 3 + k)
        rock = linear((104, 104, 116)) * light
        below = b.y - line[None]
        facets = b.clouds(14, 4, 0.6)
        snow = (
            np.clip((0.16 - below + (facets - 0.5) * 0.25) / 0.03, 0, 1) * np.clip(2.2 - 2 * line / horizon, 0, 1)[None]
        )
        side = 0.6 + 0.9 * np.clip(np.gradient(facets, axis=1) * b.side * 0.09 * -np.sign(b.lamp[0] or 1) + 0.4, 0, 1)
        colour = (rock + (light * 0.95 - rock) * snow[..., None]) * side[..., None]
        b.lay(under(b, line), colour * (0.62 + 0.38 * k) + air * (0.38 - 0.38 * k))
    if b.u() < 0.5:
        water(b, horizon + 0.08, over)
        trees(b, horizon - 0.05, linear((40, 62, 44)) * light * 0.5)
    else:
        hills_front(b, horizon, light)


def hills_front(b: Board, horizon: float, light: np.ndarray) -> None:
    green = b.chosen((84, 124, 56), (110, 120, 66), (62, 98, 60)) * light
    b.lay(under(b, ridge(b, horizon + 0.10, 0.10, 3)), green * (0.6 + 0.8 * b.clouds(40, 3, 1.6))[..., None])
    trees(b, horizon + 0.08, green * 0.4)


def water(b: Board, level: float, over: Sky) -> None:
    """The sky upside down, broken by waves, and the sun's path on it."""
    s = b.side
    row = int(level * s)
    depth = np.clip((b.y - level) / (1 - level), 0, 1)
    wave = (b.clouds(40, 3, 4.0)) - 0.5
    source = np.clip(2 * level - b.y + wave * 0.30 * (0.15 + depth), 0.0, level - 1 / s) * s
    mirrored = cv2.remap(b.image, b.x * s - 0.5, source.astype(np.float32), cv2.INTER_LINEAR)
    deep = linear((30, 84, 110)) * over.light
    strength = np.clip(0.75 - 0.45 * depth, 0, 1)[..., None]
    sea = mirrored * strength * 0.85 + deep * (1 - strength) * (0.8 + 0.8 * wave)[..., None]
    path = np.exp(-(((b.x - over.sun) / (0.03 + 0.12 * depth)) ** 2)) * np.clip(wave * 5, 0, 1)
    sea += path[..., None] * over.glow * 1.4
    b.image[row:] = sea[row:]


def sea(b: Board, horizon: float, over: Sky) -> None:
    light = over.light
    if b.u() < 0.5:  # land on the other side
        line = ridge(b, horizon - 0.01, 0.10, 4)
        b.lay(under(b, line), linear((70, 88, 104)) * light * 0.8 + b.image[int(horizon * b.side) - 1].mean(0) * 0.4)
    water(b, horizon, over)
    if b.u() < 0.45:  # the beach, with a line of foam
        line = ridge(b, horizon + b.u(0.2, 0.3), 0.12, 2)
        sand = b.chosen((222, 196, 150), (206, 176, 132)) * light
        b.lay(under(b, line - 0.025), (light * 0.95).astype(np.float32))
        b.lay(
            under(b, line),
            sand * (0.75 + 0.4 * b.clouds(70, 3))[..., None] * np.clip(0.6 + (b.y - line) * 4, 0, 1)[..., None],
        )
    if b.u() < 0.4:  # a sail
        x, y, h = b.u(0.2, 0.8), horizon + 0.03, b.u(0.06, 0.12)
        b.lay(b.polygon([(x, y - h), (x, y - 0.01), (x + h * 0.5, y - 0.01)]), np.ones(3) * 0.9 * light)
        b.lay(
            b.polygon([(x - h * 0.3, y), (x + h * 0.5, y), (x + h * 0.3, y + 0.02), (x - h * 0.2, y + 0.02)]),
            light * 0.1,
        )


def city(b: Board, horizon: float, over: Sky) -> None:
    light = over.light
    dark = over.dark
    air = b.image[int(horizon * b.side) - 1].mean(0)
    for k in range(3):
        near, x = (k + 1) / 3, -0.05
        while x < 1.05:
            w, h = b.u(0.04, 0.12) * (0.7 + 0.6 * near), b.u(0.06, 0.34) * (1.25 - 0.5 * near)
            foot = horizon + 0.10 * k * k
            wall = linear(b.rng.integers(80, 190, 3) * 0.4 + np.array([96, 90, 88])) * light * (0.35 if dark else 0.8)
            wall = wall * near + air * (1 - near) * 0.6
            mask = b.polygon([(x, foot - h), (x + w, foot - h), (x + w, 1.2), (x, 1.2)])
            b.lay(mask, wall.astype(np.float32) * (1 + 0.25 * (b.x[..., None] - x) / w * np.sign(b.lamp[0] or 1)))
            if b.u() < 0.9:
                windows(b, x, foot - h, w, h, wall, dark, near)
            if b.u() < 0.2:
                b.stroke([(x + w / 2, foot - h), (x + w / 2, foot - h - 0.05)], 0.004, wall * 0.5)
            x += w + b.u(-0.005, 0.02)
    if b.u() < 0.4:
        water(b, min(horizon + 0.22, 0.85), over)


def windows(b: Board, x, y, w, h, wall, dark: bool, near: float) -> None:
    columns, rows = max(2, int(w / 0.022)), max(2, int(h / 0.035))
    on = b.rng.random((rows, columns))
    warm = linear((255, 214, 140)) * 1.3
    s = b.side
    for i in range(rows):
        for j in range(columns):
            pane = warm * near if on[i, j] < (0.5 if dark else 0.08) * near else wall * (1 - 0.5 * near)
            x0, y0 = x + w * (j + 0.25) / columns, y + 0.01 + h * (i + 0.2) / rows
            a, c = int(y0 * s), int(x0 * s)
            if a >= 0 and c >= 0:
                b.image[a : int((y0 + h * 0.55 / rows) * s) + 1, c : int((x0 + w * 0.5 / columns) * s) + 1] = pane


SCENES = (hills, hills, mountains, sea, sea, city, city)
