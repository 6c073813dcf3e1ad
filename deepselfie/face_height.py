"""How tall the face in a picture is, told from fc7 alone. In: a scored world; out: `model/face.json`, for the mirror.

A browser has no face detector of ours, but the network cannot help seeing how near a face is: a line through fc7 (ridge
regression) tells it to about a twentieth of the picture's height. Enough to say "step back".
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from deepselfie.card import CARD
from deepselfie.world import World, read_json, write_json

FACE = "face.json"
FEWEST, MOST = (
    500,
    5000,
)  # photos to learn from: with fewer, 256 numbers of fc7 fit any heights; with more it gains nothing
GOOD = 0.5  # of the variance on photos kept apart (R²): a line that tells less is not kept
APART = 0.2


def learn(world: World) -> None:
    """Learns it of the world's own network from its photos with a face, and keeps it beside the model."""
    card = read_json(world.model_path / CARD)
    photos = world.read(["faces", "fc7"], "score IS NOT NULL") if "faces" in world.columns else None
    if not card or photos is None or photos["fc7"].type.list_size != card["fc7"]:  # a compact world keeps what it has
        return
    heights = np.array([found[0]["h"] if found else np.nan for found in photos["faces"].to_pylist()])
    at = np.flatnonzero(np.isfinite(heights))
    (world.model_path / FACE).unlink(missing_ok=True)
    if len(at) < FEWEST:
        return
    at = np.sort(np.random.default_rng(0).permutation(at)[:MOST])
    found = fit(np.array(photos["fc7"].take(at).to_pylist()), heights[at])
    if found["r2"] >= GOOD:
        write_json(world.model_path / FACE, {"model": card["weights"]} | found)


def fit(fc7: np.ndarray, heights: np.ndarray) -> dict:
    """fc7 (N, D), heights (N,) in fractions of the picture's -> weights (D,), bias; r2 and error (mean, absolute) on
    APART of the photos, which it did not learn from."""
    from sklearn.linear_model import RidgeCV

    fc7 = fc7.astype(float)
    known = int(len(fc7) * (1 - APART))
    lot = np.random.default_rng(1).permutation(len(fc7))
    line = RidgeCV(np.logspace(-2, 4, 7)).fit(fc7[lot[:known]], heights[lot[:known]])
    told, true = line.predict(fc7[lot[known:]]), heights[lot[known:]]
    return {
        "weights": [float(f"{weight:.5g}") for weight in line.coef_],
        "bias": float(line.intercept_),
        "r2": round(float(line.score(fc7[lot[known:]], true)), 4),
        "error": round(float(np.abs(told - true).mean()), 4),
        "photos": len(fc7),
    }


def known(folder: Path) -> dict | None:
    """What was learned of the model that is in `folder` now."""
    found, card = read_json(folder / FACE) or {}, read_json(folder / CARD) or {}
    return found if found and found["model"] == card.get("weights") else None
