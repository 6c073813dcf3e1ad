"""Measured facts: each follows what it claims to measure, on planted pictures and on real photographs."""

import cv2
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_sample_images

from deepselfie import attributes, faces
from deepselfie.attributes import ATTRIBUTES, LABELS, measure

CHINA, FLOWER = load_sample_images().images
SMALL = cv2.resize(CHINA, (96, 96), interpolation=cv2.INTER_AREA)
boxes = st.tuples(*[st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0.05, 0.5), st.floats(0.05, 0.5)])


def face(x, y, w, h, tilt=None):
    return {"x": x, "y": y, "w": w, "h": h, "confidence": 0.9, "tilt": tilt}


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_any_picture_is_measured_within_range(height, width, seed):
    facts = measure(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8), [])
    assert set(facts) == set(LABELS) == {field.name for field in ATTRIBUTES}
    assert pa.array([facts], ATTRIBUTES)[0].as_py()["faces"] == 0
    for name in ("brightness", "saturation", "black_level"):
        assert 0 <= facts[name] <= 1
    assert -1 <= facts["warmth"] <= 1 and 0 <= facts["contrast"] <= 0.5
    assert facts["tilt"] is facts["face_share"] is facts["forehead_cut"] is None


@settings(max_examples=20, deadline=None)
@given(st.floats(0.1, 0.95))
def test_darker_means_less_brightness_and_contrast(gain):
    darker, normal = measure(np.uint8(SMALL * gain), []), measure(SMALL, [])
    assert darker["brightness"] < normal["brightness"] and darker["contrast"] < normal["contrast"]
    assert darker["brightness"] == pytest.approx(gain * normal["brightness"], abs=0.01)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 255))
def test_grey_has_no_colour(level):
    flat = measure(np.full((40, 50, 3), level, np.uint8), [])
    assert flat["monochrome"] and flat["saturation"] == flat["warmth"] == 0
    assert flat["black_level"] == pytest.approx(level / 255, abs=1e-6)
    assert flat["sharpness"] is None and flat["noise"] < 1e-6


def test_colour_filters_show():
    normal = measure(SMALL, [])
    grey = np.repeat(cv2.cvtColor(SMALL, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)
    assert measure(grey, [])["monochrome"] and not normal["monochrome"]
    warm = np.uint8((SMALL * np.array([1.15, 1, 0.8])).clip(0, 255))
    assert measure(warm, [])["warmth"] > normal["warmth"] > measure(warm[..., ::-1], [])["warmth"]
    assert measure(np.uint8(60 + SMALL * 0.7), [])["black_level"] > normal["black_level"] + 0.15


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 14),
    st.sampled_from([0, 255, 250, 6]),
    st.sampled_from(["top", "sides", "all"]),
    st.integers(80, 256),
)
def test_planted_borders_are_found(thickness, colour, where, side):
    framed = cv2.resize(FLOWER, (side, side), interpolation=cv2.INTER_AREA)
    if where != "sides":
        framed[:thickness] = framed[-thickness:] = colour
    if where != "top":
        framed[:, :thickness] = framed[:, -thickness:] = colour
    assert measure(framed, [])["border"]


def test_pictures_without_a_border_have_none():
    black = np.zeros((96, 96, 3), np.uint8)
    vignette = np.uint8(SMALL * np.exp(-((((np.mgrid[-1:1:96j, -1:1:96j] * 1.8) ** 2).sum(0)) ** 2))[..., None])
    one_sided = SMALL.copy()
    one_sided[:6] = 255
    for picture in (CHINA, FLOWER, SMALL, black, black + 255, vignette, one_sided):
        assert not measure(picture, [])["border"]


def test_sharpness_falls_with_blur_and_noise_is_the_planted_one():
    blurs = [measure(cv2.GaussianBlur(SMALL, (0, 0), s), [])["sharpness"] for s in (0.5, 1, 2, 4)]
    assert blurs == sorted(blurs, reverse=True)
    smooth = cv2.GaussianBlur(CHINA, (0, 0), 4)[:256, :256].astype(float)
    for planted in (0.02, 0.05, 0.1):
        grain = np.random.default_rng(0).normal(0, 255 * planted, (256, 256, 1))
        noisy = np.uint8((0.5 * smooth + 64 + grain).clip(0, 255))
        assert measure(noisy, [])["noise"] == pytest.approx(planted, rel=0.15)


@settings(max_examples=30, deadline=None)
@given(boxes)
def test_a_mirrored_picture_has_the_same_facts_but_for_the_side(box):
    x, y, w, h = box
    here = measure(SMALL, [face(x, y, w, h, tilt=5.0)])
    there = measure(SMALL[:, ::-1], [face(1 - x - w, y, w, h, tilt=-5.0)])
    assert there["face_x"] == pytest.approx(1 - here["face_x"]) and there["tilt"] == -here["tilt"]
    for name in ("face_share", "face_y", "forehead_cut", "monochrome", "border", "faces"):
        assert here[name] == there[name]
    for name in ("brightness", "contrast", "saturation", "warmth", "black_level", "sharpness", "noise"):
        assert here[name] == pytest.approx(there[name], abs=1e-5)


def test_a_large_photo_is_measured_like_its_thumbnail():
    large, small = measure(CHINA, []), measure(attributes.shrunk(CHINA), [])
    assert large == small


def test_forehead_and_border_agree_with_the_renderer():
    from deepselfie.demo import render

    shots = [render.render(11, i) for i in range(120)]
    found = faces.detect([image for image, _ in shots])
    facts = [measure(image, boxes) for (image, _), boxes in zip(shots, found, strict=True)]
    cuts = [
        (f["forehead_cut"], truth["forehead_cut"]) for f, (_, truth) in zip(facts, shots, strict=True) if f["faces"]
    ]
    assert np.mean([mine == true for mine, true in cuts]) >= 0.95 and 0.05 < np.mean([true for _, true in cuts]) < 0.5
    borders = [f["border"] == (truth["border"] != "none") for f, (_, truth) in zip(facts, shots, strict=True)]
    assert np.mean(borders) >= 0.97
