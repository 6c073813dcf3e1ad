"""The demo's pictures: the same in any process and at any size, and what the truth says is what can be seen."""

from __future__ import annotations

import subprocess
import sys
import zlib

import cv2
import imagehash
import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from deepselfie.demo import accounts, faceless, render, shots, truth
from deepselfie.demo.darkroom import BORDER_VALUE
from deepselfie.duplicates import DISTANCE

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


def test_truth_has_the_fields_of_its_schema(pictures):
    assert all(list(truth_) == [field.name for field in truth.TRUTH] for _, truth_ in pictures)
    table = pa.array([truth_ for _, truth_ in pictures], truth.TRUTH)  # raises for a value of another type
    assert table.null_count == 0


def test_pictures_and_seeds_differ(pictures):
    assert len({image.tobytes() for image, _ in pictures}) == len(pictures)
    assert render.sample(1, 0).people != render.sample(2, 0).people


def test_an_account_is_one_person():
    for account in range(20):
        first, after = accounts.first(account), accounts.first(account + 1)
        assert after - first == accounts.POSTS[account % len(accounts.POSTS)]
        assert {accounts.account(index) for index in range(first, after)} == {account}
        assert len({render.sample(1, index).people[0] for index in range(first, after)}) == 1
    assert render.sample(1, 7).people[0] != render.sample(1, 8).people[0]


def test_some_shots_are_taken_twice_and_look_alike():
    again = [index for index in range(3000) if accounts.original(1, index) != index]
    assert 0.015 < len(again) / 3000 < 0.025
    assert all(accounts.account(index) == accounts.account(accounts.original(1, index)) for index in again)
    for index in again[:4]:
        take, first = (render.render(1, i, SIZE)[0] for i in (index, accounts.original(1, index)))
        assert not np.array_equal(take, first) and np.abs(take.astype(float) - first).mean() < 12
        hashes = [imagehash.phash(Image.fromarray(image)) for image in (take, first)]
        assert hashes[0] - hashes[1] <= DISTANCE


@pytest.mark.parametrize("index", [0, 1, 8, 13])
def test_composition_does_not_depend_on_size(index):
    quiet = {"noise": 0.0}
    small, truth_ = render.render(1, index, 64, quiet)
    large, truth_large = render.render(1, index, 160, quiet)
    for name, value in truth_.items():
        about = pytest.approx(value, abs=0.05) if isinstance(value, float) else value
        assert truth_large[name] == about, name
    large = cv2.resize(large, (64, 64), interpolation=cv2.INTER_AREA)
    blurred = [cv2.GaussianBlur(i, (0, 0), 1.5).astype(float).ravel() for i in (small, large)]
    assert np.corrcoef(*blurred)[0, 1] > 0.97


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


def test_as_many_posts_as_written_show_no_face():
    subjects = [faceless.subject(1, index) for index in range(4000)]
    assert 0.135 < np.mean([s != "selfie" for s in subjects]) < 0.165
    assert set(subjects) == {"selfie", *faceless.SUBJECTS}


@pytest.mark.parametrize("subject", faceless.SUBJECTS)
def test_pictures_without_a_face_are_pure_and_composed_alike_at_any_size(subject):
    def picture(index: int, side: int) -> np.ndarray:
        rng = np.random.default_rng([7, index])
        image, meter = faceless.picture(subject, shots.shot(7, index), side, rng)
        assert image.shape == (side, side, 3) and meter.shape == (side, side) and np.isfinite(image).all()
        return image

    small, large = picture(0, 96), cv2.resize(picture(0, 192), (96, 96), interpolation=cv2.INTER_AREA)
    assert np.array_equal(small, picture(0, 96))
    blurred = [cv2.GaussianBlur(i, (0, 0), 2).astype(float).ravel() for i in (small, large)]
    assert np.corrcoef(*blurred)[0, 1] > 0.95
    assert len({picture(index, 48).tobytes() for index in range(6)}) == 6
