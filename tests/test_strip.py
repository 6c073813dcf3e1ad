import base64
import io
import re

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from deepselfie import strip
from deepselfie.atlas import atlas
from deepselfie.layout import layout
from deepselfie.world import world

N = 300  # two pages


def colour(row):
    return np.array([row % 20 * 12, row // 20 * 16, 120])


def decoded(url):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB"))


@pytest.fixture(scope="module")
def colours(tmp_path_factory):
    """A world of 300 photos, each of one colour; row 299 is the best."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPSELFIE_CACHE", str(tmp_path_factory.mktemp("cache")))
        w = world("colours")
        images = []
        for row in range(N):
            out = io.BytesIO()
            Image.fromarray(np.tile(colour(row).astype(np.uint8), (70, 90, 1))).save(out, "PNG")
            images.append(out.getvalue())
        w.append(pa.table({"id": [f"c:{i:03}" for i in range(N)], "image": pa.array(images, pa.large_binary())}))
        w.set_columns(pa.table({"score": pa.array(np.arange(N) / N, pa.float32())}))
        layout(w)
        atlas(w)
        yield w


def test_thumbnails_are_those_of_the_ranks_asked_for_on_every_page(colours):
    ranks = [0, 17, 255, 256, 299]
    for rank, url in zip(ranks, strip.thumbnails(colours, ranks), strict=True):
        seen = decoded(url)
        assert seen.shape == (64, 64, 3)
        assert np.abs(seen.mean(axis=(0, 1)) - colour(N - 1 - rank)).max() < 10


def test_steps_are_even_and_hold_both_ends():
    assert strip.even_ranks(101, 5) == [0, 25, 50, 75, 100]
    assert strip.even_ranks(3, 20) == [0, 1, 2] and strip.even_ranks(0, 20) == [] and strip.even_ranks(1, 20) == [0]


@pytest.mark.parametrize("rank, before", [(0, []), (150, [0, 100]), (300, [0, 100, 200, 299])])
def test_the_visitors_photo_stands_between_its_neighbours(colours, rank, before):
    html = strip.strip(colours, [0, 100, 200, 299], here=[(rank, "data:image/webp;base64,AA")])
    alts = re.findall(r'alt="([^"]*)"', html)
    at = alts.index("Your photo stands here")
    assert [int(re.search(r"Number (\d+)", alt)[1]) - 1 for alt in alts[:at]] == before
    assert len(alts) == 5


def test_nothing_from_outside_breaks_out_of_the_html(colours):
    html = strip.strip(colours, [0], here=[(0, '"><script>')])
    assert "<script" not in html and "<script" not in strip.sheet([], '"><script>')


def test_several_photos_of_a_visitor_stand_in_order_each_under_its_number(colours):
    html = strip.strip(colours, [0, 100], here=[(200, "data:,b"), (50, "data:,a")])
    alts = re.findall(r'alt="([^"]*)"', html)
    assert [alts.index(f"Your photo {n} stands here") for n in (2, 1)] == [1, 3]


def test_compared_photos_show_their_range_and_which_may_be_best():
    card = {"url": "data:,a", "title": '1: 60 % "><script>', "text": "range", "score": 0.6, "low": 0.5, "high": 0.75}
    html = strip.compared([card | {"ahead": True}, card | {"ahead": False}])
    assert html.count('class="ahead"') == 1 and html.count("left:50.0%;width:25.0%") == 2 and "<script" not in html


def test_rows_hold_all_photos_and_say_their_score(colours):
    html = strip.rows(colours, range(7), count=2, size=60, blurred=True)
    assert html.count("<img") == 7 and "blurred" in html
    assert 'alt="Number 1, score 100 %"' in html
