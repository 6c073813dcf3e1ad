"""Where the camera stands and where things appear in the picture. Picture coordinates are fractions 0..1."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from deepselfie.demo.mesh import body
from deepselfie.demo.shots import PLACES, Shot

HEAD = 2.25  # mesh units from chin to top of the template's head
AIM = np.array([0, 7.36, 0.55])  # what the camera looks at: the middle of the head


@dataclass(frozen=True)
class Camera:
    rotation: np.ndarray  # (3, 3): rows right, up, forward
    position: np.ndarray  # (3,)
    focal: float  # in picture heights
    x: float
    y: float
    squish: float = 1.0  # width against height of what is seen

    def project(self, points: np.ndarray, size: float = 1.0) -> np.ndarray:
        """points (..., 3) to (..., 3) float32: x, y in units of 1/size of the picture, and distance."""
        v = (points - self.position.astype(np.float32)) @ self.rotation.T.astype(np.float32)
        out = np.empty(v.shape, np.float32)
        out[..., 0] = size * (self.x + self.focal * self.squish * v[..., 0] / v[..., 2])
        out[..., 1] = size * (self.y - self.focal * v[..., 1] / v[..., 2])
        out[..., 2] = v[..., 2]
        return out


def camera(shot: Shot, place: int, seed: int, index: int) -> Camera:
    """The camera as seen from the person at `place`; all but the first hold their heads their own way."""
    across, smaller = PLACES[shot.group][place]
    rng = np.random.default_rng([seed, index, 4, place])
    x, y, head, tilt, yaw = shot.x, shot.y, shot.head * smaller, shot.tilt, shot.yaw
    if shot.group > 1:
        x = across + rng.uniform(-0.02, 0.02)
        own = tilt * 0.6 if place == 0 else tilt * 0.3 + rng.normal(0, 4)
        tilt = own + (0.5 - across) * 22  # heads together
        yaw = yaw * 0.4 + rng.uniform(-8, 8) + (0.5 - across) * 20
        y = y - (shot.head - head) * 0.3 + (0 if place == 0 else rng.uniform(-0.04, 0.03))
    a, b, c = math.radians(yaw), math.radians(shot.pitch), math.radians(tilt)
    toward = np.array([math.sin(a) * math.cos(b), math.sin(b), math.cos(a) * math.cos(b)])
    right = np.cross(-toward, [0, 1, 0])
    right /= np.linalg.norm(right)
    up = np.cross(right, -toward)
    rotation = np.array([right * math.cos(c) + up * math.sin(c), up * math.cos(c) - right * math.sin(c), -toward])
    return Camera(
        rotation,
        AIM + toward * shot.distance,
        head * shot.distance / HEAD,
        0.5 + (x - 0.5) * shot.squish,
        y,
        shot.squish,
    )


def box(points: np.ndarray) -> tuple[float, float, float, float]:
    """x, y, width, height of projected points."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    return float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])


def face_vertices() -> np.ndarray:
    """Numbers of the template's vertices between chin and hairline, ear to ear."""
    template = body()
    x, y, z = template.vertices.T
    front = (y < 7.93) & (abs(x) < 0.9)
    chin = np.where(z > 0.9, 6.14, 6.6)  # further back it is neck
    return np.where(template.is_body & front & (y > chin) & (z > 0.35))[0]


def forehead_top() -> np.ndarray:
    """Numbers of the vertices at the middle of the hairline."""
    x, y, z = body().vertices.T
    return np.where(body().is_body & (abs(x) < 0.25) & (z > 0.6) & (abs(y - 7.93) < 0.12))[0]
