"""Faces: found where they are, not where they are not; the stage survives bad pictures, kills and second runs."""

import io
import subprocess
import sys

import cv2
import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

from deepselfie import faces as module
from deepselfie.errors import DeepselfieError
from deepselfie.faces import detect, faces
from deepselfie.world import world

CHINA, FLOWER = load_sample_images().images


def selfies(count, seed=3):
    from deepselfie.demo import render

    return [render.render(seed, i, overrides={}) for i in range(count)]  # selfies alone


def encoded(image, **options):
    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG", **options)
    return out.getvalue()


@pytest.fixture(scope="module")
def shots():
    return selfies(40)


@pytest.fixture
def photos(tmp_path, monkeypatch, shots):
    """Seven photos: 4 selfies, one without a face, one broken, one missing."""
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    images = [encoded(image) for image, _ in shots[:4]] + [encoded(CHINA), b"\xff\xd8 no picture", None]
    made = world("w")
    made.append(pa.table({"id": [f"t:{i}" for i in range(7)], "image": pa.array(images, pa.large_binary())}))
    return made


def overlap(a, b):
    """Intersection over union of two boxes."""
    wide = min(a["x"] + a["w"], b["x"] + b["w"]) - max(a["x"], b["x"])
    high = min(a["y"] + a["h"], b["y"] + b["h"]) - max(a["y"], b["y"])
    common = max(wide, 0) * max(high, 0)
    return common / (a["w"] * a["h"] + b["w"] * b["h"] - common)


def test_the_astronaut_is_found_at_any_size():
    astronaut = pytest.importorskip("skimage.data").astronaut()
    by_hand = {"x": 172 / 512, "y": 55 / 512, "w": 100 / 512, "h": 125 / 512}
    for side in (160, 256, 512, 1600):
        (found,) = detect([cv2.resize(astronaut, (side, side), interpolation=cv2.INTER_AREA)])
        assert len(found) == 1 and overlap(found[0], by_hand) >= 0.5
        assert found[0]["confidence"] > 0.8 and abs(found[0]["tilt"]) < 15


def test_the_tilt_follows_a_turned_photo():
    astronaut = pytest.importorskip("skimage.data").astronaut()
    for degrees in (-20, 20):  # OpenCV turns counter-clockwise, a tilt counts clockwise
        turn = cv2.getRotationMatrix2D((224, 120), degrees, 1)
        turned = cv2.warpAffine(astronaut, turn, (512, 512), borderMode=cv2.BORDER_REFLECT)
        (found,) = detect([turned[:256, 96:352]])
        assert found[0]["tilt"] == pytest.approx(-degrees, abs=9)


def test_no_face_is_seen_where_there_is_none():
    grain = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    assert detect([CHINA, FLOWER, FLOWER[:, ::-1], grain, np.zeros((96, 96, 3), np.uint8)]) == [[]] * 5


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (900, 2), (31, 33), (2200, 500)])
def test_odd_shapes_do_no_harm(shape):
    assert detect([np.full((*shape, 3), 127, np.uint8)]) == [[]]


def test_rendered_faces_are_found_and_lie_where_they_were_drawn(shots):
    found = detect([image for image, _ in shots])
    assert np.mean([len(f) > 0 for f in found]) >= 0.95
    alone = [(f[0], truth) for f, (_, truth) in zip(found, shots, strict=True) if f and truth["group"] == 1]
    middle = [abs(f["x"] + f["w"] / 2 - t["face_x"] - t["face_w"] / 2) for f, t in alone if t["shot"] == "face"]
    assert np.median(middle) < 0.08
    tilts = np.array([(f["tilt"], t["tilt"]) for f, t in alone])
    assert np.corrcoef(tilts.T)[0, 1] > 0.8 and np.median(np.abs(tilts[:, 0] - tilts[:, 1])) < 6
    for face in (face for some in found for face in some):
        assert 0 <= face["x"] <= face["x"] + face["w"] <= 1 and 0 <= face["y"] <= face["y"] + face["h"] <= 1


def test_the_best_face_comes_first():
    astronaut = pytest.importorskip("skimage.data").astronaut()[:256, 96:352]
    pair = np.full((256, 420, 3), 128, np.uint8)
    pair[60:220, :160] = cv2.resize(astronaut, (160, 160), interpolation=cv2.INTER_AREA)
    pair[:, 164:] = astronaut
    (found,) = detect([pair])
    assert len(found) == 2 and found[0]["x"] > found[1]["x"] and found[0]["h"] > found[1]["h"]


def test_the_stage_adds_faces_and_facts_and_keeps_bad_rows(photos):
    report = faces(photos)
    table = photos.read(["faces", "attributes"]).to_pylist()
    assert [row["faces"] is None for row in table] == [False] * 5 + [True] * 2
    assert table[4]["faces"] == [] and all(row["faces"] for row in table[:4])
    assert table[5]["attributes"] is None or set(table[5]["attributes"].values()) == {None}
    assert table[0]["attributes"]["face_share"] == pytest.approx(table[0]["faces"][0]["h"])
    assert set(table[0]["faces"][0]) == {"x", "y", "w", "h", "confidence"}
    assert report.rows_in == 7 and report.rows_out == 4 and report.dropped == {"unreadable image": 2, "no face": 1}
    assert [problem["id"] for problem in report.problems] == ["t:5", "t:6"]
    assert faces(photos).nothing_to_do


def test_new_photos_alone_are_looked_at(photos, monkeypatch, shots):
    faces(photos)
    before = photos.read(["faces"])["faces"].to_pylist()
    photos.append(pa.table({"id": ["t:new"], "image": pa.array([encoded(shots[9][0])], pa.large_binary())}))
    seen = []
    monkeypatch.setattr(module, "_look", lambda data, look=module._look: seen.append(data) or look(data))
    report = faces(photos)
    assert len(seen) == 1 and report.dropped == {"unreadable image": 2, "no face": 1} and report.rows_out == 5
    assert photos.read(["faces"])["faces"].to_pylist()[:7] == before


def test_a_stage_that_was_ended_goes_on_where_it_stopped(photos, monkeypatch):
    whole = module.add_rowwise
    monkeypatch.setattr(module, "add_rowwise", lambda *a, **k: whole(*a, **k, batch_size=2))
    looked = []

    def until_the_fifth(data, look=module._look):
        looked.append(data)
        if len(looked) == 5:
            raise KeyboardInterrupt
        return look(data)

    with monkeypatch.context() as patch:
        patch.setattr(module, "_look", until_the_fifth)
        with pytest.raises(KeyboardInterrupt):
            faces(photos)
    assert "faces" not in photos.columns
    again = []
    monkeypatch.setattr(module, "_look", lambda data, look=module._look: again.append(data) or look(data))
    assert faces(photos).rows_out == 4
    assert len(again) == 3  # of seven: two batches of two were kept


def test_processes_and_one_process_agree(photos, monkeypatch):
    faces(photos)
    alone = photos.read(["faces", "attributes"]).to_pylist()
    monkeypatch.setattr(module, "POOL_FROM", 1)
    monkeypatch.setattr(module, "settings", lambda: "anew")
    report = faces(photos)
    assert not report.nothing_to_do and photos.read(["faces", "attributes"]).to_pylist() == alone


def test_a_photo_is_turned_upright_by_its_exif(photos):
    astronaut = pytest.importorskip("skimage.data").astronaut()
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side
    lying = encoded(np.rot90(astronaut).copy(), exif=exif)
    photos.append(pa.table({"id": ["t:exif"], "image": pa.array([lying], pa.large_binary())}))
    faces(photos)
    assert photos.take([7], ["faces"])["faces"][0].as_py()[0]["y"] < 0.3


def test_a_world_without_pictures_is_told_to_people(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    bare = world("bare")
    bare.append(pa.table({"id": ["t:1"]}))
    with pytest.raises(DeepselfieError, match="holds no pictures"):
        faces(bare)
    bare.table.drop_columns(["image"])
    with pytest.raises(DeepselfieError, match="import"):
        faces(bare)


def test_it_takes_one_thread_also_where_torch_was_there_first():
    """torch's OpenMP is another than the detector's: two threads that wait for each other take fifty times as long."""
    code = """
import os, torch, numpy as np
from deepselfie.faces import detect

before = len(os.listdir("/proc/self/task"))
detect([np.zeros((256, 256, 3), np.uint8)])
print(len(os.listdir("/proc/self/task")) - before)
"""
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "0"
