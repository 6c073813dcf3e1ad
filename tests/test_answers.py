import csv
import io

import numpy as np
import pyarrow as pa
import pytest

from deepselfie import answers
from deepselfie.layout import layout, order
from deepselfie.world import world

N = 300


@pytest.fixture
def beach(tmp_path, monkeypatch):
    """Photo r scores r / N; the first hundred are at the beach and dark; no brightness is known of photo 0."""
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    w, rng = world("beach"), np.random.default_rng(0)
    w.append(
        pa.table(
            {
                "id": [f"c:{row}" for row in range(N)],
                "name": ["Ada c:12"] + [None] * (N - 1),
                "truth": pa.array(
                    [{"background": "beach" if r < 100 else "room", "border": "none", "quality": r} for r in range(N)]
                ),
            }
        )
    )
    light = np.where(np.arange(N) < 100, 0.3, 0.6) + rng.normal(0, 0.05, N)
    facts = [{"brightness": None if r == 0 else light[r], "border": r % 2 == 0, "tilt": rng.normal()} for r in range(N)]
    label = pa.array([None if r < 10 else r > 150 for r in range(N)], pa.bool_()).cast(pa.int8())
    score = pa.array([r / N for r in range(N)], pa.float32())
    w.set_columns(
        pa.table({"attributes": facts, "score": score, "label": label, "split": ["test", "train"] * (N // 2)})
    )
    layout(w)
    return w


def test_visitors_meet_what_can_be_seen_in_a_photo(beach):
    facets = {facet["key"]: facet for facet in answers.facets(beach)}
    assert list(facets)[:2] == ["score", "label"]
    assert set(facets) == {"score", "label", "brightness", "border", "tilt", "truth.background"}
    assert facets["truth.background"]["values"] == [["room", 200], ["beach", 100]]
    assert facets["brightness"]["unit"] == "%" and facets["brightness"]["count"] == N - 1
    assert facets["label"]["kind"] == "yes_no" and facets["label"]["label"] == "Labelled good by likes"


def test_values_stand_in_rank_order(beach):
    rows = order(beach)
    background = answers.values(beach, "truth.background")
    assert background.dtype == np.float32 and np.array_equal(background, rows < 100)
    label = answers.values(beach, "label")
    assert np.isnan(label[rows < 10]).all() and np.array_equal(label[rows >= 10], rows[rows >= 10] > 150)
    brightness = answers.values(beach, "brightness")
    assert np.isnan(brightness[rows == 0]).all() and np.isfinite(brightness[rows > 0]).all()
    assert answers.values(beach, "truth.quality") is None and answers.values(beach, "split") is None


def test_chosen_photos_are_set_apart_by_what_they_share(beach):
    worst = np.arange(N - 100, N)
    told = answers.apart(beach, np.repeat(worst, 2))
    assert told["n"] == 100 and told["average"] == pytest.approx(49.5 / N, abs=1e-6)
    texts = {one["key"]: one["text"] for one in told["apart"]}
    assert set(texts) == {"label", "truth.background"} or set(texts) == {"label", "brightness"}, "they say the same"
    assert texts["label"] == "Labelled good by likes: 0\u00a0% here, 51\u00a0% of all"


def test_lists_hold_the_chosen_in_their_order(beach):
    lines = list(csv.reader(io.StringIO(answers.ids_csv(beach, np.array([3, 0])))))
    assert lines == [["rank", "id", "score"], ["4", "c:296", "0.986667"], ["1", "c:299", "0.996667"]]


def test_photos_are_found_by_id_rank_and_name(beach):
    def found(text):
        return [photo["id"] for photo in answers.find(beach, text)]

    assert found("C:12 ")[:4] == ["c:12", "c:0", "c:129", "c:128"], "the very one, a name, then ids that start so"
    assert found("#12") == ["c:288"] and found("12")[0] == "c:288"
    assert found("12")[1:3] == ["c:0", "c:212"], "a name, then ids"
    assert answers.find(beach, "ada") == [{"row": 0, "rank": N - 1, "id": "c:0", "name": "Ada c:12"}]
    assert len(found("c")) == answers.FOUND
    assert found("") == found("  ") == found("nobody") == []
