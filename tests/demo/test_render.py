"""The demo's pictures: the same in any process and at any size, and what the truth says is what can be seen."""

from __future__ import annotations

import subprocess
import sys
import zlib

import cv2
import numpy as np
import pytest

from deepselfie.demo import render, shots
from deepselfie.demo.darkroom import BORDER_VALUE

SIZE = 64
PLAIN = {"filter": "none", "border": "none", "group": 1, "shot": "face", "exposure": 0.0, "saturation": 1.05}


def brightness(image: np.ndarray) -> float:
    return float(image.mean())


def colourfulness(image: np.ndarray) -> float:
    return float((image.max(2).astype(int) - image.min(2)).mean())


@pytest.fixture(scope="module")
def pictures() -> list[tuple[np.ndarray, dict]]:
    return [render.render(1, index, SIZE) for index in range(40)]


def test_the_same_picture_twice_and_in_another_process(pictures):
    image, truth = pictures[3]
    again, truth_again = render.render(1, 3, SIZE)
    assert np.array_equal(image, again) and truth == truth_again
    code = "from deepselfie.demo import render; import zlib; i, t = render.render(1, 3, 64); "
    code += "print(zlib.crc32(render.encode(i)), repr(t))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert out.strip() == f"{zlib.crc32(render.encode(image))} {truth!r}"


def test_truth_needs_no_drawing(pictures):
    assert all(render.truth(1, index) == truth for index, (_, truth) in enumerate(pictures))


def test_truth_is_flat_and_of_one_type_per_key(pictures):
    kinds = {key: type(value) for key, value in pictures[0][1].items()}
    assert set(kinds.values()) <= {int, float, bool, str}
    assert all({k: type(v) for k, v in truth.items()} == kinds for _, truth in pictures)


def test_pictures_and_seeds_differ(pictures):
    assert len({image.tobytes() for image, _ in pictures}) == len(pictures)
    assert render.truth(1, 0)["tone"] != render.truth(2, 0)["tone"]


def test_an_account_is_one_person():
    person = ["female", "tone", "age", "hair", "hair_colour", "beard", "account"]
    four = [[render.truth(1, index)[key] for key in person] for index in range(8, 13)]
    assert four[0] == four[1] == four[2] == four[3] != four[4]


@pytest.mark.parametrize("index", [0, 1, 8, 13])
def test_composition_does_not_depend_on_size(index):
    quiet = {"noise": 0.0}
    small, truth = render.render(1, index, 64, quiet)
    large, truth_large = render.render(1, index, 160, quiet)
    assert truth == truth_large
    large = cv2.resize(large, (64, 64), interpolation=cv2.INTER_AREA)
    blurred = [cv2.GaussianBlur(i, (0, 0), 1.5).astype(float).ravel() for i in (small, large)]
    assert np.corrcoef(*blurred)[0, 1] > 0.97


def test_face_box_holds_the_face():
    """The skin that was drawn lies where the truth says the face is, and little of it above."""
    for index in range(0, 40, 5):
        s = render.sample(1, index, {"group": 1, "shot": "face", "tilt": 0.0, "yaw": 0.0, "glasses": "none"})
        _, skin = render.compose(s, 96)
        t = render.truth_of(s)
        x0, y0 = max(0, int(t["face_x"] * 96)), max(0, int(t["face_y"] * 96))
        x1, y1 = int((t["face_x"] + t["face_w"]) * 96), int((t["face_y"] + t["face_h"]) * 96)
        inside = skin[y0 : y1 + 1, x0 : x1 + 1]
        assert inside.mean() > 0.35
        assert skin[: max(0, y0 - 4)].sum() < 0.05 * inside.sum()


def test_forehead_cut_follows_the_framing():
    for index in range(12):
        cut = render.truth(1, index, {"group": 1, "shot": "face", "forehead_cut": True, "tilt": 0.0})
        whole = render.truth(1, index, {"group": 1, "shot": "face", "forehead_cut": False, "tilt": 0.0})
        assert cut["forehead_cut"] and cut["face_y"] < 0
        assert not whole["forehead_cut"] and whole["face_y"] > -0.02


def test_black_and_white_has_no_colour():
    for index in range(5):
        assert colourfulness(render.render(1, index, SIZE, {"filter": "bw"})[0]) == 0


@pytest.mark.parametrize("border", ["white", "black", "thin"])
def test_border_has_its_colour(border):
    for index in range(3):
        image, _ = render.render(1, index, SIZE, {"border": border})
        assert np.all(image[:2] == BORDER_VALUE[border] * 255) and np.all(image[-2:] == BORDER_VALUE[border] * 255)
        plain, _ = render.render(1, index, SIZE, {"border": "none"})
        assert plain[:2].std() > 0


def test_dark_is_darker_and_oversaturated_more_colourful():
    for index in range(6):
        plain = render.render(1, index, SIZE, PLAIN)[0]
        dark = render.render(1, index, SIZE, PLAIN | {"exposure": -1.6})[0]
        vivid = render.render(1, index, SIZE, PLAIN | {"saturation": 1.8})[0]
        assert brightness(dark) < 0.75 * brightness(plain)
        assert colourfulness(vivid) > 1.2 * colourfulness(plain)


def test_each_filter_can_be_seen():
    plain = render.render(1, 5, SIZE, PLAIN)[0].astype(float)
    for name in shots.FILTERS:
        if name != "none":
            other = render.render(1, 5, SIZE, PLAIN | {"filter": name})[0]
            assert np.abs(other - plain).mean() > 4, name


def test_the_crowd_is_balanced():
    people = [render.people.person(1, account) for account in range(2000)]
    assert 0.47 < np.mean([p.female for p in people]) < 0.53
    shares = np.histogram([p.tone for p in people], 5, (0, 9))[0] / len(people)
    assert shares.min() > 0.15
    assert min(p.age for p in people) >= 18
    assert 0.40 < np.mean([p.long_hair for p in people]) < 0.50


def test_the_shots_are_spread():
    truths = [shots.shot(1, index) for index in range(4000)]
    share = {name: np.mean([t.filter == name for t in truths]) for name in shots.FILTERS}
    assert all(abs(share[name] - wanted) < 0.03 for name, wanted in shots.FILTERS.items())
    assert 0.09 < np.mean([t.border != "none" for t in truths]) < 0.15
    assert 0.11 < np.mean([t.group > 1 for t in truths]) < 0.17
    assert 0.06 < np.mean([t.exposure < -1 for t in truths]) < 0.10
    assert 0.07 < np.mean([t.saturation > 1.45 for t in truths]) < 0.13
    assert np.mean([t.shot == "mirror" for t in truths]) < 0.05
