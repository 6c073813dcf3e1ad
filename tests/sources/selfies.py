"""Rendered selfies for the servers that tests run: different files, each the same in every run."""

import io
from functools import cache

import numpy as np
from PIL import Image

from deepselfie.demo import render


@cache
def selfie(n: int) -> bytes:
    """JPEG number `n`, 64 px: one of three faces, with a square of its own."""
    pixels = _face(n % 3).copy()
    pixels[:8, :8] = np.random.default_rng(n).integers(0, 256, 3)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=95)
    return out.getvalue()


@cache
def _face(n: int) -> np.ndarray:
    return render.render(3, n, size=64)[0]
