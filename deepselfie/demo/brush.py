"""Simple shaded shapes for pictures without people: discs, domes, strokes and clouds, in linear light.

Places are fractions of the picture, x to the right, y down. Shapes touch only the pixels around them, and what is drawn
by chance is drawn in the same order at any size, so that the composition does not depend on it.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from deepselfie.demo.people import linear
from deepselfie.demo.shots import Shot

TINTS = {"warm": (1.12, 0.96, 0.74), "sun": (1.1, 1.02, 0.9), "shade": (0.95, 1.0, 1.07), "neon": (1.1, 0.85, 1.15)}


class Board:
    """image: (side, side, 3) float32; lamp: unit vector towards the light, z towards the viewer."""

    def __init__(self, side: int, shot: Shot, rng: np.random.Generator) -> None:
        self.side, self.rng, self.u, self.shot = side, rng, rng.uniform, shot
        self.image = np.zeros((side, side, 3), np.float32)
        self.y, self.x = (np.mgrid[0:side, 0:side].astype(np.float32) + 0.5) / side
        a, b = math.radians(shot.light_yaw), math.radians(max(shot.light_pitch, 25.0))
        self.lamp = np.array([math.sin(a) * 0.8, -math.sin(b) * 0.8, 0.75])
        self.lamp /= np.linalg.norm(self.lamp)
        self.tint = np.array(TINTS.get(shot.light, (1.0, 1.0, 1.0)), np.float32)

    def chosen(self, *colours) -> np.ndarray:
        """One of these sRGB colours, each time a little different, as linear light."""
        colour = np.array(colours[int(self.rng.integers(len(colours)))], float) * self.u(0.92, 1.06) + self.u(-6, 6, 3)
        return linear(np.clip(colour, 0, 255)).astype(np.float32)

    def near(self, x: float, y: float, reach: float) -> tuple[slice, slice]:
        """The pixels within `reach` of a place."""
        s = self.side
        low, high = (max(0, int((y - reach) * s)), max(0, int((x - reach) * s))), (y + reach, x + reach)
        return slice(low[0], max(low[0], math.ceil(high[0] * s))), slice(low[1], max(low[1], math.ceil(high[1] * s)))

    def local(self, at: tuple, x: float, y: float, rx: float, ry: float, turn: float):
        """u, v of the pixels `at` on an ellipse where its rim is u² + v² = 1; turn in radians, clockwise."""
        c, s = math.cos(turn), math.sin(turn)
        dx, dy = self.x[at] - x, self.y[at] - y
        return (dx * c + dy * s) / rx, (dy * c - dx * s) / ry

    def lay(self, mask: np.ndarray, colour: np.ndarray, at: tuple | None = None) -> None:
        """Covers pixels by mask 0..1 with a colour (3,) or one for each pixel. at: the pixels meant, by default all."""
        colour = np.asarray(colour, np.float32)
        if at is None:
            x, y, w, h = cv2.boundingRect((mask > 0).view(np.uint8))
            at = slice(y, y + h), slice(x, x + w)
            mask, colour = mask[at], colour[at] if colour.ndim == 3 else colour
        self.image[at] += (colour - self.image[at]) * mask[..., None].astype(np.float32)

    def ellipse(self, x, y, rx, ry, turn=0.0, soft=0.0):
        """(at, mask): an ellipse with an edge that is `soft` wide."""
        at = self.near(x, y, max(rx, ry) + soft)
        u, v = self.local(at, x, y, rx, ry, turn)
        edge = max(soft, 1.2 / self.side) / min(rx, ry)
        return at, np.clip((1 - np.hypot(u, v)) / edge + 0.5, 0, 1)

    def disc(self, x, y, rx, ry, colour, turn=0.0, soft=0.0) -> None:
        at, mask = self.ellipse(x, y, rx, ry, turn, soft)
        self.lay(mask, colour, at)

    def shadow(self, x, y, rx, ry, turn=0.0, lift=0.02, strength=0.55) -> None:
        """What an ellipse that stands `lift` above the ground keeps from the light."""
        x, y = x - self.lamp[0] * lift * 1.4, y - self.lamp[1] * lift * 1.4
        at, mask = self.ellipse(x, y, rx + lift * 0.5, ry + lift * 0.5, turn, 2.2 * lift)
        self.image[at] *= 1 - strength * mask[..., None]

    def dome(self, x, y, rx, ry, colour, turn=0.0, gloss=0.15, lift=0.02, flat=0.0, strength=0.5) -> None:
        """A shaded half egg with its shadow; flat 0 round .. 1 a disc."""
        if lift:
            self.shadow(x, y, rx, ry, turn, lift, strength)
        at, mask = self.ellipse(x, y, rx, ry, turn)
        u, v = self.local(at, x, y, rx, ry, turn)
        self.lay(mask, self.shaded(u, v, turn, colour, gloss, flat), at)

    def shaded(self, u, v, turn, colour, gloss=0.15, flat=0.0) -> np.ndarray:
        """Colour of a dome's points (u, v) in the light."""
        c, s = math.cos(turn), math.sin(turn)
        nx, ny = (u * c - v * s) * (1 - flat), (v * c + u * s) * (1 - flat)
        nz = np.sqrt(np.maximum(1 - nx * nx - ny * ny, 0.02))
        toward = nx * self.lamp[0] + ny * self.lamp[1] + nz * self.lamp[2]
        half = self.lamp + np.array([0, 0, 1.0])
        half /= np.linalg.norm(half)
        shine = gloss * np.maximum(nx * half[0] + ny * half[1] + nz * half[2], 0) ** 40
        light = 0.85 * np.maximum(toward, 0) ** 1.1 + 0.22 + 0.14 * nz
        return (np.asarray(colour) * light[..., None] + shine[..., None]).astype(np.float32)

    def polygon(self, points) -> np.ndarray:
        """Mask (side, side) 0..1 of a polygon."""
        mask = np.zeros((self.side, self.side), np.uint8)
        corners = np.round(np.asarray(points, float) * self.side * 16).astype(np.int32)
        cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, 4)
        return mask.astype(np.float32) / 255

    def stroke(self, points, width: float, colour) -> None:
        """A line through points (n, 2), `width` wide."""
        mask = np.zeros((self.side, self.side), np.uint8)
        corners = np.round(np.asarray(points, float) * self.side * 16).astype(np.int32)
        cv2.polylines(mask, [corners], False, 255, max(1, round(width * self.side)), cv2.LINE_AA, 4)
        thin = min(1.0, width * self.side)
        self.lay(mask.astype(np.float32) * (thin / 255), colour)

    def tone(self, mask: np.ndarray, factor) -> None:
        """Multiplies by `factor` where the mask is 1."""
        self.image *= 1 + (np.asarray(factor, np.float32) - 1) * mask[..., None]

    def clouds(self, grain: int, octaves: int = 4, stretch: float = 1.0) -> np.ndarray:
        """(side, side) 0..1: noise with `grain` lumps across the picture and finer ones within; stretch: along x."""
        out, total, weight = np.zeros((self.side, self.side), np.float32), 0.0, 1.0
        for _ in range(octaves):
            cells = self.rng.random((grain + 2, max(2, int(grain / stretch) + 2))).astype(np.float32)
            if grain < self.side:  # finer than the picture cannot be seen, but its dice are thrown
                out += weight * cv2.resize(cells, (self.side, self.side), interpolation=cv2.INTER_CUBIC)
                total += weight
            grain, weight = grain * 2, weight * 0.5
        return np.clip(out / total, 0, 1) if total else out + np.float32(0.5)

    def blur(self, radius: float) -> None:
        if radius * self.side > 0.3:
            self.image = cv2.GaussianBlur(self.image, (0, 0), radius * self.side)

    def table(self) -> None:
        """Fills the board with wood, stone, cloth or a plain top, lit from the lamp's side."""
        kind = int(self.rng.integers(4))
        if kind == 0:
            wood = self.chosen((150, 104, 66), (188, 150, 108), (96, 66, 46), (206, 178, 142))
            fine = self.clouds(48, 3, 0.06) if self.u() < 0.5 else self.clouds(48, 3, 16)
            self.image[:] = wood * (0.62 + 0.7 * fine[..., None])
            planks = int(self.rng.integers(3, 6))
            for i in range(1, planks):
                self.image[:, (abs(self.x[0] - i / planks - 0.03) < 0.004)] *= 0.5
        elif kind == 1:
            stone = self.chosen((226, 222, 218), (70, 72, 76), (190, 184, 178))
            vein = np.abs(self.clouds(3, 5) - 0.5) * 2
            self.image[:] = stone * (0.8 + 0.25 * np.clip(vein * 6, 0, 1))[..., None]
        elif kind == 2:
            cloth, other = self.chosen((236, 232, 224), (120, 140, 160), (180, 70, 66)), self.chosen((244, 240, 232))
            n = int(self.rng.integers(8, 16))
            check = ((self.x * n % 1 < 0.5).astype(np.float32) + (self.y * n % 1 < 0.5)) / 2
            check = check * (self.u() < 0.6)
            self.image[:] = other + (cloth - other) * check[..., None]
            self.image *= (0.85 + 0.3 * self.clouds(4, 3))[..., None]
        else:
            plain = self.chosen((232, 226, 216), (196, 206, 204), (214, 186, 178), (58, 60, 66), (206, 190, 160))
            self.image[:] = plain * (0.92 + 0.16 * self.clouds(24, 3))[..., None]
        fall = 1.0 + 0.5 * (self.lamp[0] * (self.x - 0.5) + self.lamp[1] * (self.y - 0.5))
        self.image *= fall[..., None]
