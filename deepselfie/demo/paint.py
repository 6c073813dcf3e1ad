"""What colour each point of a person is: skin, lips, brows, stubble, eyes, painted on the template's position.

All functions take the place (X, Y, Z) of a point on the template body, where every face is at the same spot, and
return linear light (r, g, b). `colours` (10, 3) and `amounts` (9,) are indexed by the names below.
"""

from __future__ import annotations

import math

from numba import njit

from deepselfie.demo.raster import hashed

(
    TONE,
    LIPS,
    BROW,
    HAIR_COLOUR,
    STUBBLE_COLOUR,
    IRIS,
    LENS_COLOUR,
    FRAME_COLOUR,
    BEARD_COLOUR,
    FABRIC,
) = range(10)
LIP_STRENGTH, FLUSH, BROW_SIZE, SCALP, STUBBLE, SHINE, SEED, EYELINE, AGED = range(9)


@njit(cache=True, fastmath=True)
def noise3(x, y, z):
    """Smooth noise 0..1 with a grain of one unit."""
    xi, yi, zi = int(math.floor(x)), int(math.floor(y)), int(math.floor(z))
    x, y, z = x - xi, y - yi, z - zi
    x, y, z = x * x * (3 - 2 * x), y * y * (3 - 2 * y), z * z * (3 - 2 * z)
    a = hashed(xi, yi, zi) * (1 - x) + hashed(xi + 1, yi, zi) * x
    b = hashed(xi, yi + 1, zi) * (1 - x) + hashed(xi + 1, yi + 1, zi) * x
    c = hashed(xi, yi, zi + 1) * (1 - x) + hashed(xi + 1, yi, zi + 1) * x
    d = hashed(xi, yi + 1, zi + 1) * (1 - x) + hashed(xi + 1, yi + 1, zi + 1) * x
    return (a * (1 - y) + b * y) * (1 - z) + (c * (1 - y) + d * y) * z


@njit(cache=True, fastmath=True)
def step(low, high, x):
    t = min(1.0, max(0.0, (x - low) / (high - low)))
    return t * t * (3 - 2 * t)


@njit(cache=True, fastmath=True)
def mix(r, g, b, colour, s, scale):
    return (
        r * (1 - s) + colour[0] * s * scale,
        g * (1 - s) + colour[1] * s * scale,
        b * (1 - s) + colour[2] * s * scale,
    )


@njit(cache=True, fastmath=True)
def stubble(X, Y, Z, amount):
    ax = abs(X)
    jaw = step(6.95, 6.6, Y) * step(0.25, 0.6, Z) * step(5.85, 6.15, Y)
    moustache = step(0.40, 0.28, ax) * step(6.68, 6.72, Y) * step(6.86, 6.80, Y) * step(1.3, 1.4, Z)
    sideburns = step(0.55, 0.62, ax) * step(7.2, 7.0, Y) * step(0.45, 0.6, Z) * step(1.0, 0.8, Z) * step(6.3, 6.6, Y)
    cheek = 1 - step(6.6, 6.75, Y) * step(0.62, 0.40, ax) * (1 - moustache) * step(1.0, 1.2, Z)
    grain = 0.6 + 0.8 * hashed(int(X * 150), int(Y * 150), int(Z * 150))
    return min(0.9, max(max(jaw * cheek, moustache), sideburns) * amount * grain)


@njit(cache=True, fastmath=True)
def brow(X, Y, Z, amounts):
    ax = abs(X)
    u = (ax - 0.12) / 0.44
    if not (Z > 0.9 and 0 < u < 1.08 and 7.3 < Y < 7.8):
        return 0.0
    middle = 7.525 + 0.030 * step(0.0, 0.65, u) - 0.050 * step(0.55, 1.1, u)
    size = amounts[BROW_SIZE] * (1.0 - 0.60 * step(0.40, 1.05, u)) * (0.80 + 0.20 * step(0, 0.2, u))
    hairs = noise3((ax - Y * 0.9) * 48, (Y + ax * 0.5) * 12 + amounts[SEED], 1.0)
    edge = abs(Y - middle) / size
    return step(1.35, 0.25, edge + 0.55 * (hairs - 0.5)) * (0.65 + 0.35 * hairs) * step(-0.02, 0.25, u) * 0.84


@njit(cache=True, fastmath=True)
def scalp(X, Y, Z, grain):
    ax = abs(X)
    if ax > 0.765 and Y < 7.45:
        return 0.0
    if Z <= 0.45:
        return step(6.75, 6.95, Y)
    line = 7.93 + 0.08 * math.cos(X * 3)
    return step(line - 0.03, line + 0.10, Y + 0.05 * grain + step(1.0, 0.55, Z) * 0.72 * step(0.4, 0.62, ax))


@njit(cache=True, fastmath=True)
def wrinkles(X, Y, Z, ax, seed):
    """0..1: folds beside the mouth, lines on the forehead, crow's feet, bags below the eyes."""
    if Z < 0.6 or Y < 6.3 or Y > 8.0:
        return 0.0
    down = min(1.0, max(0.0, (6.93 - Y) / 0.36))  # from the nose to the corner of the mouth
    fold = math.exp(-(((ax - 0.19 - 0.13 * down) / 0.022) ** 2)) * step(6.52, 6.62, Y) * step(6.98, 6.90, Y)
    wave = Y + 0.02 * math.sin(X * 5 + seed) + 0.015 * noise3(X * 7, seed, 1.0)
    lines = step(0.80, 1.0, math.sin(wave * 68)) * step(7.62, 7.70, Y) * step(7.92, 7.84, Y) * step(0.55, 0.3, ax)
    feet = step(0.7, 1.0, math.sin((Y - 7.28) / (ax - 0.34 + 1e-6) * 11)) * step(0.44, 0.50, ax) * step(0.62, 0.54, ax)
    feet *= step(0.12, 0.08, abs(Y - 7.27))
    bag = math.exp(-(((ax - 0.30) / 0.13) ** 2) - ((Y - 7.10 + 0.25 * (ax - 0.3) ** 2) / 0.018) ** 2)
    return min(1.0, fold + 0.5 * lines * (0.5 + noise3(X * 9, Y * 3, seed)) + 0.5 * feet + 0.6 * bag)


@njit(cache=True, fastmath=True)
def skin(X, Y, Z, lip, mouth, colours, amounts):
    """r, g, b, how much of it is bare skin (0..1), gloss."""
    seed, ax = amounts[SEED], abs(X)
    coarse, fine = noise3(X * 5 + seed, Y * 5, Z * 5) - 0.5, noise3(X * 22, Y * 22 + seed, Z * 22) - 0.5
    pores = noise3(X * 75 + seed, Y * 75, Z * 75) - 0.5
    k = 1 + 0.10 * coarse + 0.07 * fine + 0.10 * pores
    r, g, b = colours[TONE, 0] * k, colours[TONE, 1] * (k + 0.03 * coarse), colours[TONE, 2] * k
    fair = step(0.30, 0.60, colours[TONE, 0])
    if Z > 0.8 and Y > 6.5 and seed % 7 < 2:  # freckles, on the nose and below the eyes
        spots = step(0.66, 0.80, noise3(X * 26 + 3 * seed, Y * 26, Z * 26))
        spots *= fair * math.exp(-(((Y - 7.02) / 0.22) ** 2)) * step(0.75, 0.45, ax)
        r, g, b = r * (1 - 0.22 * spots), g * (1 - 0.36 * spots), b * (1 - 0.42 * spots)
    worn = amounts[AGED] * wrinkles(X, Y, Z, ax, seed)
    r, g, b = r * (1 - 0.26 * worn), g * (1 - 0.34 * worn), b * (1 - 0.34 * worn)
    red = math.exp(-(((ax - 0.45) / 0.24) ** 2) - ((Y - 6.93) / 0.2) ** 2) * (1 if Z > 0.5 else 0)
    red += 0.8 * math.exp(-((X / 0.16) ** 2) - ((Y - 6.9) / 0.13) ** 2) * (1 if Z > 1.3 else 0)
    if ax > 0.76 and 6.7 < Y < 7.5:
        red += 0.6
    red *= amounts[FLUSH] * (1 + coarse)
    g *= 1 - 0.26 * red
    b *= 1 - 0.19 * red
    socket = math.exp(-(((ax - 0.31) / 0.2) ** 2) - ((Y - 7.30) / 0.13) ** 2) * (1 if Z > 1.0 else 0)
    socket *= 0.10 + amounts[EYELINE]
    r, g, b = r * (1 - 0.8 * socket), g * (1 - socket), b * (1 - 0.95 * socket)
    if lip > 0:
        s = step(0.15, 0.7, lip) * amounts[LIP_STRENGTH]
        r, g, b = mix(r, g, b, colours[LIPS], s, 0.93 + 0.14 * noise3(X * 60, Y * 6, 2.0))
    if mouth > 0.3:
        s = step(0.3, 0.8, mouth)
        r, g, b = r * (1 - s) + 0.24 * s, g * (1 - s) + 0.07 * s, b * (1 - s) + 0.06 * s
    if amounts[STUBBLE] > 0 and lip < 0.4:
        r, g, b = mix(r, g, b, colours[STUBBLE_COLOUR], stubble(X, Y, Z, amounts[STUBBLE]), 1.0)
    r, g, b = mix(r, g, b, colours[BROW], brow(X, Y, Z, amounts), 1.0)
    s = scalp(X, Y, Z, fine) * amounts[SCALP]
    r, g, b = mix(r, g, b, colours[HAIR_COLOUR], s, 0.55)
    gloss = 0.030 * amounts[SHINE] * (0.45 + 0.5 * math.exp(-((X / 0.28) ** 2)) * (1 if Z > 1.2 else 0))
    gloss *= (1 + 0.9 * pores + 0.5 * fine) * (1 - 0.6 * worn)
    return r, g, b, 1 - s, (0.03 * amounts[SHINE] + 0.012 if lip > 0.5 else gloss)


@njit(cache=True, fastmath=True)
def eyeball(px, py, pz, gaze, colours, seed):
    """r, g, b of a point at (px, py, pz) from the centre of an eyeball, and its angle from the gaze in radians."""
    length = math.sqrt(px * px + py * py + pz * pz) + 1e-9
    angle = math.acos(min(1.0, max(-1.0, (px * gaze[0] + py * gaze[1] + pz * gaze[2]) / length)))
    red = step(0.5, 1.1, angle) * 0.16
    white = 0.40 + 0.26 * colours[TONE, 0]  # eyes lie deep: beside dark skin full white would glow
    r, g, b = white, white * 0.95 * (1 - red), white * 0.92 * (1 - red)
    rays = 0.80 + 0.4 * noise3(math.atan2(py, px) * 9, angle * 6, seed)
    ring = (1.2 - 0.85 * step(0.36, 0.52, angle)) * rays
    r, g, b = mix(r, g, b, colours[IRIS], step(0.545, 0.50, angle), ring)
    pupil = 1 - 0.97 * step(0.22, 0.18, angle)
    lid = 0.55 + 0.45 * step(0.12, 0.015, py)
    return r * pupil * lid, g * pupil * lid, b * pupil * lid, angle


@njit(cache=True, fastmath=True)
def tooth(X, Z):
    s = step(0.8, 1.3, Z) * (0.62 + 0.38 * step(0.32, 0.14, abs(X)))
    s *= 0.90 + 0.10 * step(0.02, 0.12, abs(math.sin(X * 3.14159 / 0.085)))
    return 0.95 * s, 0.91 * s, 0.83 * s


@njit(cache=True, fastmath=True)
def fabric(u, v, kind, colours):
    """r, g, b and gloss of a hat, hijab or earring at (u, v) of its weave; kinds: see headwear.py."""
    r, g, b = colours[FABRIC, 0], colours[FABRIC, 1], colours[FABRIC, 2]
    if kind > 3.5:
        return 0.62, 0.45, 0.20, 0.5
    s = 1.0
    if kind < 0.5:
        s = 0.72 + 0.36 * abs(math.sin(u * 95)) * (0.8 + 0.2 * noise3(u * 300, v * 60, 1.0))
    elif kind < 1.5:
        s = 0.94 + 0.08 * noise3(u * 160, v * 60, 3.0) - 0.2 * step(0.02, 0.0, abs((u * 3) % 1.0 - 0.5))
    elif kind < 2.5:
        s = 0.80 + 0.28 * abs(math.sin(v * 70)) * (0.6 + 0.4 * noise3(u * 120, v * 70, 5.0))
        r, g, b = 0.5 * r + 0.30, 0.5 * g + 0.22, 0.5 * b + 0.12
    else:
        s = 0.92 + 0.10 * noise3(u * 60, v * 60, 2.0)
    return r * s, g * s, b * s, 0.004
