"""Drawing triangles and lines into a depth buffer. Depth is 1/z for a camera, z for a lamp (larger is nearer)."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from deepselfie.demo.mesh import LASH

HAIR, BEARD = -2, -3  # in the buffer of triangle numbers; -1 is nothing
NEAR = 0.2


@njit(cache=True, fastmath=True)
def placed(points, triangle, width, height):
    """Where a triangle (3,) lies: its corners x0, y0 … y2, twice its area, and the pixels left, right, top, bottom that
    it may cover; left is beyond right where there are none."""
    a, b, c = triangle[0], triangle[1], triangle[2]
    x0, y0, x1, y1, x2, y2 = points[a, 0], points[a, 1], points[b, 0], points[b, 1], points[c, 0], points[c, 1]
    area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
    left, right = max(0, int(math.floor(min(x0, x1, x2)))), min(width - 1, int(math.ceil(max(x0, x1, x2))))
    top, bottom = max(0, int(math.floor(min(y0, y1, y2)))), min(height - 1, int(math.ceil(max(y0, y1, y2))))
    if abs(area) < 1e-9:
        left, right = 0, -1
    return (x0, y0, x1, y1, x2, y2), area, left, right, top, bottom


@njit(cache=True, fastmath=True)
def shares(corners, scale, x, y):
    """How much each corner has of the middle of pixel (x, y), sum 1; below 0 outside. scale: 1 / twice the area."""
    x0, y0, x1, y1, x2, y2 = corners
    px, py = x + 0.5, y + 0.5
    w1 = ((px - x0) * (y2 - y0) - (x2 - x0) * (py - y0)) * scale
    w2 = ((x1 - x0) * (py - y0) - (px - x0) * (y1 - y0)) * scale
    return 1 - w1 - w2, w1, w2


@njit(cache=True, fastmath=True)
def draw_triangles(points, triangles, material, depth, number, bary):
    """points (N, 3): pixel x, y and distance z. Fills depth (H, W), number (H, W) and bary (H, W, 2)."""
    height, width = depth.shape
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        if material[t] == LASH:
            continue  # it is no surface, see draw_veil
        if points[a, 2] <= NEAR or points[b, 2] <= NEAR or points[c, 2] <= NEAR:
            continue
        corners, area, left, right, top, bottom = placed(points, triangles[t], width, height)
        if left > right:
            continue
        i0, i1, i2 = 1 / points[a, 2], 1 / points[b, 2], 1 / points[c, 2]
        scale = 1 / area
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                w0, w1, w2 = shares(corners, scale, x, y)
                if w0 < -1e-5 or w1 < -1e-5 or w2 < -1e-5:
                    continue
                near = w0 * i0 + w1 * i1 + w2 * i2
                if near > depth[y, x]:
                    depth[y, x] = near
                    number[y, x] = t
                    bary[y, x, 0] = w1 * i1 / near
                    bary[y, x, 1] = w2 * i2 / near


@njit(cache=True, fastmath=True)
def draw_veil(points, triangles, strength, depth, veil):
    """Fills veil (H, W) with how much lashes hide of what lies behind: strength (N,) 0..1 at the vertices."""
    height, width = depth.shape
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        if points[a, 2] <= NEAR or points[b, 2] <= NEAR or points[c, 2] <= NEAR:
            continue
        corners, area, left, right, top, bottom = placed(points, triangles[t], width, height)
        if left > right:
            continue
        scale = 1 / area
        soft = 0.5 / math.sqrt(abs(area) + 1.0)  # small triangles cover pixels whose middle they miss
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                w0, w1, w2 = shares(corners, scale, x, y)
                if w0 < -soft or w1 < -soft or w2 < -soft:
                    continue
                near = w0 / points[a, 2] + w1 / points[b, 2] + w2 / points[c, 2]
                if near * 1.004 > depth[y, x]:
                    s = w0 * strength[a] + w1 * strength[b] + w2 * strength[c]
                    veil[y, x] = max(veil[y, x], min(1.0, max(0.0, s)))


@njit(cache=True, fastmath=True)
def draw_shadow(points, triangles, depth):
    """Orthographic depth only, as a lamp sees it: larger z is nearer to the lamp."""
    height, width = depth.shape
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        corners, area, left, right, top, bottom = placed(points, triangles[t], width, height)
        if left > right:
            continue
        scale = 1 / area
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                w0, w1, w2 = shares(corners, scale, x, y)
                if w0 < 0 or w1 < 0 or w2 < 0:
                    continue
                z = w0 * points[a, 2] + w1 * points[b, 2] + w2 * points[c, 2]
                if z > depth[y, x]:
                    depth[y, x] = z


@njit(cache=True, fastmath=True)
def shadow_strands(points, chance, thickness, depth):
    """Depth of strands as a lamp sees them: points (n, S, 3) of n strands, thickness in pixels of the map."""
    height, width = depth.shape
    n, steps = points.shape[0], points.shape[1]
    for i in range(n):
        lines = max(1, int(thickness + (chance[i] * 997) % 1.0))
        for s in range(steps - 1):
            x0, y0, z0 = points[i, s, 0], points[i, s, 1], points[i, s, 2]
            dx, dy, dz = points[i, s + 1, 0] - x0, points[i, s + 1, 1] - y0, points[i, s + 1, 2] - z0
            pixels = int(max(abs(dx), abs(dy))) + 1
            if pixels > 600:
                continue
            flat = abs(dx) > abs(dy)
            for k in range(pixels):
                u = (k + 0.5) / pixels
                x, y, z = int(x0 + dx * u), int(y0 + dy * u), z0 + dz * u
                for q in range(lines):
                    xi, yi = (x, y + q - lines // 2) if flat else (x + q - lines // 2, y)
                    if 0 <= xi < width and 0 <= yi < height and z > depth[yi, xi]:
                        depth[yi, xi] = z


TANGENT, CHANCE, ALONG, IS_BEARD, WEIGHT, CLEAR = 0, 3, 4, 5, 6, 7  # channels of the layer of hair


@njit(cache=True, fastmath=True)
def draw_strands(points, tangents, chance, thickness, beard, depth, front, layer):
    """Adds soft strands in front of `depth` to a layer of hair.

    points (n, S, 3): pixel x, y and distance; tangents (n, S, 3), chance (n,) 0..1, thickness in pixels.
    front (H, W) takes 1/z of the nearest strand; layer (H, W, 8) takes weighted sums of what TANGENT … IS_BEARD name,
    the sum of weights, and in CLEAR (1 at first) how much of what lies behind shines through."""
    height, width = depth.shape
    n, steps = points.shape[0], points.shape[1]
    for turn in range(2):  # first which strand is nearest, then all that lie near it
        for i in range(n):
            for s in range(steps - 1):
                x0, y0, z0 = points[i, s, 0], points[i, s, 1], points[i, s, 2]
                x1, y1, z1 = points[i, s + 1, 0], points[i, s + 1, 1], points[i, s + 1, 2]
                if z0 < 0.3 or z1 < 0.3 or (x0 < -5 and x1 < -5) or (y0 < -5 and y1 < -5):
                    continue
                if (x0 > width + 5 and x1 > width + 5) or (y0 > height + 5 and y1 > height + 5):
                    continue
                dx, dy = x1 - x0, y1 - y0
                major = max(abs(dx), abs(dy))
                pixels = int(major) + 1
                if pixels > 600:
                    continue
                flat = abs(dx) > abs(dy)
                part = min(1.0, major / pixels + 0.05)  # of a pixel's length that one sample stands for
                for k in range(pixels):
                    u = (k + 0.5) / pixels
                    x, y, near = x0 + dx * u, y0 + dy * u, 1 / (z0 + (z1 - z0) * u)
                    along = (s + u) / (steps - 1)
                    half = 0.5 * thickness * (1 - 0.75 * along * along)
                    fade = part * (1 - 0.7 * max(0.0, along - 0.7) / 0.3)
                    middle = y if flat else x
                    for q in range(int(math.floor(middle - half)), int(math.floor(middle + half)) + 1):
                        xi, yi = (int(math.floor(x)), q) if flat else (q, int(math.floor(y)))
                        if xi < 0 or yi < 0 or xi >= width or yi >= height or near <= depth[yi, xi]:
                            continue
                        cover = (min(q + 1.0, middle + half) - max(float(q), middle - half)) * fade
                        if cover <= 0:
                            continue
                        if turn == 0:
                            if cover > 0.12 and near > front[yi, xi]:
                                front[yi, xi] = near
                            continue
                        cell = layer[yi, xi]
                        cell[CLEAR] *= 1 - 0.9 * cover
                        behind = 1 / near - 1 / front[yi, xi] if front[yi, xi] > 0 else 0.0
                        if behind > 0.3:
                            continue
                        w = cover * math.exp(-max(0.0, behind) / 0.06) + 1e-6
                        for c in range(3):
                            cell[TANGENT + c] += w * tangents[i, s, c]
                        cell[CHANCE] += w * chance[i]
                        cell[ALONG] += w * along
                        cell[IS_BEARD] += w * beard
                        cell[WEIGHT] += w


def with_hair(number: np.ndarray, layer: np.ndarray) -> np.ndarray:
    """The buffer of triangle numbers (H, W), with HAIR and BEARD where a layer of hair hides more than half."""
    kind = np.where(layer[..., IS_BEARD] > 0.5 * layer[..., WEIGHT], BEARD, HAIR)
    return np.where(layer[..., CLEAR] < 0.5, kind, number)


@njit(cache=True, fastmath=True)
def vertex_normals(vertices, triangles):
    normals = np.zeros_like(vertices)
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ux, uy, uz = (
            vertices[b, 0] - vertices[a, 0],
            vertices[b, 1] - vertices[a, 1],
            vertices[b, 2] - vertices[a, 2],
        )
        vx, vy, vz = (
            vertices[c, 0] - vertices[a, 0],
            vertices[c, 1] - vertices[a, 1],
            vertices[c, 2] - vertices[a, 2],
        )
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for q in (a, b, c):
            normals[q, 0] += nx
            normals[q, 1] += ny
            normals[q, 2] += nz
    for i in range(vertices.shape[0]):
        length = math.sqrt(normals[i, 0] ** 2 + normals[i, 1] ** 2 + normals[i, 2] ** 2) + 1e-12
        for c in range(3):
            normals[i, c] /= length
    return normals


@njit(cache=True, fastmath=True)
def hashed(x, y, z):
    """A number 0..1 that looks random, for whole coordinates."""
    n = (x * 374761393 + y * 668265263 + z * 1274126177) & 0x7FFFFFFF
    n = ((n ^ (n >> 13)) * 1274126177) & 0x7FFFFFFF
    return ((n ^ (n >> 16)) & 0xFFFF) / 65535.0


@njit(cache=True, fastmath=True)
def occlusion(depth, focal, radius, offsets):
    """(H, W) float32, 1 open .. 0 closed: how much of the sky each point sees, guessed from the depth buffer."""
    height, width = depth.shape
    out = np.ones((height, width), np.float32)
    n = offsets.shape[0]
    for y in range(height):
        for x in range(width):
            near = depth[y, x]
            if near <= 0:
                continue
            z = 1 / near
            reach = radius * focal * near
            turn = hashed(x, y, 7) * 6.2831
            c, s = math.cos(turn), math.sin(turn)
            total = 0.0
            for k in range(n):
                ox = (offsets[k, 0] * c - offsets[k, 1] * s) * reach
                oy = (offsets[k, 0] * s + offsets[k, 1] * c) * reach
                xa, ya, xb, yb = int(x + ox), int(y + oy), int(x - ox), int(y - oy)
                if min(xa, ya, xb, yb) < 0 or max(xa, xb) >= width or max(ya, yb) >= height:
                    continue
                za = 1 / depth[ya, xa] if depth[ya, xa] > 0 else z + 1
                zb = 1 / depth[yb, xb] if depth[yb, xb] > 0 else z + 1
                if z - za > 2.5 * radius or z - zb > 2.5 * radius:
                    continue
                v = (min(max(z - za, -radius), radius) + min(max(z - zb, -radius), radius)) / radius
                if v > 0.02:
                    total += min(v, 1.0)
            out[y, x] = max(0.0, 1 - 1.5 * total / n)
    return out
