"""Hats, hijab and earrings as smooth meshes around the ellipsoid of the skull.

Each maker returns grids of points (a, b, 3) with, for each point, its place in the weave: u, v and the kind of cloth,
which paint.fabric turns into a colour. Lengths are mesh units as in mesh.py.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from deepselfie.demo import mesh
from deepselfie.demo.hair import TORSO, TORSO_SIZE, skull, unit_rows
from deepselfie.demo.mesh import smooth_step

KNIT, COTTON, STRAW, DRAPE, METAL = range(5)  # kinds of cloth
ROUND = 56  # points around a head
RIM = {
    "beanie": (7.52, 0.36),
    "cap": (7.60, 0.30),
    "sunhat": (7.62, 0.28),
}  # y of the rim in the middle, and rise to front


def rim_height(kind: str, z: np.ndarray) -> np.ndarray:
    middle, rise = RIM[kind]
    return middle + rise * np.clip((z - 0.5) / 0.9, -1.1, 1.1)


def press(points: np.ndarray, kind: str, body, vertices) -> np.ndarray:
    """Hair (n, S, 3) under a hat lies flat: points above the rim come down to the skull."""
    centre, radius = skull(body, vertices)
    e = (points - centre.astype(np.float32)) / radius.astype(np.float32)
    far = np.linalg.norm(e, axis=-1, keepdims=True)
    above = smooth_step(-0.55, 0.02, points[..., 1:2] - rim_height(kind, points[..., 2:3]))
    flat = centre + e / (far + 1e-6) * np.minimum(far, 1.02) * radius
    return (points + (flat - points) * above).astype(np.float32)


def dome(kind: str, centre, radius, thick: float, tall: float, low: float, high: float, rows: int) -> np.ndarray:
    """(rows, ROUND, 3) from `low` to `high` of the way between crown and rim."""
    a = np.linspace(0, 2 * np.pi, ROUND)[None]
    t = np.linspace(low, high, rows)[:, None]
    size = radius * (1 + thick)
    size_z = size[2] * np.where(np.sin(a) > 0, 1.14, 1.0)  # foreheads are fuller than an ellipsoid
    z = centre[2] + size_z * 0.97 * np.sin(a)
    down = np.arccos(np.clip((rim_height(kind, z) - centre[1]) / size[1], -0.9, 0.9))
    p = t * down
    top = centre[1] + size[1] * np.cos(p) * np.where(np.cos(p) > 0, 1 + tall * np.cos(p) ** 2, 1)
    return np.stack([size[0] * np.sin(p) * np.cos(a), top, centre[2] + size_z * np.sin(p) * np.sin(a)], -1)


def beanie(centre, radius, rng) -> list:
    loose = rng.uniform(0.05, 0.16)
    cuff = dome("beanie", centre, radius, 0.15, 0.0, 0.74, 1.0, 6)
    cuff[0] = dome("beanie", centre, radius, 0.09, 0.0, 0.74, 0.75, 2)[0]
    cuff[-1] = dome("beanie", centre, radius, 0.06, 0.0, 0.99, 1.0, 2)[-1]
    return [(dome("beanie", centre, radius, 0.09, loose, 0, 0.8, 12), KNIT), (cuff, KNIT)]


def cap(centre, radius, rng) -> list:
    crown = dome("cap", centre, radius, 0.08, 0.06, 0, 1.0, 12)
    a = np.linspace(np.pi / 2 - 1.05, np.pi / 2 + 1.05, 19)
    s = np.linspace(0, 1, 6)[:, None]
    rim = np.stack([np.interp(a, np.linspace(0, 2 * np.pi, ROUND), crown[-1, :, c]) for c in range(3)], -1)
    reach = 0.72 * np.cos((a - np.pi / 2) / 1.05 * np.pi / 2) ** 0.6
    visor = np.repeat(rim[None], 6, 0)
    visor[..., 2] += s * reach
    visor[..., 0] *= 1 - 0.10 * s
    visor[..., 1] += 0.02 - s * (0.08 + 0.16 * (rim[:, 0] / 0.8) ** 2) * (reach / 0.72)
    thin = visor.copy()
    thin[..., 1] -= 0.02
    return [(crown, COTTON), (visor, COTTON), (thin, COTTON)]


def sunhat(centre, radius, rng) -> list:
    crown = dome("sunhat", centre, radius, 0.10, 0.0, 0, 1.0, 12)
    a = np.linspace(0, 2 * np.pi, ROUND)
    s = np.linspace(0, 1, 7)[:, None]
    wide = rng.uniform(0.6, 0.95)
    brim = np.repeat(crown[-1][None], 7, 0)
    brim[..., 0] += s * wide * np.cos(a)
    brim[..., 2] += s * wide * np.sin(a)
    brim[..., 1] += 0.05 * np.sin(s * 2.2) - 0.22 * s**2 + 0.05 * s * np.sin(3 * a + rng.uniform(0, 6))
    return [(crown, STRAW), (brim, STRAW)]


def hijab(centre, radius, rng, body, vertices, normals) -> list:
    """One sheet from the crown to the chest, open at the face."""
    y = np.concatenate(
        [
            8.74 - 0.72 * np.linspace(0, 1, 9) ** 1.6,
            7.06 + 0.921 * np.cos(np.linspace(-0.0, np.pi, 34)),
            np.linspace(6.05, 4.75, 16),
        ]
    )[:, None]
    y = y + (centre[1] - 7.63)
    turn = np.linspace(0, 1, 2 * ROUND)[None]
    top = 8.74 + centre[1] - 7.63
    over = np.sqrt(np.clip(1 - ((y - centre[1]) / (top - centre[1])) ** 2, 0, 1))
    on_head = np.where(y > centre[1], over, 1)
    flat = np.sqrt(np.clip(1.1 - ((y - TORSO[1]) / TORSO_SIZE[1]) ** 2, 0, 1))
    low = smooth_step(6.7, 5.95, y)
    wide = (radius[0] * 1.17) * on_head * (1 - low) + 0.74 * low
    deep = (radius[2] * 1.19) * on_head * (1 - low) + 0.70 * low
    middle = centre[2] * (1 - low) + 0.42 * low
    chest = smooth_step(6.0, 5.45, y)
    wide = wide * (1 - chest) + TORSO_SIZE[0] * flat * 0.98 * chest
    deep = deep * (1 - chest) + (TORSO_SIZE[2] * flat + 0.12) * chest
    middle = middle * (1 - chest) + TORSO[2] * chest
    half = 0.67 * np.sqrt(np.clip(1 - ((y - centre[1] + 0.57) / 0.92) ** 2, 0, 1))
    gap = np.arcsin(np.clip(half / np.maximum(wide, 1e-3), 0, 0.95))
    a = gap + turn * (2 * np.pi - 2 * gap)
    seed = rng.uniform(0, 6)
    fold = 1 + smooth_step(6.6, 5.6, y) * 0.035 * np.sin(a * 5 + y * 5 + seed) + 0.012 * np.sin(a * 9 - y * 7 + seed)
    z = np.where(np.cos(a) > 0, np.abs(np.cos(a)) ** 1.35, np.cos(a))
    drawn = smooth_step(5.9, 4.75, y) * np.sin(a) ** 4  # over the shoulders it is shorter than on the chest
    out = np.stack([wide * (1 - 0.38 * drawn) * np.sin(a) * fold, y + 0.75 * drawn, middle + deep * z * fold], -1)
    return [(off_skin(out, body, vertices, normals), DRAPE)]


def off_skin(grid: np.ndarray, body, vertices, normals) -> np.ndarray:
    """A grid of points whose lower part lies on the clothes and not in them."""
    on = np.where(body.is_body & (body.vertices[:, 1] > 3.5) & (body.vertices[:, 1] < 6.1))[0]
    flat = grid.reshape(-1, 3).copy()
    far, near = cKDTree(vertices[on]).query(flat, distance_upper_bound=0.6)
    k = np.isfinite(far) & (flat[:, 1] < 6.0)
    at = on[near[k]]
    above = ((flat[k] - vertices[at]) * normals[at]).sum(1)
    much = smooth_step(6.0, 5.7, flat[k, 1])
    flat[k] += normals[at] * (np.maximum(0, 0.11 - above) * much)[:, None]
    return flat.reshape(grid.shape)


def ear_lobes() -> tuple[int, int]:
    """Vertex numbers of the lowest points of the left and the right ear."""
    x, y, _ = mesh.body().vertices.T
    found = []
    for side in (1, -1):
        ear = np.where(mesh.body().is_body & (x * side > 0.80) & (y > 6.8) & (y < 7.5))[0]
        found.append(int(ear[np.argmin(y[ear])]))
    return found[0], found[1]


def earrings(vertices, rng) -> list:
    """Studs or hoops below both lobes."""
    hoop = rng.random() < 0.6
    size = rng.uniform(0.07, 0.15) if hoop else rng.uniform(0.028, 0.04)
    a, b = np.linspace(0, 2 * np.pi, 19 if hoop else 9)[:, None], np.linspace(0, 2 * np.pi, 7)[None]
    out = []
    for lobe in ear_lobes():
        at = vertices[lobe] + np.array([0.02 * np.sign(vertices[lobe][0]), -size if hoop else 0.02, 0.03])
        thin = 0.016
        if hoop:
            ring = np.stack([thin * np.cos(b) + 0 * a, (size + thin * np.sin(b)) * np.cos(a),
                             (size + thin * np.sin(b)) * np.sin(a)], -1)  # fmt: skip
        else:
            ring = size * np.stack([np.sin(a / 2) * np.cos(b), np.cos(a / 2) + 0 * b, np.sin(a / 2) * np.sin(b)], -1)
        out.append((at + ring, METAL))
    return out


def headwear(kind: str, rings: bool, body, vertices, skin_normals, rng: np.random.Generator):
    """points, normals and place in the weave (n, 3) float32, triangles (m, 3) int32; None where there is nothing."""
    centre, radius = skull(body, vertices)
    make = {"beanie": beanie, "cap": cap, "sunhat": sunhat}.get(kind)
    grids = make(centre, radius, rng) if make else []
    if kind == "hijab":
        grids = hijab(centre, radius, rng, body, vertices, skin_normals)
    if rings and kind != "hijab":
        grids += earrings(vertices, rng)
    if not grids:
        return None
    points, normals, places, triangles, first = [], [], [], [], 0
    for grid, cloth in grids:
        a, b, _ = grid.shape
        triangles.append(mesh.grid_triangles(a, b, first))
        across, along = np.gradient(grid, axis=1), np.gradient(grid, axis=0)
        normal = unit_rows(np.cross(along, across))
        inside = grid.mean((0, 1)) if cloth == METAL else centre
        if cloth == DRAPE:
            inside = grid * np.array([0, 1, 0]) + np.array([0, -0.6, 0.2])
        outward = (normal * (grid - inside)).sum(-1, keepdims=True)
        normal = normal * np.where(outward < 0, -1, 1)
        if a == 6 and b == 19 and cloth == COTTON:
            normal = normal * np.where(normal[..., 1:2] < 0, -1, 1)
        u, v = np.meshgrid(np.linspace(-1, 1, b), np.linspace(0, 1, a))
        places.append(np.stack([u, 8 + v, np.full_like(u, cloth)], -1).reshape(-1, 3))
        points.append(grid.reshape(-1, 3))
        normals.append(normal.reshape(-1, 3))
        first += a * b
    small = (np.concatenate(x).astype(np.float32) for x in (points, normals, places))
    return (*small, np.concatenate(triangles).astype(np.int32))
