"""Hair and beards as strands: a few hundred guides fall under gravity, all other strands follow the nearest guides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from deepselfie.demo.mesh import Body

STEPS = 14  # points on a strand


@dataclass(frozen=True)
class Style:
    length: float  # mesh units (10 cm)
    curl: float  # radius of waves and curls
    turns: float  # of a curl along the strand, times 2 rad
    volume: float  # how far hair stands off the skull
    gravity: float
    sides: float = 1.0  # length at the sides as a share of that on top


STYLES = {
    "long": Style(4.0, 0.015, 3, 0.14, 0.85),
    "wavy": Style(3.8, 0.075, 4, 0.19, 0.70),
    "curly": Style(2.7, 0.11, 11, 0.32, 0.50),
    "bangs": Style(3.6, 0.01, 3, 0.14, 0.85),
    "bob": Style(1.75, 0.02, 3, 0.17, 0.80),
    "pony": Style(1.9, 0.0, 3, 0.05, 0.0),
    "short": Style(0.34, 0.02, 3, 0.10, 0.10, 0.45),
    "quiff": Style(0.46, 0.02, 3, 0.08, 0.04, 0.28),
    "buzz": Style(0.07, 0.0, 3, 0.05, 0.0),
    "curlyshort": Style(0.45, 0.08, 9, 0.28, 0.0, 0.6),
    "afro": Style(0.85, 0.10, 9, 0.50, 0.0, 0.85),
}
FALLING = {"long", "wavy", "curly", "bob", "bangs"}
TORSO, TORSO_SIZE = np.array([0, 3.85, 0.15]), np.array([1.95, 2.12, 0.98])


def unit_rows(v: np.ndarray) -> np.ndarray:
    return v / (np.linalg.norm(v, axis=-1, keepdims=True) + 1e-9)


def roots(body: Body, vertices, normals, which: np.ndarray, n: int, rng: np.random.Generator, dense: bool):
    """position, normal and template position (n, 3) of points spread evenly over the triangles `which`."""
    corners = body.triangles[which]
    template = body.vertices[corners]
    area = np.linalg.norm(np.cross(template[:, 1] - template[:, 0], template[:, 2] - template[:, 0]), axis=1)
    middle = template.mean(1)
    share = area * (1 + 2.2 * ((middle[:, 2] > 0.5) & (middle[:, 1] > 7.6))) if dense else area
    place = np.cumsum(share) / share.sum()
    k = np.minimum(np.searchsorted(place, rng.random(n)), len(which) - 1)
    u = rng.random((n, 2))
    folded = u.sum(1) > 1
    u[folded] = 1 - u[folded]
    w = np.stack([1 - u.sum(1), u[:, 0], u[:, 1]], 1)[:, :, None]
    c = corners[k]
    return (vertices[c] * w).sum(1), unit_rows((normals[c] * w).sum(1)), (template[k] * w).sum(1)


def first_directions(name: str, normal, position, template, part: float, fringe) -> np.ndarray:
    side = np.where(position[:, 0] > part, 1.0, -1.0)
    top = np.clip((template[:, 1] - 7.55) / 0.9, 0, 1)
    if name in FALLING:
        back = np.where(template[:, 2] > 0.6, -0.30, -0.12)
        d = normal * 0.22 + np.stack([side * (0.12 + 0.8 * top), -0.75 * (1 - top) - 0.02, back], 1)
        d[fringe] = np.array([0, -0.2, 0.7]) + normal[fringe] * 0.5
        return d
    if name == "pony":
        return normal * 0.15 + unit_rows(np.array([0, 0.1, -1]))
    lean = np.sign(part + 0.01)
    if name == "quiff":
        up = np.stack([0.18 * lean * top, 0.15 + 0.35 * top - 0.4 * (1 - top), -0.30 + 0.15 * top], 1)
        return normal * (0.30 + 0.35 * top[:, None]) + up
    if name == "short":
        return normal * 0.5 + np.stack([0.22 * side * top, -0.05 - 0.45 * (1 - top), 0.14 * top - 0.10], 1)
    return normal.copy()


def collide(q: np.ndarray, step: int, centre, radius, volume: float, front: np.ndarray, keep_face: bool) -> None:
    """Pushes points out of skull, torso, neck and away from the face, in place."""
    thick = 1 + volume * 0.55 * min(1, (step + 1) / 4)
    if step:
        e = (q - centre) / (radius * thick)
        length = np.linalg.norm(e, axis=1)
        k = length < 1
        q[k] = centre + (e[k] / length[k, None]) * radius * thick
    # On the body hair lies in front or behind: pushed along z only, or it would slide off sideways as wings.
    flat = ((q[:, :2] - TORSO[:2]) / TORSO_SIZE[:2]) ** 2
    room = 1.06 - flat.sum(1)
    edge = TORSO[2] + np.sqrt(np.maximum(room, 0)) * TORSO_SIZE[2] * front
    k = (room > 0) & (front * (q[:, 2] - edge) < 0)
    q[k, 2] += (edge[k] - q[k, 2]) * 0.6
    reach = np.hypot(q[:, 0], q[:, 2] - 0.15)
    k = (q[:, 1] < 6.7) & (q[:, 1] > 5.6) & (reach < 0.66)
    factor = 0.66 / np.maximum(reach[k], 1e-3)
    q[k, 0] *= factor
    q[k, 2] = 0.15 + (q[k, 2] - 0.15) * factor
    if keep_face:
        k = (q[:, 2] > 0.75) & (q[:, 1] < 7.95) & (q[:, 1] > 5.9) & (abs(q[:, 0]) < 0.80)
        q[k, 0] = np.sign(q[k, 0] + 1e-6) * 0.84
        q[k, 2] -= 0.05


def guides(name: str, body: Body, vertices, normals, rng: np.random.Generator):
    """(g, STEPS, 3) points, (g, 3) template roots, and the side of the parting (g,)."""
    style = STYLES[name]
    scalp = vertices[body.scalp_vertices()]
    centre, radius = (scalp.max(0) + scalp.min(0)) / 2, (scalp.max(0) - scalp.min(0)) / 2
    centre = np.array([0, centre[1], centre[2]])
    radius = radius * np.array([1.0, 1.02, 1.02])
    part, stretch = rng.uniform(-0.35, 0.35), rng.uniform(0.82, 1.15)
    n = 220
    position, normal, template = roots(body, vertices, normals, body.scalp, n, rng, True)
    top = np.clip((template[:, 1] - 7.45) / 0.75, 0, 1)
    length = style.length * stretch * rng.uniform(0.85, 1.1, n) * (style.sides + (1 - style.sides) * top)
    fringe = np.zeros(n, bool)
    if name == "bangs":
        fringe = (template[:, 1] > 7.9) & (template[:, 2] > 0.75)
        length[fringe] = rng.uniform(0.7, 0.85, fringe.sum())
    front = np.where((template[:, 2] > 0.35) & (rng.random(n) < 0.75), 1.0, -1.0)
    d = first_directions(name, normal, position, template, part, fringe)
    q, points = position.copy(), [position.copy()]
    for i in range(STEPS - 1):
        d = unit_rows(d)
        q = q + d * (length / (STEPS - 1))[:, None]
        d = d + np.array([0, -style.gravity, 0])
        if name in FALLING and i > 3:
            d[:, 0] *= 0.75
        if name == "pony":
            knot = unit_rows(np.array([0, 7.55, -0.75]) - q)
            d = knot * 0.9 + d * 0.3 if i < 9 else d + np.array([0, -0.6, -0.05])
        collide(q, i, centre, radius, style.volume, front, name != "bangs")
        points.append(q.copy())
    return np.stack(points, 1), template, np.where(position[:, 0] > part, 1, -1)


def hair(name: str, body: Body, vertices, normals, guide_rng, rng, n: int):
    """points and tangents (n, S, 3) float32, chance (n,). The guides, so the silhouette, do not depend on n."""
    style = STYLES[name]
    guide, guide_template, side = guides(name, body, vertices, normals, guide_rng)
    turns = style.turns * guide_rng.uniform(0.8, 1.2)
    phase = guide_rng.uniform(0, 6.28, len(guide))
    if name == "buzz":
        guide = guide[:, [0, 6, 13]]
    steps = guide.shape[1]
    position, _, template = roots(body, vertices, normals, body.scalp, n, rng, True)
    near = cKDTree(guide_template).query(template, k=2)[1]
    a, b = near[:, 0], near[:, 1]
    share = (rng.random(n) * 0.5 * (side[a] == side[b]))[:, None, None]
    moves = guide - guide[:, :1]
    t = np.linspace(0, 1, steps)[None, :, None]
    length = rng.uniform(0.8, 1.05, n)[:, None, None]
    points = guide[a, :1] + (position - guide[a, 0])[:, None] * (1 - 0.55 * t)
    points = points + (moves[a] * (1 - share) + moves[b] * share) * length
    along = np.linspace(0, 1, steps)[None]
    if style.curl > 0:
        angle = phase[a][:, None] + rng.normal(0, 0.25, n)[:, None] + along * turns * 2
        grown = np.minimum(1, along * 3) * style.curl
        points[:, :, 0] += grown * np.cos(angle)
        points[:, :, 2] += grown * np.sin(angle)
        if name in ("afro", "curlyshort", "curly"):
            points[:, :, 1] += grown * 0.7 * np.sin(angle * 1.3 + 1)
    fuzz = (0.02 if style.gravity else 0.012) * (3 if name in ("curly", "afro", "wavy") else 1.5)
    points += rng.normal(0, fuzz, (n, 1, 3)) * t
    if name != "afro":
        k = (points[:, :, 2] > 1.0) & (points[:, :, 1] < 7.5) & (points[:, :, 1] > 5.9) & (abs(points[:, :, 0]) < 0.5)
        points[:, :, 2] -= np.where(k, 0.7, 0)
    return finished(points, rng)


def beard(body: Body, vertices, normals, length: float, rng: np.random.Generator, n: int):
    position, normal, _ = roots(body, vertices, normals, body.jaw, n, rng, False)
    d, q = normal * 0.5 + np.array([0, -0.8, 0]) + rng.normal(0, 0.35, (n, 3)), position
    lengths = length * rng.uniform(0.5, 1.2, n)[:, None]
    points = [position]
    for _ in range(3):
        d = unit_rows(d)
        q = q + d * lengths / 3
        d = d + np.array([0, -0.3, -0.05])
        points.append(q)
    return finished(np.stack(points, 1), rng)


def finished(points: np.ndarray, rng: np.random.Generator):
    points = points.astype(np.float32)
    tangents = np.empty_like(points)
    tangents[:, 1:] = points[:, 1:] - points[:, :-1]
    tangents[:, 0] = tangents[:, 1]
    return points, unit_rows(tangents).astype(np.float32), rng.random(len(points)).astype(np.float32)
