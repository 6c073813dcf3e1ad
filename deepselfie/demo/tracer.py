"""A small ray caster for places: boxes and ellipsoids, one key light with shadows, lamps, sky, haze. Metres.

A shape is a row of WIDTH numbers: kind, centre (3), half sizes (3), cosine and sine of its turn about y, material,
colour a (3), colour b (3), scale, emission, seed, whether it throws shadows.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from deepselfie.demo.paint import noise3
from deepselfie.demo.raster import hashed
from deepselfie.demo.surfaces import GLOW, LEAVES, PANE, sky_colour, surface

WIDTH = 20
BOX, BALL, FOLIAGE = 0, 1, 2
FAR = 1e9


@njit(cache=True, fastmath=True)
def hit(shape, ox, oy, oz, dx, dy, dz, q):
    """Distance along the ray (FAR: none) and the face 0, 1, 2 or 3 (round); q (6,) takes local point and normal."""
    c, s = shape[7], shape[8]
    px, py, pz = ox - shape[1], oy - shape[2], oz - shape[3]
    x, z = px * c - pz * s, px * s + pz * c
    ex, ez = dx * c - dz * s, dx * s + dz * c
    y, ey = py, dy
    if shape[0] == BOX:
        near, far, face = -FAR, FAR, 0
        for axis in range(3):
            o = x if axis == 0 else y if axis == 1 else z
            e = ex if axis == 0 else ey if axis == 1 else ez
            h = shape[4 + axis]
            if abs(e) < 1e-9:
                if abs(o) > h:
                    return FAR, 0
                continue
            a, b = (-h - o) / e, (h - o) / e
            if a > b:
                a, b = b, a
            if a > near:
                near, face = a, axis
            far = min(far, b)
        if near > far or near < 1e-3:
            return FAR, 0
        q[0], q[1], q[2] = x + ex * near, y + ey * near, z + ez * near
        q[3] = q[4] = q[5] = 0.0
        e = ex if face == 0 else ey if face == 1 else ez
        q[3 + face] = -1.0 if e > 0 else 1.0
        return near, face
    a0, a1, a2 = shape[4], shape[5], shape[6]
    x, y, z, ex, ey, ez = x / a0, y / a1, z / a2, ex / a0, ey / a1, ez / a2
    a, b, d = ex * ex + ey * ey + ez * ez, x * ex + y * ey + z * ez, x * x + y * y + z * z - 1
    root = b * b - a * d
    if root < 0:
        return FAR, 3
    near = (-b - math.sqrt(root)) / a
    if near < 1e-3:
        return FAR, 3
    x, y, z = x + ex * near, y + ey * near, z + ez * near
    q[0], q[1], q[2] = x * a0, y * a1, z * a2
    nx, ny, nz = x / a0, y / a1, z / a2
    length = math.sqrt(nx * nx + ny * ny + nz * nz)
    q[3], q[4], q[5] = nx / length, ny / length, nz / length
    if shape[0] == FOLIAGE:  # leaves have gaps, more at the rim
        rim = -(q[3] * ex * a0 + q[4] * ey * a1 + q[5] * ez * a2) / math.sqrt(
            (ex * a0) ** 2 + (ey * a1) ** 2 + (ez * a2) ** 2
        )
        grain = 3.2 / shape[16]
        n = noise3(q[0] * grain + shape[18], q[1] * grain, q[2] * grain)
        n = 0.6 * n + 0.4 * noise3(q[0] * grain * 2.3, q[1] * grain * 2.3, q[2] * grain * 2.3 + shape[18])
        if n > 0.40 + 0.5 * rim:
            return FAR, 3
    return near, 3


@njit(cache=True, fastmath=True)
def shadowed(shapes, radii, me, x, y, z, dx, dy, dz, reach, q):
    for k in range(shapes.shape[0]):
        if shapes[k, 19] < 0.5 or k == me:
            continue
        px, py, pz = shapes[k, 1] - x, shapes[k, 2] - y, shapes[k, 3] - z
        along, apart = px * dx + py * dy + pz * dz, px * px + py * py + pz * pz
        if along < -radii[k] or apart - along * along / (dx * dx + dy * dy + dz * dz) > radii[k] ** 2:
            continue
        t, _ = hit(shapes[k], x, y, z, dx, dy, dz, q)
        if t < reach:
            return True
    return False


@njit(cache=True, fastmath=True)
def openness(shapes, radii, me, x, y, z, nx, ny, nz, radius):
    """1 in the open, less where other shapes are near and in front of the surface."""
    seen = 1.0
    for k in range(shapes.shape[0]):
        if k == me or shapes[k, 9] == GLOW or shapes[k, 9] == PANE:
            continue
        c, s = shapes[k, 7], shapes[k, 8]
        px, py, pz = x - shapes[k, 1], y - shapes[k, 2], z - shapes[k, 3]
        if px * px + py * py + pz * pz > (radii[k] + 3 * radius) ** 2:
            continue
        lx, lz = px * c - pz * s, px * s + pz * c
        mx, mz = nx * c - nz * s, nx * s + nz * c
        cx = min(max(lx, -shapes[k, 4]), shapes[k, 4]) - lx
        cy = min(max(py, -shapes[k, 5]), shapes[k, 5]) - py
        cz = min(max(lz, -shapes[k, 6]), shapes[k, 6]) - lz
        d = math.sqrt(cx * cx + cy * cy + cz * cz)
        if d > 3 * radius or d < 1e-5:
            continue
        facing = (cx * mx + cy * ny + cz * mz) / d
        if facing > 0:
            seen *= 1 - 0.55 * facing * math.exp(-d / radius)
    return seen


@njit(cache=True, fastmath=True)
def trace(side, rotation, eye, focal, squish, cx, cy, shapes, bounds, light, at, lamps, sky, seed, reach):
    """Pictures (side, side, 3) float32: colour, light that falls on it, light it gives off; and distance (side, side).

    light (4, 3): direction of the key, its colour, sky, ground; at (6,): where the key's lamp is, 1 if it
    is near, its softness, from how far things darken each other; bounds (N, 4): pixels in which a shape can be seen;
    lamps (K, 7): place, colour, size; reach: squared distance at which the key has its colour."""
    colour, fall = np.zeros((side, side, 3), np.float32), np.zeros((side, side, 3), np.float32)
    glow, distance = np.zeros((side, side, 3), np.float32), np.full((side, side), FAR, np.float32)
    which = np.full((side, side), -1, np.int32)
    radii = np.sqrt(shapes[:, 4] ** 2 + shapes[:, 5] ** 2 + shapes[:, 6] ** 2)
    q, rgb, shine = np.zeros(6), np.zeros(3), np.zeros(3)
    for k in range(shapes.shape[0]):
        for j in range(bounds[k, 1], bounds[k, 3]):
            for i in range(bounds[k, 0], bounds[k, 2]):
                vx, vy = ((i + 0.5) / side - cx) / (focal * squish), -((j + 0.5) / side - cy) / focal
                dx = rotation[0, 0] * vx + rotation[1, 0] * vy + rotation[2, 0]
                dy = rotation[0, 1] * vx + rotation[1, 1] * vy + rotation[2, 1]
                dz = rotation[0, 2] * vx + rotation[1, 2] * vy + rotation[2, 2]
                t, _ = hit(shapes[k], eye[0], eye[1], eye[2], dx, dy, dz, q)
                if t < distance[j, i]:
                    distance[j, i] = t
                    which[j, i] = k
    for j in range(side):
        for i in range(side):
            vx, vy = ((i + 0.5) / side - cx) / (focal * squish), -((j + 0.5) / side - cy) / focal
            dx = rotation[0, 0] * vx + rotation[1, 0] * vy + rotation[2, 0]
            dy = rotation[0, 1] * vx + rotation[1, 1] * vy + rotation[2, 1]
            dz = rotation[0, 2] * vx + rotation[1, 2] * vy + rotation[2, 2]
            length = math.sqrt(dx * dx + dy * dy + dz * dz)
            k = which[j, i]
            if k < 0:
                sky_colour(rgb, dx / length, dy / length, dz / length, sky, seed)
                for c in range(3):
                    glow[j, i, c] = rgb[c]
                continue
            t, face = hit(shapes[k], eye[0], eye[1], eye[2], dx, dy, dz, q)
            x, y, z = eye[0] + dx * t, eye[1] + dy * t, eye[2] + dz * t
            cs, sn = shapes[k, 7], shapes[k, 8]
            nx, ny, nz = q[3] * cs + q[5] * sn, q[4], -q[3] * sn + q[5] * cs
            if face == 0:
                u, v, hu, hv = q[2], q[1], shapes[k, 6], shapes[k, 5]
            elif face == 1:
                u, v, hu, hv = q[0], q[2], shapes[k, 4], shapes[k, 6]
            elif face == 2:
                u, v, hu, hv = q[0], q[1], shapes[k, 4], shapes[k, 5]
            else:
                u, v, hu, hv = q[0], q[1], shapes[k, 4], shapes[k, 5]
            own = int(shapes[k, 18])
            surface(rgb, shine, int(shapes[k, 9]), u, v, q[2], hu, hv, t * length, shapes[k], own)
            lx, ly, lz, strength = light[0, 0], light[0, 1], light[0, 2], 1.0
            far = 1e8
            if at[3] > 0.5:
                lx, ly, lz = at[0] - x, at[1] - y, at[2] - z
                far = math.sqrt(lx * lx + ly * ly + lz * lz) + 1e-6
                lx, ly, lz = lx / far, ly / far, lz / far
                strength = (reach + 0.6) / (far * far + 0.6)
            # a lamp of some size: its shadows are soft
            a, b, g = hashed(i, j, 1) - 0.5, hashed(i, j, 2) - 0.5, hashed(i, j, 4) - 0.5
            jx, jy, jz = lx + at[4] * a, ly + at[4] * b, lz + at[4] * g
            facing = nx * lx + ny * ly + nz * lz
            leaf = shapes[k, 9] == LEAVES
            facing = (facing + 0.5) / 1.5 if leaf else facing
            direct = 0.0
            if facing > 0:
                o = 0.02
                if not shadowed(shapes, radii, k, x + nx * o, y + ny * o, z + nz * o, jx, jy, jz, far, q):
                    direct = facing * strength
            seen = openness(shapes, radii, k, x, y, z, nx, ny, nz, at[5])
            up = 0.5 + 0.5 * ny
            for c in range(3):
                fall[j, i, c] = light[1, c] * direct + (light[2, c] * up + light[3, c] * (1 - up)) * seen
            for h in range(lamps.shape[0]):
                lx, ly, lz = lamps[h, 0] - x, lamps[h, 1] - y, lamps[h, 2] - z
                d = math.sqrt(lx * lx + ly * ly + lz * lz) + 1e-6
                facing = max(0.0, 0.15 + 0.85 * (nx * lx + ny * ly + nz * lz) / d) / (d * d + lamps[h, 6] ** 2)
                for c in range(3):
                    fall[j, i, c] += lamps[h, 3 + c] * facing * (0.4 + 0.6 * seen)
            mist = 1 - math.exp(-t * length * sky[4, 2])
            for c in range(3):
                colour[j, i, c] = rgb[c] * (1 - mist)
                glow[j, i, c] = shine[c] * (1 - mist) + mist * sky[1, c]
            distance[j, i] = t * length
    return colour, fall, glow, distance
