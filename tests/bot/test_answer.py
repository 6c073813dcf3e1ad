"""What the bot says: short enough whatever the numbers, as the pages say it, kind where there is nothing to score."""

import io

import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from deepselfie import texts, whatif, yours
from deepselfie.bot.answer import LONGEST, MOST_BYTES, answer
from deepselfie.crop import Crop
from deepselfie.score import Scorer
from deepselfie.summary import percent
from deepselfie.world import world

SHARE = st.floats(0, 1)
NOTHING = np.zeros((1, 1, 3), np.uint8)
TIPS = [
    whatif.Improvement(edit, amount, gain, NOTHING)
    for edit in whatif.TRIED
    for amount in whatif.amounts(edit)
    for gain in (0.004, 0.999)
]


def encoded(image, kind="JPEG"):
    out = io.BytesIO()
    Image.fromarray(image).save(out, kind)
    return out.getvalue()


@pytest.fixture(scope="module")
def say():
    """The bot's answer to pictures, with the demo world and its model."""
    demo = world("demo")
    scorer = Scorer(demo.model_path)
    return lambda pictures: answer(pictures, demo, scorer)


@given(SHARE, SHARE, SHARE, st.floats(0, 100), st.lists(st.sampled_from(TIPS), max_size=3), SHARE, st.floats(-1, 1))
def test_a_post_holds_it_whatever_the_numbers_are(score, low, high, percentile, tips, lowest, gain):
    verdict = yours.Verdict(score, low, high, percentile, rank=123_456, n=1_234_567)
    crop = Crop((0, 0, 1, 1), NOTHING, 0.5, 0.5, (lowest, gain, 1.0))
    text = texts.best_of(4, 4, sure=False) + texts.post(verdict, tips, crop)
    assert len(text) <= LONGEST  # graphemes are fewer than that
    assert all(percent(share, 0) in text for share in (score, low, high))
    assert "never what anyone is worth" in text


def test_the_score_is_that_of_the_page(say):
    data, demo = encoded(skimage.data.astronaut()), world("demo")
    scorer = Scorer(demo.model_path)
    photo = yours.look(data)
    verdict, said = yours.judge(demo, photo, scorer), say([data])
    assert said.outcome == "scored" and f"Score {percent(verdict.score, 0)};" in said.text
    assert f"from {percent(verdict.low, 0)} to {percent(verdict.high, 0)}" in said.text
    best = whatif.improvements(photo, scorer)
    assert not best or best[0].said[1:] in said.text
    assert Image.open(io.BytesIO(said.picture)).format == "JPEG" and "one face" in said.alt


def test_of_several_pictures_the_best_is_named_by_its_number_in_the_post(say):
    good = skimage.data.astronaut()
    dark = (good * 0.15).astype(np.uint8)
    said = say([b"broken", encoded(dark), encoded(good)])
    scores = [say([encoded(image)]).text.split(";")[0] for image in (dark, good)]
    best = max(scores, key=lambda text: int("".join(filter(str.isdigit, text))))
    assert best in said.text and f"Of these 3, number {scores.index(best) + 2} " in said.text


def test_a_crop_of_noise_is_small_enough_to_be_posted(say):
    noisy = skimage.transform.resize(skimage.data.astronaut(), (1024, 1024))
    noisy = (255 * np.clip(noisy + np.random.default_rng(0).normal(0, 0.08, noisy.shape), 0, 1)).astype(np.uint8)
    said = say([encoded(noisy, "PNG")])
    assert said.outcome == "scored" and len(said.picture) <= MOST_BYTES


@pytest.mark.parametrize(
    ("pictures", "outcome", "word"),
    [
        ([], "no picture", "Mention me with a selfie"),
        ([encoded(skimage.data.coffee())], "no face", "no face"),
        ([b"broken"], "unreadable", "not a picture"),
        ([encoded(np.zeros((20, 20, 3), np.uint8))], "unreadable", "too small"),
        ([b"\xff\xd8" + bytes(21_000_000)], "unreadable", "smaller version"),
        (["its picture is larger than 50 MB"], "unreadable", "The picture is larger than 50 MB."),
    ],
)
def test_where_there_is_nothing_to_score_it_says_so_kindly(say, pictures, outcome, word):
    said = say(pictures)
    assert said.outcome == outcome and word in said.text and said.picture is None and len(said.text) <= LONGEST
