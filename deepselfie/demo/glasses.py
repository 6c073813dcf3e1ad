"""A pair of glasses as a mesh around two eyes."""

from __future__ import annotations

import numpy as np

from deepselfie.demo.mesh import FRAME, LENS, grid_triangles


class Sheets:
    """Collects grids of points as triangles."""

    def __init__(self) -> None:
        self.points, self.triangles, self.materials = [], [], []

    def add(self, grid: np.ndarray, material: int) -> None:
        """grid (a, b, 3)"""
        triangles = grid_triangles(*grid.shape[:2], first=sum(len(p) for p in self.points))
        self.points.append(grid.reshape(-1, 3))
        self.triangles.append(triangles)
        self.materials.append(np.full(len(triangles), material))


def glasses(left: np.ndarray, right: np.ndarray, kind: str, rng: np.random.Generator):
    """points (n, 3), triangles (m, 3), materials (m,) for the eye centres `left` and `right`; kind: sun or clear;
    and of the panes points, triangles and how brightly they mirror, 0..1: two slanting streaks."""
    sheets, panes, streaks = Sheets(), Sheets(), []
    slant, shift = rng.uniform(0.4, 0.9), rng.uniform(-0.12, 0.12)
    wide, high = (0.265, 0.215) if kind == "sun" else (0.255, 0.19)
    squareness = rng.uniform(2, 4)
    wide, high = wide * rng.uniform(0.92, 1.1), high * rng.uniform(0.88, 1.15)
    angle = np.linspace(0, 2 * np.pi, 33)
    front = max(left[2], right[2]) + 0.29

    def on_face(centre: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        across = centre[0] + x
        return np.stack([across, centre[1] + y - 0.03, front - 0.24 * across**2], -1)  # wraps around the face

    def rounded(c: np.ndarray) -> np.ndarray:
        return np.sign(c) * abs(c) ** (2 / squareness)

    rim = rng.choice([0.014, 0.02, 0.03]) if kind == "clear" else 0.026
    for centre in (left, right):
        x, y = rounded(np.cos(angle)) * wide, rounded(np.sin(angle)) * high
        grow = np.linspace(0, 1, 10)[:, None]
        panes.add(on_face(centre, x * grow, y * grow) + np.array([0, 0, 0.004]), LENS)
        across = x * grow + slant * y * grow - shift
        streak = np.exp(-((across / 0.05) ** 2)) + 0.6 * np.exp(-(((across - 0.13) / 0.02) ** 2))
        streaks.append((0.06 + 0.8 * streak * (1 - 0.5 * grow)).ravel())
        if kind == "sun":
            grow = np.linspace(0, 1, 4)[:, None]
            sheets.add(on_face(centre, x * grow, y * grow), LENS)
        grow = np.array([1, 1 + rim / wide, 1 + rim / wide, 1])[:, None]
        ring = on_face(centre, x * grow, y * grow)
        ring[:, :, 2] += np.array([0.02, 0.02, -0.03, -0.03])[:, None]
        sheets.add(ring, FRAME)
        side = np.sign(centre[0])
        hinge = on_face(centre, np.array(side * wide * 1.05), np.array(high * 0.45))
        t = np.linspace(0, 1, 6)
        temple = [
            hinge[0] + (0.80 * side - hinge[0]) * np.minimum(1, t * 1.6),
            hinge[1] + 0 * t,
            hinge[2] + (0.45 - hinge[2]) * t,
        ]
        sheets.add(np.stack([np.stack([temple[0], temple[1] + h, temple[2]], -1) for h in (0.02, -0.02)]), FRAME)
    x = np.linspace(right[0] + wide * 0.95, left[0] - wide * 0.95, 7)
    y = left[1] + 0.03 + 0.03 * np.cos(np.linspace(-1.5, 1.5, 7))
    bridge = [np.stack([x, y + h, front - 0.235 * x**2 + 0.01], -1) for h in (0.022, -0.022)]
    sheets.add(np.stack(bridge), FRAME)
    return (
        np.concatenate(sheets.points).astype(np.float32),
        np.concatenate(sheets.triangles).astype(np.int32),
        np.concatenate(sheets.materials).astype(np.int32),
        np.concatenate(panes.points).astype(np.float32),
        np.concatenate(panes.triangles).astype(np.int32),
        np.concatenate(streaks).astype(np.float32),
    )
