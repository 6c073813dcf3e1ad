"""Clothes on the body: where cloth ends, its colour and its folds, pixel by pixel.

(X, Y, Z) is a place on the template body; (x, y, z) the same point as it hangs in the picture's world, where prints lie
flat. `cut` (7,) is indexed by the names below; `dyes` (4, 3) are linear colours; `mask` is the print.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from deepselfie.demo import prints
from deepselfie.demo.paint import noise3, step
from deepselfie.demo.people import linear
from deepselfie.demo.raster import hashed
from deepselfie.demo.wardrobe import GARMENTS, NECKLINES, PATTERNS, Clothes

GARMENT, NECKLINE, DEPTH, SLEEVE, PATTERN, SCALE, SEED = range(7)
MAIN, SECOND, INNER, TROUSERS = range(4)
TEE, TANK, STRAPS, SHIRT, HOODIE, JACKET, SWEATER = range(7)
CREW, VEE, SCOOP, COLLAR = range(4)
PLAIN, STRIPED, CHECKED, DOTTED, PRINTED, FLOWERY, BLOCKED = range(7)
THICKNESS = {"tee": 0.07, "tank": 0.05, "straps": 0.04, "shirt": 0.09, "hoodie": 0.16, "jacket": 0.13, "sweater": 0.13}
LOOSE = {"tee": 0.94, "tank": 0.88, "straps": 0.80, "shirt": 0.97, "hoodie": 1.06, "jacket": 1.05, "sweater": 1.0}
BAND = 0.15  # width of a knitted collar
NOBODY = 9.0  # far from any hem


def cut_and_dyes(c: Clothes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """cut, dyes and the mask of the print, as `fabric` takes them."""
    cut = [
        GARMENTS.index(c.garment), NECKLINES.index(c.neckline), c.depth, c.sleeve, PATTERNS.index(c.pattern), c.scale,
        c.seed,
    ]  # fmt: skip
    return (
        np.array(cut, np.float64),
        np.array([linear(d) for d in (c.main, c.second, c.inner, c.trousers)]),
        prints.chest(c.seed),
    )


@njit(cache=True, fastmath=True)
def down_arm(X, Y, Z):
    """How far down the arm a place is, in mesh units from the shoulder; -1 on the trunk."""
    ax = abs(X)
    if ax < 1.62 + 0.45 * max(0.0, 4.3 - Y):
        return -1.0
    if (ax - 3.12) * 1.153 - (Y - 3.5) * 1.258 + (Z - 0.3) * 0.792 > 0:
        return 2.22 + 0.505 * (ax - 3.12) - 0.505 * (Y - 3.5) + 0.701 * (Z - 0.3)
    return max(0.0, 0.676 * (ax - 1.62) - 0.730 * (Y - 5.12) + 0.099 * (Z - 0.08))


@njit(cache=True, fastmath=True)
def hems(X, Y, Z, cut):
    """Distances to the hem at the neck (or armholes) and at the sleeve: cloth where both are negative."""
    ax, t = abs(X), down_arm(X, Y, Z)
    front = step(0.1, 0.8, Z)
    base = 5.72 + 0.32 * (0.55 - Z)
    kind = cut[GARMENT]
    if cut[NECKLINE] == VEE:
        base -= cut[DEPTH] * max(0.0, 1 - ax / 0.48) * front + 0.05
    elif cut[NECKLINE] == SCOOP:
        base -= cut[DEPTH] * math.sqrt(max(0.0, 1 - (ax / 0.85) ** 2)) * front + 0.08
    elif cut[NECKLINE] == COLLAR:
        base += 0.14 - (cut[DEPTH] + 0.2) * max(0.0, 1 - ax / 0.34) * front
    else:
        base -= cut[DEPTH] * front * math.exp(-((X / 0.42) ** 2))
    out = ax - 0.6  # shoulders are level: there it is the way out from the neck that counts
    neck = Y - base - 0.4 * (out + math.sqrt(out * out + 0.04))
    if kind == STRAPS:
        above = Y - (4.95 + 0.18 * step(0.2, 0.6, ax) - 0.9 * step(0.75, 1.5, ax))
        beside = abs(ax - 0.69) - 0.07
        both = max(0.0, 1 - abs(above - beside) / 0.12)  # straps run into the rest in a curve
        neck = max(neck, min(above, beside) - 0.03 * both * both)
    if kind == TANK and Y > 3.4:
        neck = max(neck, ax - (1.02 + 0.42 * step(5.2, 4.1, Y)))
    sleeve = -NOBODY
    if t >= 0:
        sleeve = t - cut[SLEEVE]
        if kind == TANK or kind == STRAPS:
            sleeve = t + 0.3
    return neck, sleeve


@njit(cache=True, fastmath=True)
def all_hems(places, cut):
    """hems of each of places (N, 3): (N, 2) float32."""
    out = np.empty((places.shape[0], 2), np.float32)
    for i in range(places.shape[0]):
        out[i, 0], out[i, 1] = hems(places[i, 0], places[i, 1], places[i, 2], cut)
    return out


@njit(cache=True, fastmath=True)
def opening(Y):
    """Half of the gap of an open jacket."""
    return 0.30 + 0.13 * max(0.0, 5.4 - Y)


@njit(cache=True, fastmath=True)
def print_on(x, y, mask):
    """How much of the second colour a print on the chest has there: x and y in mesh units from its middle, y up."""
    height, width = mask.shape
    u, v = (x / 1.6 + 0.5) * width - 0.5, (0.5 - y / 1.2) * height - 0.5
    i, j = int(math.floor(u)), int(math.floor(v))
    if i < 0 or j < 0 or i >= width - 1 or j >= height - 1:
        return 0.0
    u, v = u - i, v - j
    upper = mask[j, i] * (1 - u) + mask[j, i + 1] * u
    return upper * (1 - v) + (mask[j + 1, i] * (1 - u) + mask[j + 1, i + 1] * u) * v


@njit(cache=True, fastmath=True)
def patterned(pattern, a, b, x, y, z, t, scale, mask):
    """How much of the second colour, 0..1. a: down the cloth, b: around it."""
    if pattern == STRIPED:
        return 1.0 if (a / (0.30 * scale)) % 1 < 0.42 else 0.0
    if pattern == CHECKED:
        p, q = (a / (0.42 * scale)) % 1, (b / (0.42 * scale)) % 1
        lines = 0.45 * (p < 0.4) + 0.45 * (q < 0.4)
        if abs(p - 0.7) < 0.05 or abs(q - 0.7) < 0.05:
            lines += 0.35
        return min(1.0, lines)
    if pattern == DOTTED:
        u, v = a / (0.20 * scale), b / (0.20 * scale)
        v += 0.5 * (math.floor(u) % 2)
        return step(0.09, 0.05, (u % 1 - 0.5) ** 2 + (v % 1 - 0.5) ** 2)
    if pattern == FLOWERY:
        u, v = a / (0.30 * scale), b / (0.30 * scale)
        i, j = math.floor(u), math.floor(v)
        du = u - i - 0.5 + 0.4 * (hashed(int(i), int(j), 1) - 0.5)
        dv = v - j - 0.5 + 0.4 * (hashed(int(i), int(j), 2) - 0.5)
        angle = math.atan2(du, dv)
        return step(0.36, 0.26, math.sqrt(du * du + dv * dv) / (0.75 + 0.25 * math.cos(5 * angle)))
    if pattern == BLOCKED:
        return 1.0 if (y < 4.55 and t < 0) or t > 1.3 else 0.0
    if pattern == PRINTED and t < 0 and z > 0.2 and abs(x) < 0.8:
        return print_on(x, y - 4.35, mask)
    return 0.0


@njit(cache=True, fastmath=True)
def fabric(out, bend, X, Y, Z, x, y, z, neck, sleeve, cut, dyes, mask):
    """Linear colour into out (3,), what folds add to the normal into bend (3,)."""
    seed, kind, t = cut[SEED], cut[GARMENT], down_arm(X, Y, Z)
    ax = abs(X)
    arm = t >= 0
    a = t if arm else y
    b = Z * 1.2 + 0.5 * ax if arm else math.atan2(x, z + 0.7) * 1.5
    heavy = 1.0 if kind >= HOODIE else 0.75
    # Cloth hangs in long folds from chest and shoulders, and is squeezed at the elbow and the armpit.
    drape = noise3(b * 1.5 + seed, a * 0.45, seed) - 0.5
    pull = noise3(b * 1.1 + a * 1.0 + seed, a * 0.5 - b * 0.6, seed + 3) - 0.5
    squeeze = 0.0
    if arm:
        squeeze = noise3(b * 0.9 + seed, a * 2.6 + 0.8 * b, seed + 5) - 0.5
        squeeze *= 0.5 + 0.8 * math.exp(-(((t - 2.2) / 0.7) ** 2))
    elif Y < 2.6:
        squeeze = 0.7 * (noise3(b * 0.8 + seed, a * 2.0, seed + 5) - 0.5)
    bend[0] = (0.75 * drape + 0.55 * pull) * heavy
    bend[1] = (0.35 * pull + 0.9 * squeeze) * heavy
    bend[2] = 0.2 * (pull - drape) * heavy
    k = 1 + 0.22 * drape + 0.25 * squeeze + 0.12 * pull
    k *= 0.97 + 0.06 * hashed(int(x * 70) + 500, int(y * 70) + 500, int(z * 30) + 500)
    dye, other = MAIN, SECOND
    p = 0.0
    q = max(neck, sleeve)
    trousers = Y < 0.9 and not arm
    if trousers:
        dye, k = TROUSERS, k * (1 - 0.35 * step(0.75, 0.88, Y))
    elif kind == JACKET and Z > 0.0 and not arm and abs(x) < opening(Y):
        dye = INNER
        k *= 0.55 + 0.45 * step(0.0, 0.24, opening(Y) - abs(x))
        bend[0] *= 0.5
        if neck > -0.13:
            k *= 0.9
    else:
        p = patterned(cut[PATTERN], a, b, x, y, z, t, cut[SCALE], mask)
        if kind == TEE or kind == SWEATER or kind == TANK:
            wide = BAND * (1.5 if kind == SWEATER else 1.0)
            edge = abs(neck + wide)
            if neck > -wide:  # the knitted collar
                p, k = 0.0, k * (0.92 + 0.025 * math.sin(b * 60))
            k *= 1 - 0.30 * step(0.035, 0.0, edge)
            k *= 1 - 0.25 * step(0.03, 0.0, abs(sleeve + 0.12))
            if kind == SWEATER:
                rib = math.sin(b * 34) * 0.5 + math.sin(a * 30 + 3 * math.sin(b * 17)) * 0.3
                bend[0] += 0.10 * rib
                k *= 1 + 0.05 * rib
                if sleeve > -0.45:
                    k *= 0.9
        elif kind == SHIRT:
            flap = 0.24 + 0.14 * step(0.2, 0.9, Z) * step(0.0, 0.30, ax)
            if neck > -flap:  # the collar lies over the rest
                k *= 1.06
            else:
                k *= 1 - 0.5 * step(0.13, 0.0, -flap - neck)
            if Z > 0.2 and not arm and neck < -flap * 0.5:
                k *= 1 - 0.35 * step(0.03, 0.0, abs(abs(x) - 0.14))
                dy = (y / 0.46) % 1 - 0.5
                if x * x + (dy * 0.46) ** 2 < 0.0022:
                    k, p = k * (0.5 if dyes[MAIN, 1] > 0.2 else 2.4), 0.0
            k *= 1 - 0.3 * step(0.03, 0.0, abs(sleeve + 0.28))
        elif kind == JACKET:
            if Z > 0.0 and not arm:
                k *= 1 - 0.45 * step(0.05, 0.0, abs(x) - opening(Y) - 0.02)
            flap = 0.26 + 0.1 * step(0.2, 0.9, Z)
            k *= 1.05 if neck > -flap else 1 - 0.45 * step(0.14, 0.0, -flap - neck)
        elif kind == HOODIE:
            k *= 1 - 0.35 * step(0.5, 0.1, -neck)  # under the hood
            if Z > 0.3 and not arm and 4.2 < y < 5.6 and abs(abs(x) - 0.26 - 0.02 * math.sin(y * 5)) < 0.035:
                p, other = 1.0, INNER
            if sleeve > -0.5:
                k *= 0.92
    k *= 0.72 + 0.28 * step(0, -0.10, q)
    for c in range(3):
        out[c] = (dyes[dye, c] * (1 - p) + dyes[other, c] * p) * k
