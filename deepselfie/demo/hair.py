"""Hair and beards as strands: a few hundred guides flow over the skull and fall, all other strands follow a near guide.

Lengths are in mesh units of 10 cm, as in mesh.py. The skull is an ellipsoid fitted to the person's scalp.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.spatial import cKDTree

from deepselfie.demo import mesh
from deepselfie.demo.mesh import Body, smooth_step

GUIDES = 260


@dataclass(frozen=True)
class Style:
    """`kind` says how guides move: falling, lying, standing or drawn back to a knot."""

    kind: str
    length: float
    curl: float = 0.0  # radius of waves and curls
    turns: float = 0.0  # of a curl along the strand, in rad
    volume: float = 0.1  # how far hair stands off the skull
    sides: float = 1.0  # length at the sides as a share of that on top
    steps: int = 14  # points on a strand
    clump: float = 0.55  # how much of their distance strands lose towards the tip of their guide


STYLES = {
    "long": Style("fall", 3.9, 0.02, 3, 0.13),
    "wavy": Style("fall", 3.5, 0.12, 16, 0.18, steps=24, clump=0.6),
    "curly": Style("fall", 2.6, 0.11, 26, 0.27, steps=26, clump=0.75),
    "coily": Style("fall", 2.3, 0.075, 40, 0.33, steps=30, clump=0.6),
    "bangs": Style("fall", 3.3, 0.015, 3, 0.13),
    "bob": Style("fall", 1.75, 0.02, 3, 0.15),
    "braids": Style("fall", 3.3, 0.022, 75, 0.10, steps=44, clump=0.96),
    "plaits": Style("tied", 2.6, volume=0.05, steps=24),
    "pony": Style("tied", 2.6, volume=0.05, steps=20),
    "bun": Style("tied", 2.6, volume=0.05, steps=20),
    "short": Style("lie", 0.42, 0.01, 3, 0.10, 0.55, 8),
    "sidepart": Style("lie", 0.62, 0.01, 3, 0.10, 0.42, 9),
    "crop": Style("lie", 0.30, 0.01, 3, 0.07, 0.5, 7),
    "pixie": Style("lie", 0.72, 0.015, 3, 0.12, 0.8, 10),
    "quiff": Style("lie", 0.44, 0.015, 3, 0.16, 0.35, 10),
    "buzz": Style("stand", 0.05, 0.0, 3, 0.04, 1.0, 3),
    "bald": Style("stand", 0.0, 0.0, 3, 0.0, 1.0, 2),
    "curlyshort": Style("stand", 0.36, 0.055, 15, 0.2, 0.5, 14, 0.45),
    "afro": Style("stand", 0.62, 0.05, 22, 0.45, 0.85, 18, 0.2),
    "hijab": Style("stand", 0.0, 0.0, 3, 0.12, 1.0, 2),
}
NO_HAIR = {"bald", "hijab"}
TORSO, TORSO_SIZE = np.array([0, 3.85, 0.15]), np.array([1.95, 2.12, 0.98])
KNOTS = {"pony": (0, 7.75, -0.62), "bun": (0, 8.42, -0.22), "plaits": (0.66, 6.85, -0.05)}


def unit_rows(v: np.ndarray) -> np.ndarray:
    return v / (np.linalg.norm(v, axis=-1, keepdims=True) + 1e-9)


def skull(body: Body, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """centre and radii (3,) of the ellipsoid that the scalp lies on."""
    scalp = vertices[body.scalp_vertices()]
    low, high = scalp.min(0).astype(float), scalp.max(0).astype(float)
    centre = (low + high) / 2
    return np.array([0, centre[1], centre[2]]), (high - low) / 2 * np.array([1.0, 1.02, 1.02])


def roots(body: Body, vertices, normals, which: np.ndarray, n: int, rng: np.random.Generator, dense: bool):
    """position, normal and template position (n, 3) of points spread evenly over the triangles `which`."""
    corners = body.triangles[which]
    template = body.vertices[corners]
    area = np.linalg.norm(np.cross(template[:, 1] - template[:, 0], template[:, 2] - template[:, 0]), axis=1)
    middle = template.mean(1)
    share = area * (1 + 1.6 * ((middle[:, 2] > 0.5) & (middle[:, 1] > 7.6))) if dense else area
    place = np.cumsum(share) / share.sum()
    k = np.minimum(np.searchsorted(place, rng.random(n)), len(which) - 1)
    u = rng.random((n, 2))
    folded = u.sum(1) > 1
    u[folded] = 1 - u[folded]
    w = np.stack([1 - u.sum(1), u[:, 0], u[:, 1]], 1)[:, :, None]
    c = corners[k]
    return (vertices[c] * w).sum(1), unit_rows((normals[c] * w).sum(1)), (template[k] * w).sum(1)


def on_skull(q: np.ndarray, d: np.ndarray, centre, radius, height: np.ndarray, held) -> tuple[np.ndarray, np.ndarray]:
    """Points brought to `height` over the skull, where inside it and, on its upper half, by the share `held` where
    above; directions that no longer lead into it or away from it."""
    e = (q - centre) / radius
    far = np.linalg.norm(e, axis=1)
    out = unit_rows(e / radius)
    along = (d * out).sum(1)
    hold = held * smooth_step(-0.25, 0.15, e[:, 1]) * (far < 1.6)
    near = far < 1 + height * 1.3
    d = d - out * np.where(near, np.minimum(0, along), 0)[:, None] - out * (np.maximum(0, along) * hold)[:, None]
    goal = np.where(far < 1 + height, 1 + height, far + (1 + height - far) * hold)
    return centre + e * (goal / (far + 1e-9))[:, None] * radius, d


def off_body(q: np.ndarray, front: np.ndarray, side: np.ndarray, face: np.ndarray, layer: np.ndarray) -> np.ndarray:
    """Points pushed off torso (along z only, or hair would slide off as wings), neck and, where `face`, the face."""
    flat = ((q[:, :2] - TORSO[:2]) / TORSO_SIZE[:2]) ** 2
    room = 1.08 - flat.sum(1)
    edge = TORSO[2] + np.sqrt(np.maximum(room, 0)) * TORSO_SIZE[2] * front
    k = (room > 0) & (front * (q[:, 2] - edge) < 0)
    q[k, 2] += (edge[k] - q[k, 2]) * 0.6
    reach = np.hypot(q[:, 0], q[:, 2] - 0.15)
    k = (q[:, 1] < 6.8) & (q[:, 1] > 5.6) & (reach < 0.64)
    factor = 0.64 / np.maximum(reach[k], 1e-3)
    q[k, 0] *= factor
    q[k, 2] = 0.15 + (q[k, 2] - 0.15) * factor
    keep = 0.56 + 0.24 * smooth_step(6.2, 7.1, q[:, 1]) - 0.24 * smooth_step(7.3, 7.8, q[:, 1]) + 0.12 * layer
    k = face & (q[:, 2] > 0.55) & (q[:, 1] < 7.9) & (q[:, 1] > 5.7) & (q[:, 0] * side < keep)
    q[k, 0] = (side * keep)[k]
    q[k, 2] -= 0.04
    return q


def wanted(name: str, q: np.ndarray, side, layer, front, fringe, lean: float, template) -> np.ndarray:
    """Where strands at points q (g, 3) want to go."""
    top = np.clip((q[:, 1] - 7.72) / 0.55, 0, 1)
    rooted_top = np.clip((template[:, 1] - 7.5) / 0.6, 0, 1)
    one, none = np.ones(len(q)), np.zeros(len(q))
    if STYLES[name].kind == "fall":
        back = np.where((q[:, 2] > 0.5) & (q[:, 1] > 7.1), -0.45, -0.05)
        d = np.stack([side * 1.1 * top, -one * (0.45 + 0.55 * (1 - top)), back], 1)
        low = np.clip((7.1 - q[:, 1]) / 0.5, 0, 1)
        d[:, 0] += np.clip((side * (0.56 + 0.32 * layer) - q[:, 0]) * 0.9, -0.5, 0.5) * low
        d[:, 2] += np.clip((np.where(front > 0, 0.85, -0.35) - q[:, 2]) * 0.7, -0.4, 0.4) * low
        d[fringe] = np.stack([0.25 * q[:, 0], -0.9 * one, 0.9 * top], 1)[fringe]
        return d
    if name == "quiff":
        forward = np.clip((template[:, 2] - 0.2) / 0.6, 0, 1) * rooted_top
        return np.stack([0.55 * lean * rooted_top, 0.8 * forward - 0.7 * (1 - rooted_top), -0.75 * one], 1)
    if name in ("sidepart", "pixie"):
        over = np.stack([side * (0.3 + top), -0.55 * (1 - top), 0.12 + 0.1 * top], 1)
        return np.where(rooted_top[:, None] > 0.25, over, np.stack([none, -one, -0.35 * one], 1))
    if name == "crop":
        return np.stack([0.15 * q[:, 0], -0.6 * (1 - rooted_top), 0.9 * rooted_top - 0.2], 1)
    if name == "short":
        return np.stack([0.45 * lean * rooted_top, -0.8 * (1 - rooted_top), 0.55 * rooted_top - 0.2], 1)
    return none[:, None] * q


def knot_of(name: str, q: np.ndarray, side: np.ndarray) -> np.ndarray:
    knot = np.tile(np.array(KNOTS[name], float), (len(q), 1))
    if name == "plaits":
        knot[:, 0] *= side
    return knot


def guides(name: str, body: Body, vertices, normals, rng: np.random.Generator):
    """(g, S, 3) points, (g, 3) template roots, and the side of the parting (g,)."""
    style = STYLES[name]
    centre, radius = skull(body, vertices)
    part, stretch = rng.choice([0.0, 0.0, -0.3, 0.3]) + rng.uniform(-0.06, 0.06), rng.uniform(0.82, 1.15)
    lean = float(np.sign(part + 0.01))
    in_front = rng.choice([0.15, 0.8], 2, p=[0.45, 0.55])  # share of hair before the shoulder, right and left
    n = GUIDES
    position, normal, template = roots(body, vertices, normals, body.scalp, n, rng, True)
    layer = rng.random(n)
    side = np.where(position[:, 0] > part, 1.0, -1.0)
    top = smooth_step(7.5, 8.0, template[:, 1])
    length = style.length * stretch * rng.uniform(0.9, 1.08, n) * (style.sides + (1 - style.sides) * top)
    fringe = np.zeros(n, bool)
    if name == "bangs":
        fringe = (template[:, 1] > 7.84) & (template[:, 2] > 0.52) & (abs(template[:, 0]) < 0.62)
        drop = np.hypot(template[:, 1] - 7.62, template[:, 2] - 1.42)  # down to the brows
        length[fringe] = (1.06 * drop + rng.uniform(0.0, 0.08, n))[fringe]
    if name in ("crop", "short"):
        length *= np.where(template[:, 1] > 7.8, 1, 0.8)
    share = np.where(side > 0, in_front[1], in_front[0])
    front = np.where((template[:, 2] > 0.2) & (rng.random(n) < share), 1.0, -1.0)
    pace = (length / (style.steps - 1))[:, None]
    height = style.volume * (0.35 + 0.65 * layer) / radius.mean()
    q, points = position.copy(), [position.copy()]
    for i in range(style.steps - 1):
        grown = np.minimum(1, (i + 1) * pace[:, 0] / 0.25)
        if style.kind == "tied":
            gap = knot_of(name, q, side) - q
            reach = np.linalg.norm(gap, axis=1, keepdims=True)
            q, d = on_skull(q, gap / (reach + 1e-9), centre, radius, height * grown, 0.0)
            q = q + unit_rows(d) * np.minimum(np.maximum(pace, 0.14), reach)
        elif style.kind == "stand":
            d = unit_rows(normal + 0.35 * unit_rows(position - centre))
            q = q + d * pace
        else:
            d = wanted(name, q, side, layer, front, fringe, lean, template)
            free = name == "quiff"
            d = unit_rows(d) + normal * ((0.22 * (template[:, 2] > 0.4) if free else 0.0) * (0.4 + layer))[:, None]
            q, d = on_skull(q, d, centre, radius, height * grown, 0.25 if free else 0.8)
            q = q + unit_rows(d) * pace
            if style.kind == "fall":
                q = off_body(q, front, side, ~fringe, layer)
        points.append(q.copy())
    return off_head(np.stack(points, 1), body, vertices, normals, height), template, side


def off_head(points: np.ndarray, body: Body, vertices, normals, height: np.ndarray) -> np.ndarray:
    """Points (g, S, 3) that came to lie within the head, where it is no ellipsoid, pushed out of its skin."""
    head = np.where(body.is_body & (body.vertices[:, 1] > 6.5) & (abs(body.vertices[:, 0]) < 0.78))[0]
    flat = points[:, 1:].reshape(-1, 3)
    far, near = cKDTree(vertices[head]).query(flat, distance_upper_bound=0.4)
    k = np.isfinite(far)
    at = head[near[k]]
    above = ((flat[k] - vertices[at]) * normals[at]).sum(1)
    room = np.repeat(0.02 + 0.45 * height, points.shape[1] - 1)[k]
    flat[k] += normals[at] * np.maximum(0, room - above)[:, None]
    points[:, 1:] = flat.reshape(points[:, 1:].shape)
    return points


def ribbon(path: np.ndarray, thick: np.ndarray, n: int, rng: np.random.Generator, braid: bool) -> np.ndarray:
    """(n, S, 3) strands along `path` (S, 3), within `thick` (S,) of it; as three plaited locks where `braid`."""
    steps = len(path)
    t = np.linspace(0, 1, steps)[None]
    angle, far = rng.uniform(0, 6.28, (n, 1)), np.sqrt(rng.random((n, 1)))
    x, z = np.cos(angle) * far, np.sin(angle) * far
    if braid:
        turn = t * 17 + rng.integers(0, 3, (n, 1)) * 2.094
        x, z = 0.85 * np.sin(turn) + 0.5 * x, 0.5 * np.sin(2 * turn) + 0.5 * z
    out = np.repeat(path[None], n, 0)
    out[:, :, 0] += x * thick
    out[:, :, 2] += z * thick
    return out


def fallen(start: np.ndarray, way: list, steps: int) -> np.ndarray:
    """(steps, 3) smooth path through `start` and the points of `way`."""
    knots = np.array([start, *way], float)
    u = np.linspace(0, len(knots) - 1, steps)
    path = np.stack([np.interp(u, np.arange(len(knots)), knots[:, c]) for c in range(3)], 1)
    for _ in range(3):
        path[1:-1] = (path[:-2] + 2 * path[1:-1] + path[2:]) / 4
    return path


def tied_up(name: str, n: int, guide_rng: np.random.Generator, rng: np.random.Generator) -> np.ndarray:
    """(n, S, 3) strands of what hangs from the knot or is wound around it."""
    steps = STYLES[name].steps
    knot = np.array(KNOTS[name], float)
    t = np.linspace(0, 1, steps)
    if name == "bun":
        size = guide_rng.uniform(0.26, 0.38)
        axis = unit_rows(rng.normal(0, 0.35, (n, 3)) + np.array([0.1, 0.9, -0.45]))
        u = unit_rows(np.cross(axis, np.array([0.3, 0.1, 0.9])))
        v = np.cross(axis, u)
        tall = rng.uniform(-0.9, 0.9, (n, 1))
        angle = rng.uniform(0, 6.28, (n, 1)) + t[None] * 2.6
        ring = np.sqrt(1 - tall**2) * np.ones_like(angle)
        rows = (ring * np.cos(angle))[..., None] * u[:, None] + (ring * np.sin(angle))[..., None] * v[:, None]
        return (
            knot
            + np.array([0, size * 0.55, 0])
            + size * (rows + (tall * np.ones_like(angle))[..., None] * axis[:, None])
        )
    if name == "pony":
        side = guide_rng.choice([-1.0, 1.0])
        if guide_rng.random() < 0.6:
            way = [
                (side * 0.3, 7.45, -0.9),
                (side * 0.75, 6.6, -0.55),
                (side * 0.86, 5.9, 0.5),
                (side * 0.75, 5.0, 1.15),
                (side * 0.68, 4.3, 1.2),
            ]
        else:
            way = [(side * 0.2, 7.7, -1.0), (side * 0.55, 6.9, -1.0), (side * 0.6, 6.0, -0.9), (side * 0.5, 5.2, -0.95)]
        path = fallen(knot, way, steps)
        return ribbon(path, 0.10 + 0.20 * np.sin(np.pi * np.minimum(1, t * 1.1 + 0.08)), n, rng, False)
    thick = 0.11 * (1 - 0.45 * t) * np.ones(steps)
    both = []
    for side, count in ((1, n // 2), (-1, n - n // 2)):
        start = knot * np.array([side, 1, 1])
        way = [(side * 0.74, 6.45, 0.15), (side * 0.84, 5.95, 0.62), (side * 0.80, 5.3, 1.12), (side * 0.74, 4.5, 1.2)]
        both.append(ribbon(fallen(start, way, steps), thick, count, rng, True))
    return np.concatenate(both)


def hair(name: str, body: Body, vertices, normals, guide_rng, rng, n: int):
    """points and tangents (n, S, 3) float32, chance (n,). The guides, so the silhouette, do not depend on n."""
    style = STYLES[name]
    if name in NO_HAIR:
        return np.zeros((0, 2, 3), np.float32), np.zeros((0, 2, 3), np.float32), np.zeros(0, np.float32)
    guide, guide_template, side = guides(name, body, vertices, normals, guide_rng)
    guide, single = guide.astype(np.float32), np.float32  # half the memory, half the time
    turns = single(style.turns * guide_rng.uniform(0.85, 1.15))
    phase, lock = guide_rng.uniform(0, 6.28, len(guide)), guide_rng.random(len(guide))
    if name == "wavy":
        phase = guide_rng.normal(0, 0.9, len(guide))  # neighbouring waves run together
    hanging = tied_up(name, n // 3, guide_rng, rng) if style.kind == "tied" else None
    n = n - n // 3 if hanging is not None else max(300, int(n * min(1, (40 / style.steps) ** 0.6, 1)))
    position, _, template = roots(body, vertices, normals, body.scalp, n, rng, True)
    position = position.astype(single)
    near = cKDTree(guide_template).query(template, k=2)[1]
    a, b = near[:, 0], near[:, 1]
    mixed = 0.5 if style.clump < 0.9 else 0.0
    share = (rng.random(n) * mixed * (side[a] == side[b])).astype(single)[:, None, None]
    moves = guide - guide[:, :1]
    along = np.linspace(0, 1, style.steps, dtype=single)[None]
    t = along[:, :, None]
    length = rng.uniform(0.84, 1.04, n).astype(single)[:, None, None]
    held = style.clump * smooth_step(0, 0.25, t) if style.clump > 0.9 else style.clump * t
    points = guide[a, :1] + (position - guide[a, 0])[:, None] * (1 - held)
    points = points + (moves[a] * (1 - share) + moves[b] * share) * (length if style.kind != "tied" else 1)
    if style.curl > 0:
        spread = {"braids": 6.28, "coily": 0.8, "afro": 3.0, "curlyshort": 0.7}.get(name, 0.3)
        angle = (phase[a] + rng.normal(0, spread, n)).astype(single)[:, None] + along * turns
        grown = np.minimum(1, along * 12) if name in ("braids", "afro", "curlyshort") else smooth_step(0.05, 0.5, along)
        grown = grown * style.curl
        points[:, :, 0] += grown * np.cos(angle)
        points[:, :, 2] += grown * np.sin(angle)
        if name in ("afro", "curlyshort", "curly", "coily"):
            points[:, :, 1] += grown * 0.7 * np.sin(angle * 1.3 + 1)
    fuzz = {"tied": 0.006, "lie": 0.022, "stand": 0.010}.get(style.kind, 0.03 if style.clump < 0.9 else 0.004)
    astray = np.where((rng.random((n, 1, 1)) < 0.04) & (style.kind == "fall"), 3.0, 1.0)
    points += (rng.normal(0, fuzz, (n, 1, 3)) * astray).astype(single) * t
    if style.kind == "fall" and name != "bangs":
        outward = side[a].astype(single)[:, None]
        keep = 0.52 + 0.24 * smooth_step(6.2, 7.1, points[:, :, 1]) + abs(rng.normal(0, 0.05, (n, 1)).astype(single))
        k = (
            (points[:, :, 2] > 0.6)
            & (points[:, :, 1] < 7.75)
            & (points[:, :, 1] > 5.9)
            & (points[:, :, 0] * outward < keep)
        )
        points[:, :, 0] = np.where(k, outward * keep, points[:, :, 0])
    chance = 0.55 * lock[a] + 0.45 * rng.random(n)
    if name == "buzz":
        chance = 0.4 + 0.25 * rng.random(n)  # too short for locks
    if hanging is not None:
        points, chance = np.concatenate([points, hanging]), np.concatenate([chance, rng.random(len(hanging))])
    return finished(points, chance)


def beard(body: Body, vertices, normals, length: float, rng: np.random.Generator, n: int):
    position, normal, template = roots(body, vertices, normals, body.jaw, n, rng, False)
    d, q = normal * 0.5 + np.array([0, -0.8, 0]) + rng.normal(0, 0.35, (n, 3)), position
    d[:, 0] -= 0.25 * np.sign(position[:, 0]) * (abs(position[:, 0]) > 0.3)
    lengths = length * rng.uniform(0.5, 1.2, n)[:, None]
    lengths = lengths * np.where(template[:, 1:2] > 6.62, 0.55, 1)  # moustache and cheeks are kept shorter
    points = [position]
    for _ in range(3):
        d = unit_rows(d)
        q = q + d * lengths / 3
        d = d + np.array([0, -0.3, -0.05])
        points.append(q)
    return finished(np.stack(points, 1), rng.random(n))


@cache
def lashes() -> tuple[np.ndarray, np.ndarray]:
    """Triangles (k, 3) of the lashes and how dark they are at the body's vertices (N,), 0..1: dense at the lid."""
    template = mesh.body()
    triangles = template.triangles[template.material == mesh.LASH]
    x, y, _ = template.vertices.T
    eye = template.vertices[template.left_eye].mean(0)
    far = np.hypot(abs(x) - eye[0], y - eye[1])
    strength = np.where(y > eye[1] - 0.02, 0.95, 0.35) * (1 - 0.85 * smooth_step(0.12, 0.24, far))
    return np.ascontiguousarray(triangles), strength.astype(np.float32)


def finished(points: np.ndarray, chance: np.ndarray):
    points = points.astype(np.float32)
    tangents = np.empty_like(points)
    tangents[:, 1:] = points[:, 1:] - points[:, :-1]
    tangents[:, 0] = tangents[:, 1]
    return points, unit_rows(tangents).astype(np.float32), chance.astype(np.float32)
