"""Example crops: searched for once, and from then on the same without a search; another network looks anew."""

import numpy as np
import pyarrow as pa
import pytest
import skimage.data
import torch

from deepselfie import cropped, models
from deepselfie.score import Scorer
from deepselfie.world import world


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """A world of one photo with a face."""
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    image = pa.array([cropped.jpeg(skimage.data.astronaut())], pa.large_binary())
    face = [[{"x": 0.35, "y": 0.12, "w": 0.2, "h": 0.3, "confidence": 0.9}]]
    world("one").append(pa.table({"id": ["a:1"], "image": image, "faces": face}))
    return world("one")


def scorer(folder, seed):
    torch.manual_seed(seed)
    network = models.build("mobilenet", pretrained=False).eval()
    models.save(network, folder, {"calibration": {"slope": 1.0, "intercept": 0.0}})
    return Scorer(folder)


def test_a_crop_is_searched_for_once(photos, tmp_path, monkeypatch):
    searches = []
    search = cropped.best_crop
    monkeypatch.setattr(cropped, "best_crop", lambda *given: searches.append(given) or search(*given))
    ours = scorer(tmp_path / "ours", 0)
    first, again = (cropped.example(photos, 0, ours) for _ in range(2))
    assert len(searches) == 1 and first.row == again.row == 0 and again.faces == first.faces
    told = [(pair.crop.box, pair.crop.before, pair.crop.after, pair.crop.gain) for pair in (first, again)]
    assert told[0] == told[1] and np.array_equal(first.crop.image, again.crop.image)
    cropped.example(photos, 0, ours, rude=True)
    cropped.example(photos, 0, scorer(tmp_path / "theirs", 1))
    assert len(searches) == 3
    assert cropped.example(photos, 0, ours).crop.box == first.crop.box and len(searches) == 4
