"""The height of a face, told from fc7: learned where it can be, kept with its model, and not told where it cannot."""

import numpy as np
import pyarrow as pa
import pytest

from deepselfie import export, face_height, models
from deepselfie.world import World, world, write_json

PHOTOS = 900


def made(tmp_path, monkeypatch, told: float) -> World:
    """A world whose fc7 (16 numbers) tells the heights of its faces but for noise; every ninth has no face."""
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    rng = np.random.default_rng(0)
    height = rng.uniform(0.2, 0.8, PHOTOS)
    fc7 = np.abs(rng.normal(size=(PHOTOS, 16))).astype(np.float16)
    fc7[:, 3] = 2 * height + (1 - told) * rng.normal(size=PHOTOS)
    box = {"x": 0.1, "y": 0.1, "w": 0.2, "confidence": 0.9}
    faces = [[box | {"h": h}] if i % 9 else [] for i, h in enumerate(height)]
    photos = World(tmp_path / "w")
    photos.append(pa.table({"id": [f"a:{i}" for i in range(PHOTOS)]}))
    flat = pa.FixedSizeListArray.from_arrays(pa.array(fc7.ravel()), 16)
    score = pa.array([0.5 if i % 9 else None for i in range(PHOTOS)], pa.float32())
    photos.set_columns(pa.table({"faces": faces, "fc7": flat, "score": score}))
    write_json(photos.model_path / "card.json", {"weights": "these", "fc7": 16})
    return world("w")


def test_what_fc7_tells_is_learned_and_kept_with_its_model(tmp_path, monkeypatch):
    photos = made(tmp_path, monkeypatch, told=0.98)
    face_height.learn(photos)
    found = face_height.known(photos.model_path)
    assert found["r2"] > 0.95 and found["error"] < 0.03 and found["photos"] == PHOTOS * 8 // 9
    near = np.abs(np.random.default_rng(1).normal(size=16))
    near[3] = 2 * 0.7
    assert near @ found["weights"] + found["bias"] == pytest.approx(0.7, abs=0.04)
    write_json(photos.model_path / "card.json", {"weights": "others", "fc7": 16})
    assert face_height.known(photos.model_path) is None  # another model has other fc7
    write_json(photos.model_path / "card.json", {"weights": "these", "fc7": 256})
    face_height.learn(photos)  # fc7 was made compact for shipping: what was learned before stays
    write_json(photos.model_path / "card.json", {"weights": "these", "fc7": 16})
    assert face_height.known(photos.model_path) == found


def test_what_fc7_does_not_tell_is_not_told(tmp_path, monkeypatch):
    photos = made(tmp_path, monkeypatch, told=0.0)
    face_height.learn(photos)
    assert face_height.known(photos.model_path) is None


def test_the_address_of_the_network_changes_with_it(tmp_path):
    network = models.build("mobilenet", pretrained=False)
    card = models.save(network, tmp_path, {"calibration": {"slope": 1.0, "intercept": 0.0}})
    before = export.version_of(tmp_path)
    write_json(tmp_path / face_height.FACE, {"model": card["weights"], "weights": [0.0] * 256, "bias": 0.4})
    assert export.version_of(tmp_path) != before
