"""Arms: hanging, reaching to the camera, or holding a phone before the mirror. Two bones an arm, turned about joints.

Lengths are mesh units, in the template's axes; side is 1 for the arm at +x (right in the picture) and -1 for the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from deepselfie.demo.mesh import body, smooth_step

# Joints of the template's arm at +x.
SHOULDER, ELBOW, WRIST = np.array([1.62, 5.12, 0.08]), np.array([3.12, 3.50, 0.30]), np.array([4.02, 2.60, 1.55])
HANGING = (np.array([0.20, -0.97, -0.04]), np.array([0.04, -0.95, 0.30]))  # directions of upper arm and forearm
BEHIND = (np.array([0.10, -0.97, -0.22]), np.array([-0.06, -0.99, 0.05]))  # among others there is no room
GRIP = 0.75  # from the wrist to the palm


@dataclass(frozen=True)
class Pose:
    """What each arm does; `target` is where the palm of the busy arm is."""

    kind: str  # hanging, reach or mirror
    side: int = 1
    target: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Arm:
    which: np.ndarray  # (k,) numbers of its vertices
    upper: np.ndarray  # (k,) how much each turns with the upper arm
    fore: np.ndarray  # (k,) and with the forearm
    joints: tuple[np.ndarray, ...]  # vertex numbers around shoulder, elbow, wrist
    rest: np.ndarray  # (3, 3) means of those on the template


def unit(v: np.ndarray) -> np.ndarray:
    return v / (np.linalg.norm(v) + 1e-9)


@cache
def arm(side: int) -> Arm:
    template = body()
    v = template.vertices * np.array([side, 1, 1], np.float32)
    q = v - SHOULDER.astype(np.float32)
    first, second = unit(ELBOW - SHOULDER), unit(WRIST - ELBOW)
    down = q @ first.astype(np.float32)
    off = q[:, 0] * 0.772 + q[:, 1] * 0.636
    upper = smooth_step(-0.55, 0.75, down) * smooth_step(-0.95, -0.45, off) * template.is_body
    upper[v[:, 1] > 6.0] = 0
    fore = smooth_step(-0.45, 0.45, (v - ELBOW.astype(np.float32)) @ unit(first + second).astype(np.float32))
    which = np.where(upper > 0)[0]
    near = [
        which[((v[which] - j.astype(np.float32)) ** 2).sum(1) < r * r]
        for j, r in ((SHOULDER, 0.75), (ELBOW, 0.6), (WRIST, 0.55))
    ]
    rest = np.array([template.vertices[n].mean(0) for n in near])
    return Arm(which, upper[which], fore[which], tuple(near), rest)


def turned(points: np.ndarray, axis: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """points (k, 3) about an axis through the origin by angles (k,) (Rodrigues)."""
    c, s = np.cos(angle)[:, None], np.sin(angle)[:, None]
    (a, b, d), (x, y, z) = axis, points.T
    across = np.stack([b * z - d * y, d * x - a * z, a * y - b * x], 1)  # np.cross takes three times as long
    return points * c + across * s + axis * (points @ axis)[:, None] * (1 - c)


def swing(of: np.ndarray, to: np.ndarray) -> tuple[np.ndarray, float]:
    """Axis and angle of the shortest turn between unit vectors."""
    axis = np.cross(of, to)
    return unit(axis), float(np.arctan2(np.linalg.norm(axis), of @ to))


def directions(shoulder: np.ndarray, target: np.ndarray, a: float, b: float, hint: np.ndarray):
    """Upper arm and forearm (unit vectors) that bring the hand to the target; the elbow goes towards the hint."""
    way = target - shoulder
    d = float(np.clip(np.linalg.norm(way), abs(a - b) + 0.1, (a + b) * 0.985))
    way = unit(way)
    along = (a * a - b * b + d * d) / (2 * d)
    out = unit(hint - way * (hint @ way))
    elbow = way * along + out * np.sqrt(max(0.0, a * a - along * along))
    return unit(elbow), unit(way * d - elbow)


@cache
def forearm(side: int) -> tuple[np.ndarray, np.ndarray]:
    """(M,) bool each: the triangles of all but the upper end of an arm, and of the hand alone."""
    template = body()
    middle = template.vertices[template.triangles].mean(1) * np.array([side, 1, 1])
    of_body = template.is_body[template.triangles].all(1)
    way, out = unit(WRIST - ELBOW), (middle[:, 0] > 2.0) & of_body
    return out & ((middle - ELBOW) @ way > -1.3), out & ((middle - WRIST) @ way > -0.1)


def move(v: np.ndarray, joints: np.ndarray, side: int, upper: np.ndarray, fore: np.ndarray, palm=None) -> None:
    """Turns the arm of v (N, 3) in place. joints (3, 3): its shoulder, elbow and wrist before.

    With palm (3,) the arm is drawn out until its palm is there: nobody sees how long an arm is that comes at them."""
    a = arm(side)
    shoulder, elbow, wrist = joints
    axis, angle = swing(unit(elbow - shoulder), unit(upper))
    p = v[a.which].astype(np.float64)
    whole = turned(p - shoulder, axis, angle * a.upper) + shoulder
    new_elbow = turned((elbow - shoulder)[None], axis, np.array([angle]))[0] + shoulder
    new_wrist = turned((wrist - shoulder)[None], axis, np.array([angle]))[0] + shoulder
    axis, angle = swing(unit(new_wrist - new_elbow), unit(fore))
    bent = turned(whole - new_elbow, axis, angle * a.fore * np.minimum(1, a.upper * 1.5)) + new_elbow
    if palm is not None:
        reached = new_elbow + unit(fore) * (np.linalg.norm(wrist - elbow) + GRIP)
        far = np.clip((bent - shoulder) @ unit(palm - shoulder) / np.linalg.norm(reached - shoulder), 0, 1)
        bent += (palm - reached) * (far * a.upper)[:, None]
    v[a.which] = bent.astype(np.float32)


def take(shapes: list[np.ndarray], pose: Pose) -> None:
    """Poses each of `shapes` (N, 3) in place; joints are those of the first."""
    for side in (1, -1):
        a, flip = arm(side), np.array([side, 1, 1])
        moved = np.array([shapes[0][n].mean(0) for n in a.joints]) - a.rest
        joints = np.array([SHOULDER, ELBOW, WRIST]) * flip + moved
        if pose.kind != "hanging" and side == pose.side:
            lengths = np.linalg.norm(np.diff(joints, axis=0), axis=1)
            hint = np.array([0.75 * side, -1.0, -0.1]) if pose.kind == "reach" else np.array([0.55 * side, -1.0, -0.25])
            upper, fore = directions(joints[0], np.array(pose.target), lengths[0], lengths[1] + GRIP, hint)
        else:
            upper, fore = (d * flip for d in (BEHIND if pose.kind == "behind" else HANGING))
        palm = np.array(pose.target) if pose.kind == "reach" and side == pose.side else None
        for v in shapes:
            move(v, joints, side, upper, fore, palm)
