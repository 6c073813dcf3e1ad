import base64
import io

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from deepselfie.atlas import atlas
from deepselfie.examples import examples
from deepselfie.layout import layout
from deepselfie.world import world, write_json

N = 150


def lightness(url):
    data = base64.b64decode(url.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(data)).convert("L")).mean()


@pytest.fixture
def labelled(tmp_path, monkeypatch):
    """A world whose good photos are light and whose bad ones are dark."""
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    w, images = world("mine"), []
    for row in range(N):
        out = io.BytesIO()
        Image.new("RGB", (64, 48), (220 if row % 2 else 30,) * 3).save(out, "PNG")
        images.append(out.getvalue())
    w.append(pa.table({"id": [f"p:{i}" for i in range(N)], "image": pa.array(images, pa.large_binary())}))
    label = pa.array([i % 2 for i in range(N)], pa.int8())
    w.set_columns(pa.table({"label": label, "score": pa.array(np.linspace(0, 1, N), pa.float32())}))
    return w


def assert_light_and_dark(found, n):
    assert list(found) == ["Good examples", "Bad examples"]
    good, bad = ([lightness(url) for url in urls] for urls in found.values())
    assert len(good) == len(bad) == n and min(good) > 200 and max(bad) < 50


def test_without_a_model_the_worlds_own_labels_are_shown(labelled):
    assert examples(labelled) == {}  # no thumbnails yet
    layout(labelled)
    atlas(labelled)
    assert_light_and_dark(examples(labelled), 64)


def test_a_models_examples_are_those_of_its_card_and_stay_when_the_photos_are_gone(labelled):
    ids = {"good": ["p:1", "p:3", "p:5"], "bad": ["p:0", "p:2", "nowhere:9"]}
    write_json(labelled.model_path / "card.json", {"examples": ids})
    first = examples(labelled)
    assert_light_and_dark({**first, "Good examples": first["Good examples"][:2]}, 2)
    table = labelled.read(["id", "label", "score"])
    moved = world("moved")
    moved.append(table.select(["id"]))
    moved.set_columns(table.select(["label", "score"]))
    labelled.model_path.rename(moved.model_path)
    assert examples(moved) == first


def test_a_world_without_labels_has_no_examples(labelled):
    labelled.set_columns(pa.table({"label": pa.nulls(N, pa.int8())}))
    layout(labelled)
    atlas(labelled)
    assert examples(labelled) == {}
