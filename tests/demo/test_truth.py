"""The truth about demo pictures against a real face detector, and against other formulae on the finished pictures."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from deepselfie import attributes, faces
from deepselfie.demo import darkroom, render, truth
from deepselfie.workers import workers

SEED, N = 21, 300
ALONE = {"group": 1, "shot": "face", "border": "none", "filter": "none"}


@pytest.fixture(scope="module")
def shots() -> list[tuple[np.ndarray, dict, list[dict]]]:
    """Pictures, the truth about them, and the faces that the detector finds."""
    with workers(2) as pool:
        return list(pool.map(shot, range(N), chunksize=10))


def shot(index: int) -> tuple[np.ndarray, dict, list[dict]]:
    image, told = render.render(SEED, index)
    return image, told, faces.detect([image])[0]


def test_pictures_do_not_depend_on_the_process_that_draws_them(shots):
    for index in (3, 97, 41):  # in another order, too
        image, told = render.render(SEED, index)
        assert np.array_equal(image, shots[index][0]) and told == shots[index][1]


def edges(box: dict, prefix: str = "") -> np.ndarray:
    x, y, w, h = (box[f"{prefix}{k}"] for k in "xywh")
    return np.array([x, y, x + w, y + h])


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two boxes given by their edges."""
    w, h = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    both = max(w, 0) * max(h, 0)
    area = [(b[2] - b[0]) * (b[3] - b[1]) for b in (one, other)]
    return both / (sum(area) - both)


def selfies(shots):
    return [(image, told, found) for image, told, found in shots if told["faces"]]


def test_the_detector_finds_the_faces_where_the_truth_says_they_are(shots):
    best = np.array(
        [max((overlap(edges(told, "face_"), edges(f)) for f in found), default=0) for _, told, found in selfies(shots)]
    )
    assert np.mean(best > 0.5) >= 0.95  # recall
    assert np.median(best) > 0.7 and np.quantile(best[best > 0], 0.1) > 0.55


def test_the_detector_counts_the_same_faces(shots):
    counts = np.array([(told["faces"], len(found)) for _, told, found in shots])
    assert np.mean(counts[:, 0] == counts[:, 1]) > 0.94
    together = counts[counts[:, 0] > 1]
    assert len(together) > 14 and np.mean(together[:, 0] == together[:, 1]) > 0.8
    faceless = counts[[told["subject"] != "selfie" for _, told, _ in shots]]
    assert len(faceless) > 20 and np.mean(faceless[:, 1] > 0) < 0.06


def test_the_head_is_around_the_face_and_in_the_picture(shots):
    for _, told, _ in selfies(shots):
        head, face = edges(told, "head_"), edges(told, "face_")
        assert all(box.min() > -1e-6 and box.max() < 1 + 1e-6 for box in (head, face))
        assert head[1] <= face[1] + 0.02
    alone = [(told, found[0]) for _, told, found in shots if found and told["group"] == 1 and told["border"] == "none"]
    bald = [(told, f) for told, f in alone if told["hair"] in ("buzz", "short", "quiff", "crop", "bald")]
    above = [told["head_y"] - max(0, f["y"] - attributes.HEAD_ABOVE * f["h"]) for told, f in bald]
    assert len(above) > 20 and abs(np.median(above)) < 0.04 and np.quantile(np.abs(above), 0.9) < 0.15


def test_the_tilt_is_that_of_the_face_in_the_picture(shots):
    both = np.array([(told["tilt"], found[0]["tilt"]) for _, told, found in shots if found and told["group"] == 1])
    assert np.corrcoef(both.T)[0, 1] > 0.65 and np.median(np.abs(both[:, 0] - both[:, 1])) < 7
    for tilt in (-25.0, 25.0):
        told = render.render(SEED, 0, 48, ALONE | {"tilt": tilt})[1]
        assert told["tilt"] == pytest.approx(tilt, abs=8)


def test_a_forehead_is_cut_where_the_picture_ends_below_the_hairline():
    straight = ALONE | {"tilt": 0.0, "pitch": 0.0}
    for index in range(4):
        cut = render.render(SEED, index, 48, straight | {"forehead_cut": True})[1]
        whole = render.render(SEED, index, 48, straight | {"forehead_cut": False})[1]
        assert cut["forehead_cut"] and cut["face_y"] == cut["head_y"] == 0
        assert not whole["forehead_cut"] and whole["face_y"] > 0


def test_what_lies_beyond_the_edge_or_under_the_border_is_not_seen():
    whole = render.render(SEED, 1, 48, ALONE | {"x": 0.5, "tilt": 0.0, "yaw": 0.0, "head": 0.5})[1]
    half = render.render(SEED, 1, 48, ALONE | {"x": 0.0, "tilt": 0.0, "yaw": 0.0, "head": 0.5})[1]
    gone = render.render(SEED, 1, 48, ALONE | {"x": -0.4, "tilt": 0.0, "yaw": 0.0, "head": 0.5})[1]
    assert half["face_x"] == 0 and half["face_w"] == pytest.approx(whole["face_w"] / 2, rel=0.25)
    assert whole["faces"] == 1 and gone["faces"] == 0 and gone["face_w"] == 0
    framed = render.render(SEED, 1, 48, ALONE | {"forehead_cut": True, "border": "white"})[1]
    assert framed["face_y"] == pytest.approx(darkroom.BORDER_WIDTH["white"]) and framed["forehead_cut"]


def test_exposure_is_the_light_of_the_picture(shots):
    for image, told, _ in shots[:60]:
        inner = inside(image, told["border"]) / 255
        linear = np.where(inner <= 0.04045, inner / 12.92, ((inner + 0.055) / 1.055) ** 2.4)  # sRGB's own curve
        light = np.mean(linear @ [0.2126, 0.7152, 0.0722])
        assert told["exposure"] == pytest.approx(np.log2(light / truth.MIDDLE_GREY), abs=0.25)


def test_saturation_is_that_of_hsv_weighted_by_value(shots):
    for image, told, _ in shots[:60]:
        hsv = cv2.cvtColor(np.float32(inside(image, told["border"])) / 255, cv2.COLOR_RGB2HSV)
        assert told["saturation"] == pytest.approx(np.average(hsv[..., 1], weights=hsv[..., 2] + 1e-9), abs=0.01)


def test_noise_is_the_grain_that_an_estimator_sees(shots):
    """Immerkær's estimate is of the finest grain alone and sees fine patterns as noise: it is low, but goes along."""
    both = [
        (told["noise"], attributes.noise(attributes.luma_of(inside(image, told["border"])))) for image, told, _ in shots
    ]
    true, estimated = np.array(both).T
    noisy = true > 0.008
    assert noisy.sum() > 5 and np.corrcoef(true[noisy], estimated[noisy])[0, 1] > 0.6
    assert np.median(estimated[noisy]) > 2 * np.median(estimated[~noisy])
    assert render.render(SEED, 0, 48, {"noise": 0.0})[1]["noise"] == 0


def inside(image: np.ndarray, border: str) -> np.ndarray:
    side = len(image)
    x0, y0, x1, y1 = (round(edge * side) for edge in darkroom.window(border))
    return image[y0:y1, x0:x1]
