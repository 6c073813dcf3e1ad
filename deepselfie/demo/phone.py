"""The phone that takes the picture, as the mirror shows its back: a rounded slab with the lenses of its cameras."""

from __future__ import annotations

import math

import numpy as np

from deepselfie.demo.mesh import LENS, PHONE

WIDTH, HEIGHT, DEPTH, CORNER = 0.76, 1.56, 0.10, 0.14  # mesh units
LENSES = ((0.0, 0.0), (0.0, -0.21), (0.19, -0.1))


def slab(width: float, height: float, corner: float, back: float, front: float, steps: int = 4):
    """A box with rounded edges across: vertices (n, 3) and triangles (m, 3)."""
    outline = []
    for sx, sy, start in ((1, 1, 0), (-1, 1, 90), (-1, -1, 180), (1, -1, 270)):
        for k in range(steps + 1):
            a = math.radians(start + 90 * k / steps)
            outline.append(
                (
                    sx * (width / 2 - corner) + corner * math.cos(a),
                    sy * (height / 2 - corner) + corner * math.sin(a),
                )
            )
    n = len(outline)
    ring = np.array(outline)
    inner = ring * (1 - 0.05 / np.array([width, height]))
    layers = [(ring, back), (ring, front - 0.02), (inner, front)]
    v = np.concatenate([np.column_stack([r, np.full(n, z)]) for r, z in layers] + [np.array([[0, 0, front]])])
    t = []
    for layer in range(2):
        for k in range(n):
            a, b = layer * n + k, layer * n + (k + 1) % n
            t += [[a, b, b + n], [a, b + n, a + n]]
    t += [[2 * n + k, 2 * n + (k + 1) % n, 3 * n] for k in range(n)]
    return v, np.array(t)


def phone(centre: np.ndarray, roll: float, cameras: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """vertices (n, 3) float32, triangles (m, 3) int32, material (m,) int32. roll in radians about its middle."""
    parts = [(*slab(WIDTH, HEIGHT, CORNER, -DEPTH / 2, DEPTH / 2), PHONE)]
    x, y = -WIDTH / 2 + 0.17, HEIGHT / 2 - 0.18
    for dx, dy in LENSES[:cameras]:
        v, t = slab(0.15, 0.15, 0.074, DEPTH / 2, DEPTH / 2 + 0.04)
        parts.append((v + np.array([x + dx, y + dy, 0]), t, LENS))
    vertices, triangles, material, count = [], [], [], 0
    for v, t, m in parts:
        vertices.append(v)
        triangles.append(t + count)
        material += [m] * len(t)
        count += len(v)
    c, s = math.cos(roll), math.sin(roll)
    v = np.concatenate(vertices) @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) + centre
    return v.astype(np.float32), np.concatenate(triangles).astype(np.int32), np.array(material, np.int32)
