import io

import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageDraw, ImageFont

from deepselfie import sharecard
from deepselfie.yours import Verdict


def opened(image=None, **changed):
    verdict = Verdict(**{"score": 0.63, "low": 0.55, "high": 0.7, "percentile": 71, "rank": 5, "n": 50_000} | changed)
    image = skimage.data.astronaut() if image is None else image
    return Image.open(io.BytesIO(sharecard.card(image, verdict, "demo")))


def test_a_card_holds_the_photo_and_no_data_about_it():
    card = opened()
    assert card.format == "PNG" and card.size == (sharecard.WIDTH, sharecard.HEIGHT) and not card.info
    left = (sharecard.WIDTH - sharecard.PHOTO) // 2
    photo = card.crop((left, sharecard.MARGIN, left + sharecard.PHOTO, sharecard.MARGIN + sharecard.PHOTO))
    pair = (
        np.asarray(photo.resize((64, 64)), float),
        np.asarray(Image.fromarray(skimage.data.astronaut()).resize((64, 64)), float),
    )
    assert np.corrcoef(*(each[8:-8, 8:-8].ravel() for each in pair))[0, 1] > 0.98


@pytest.mark.parametrize("score", [0.0, 0.37, 1.0])
def test_the_dot_stands_where_the_score_is(score):
    card = np.asarray(opened(score=score, low=max(0, score - 0.1), high=min(1, score + 0.1))).astype(int)
    pink = np.abs(card - (0xD3, 0x36, 0x6C)).max(2) < 8
    pink[: sharecard.MARGIN + sharecard.PHOTO + 100] = False
    pink[-sharecard.MARGIN - 60 :] = False  # the signature
    line = np.flatnonzero(pink.sum(0) > 20)
    middle = sharecard.MARGIN + score * (sharecard.WIDTH - 2 * sharecard.MARGIN)
    assert line.mean() == pytest.approx(middle, abs=2)


@pytest.mark.parametrize("shape", [(1024, 128, 3), (40, 320, 3)])
def test_any_shape_of_photo_and_any_name_fit(shape):
    image = np.full(shape, 90, np.uint8)
    assert opened(image).size == opened(image, percentile=2).size == (sharecard.WIDTH, sharecard.HEIGHT)
    verdict = Verdict(0.5, 0.4, 0.6, 50, 5, 10)
    card = np.asarray(Image.open(io.BytesIO(sharecard.card(image, verdict, "x" * 300))))
    assert (card[-sharecard.MARGIN * 3 :, -sharecard.MARGIN // 2 :] == (0xFF, 0xFA, 0xFC)).all()  # nothing runs over


def test_the_font_has_all_that_is_written(monkeypatch):
    written, plain = [], ImageDraw.ImageDraw.text
    monkeypatch.setattr(ImageDraw.ImageDraw, "text", lambda *a, **k: (written.append(a[2]), plain(*a, **k)))
    for percentile in (99.5, 93, 50, 3):
        opened(percentile=percentile)
    sharecard.card(skimage.data.astronaut(), Verdict(0.5, 0.4, 0.6, 50, 5, 10), "x" * 300)  # cut short
    font = ImageFont.load_default(40)
    unknown = bytes(font.getmask("\uffff"))
    for letter in set("".join(written)) - {" "}:
        assert bytes(font.getmask(letter)) != unknown, repr(letter)
