"""Crops: a planted optimum is found, faces are kept, and "keep the original" is said where nothing is gained."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from deepselfie import crop
from deepselfie.pictures import square

SHARE = st.floats(0, 1, width=32)
FACE = st.builds(
    lambda x, y, w, h: {"x": x, "y": y, "w": w, "h": h},
    st.floats(-0.2, 0.9), st.floats(-0.2, 0.9), st.floats(0.15, 0.9), st.floats(0.15, 0.9),
)  # fmt: skip


def corners(frames):
    return np.concatenate([frames[:, :2], frames[:, :2] + frames[:, 2:]], 1)


@given(st.lists(FACE, max_size=3), st.lists(st.tuples(SHARE, SHARE, SHARE), min_size=1, max_size=20), st.booleans())
def test_no_point_of_the_cube_breaks_the_limits(faces, cube, rude):
    allowed = crop.limits(faces, rude)
    frames = allowed.frames(np.array(cube))
    boxes = corners(frames)
    assert np.all(boxes >= -1e-9) and np.all(boxes <= 1 + 1e-9)
    assert np.all(frames[:, 2] >= (crop.RUDEST if rude else crop.SMALLEST) - 1e-9)
    if not rude:
        assert all(crop.kept(box, face) >= crop.KEPT - 1e-6 for box in boxes for face in faces)
    for frame in frames:  # and the whole pixels around it keep no less
        box = crop.whole_pixels(frame, (640, 480))
        assert 0 <= box[0] < box[2] <= 640 and 0 <= box[1] < box[3] <= 480
        around = np.array(box) / [640, 480, 640, 480]
        assert rude or all(crop.kept(around, face) >= crop.KEPT - 1e-5 for face in faces)


def test_the_limits_are_no_tighter_than_they_have_to_be():
    """The smallest frame that keeps a face can be had, and with no face every corner can be reached."""
    face = {"x": 0.1, "y": 0.3, "w": 0.5, "h": 0.2}
    assert crop.limits([face]).smallest == pytest.approx(0.5 * crop.KEPT**0.5)
    assert crop.limits([{**face, "w": 0.2}]).smallest == crop.SMALLEST
    everywhere = crop.limits([]).frames(np.array([[0, 0, 0], [1, 1, 0], [0.3, 0.7, 1]]))
    np.testing.assert_allclose(everywhere, [[0, 0, 0.4], [0.6, 0.6, 0.4], [0, 0, 1]], atol=1e-9)
    two = [{"x": 0.0, "y": 0.1, "w": 0.2, "h": 0.2}, {"x": 0.7, "y": 0.5, "w": 0.3, "h": 0.3}]
    assert crop.limits(two).smallest > 0.9  # nobody is cut out of a group


def test_frames_are_the_same_in_numpy_and_torch():
    allowed = crop.limits([{"x": 0.3, "y": 0.1, "w": 0.3, "h": 0.5}])
    cube = crop.cover(64)
    np.testing.assert_allclose(allowed.frames(torch.from_numpy(cube)).numpy(), allowed.frames(cube), atol=1e-12)


def test_a_planted_optimum_is_found():
    """Among decoys and ripples, for 40 optima anywhere in what is allowed: IoU of at least 0.9 in 95 %."""
    rng, allowed, found = np.random.default_rng(0), crop.limits([]), []
    for seed in range(40):
        best = allowed.frames(rng.uniform(size=(1, 3)))[0]
        decoy = allowed.frames(rng.uniform(size=(1, 3)))[0]

        def score(cube, best=best, decoy=decoy):
            frames = allowed.frames(cube)
            ripples = 0.01 * np.cos(40 * frames).sum(1)
            return crop.iou(frames, best) + 0.5 * crop.iou(frames, decoy) + ripples

        tried, scores = crop.search(score, seed=seed)
        assert np.all(np.diff(scores) <= 0) and len(tried) == crop.COVER + crop.CLIMB
        found.append(crop.iou(allowed.frames(tried[:1]), best)[0])
    assert np.mean(np.array(found) >= 0.9) >= 0.95, np.sort(found)[:5]


def test_squares_are_what_the_network_would_get_of_the_crop():
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 256, (12, 16, 3), np.uint8)).resize((320, 240), Image.Resampling.BICUBIC)
    frames = np.array([[0, 0, 1.0], [0.25, 0.125, 0.5], [0.4, 0.6, 0.4]])
    for frame, seen in zip(frames, crop.squares(image, frames, 64), strict=True):
        part = crop.cut(np.asarray(image), crop.whole_pixels(frame, image.size))
        apart = seen.astype(float) - square(part, 64)
        assert np.abs(apart[1:-1, 1:-1]).max() <= 2 and np.abs(apart).mean() < 0.5  # a crop has nothing past its edge


def test_without_gain_the_original_is_kept():
    """Both of like worth, views differing much: the crop is called better in 2.5 % of cases, by chance."""
    rng, n = np.random.default_rng(0), 4000
    view = rng.normal(size=(n, crop.FRESH))  # what a view does to both alike
    one, other = (view + 0.3 * rng.normal(size=view.shape) for _ in range(2))
    lows, _, highs = np.array([crop.gained(*pair) for pair in zip(one, other, strict=True)]).T
    assert np.mean(lows > 0) == pytest.approx(0.025, abs=0.008)
    assert np.mean((lows <= 0) & (highs >= 0)) == pytest.approx(crop.CONFIDENCE, abs=0.012)
    low, mean, high = crop.gained(one[0], other[0] + 0.5)
    assert 0 < low < mean < high


class Eye:
    """A Scorer of tiny networks' size that sees how red a picture is, and grain where `noise` says so."""

    size, noise = 32, 0.0

    def look(self, squares):
        colour = squares.astype(float).mean((1, 2)) / 255
        grain = squares[:, ::5, ::7].astype(float).sum((1, 2, 3)) % 17 / 8 - 1
        return None, (4 * (colour[:, 0] - colour[:, 1]) + self.noise * grain).astype(np.float32)

    def calibrated(self, logit):
        return 1 / (1 + np.exp(-logit))


@pytest.fixture
def photo():
    """Grey, with grain, and a red square at the lower right."""
    image = np.random.default_rng(0).integers(100, 156, (200, 300, 1), np.uint8).repeat(3, 2)
    image[90:170, 160:280] = [220, 40, 40]
    return image


def test_the_best_crop_shows_what_is_liked(photo):
    found = crop.best_crop(photo, [], Eye())
    assert found.better and found.after - found.before == pytest.approx(found.gain[1], abs=1e-6)
    left, upper, right, lower = found.box
    np.testing.assert_array_equal(found.image, photo[upper:lower, left:right])
    assert abs((right - left) / (lower - upper) - 1.5) < 0.05 and right - left == pytest.approx(120, abs=12)
    assert 150 <= left <= 172 and 82 <= upper <= 98


def test_the_best_of_many_guesses_are_tried_as_well():
    """A peak too narrow for the cover, which a rough idea of the score sees from afar."""
    peak = np.array([0.31, 0.77, 0.52])

    def score(cube):
        return np.exp(-(((cube - peak) / 0.02) ** 2).sum(1))

    alone, _ = crop.search(score)
    led, found = crop.search(score, guess=lambda cube: -np.abs(cube - peak).sum(1))
    assert len(led) == len(alone) + crop.TOP
    assert np.abs(led[0] - peak).max() < 0.02 and found[0] > 0.8


def test_a_face_elsewhere_is_kept_unless_rude(photo):
    face = {"x": 0.05, "y": 0.1, "w": 0.2, "h": 0.3}
    for rude in (False, True):
        found = crop.best_crop(photo, [face], Eye(), rude=rude)
        share = crop.kept(np.array(found.box) / [300, 200, 300, 200], face)
        assert share < 0.1 if rude else share >= crop.KEPT


def test_a_score_that_is_grain_is_no_reason_to_crop():
    """The best of hundreds looks better by far; seen again it is not."""
    rng, told, eye = np.random.default_rng(1), [], Eye()
    eye.noise = 2.0
    for seed in range(12):
        image = rng.integers(0, 256, (90, 90, 1), np.uint8).repeat(3, 2)
        told.append(crop.best_crop(image, [], eye, seed=seed).better)
    assert sum(told) <= 2
