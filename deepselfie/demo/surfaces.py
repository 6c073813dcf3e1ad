"""What places are made of: the colour of a point on a wall, a facade, the sea, and what it gives off as light."""

from __future__ import annotations

import math

from numba import njit

from deepselfie.demo.paint import noise3, step
from deepselfie.demo.raster import hashed

(PLAIN, TILE, WOOD, BRICK, PICTURE, BOOKS, FACADE, CURTAIN, PANE, LEAVES, GROUND, WATER, GLOW, STRIPES, METAL, ROAD,
 MIRROR, SHELF) = range(18)  # fmt: skip


@njit(cache=True, fastmath=True)
def noise2(x, y, seed):
    """Smooth noise 0..1 with a grain of one unit."""
    xi, yi = int(math.floor(x)), int(math.floor(y))
    x, y = x - xi, y - yi
    x, y = x * x * (3 - 2 * x), y * y * (3 - 2 * y)
    a = hashed(xi, yi, seed) * (1 - x) + hashed(xi + 1, yi, seed) * x
    b = hashed(xi, yi + 1, seed) * (1 - x) + hashed(xi + 1, yi + 1, seed) * x
    return a * (1 - y) + b * y


@njit(cache=True, fastmath=True)
def clouds2(x, y, seed):
    """Four octaves of noise2, 0..1."""
    total = 0.0
    for k in range(4):
        total += noise2(x * 2**k, y * 2**k, seed + k) * 0.5 ** (k + 1)
    return total / 0.9375


@njit(cache=True, fastmath=True)
def surface(out, glow, material, u, v, w, half_u, half_v, distance, shape, seed):
    """Colour into out (3,), light given off into glow (3,). u, v, w: metres from the middle; shape: a row."""
    a0, a1, a2, b0, b1, b2 = shape[10], shape[11], shape[12], shape[13], shape[14], shape[15]
    scale, emission = shape[16], shape[17]
    m, k = 0.0, 1.0  # how much of colour b, brightness
    glow[:] = 0.0
    if material == PLAIN:
        k = 0.95 + 0.1 * noise2(u * 3, v * 3, seed)
    elif material == TILE:
        iu, iv = math.floor(u / scale), math.floor(v / scale)
        fu, fv = u / scale - iu, v / scale - iv
        m = 1.0 if min(fu, fv) < 0.05 else 0.0
        k = 0.92 + 0.14 * hashed(int(iu), int(iv), seed)
    elif material == WOOD:
        plank = math.floor(u / scale)
        grain = noise2(u * 40 / scale * 0.12, v * 1.5 + plank * 7, seed)
        k = 0.75 + 0.3 * hashed(int(plank), 3, seed) + 0.25 * (grain - 0.5)
        if u / scale - plank < 0.04:
            k *= 0.6
    elif material == BRICK:
        row = math.floor(v / scale)
        x = u / (2.6 * scale) + 0.5 * (row % 2)
        fx, fy = x - math.floor(x), v / scale - row
        m = 1.0 if fx < 0.05 or fy < 0.14 else 0.0
        k = 0.75 + 0.5 * hashed(int(math.floor(x)), int(row), seed)
    elif material == PICTURE:
        x, y = u / half_u, v / half_v
        if max(abs(x), abs(y)) > 0.9:
            k = 0.15 if hashed(seed, 1, 1) < 0.6 else 0.7
        elif max(abs(x), abs(y)) > 0.72 and hashed(seed, 2, 1) < 0.6:
            a0 = a1 = a2 = 0.78
        else:
            m = step(0.42, 0.58, noise2(x * 1.6 + seed, y * 1.6, seed) + 0.25 * y)
            k = 0.6 + 0.8 * noise2(x * 4, y * 4, seed + 1)
    elif material == BOOKS:
        i = math.floor(u / scale)
        tall = 0.55 + 0.4 * hashed(int(i), 5, seed)
        if (v + half_v) / (2 * half_v) > tall or hashed(int(i), 6, seed) < 0.12:
            k = 0.18
        else:
            c = hashed(int(i), 7, seed)
            a0 = 0.05 + 0.5 * hashed(int(i), 8, seed) * c
            a1 = 0.05 + 0.4 * hashed(int(i), 9, seed) * c
            a2 = 0.05 + 0.4 * hashed(int(i), 10, seed) * c
            if c > 0.8:
                a0, a1, a2 = 0.6, 0.56, 0.5
    elif material == SHELF:  # bottles and jars
        i = math.floor(u / scale)
        fu = abs(u / scale - i - 0.5) * 2
        tall = 0.35 + 0.6 * hashed(int(i), 5, seed)
        y = (v + half_v) / (2 * half_v)
        if y > tall or fu > (0.8 if y < tall * 0.7 else 0.35) or hashed(int(i), 6, seed) < 0.2:
            m = 1.0
        else:
            c = 0.3 + 0.7 * hashed(int(i), 7, seed)
            a0, a1 = c * (0.3 + 0.6 * hashed(int(i), 8, seed)), c * (0.3 + 0.5 * hashed(int(i), 9, seed))
            a2 = c * (0.25 + 0.55 * hashed(int(i), 10, seed))
            k = 1.2 - 0.6 * fu
    elif material == FACADE:
        iu, iv = math.floor(u / scale), math.floor(v / (scale * 1.35))
        fu, fv = u / scale - iu, v / (scale * 1.35) - iv
        if 0.24 < fu < 0.76 and 0.22 < fv < 0.8:
            m = 1.0
            r = hashed(int(iu), int(iv), seed)
            k = 0.6 + 0.8 * r + 0.5 * (fv - 0.5)
            if abs(fu - 0.5) < 0.02:
                k *= 0.4
            if emission > 0 and r < 0.4:
                e = emission * (0.3 + 1.4 * hashed(int(iu), int(iv), seed + 1))
                glow[0], glow[1], glow[2] = e, 0.68 * e, 0.36 * e
        else:
            if 0.18 < fu < 0.82 and 0.16 < fv < 0.86:
                k = 1.18
            if fv < 0.05:
                k = 0.75
            k *= 0.9 + 0.2 * noise2(u * 0.7, v * 0.7, seed)
    elif material == CURTAIN:
        wave = math.sin(u * 6.283 / scale + 2.5 * noise2(u * 3 / scale * 0.2, v * 0.3, seed))
        k = 0.8 + 0.22 * wave
        glow[0], glow[1], glow[2] = a0 * emission * k * k, a1 * emission * k * k, a2 * emission * k * k
    elif material == PANE:  # a window seen from inside: sky above, something below
        y = (v + half_v) / (2 * half_v)
        s = step(0.15, 0.6, y + 0.5 * (noise2(u * 4, v * 2, seed) - 0.5))
        e = emission * (0.9 + 0.2 * y)
        leaf = 0.25 + 0.5 * noise2(u * 9, v * 9, seed + 3)
        for c in range(3):
            far = b0 if c == 0 else b1 if c == 1 else b2
            near = a0 if c == 0 else a1 if c == 1 else a2
            glow[c] = e * (near * s + far * leaf * (1 - s))
        frame = scale > 0 and (abs(u) < scale or abs(v - half_v * 0.3) < scale)
        if frame or max(abs(u) / half_u, abs(v) / half_v) > 0.95:
            glow[:] = 0.0
            a0 = a1 = a2 = 0.7
        else:
            k = 0.05
    elif material == LEAVES:
        n = noise3(u * 6 / scale + seed, v * 6 / scale, w * 6 / scale)
        m = step(0.4, 0.9, n)
        k = 0.45 + 1.1 * noise3(u * 15 / scale, v * 15 / scale + seed, w * 15 / scale)
    elif material == GROUND:
        far = 1 / (1 + 0.05 * distance)
        n = clouds2(u * 0.9, v * 0.9, seed)
        fine = noise2(u * 14, v * 14, seed + 9) - 0.5
        m = step(0.35, 0.75, n)
        k = 0.9 + 0.5 * fine * far + 0.35 * (n - 0.5)
    elif material == ROAD:
        n = clouds2(u * 1.3, v * 1.3, seed) - 0.5
        k = 0.95 + 0.3 * n
        if scale > 0 and abs(u) < 0.07 and (v / 2.5) % 1 < 0.55:
            m = 0.8
    elif material == WATER:
        near = step(60.0, 6.0, distance)
        # waves look equally long near and far: the eye sees them flat
        across, away = u / distance * 14, math.log(distance) * 34
        wave = noise2(across, away, seed) * 0.6 + noise2(across * 2.7, away * 2.1, seed + 1) * 0.4
        k = 0.85 + 0.32 * (wave - 0.5)
        m = near * 0.55
        shore = half_v - v + 0.7 * (noise2(u * 0.4, 1.0, seed) - 0.5)  # metres from the beach
        line = step(0.52, 0.7, noise2(u * 0.25, shore * 0.55, seed + 2)) * step(14.0, 2.0, shore)
        foam = max(step(0.7, 0.1, shore), 0.7 * line)
        a0, a1, a2 = a0 + (0.75 - a0) * foam, a1 + (0.77 - a1) * foam, a2 + (0.78 - a2) * foam
        m *= 1 - foam
        if emission > 0:
            spark = emission * step(0.74, 0.95, noise2(across * 9, away * 4, seed + 3))
            glow[0], glow[1], glow[2] = spark, spark * 0.93, spark * 0.8
    elif material == GLOW:
        glow[0], glow[1], glow[2] = a0 * emission, a1 * emission, a2 * emission
        k = 0.1
    elif material == STRIPES:
        m = 1.0 if (u / scale) % 1 < 0.45 else 0.0
    elif material == METAL:
        k = 0.55 + 0.7 * step(-1.0, 1.0, v / half_v) + 0.15 * math.sin(u * 30)
    elif material == MIRROR:  # shows a room that is not there
        x, y = u / half_u, v / half_v
        k = 0.55 + 0.3 * y + 0.5 * (noise2(x * 1.5 + seed, y * 1.2, seed) - 0.5)
        m = step(0.5, 0.65, noise2(x * 2 + seed, y * 0.8, seed + 4))
        if max(abs(x), abs(y)) > 0.94:
            k, m = 0.3, 0.0
    out[0] = (a0 + (b0 - a0) * m) * k
    out[1] = (a1 + (b1 - a1) * m) * k
    out[2] = (a2 + (b2 - a2) * m) * k


@njit(cache=True, fastmath=True)
def sky_colour(out, dx, dy, dz, sky, seed):
    """sky (5, 3): zenith, horizon, direction of the sun that is seen, its colour, (clouds, mountains, haze)."""
    up = max(0.0, dy)
    t = min(1.0, up * 1.9) ** 0.55
    toward = min(1.0, dx * sky[2, 0] + dy * sky[2, 1] + dz * sky[2, 2])
    toward = max(0.0, toward)
    halo = 6.0 * toward**1400 + 0.9 * toward**90 + 0.45 * toward**12 + 0.25 * toward**3
    cover = 0.0
    if sky[4, 0] > 0 and dy > 0.015:
        x, y = dx / (dy + 0.14), dz / (dy + 0.14)
        n = clouds2(x * 1.1 + 40, y * 1.8 + 40, seed)
        cover = step(0.78 - 0.5 * sky[4, 0], 0.9 - 0.3 * sky[4, 0], n) * step(0.015, 0.1, dy)
    for c in range(3):
        clear = sky[1, c] * (1 - t) + sky[0, c] * t
        cloud = 0.55 * (sky[0, 0] + sky[1, 1]) * (1.05 - 0.05 * c) + 0.8 * sky[3, c] * toward**4 + 0.12
        cloud = max(cloud, clear)
        out[c] = clear * (1 - cover) + cloud * cover + sky[3, c] * halo * (1 - 0.6 * cover)
    if sky[4, 1] > 0:
        ridges(out, dx, dy, dz, sky, seed)


@njit(cache=True, fastmath=True)
def ridges(out, dx, dy, dz, sky, seed):
    """Three chains of mountains before the sky, the nearest last, each less hazy than the one behind it."""
    around = math.atan2(dx, -dz)
    level = dy / math.sqrt(max(1e-6, 1 - dy * dy))
    for layer in range(3):
        near = layer / 2
        f = 2.2 + 1.4 * layer
        top, size = 0.0, 1.0
        for k in range(5):
            fold = abs(2 * noise2(around * f * 2**k + 31 * layer + seed, 7.0 * layer, seed + layer) - 1)
            top += size * (1 - fold)
            size *= 0.48
        top = sky[4, 1] * (0.30 + 0.42 * top) * (1.0 - 0.38 * near) - 0.05 * near
        if level > top:
            continue
        deep = (top - level) / max(top, 0.02)
        slope = noise2(around * 26 + level * 20, level * 34 - around * 9, seed + layer) - 0.5
        rough = 0.75 + 0.7 * slope + 0.35 * (noise2(around * 90, level * 90, seed) - 0.5)
        snow = step(0.42, 0.2, deep + 0.6 * slope) * step(0.10, 0.22, top) * (1 - 0.7 * near)
        mist = (0.56 - 0.42 * near) * (0.75 + 0.25 * deep)
        for c in range(3):
            rock = (0.16 if c == 0 else 0.17 if c == 1 else 0.15) * (1 - near) + near * (
                0.10 if c == 0 else 0.14 if c == 1 else 0.07
            )
            rock = rock * rough * (1 - snow) + 0.85 * (0.8 + 0.5 * slope) * snow
            out[c] = rock * (sky[0, c] + sky[1, c]) * 0.75 * (1 - mist) + sky[1, c] * mist
