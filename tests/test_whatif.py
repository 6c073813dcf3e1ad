import numpy as np
import pytest
import skimage.data

from deepselfie import edits, whatif
from deepselfie.yours import Photo

FACE = {"x": 0.35, "y": 0.1, "w": 0.2, "h": 0.3}


class Judge:
    """A scorer whose network is a function of the picture: `likes` (S, S, 3) -> logit."""

    size = 64

    def __init__(self, likes):
        self.likes = likes

    def look(self, squares):
        return np.zeros((len(squares), 2)), np.array([self.likes(s.astype(float)) for s in squares], np.float32)

    def calibrated(self, logit):
        return 1 / (1 + np.exp(-logit))


@pytest.fixture(scope="module")
def photo():
    return Photo(skimage.data.astronaut()[::2, ::2], [FACE], {})


def test_no_edit_is_the_photo_itself_and_each_slider_does_what_its_edit_does(photo):
    assert np.array_equal(whatif.edited(photo, dict.fromkeys(whatif.SLIDERS, 0.0)), photo.image)
    for edit in whatif.SLIDERS:
        amount = whatif.bounds(edit)[1]
        alone = edits.EDITS[edit].edited(photo.image, amount, FACE)
        assert np.array_equal(whatif.edited(photo, {edit: amount}), alone) and not np.array_equal(alone, photo.image)


def test_a_border_stays_white_and_a_black_and_white_photo_grey_whatever_else_is_done(photo):
    image = whatif.edited(photo, {"border": 0.1, "fade": 0.5, "brightness": -2, "tilt": -9, "monochrome": 1.0})
    assert (image[0] == 255).all() and np.ptp(image.astype(int), axis=2).max() <= 2


def test_sliders_reach_all_amounts_and_nothing():
    for edit in whatif.SLIDERS:
        low, high = whatif.bounds(edit)
        assert low <= 0 <= high and low <= min(whatif.amounts(edit)) and max(whatif.amounts(edit)) <= high
    assert whatif.bounds("tilt") == (-15, 15)


def test_a_network_that_likes_light_is_told_to_have_more_of_it_and_what_it_dislikes_is_not_told(photo):
    found = whatif.improvements(photo, Judge(lambda s: s.mean() / 40))
    gains, said = [one.gain for one in found], [one.said for one in found]
    assert gains == sorted(gains, reverse=True) and gains[-1] > 0 and len({one.edit for one in found}) == 3
    assert "Brighter, +1\u00a0stops" in said and "Faded, 50\u00a0%" in said
    assert all(one.image.mean() > photo.image.mean() for one in found)


def test_where_an_edit_does_no_more_than_a_placebo_nothing_is_told(photo):
    rng = np.random.default_rng(0)
    for likes in (lambda s: rng.normal(), lambda s: 0.0):
        assert whatif.improvements(photo, Judge(likes)) == []


def test_of_forty_networks_that_only_guess_few_are_believed(photo):
    small, rng = Photo(photo.image[::8, ::8], [FACE], {}), np.random.default_rng(1)
    believed = sum(bool(whatif.improvements(small, Judge(lambda s: rng.normal()))) for _ in range(40))
    assert believed <= 10  # about 5 %, and somewhat more, for the unedited photo's own noise is in all of them
