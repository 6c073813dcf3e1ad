"""The hood of a hoodie as it lies around the neck: a tube that is thicker behind."""

from __future__ import annotations

import numpy as np

from deepselfie.demo.mesh import CLOTH

AROUND, ACROSS = 28, 10
NECK = np.array([0.0, 5.62, 0.10])  # its middle on the template


def hood(shift: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """vertices, normals (n, 3) float32, triangles (m, 3), material (m,). shift: of the neck from the template's."""
    turn = np.linspace(0, 2 * np.pi, AROUND, endpoint=False)[:, None]
    roll = np.linspace(0, 2 * np.pi, ACROSS, endpoint=False)[None, :]
    front = 0.5 + 0.5 * np.cos(turn)
    out = np.concatenate([np.sin(turn), np.zeros_like(turn), np.cos(turn)], 1)[:, None, :]
    middle = np.concatenate([0.80 * np.sin(turn), 0.34 * (1 - front) - 0.30 * front**3, 0.66 * np.cos(turn)], 1)
    thick = (0.13 + 0.20 * (1 - front))[..., None]
    ring = out * np.cos(roll)[..., None] * 1.1 + np.array([0, 1.15, 0]) * np.sin(roll)[..., None]
    v = (NECK + shift + middle[:, None, :] + thick * ring).reshape(-1, 3)
    n = (ring / np.linalg.norm(ring, axis=2, keepdims=True)).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(AROUND), np.arange(ACROSS), indexing="ij")
    a, b = i * ACROSS + j, (i + 1) % AROUND * ACROSS + j
    c, d = i * ACROSS + (j + 1) % ACROSS, (i + 1) % AROUND * ACROSS + (j + 1) % ACROSS
    t = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([b, d, c], -1).reshape(-1, 3)])
    return v.astype(np.float32), n.astype(np.float32), t.astype(np.int32), np.full(len(t), CLOTH, np.int32)
