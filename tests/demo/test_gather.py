"""Gathering and packing the demo world: pure in (seed, index), resumable, and as good without its pictures."""

import numpy as np
import pytest

from deepselfie import pictures
from deepselfie.demo import accounts, faceless, famous, gather, ids, pack, recovery, render
from deepselfie.errors import DeepselfieError
from deepselfie.sources import import_photos
from deepselfie.world import world


@pytest.fixture
def small(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    return world("small")


def test_a_row_is_a_function_of_seed_and_index():
    row, again = gather.draw((5, 9)), gather.draw((5, 9))
    assert row == again
    image, truth = render.render(5, 9, size=ids.SIZE)
    assert row["id"] == "demo:5:9" and ids.parse(row["id"]) == (5, 9)
    assert np.array_equal(pictures.rgb(row["image"]), pictures.rgb(render.encode(image)))
    assert row["truth"] == truth
    assert gather.draw((5, 10))["author"] == row["author"] != gather.draw((6, 9))["author"]


def test_a_stopped_gathering_goes_on_and_more_can_be_asked_for(small, monkeypatch):
    monkeypatch.setattr(gather, "CHUNK", 4)
    gather.gather_demo(small, n=6, seed=5)
    assert gather.gather_demo(small, n=6, seed=5).nothing_to_do
    report = gather.gather_demo(small, n=10, seed=5)
    assert report.rows_in == 4
    assert small.read(["id"])["id"].to_pylist() == [f"demo:5:{i}" for i in range(10)]


def test_a_shot_taken_again_is_marked(small):
    again = next(i for i in range(400) if accounts.original(5, i) == i - 1 and faceless.subject(5, i - 1) == "selfie")
    small.append(gather._table([gather.draw((5, i)) for i in range(again - 2, again + 2)]))
    assert gather.gather_demo(small, n=1, seed=5).details["near_duplicates"] == 1
    marked = {row["id"]: row["duplicate_of"] for row in small.read(["id", "duplicate_of"]).to_pylist()}
    assert {id: of for id, of in marked.items() if of} == {f"demo:5:{again}": f"demo:5:{again - 1}"}


def test_more_can_be_asked_for_after_the_famous_have_come(small):
    gather.gather_demo(small, n=2, seed=5, with_famous=True)
    assert gather.gather_demo(small, n=3, seed=5, with_famous=True).rows_in == 1
    found = small.read(["id"])["id"].to_pylist()
    assert len(found) == len(set(found)) == 43 and found[-1] == "demo:5:2"


def test_a_packed_world_shows_the_same_pictures_and_cannot_grow(small, tmp_path):
    gather.gather_demo(small, n=4, seed=5)
    before = pictures.image_bytes(small, range(4))
    truth = small.read(["truth"])["truth"].to_pylist()
    pack.pack(small)
    assert "image" not in small.columns
    kept = small.read(["truth"])["truth"].to_pylist()
    assert all(now.items() <= was.items() for now, was in zip(kept, truth, strict=True))
    assert {"quality", "hair", "faces"} <= kept[0].keys() and "head_x" not in kept[0]
    assert pictures.image_bytes(small, range(4)) == before
    assert pack.pack(small).nothing_to_do
    assert not recovery.recovery(small).details  # it says so, and stops no later stage
    fewer = gather.gather_demo(small, n=3, seed=5)  # all there: it is not touched
    assert fewer.rows_in == 0 and fewer.details["near_duplicates"] == 0 and len(small) == 4
    with pytest.raises(DeepselfieError, match="cannot grow"):
        gather.gather_demo(small, n=5, seed=5)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(before[0])
    with pytest.raises(DeepselfieError, match="cannot grow"):
        import_photos(small, tmp_path / "photos")
    data, kind = pictures.picture(small, 2, 256)
    assert kind == "image/webp" and max(pictures.rgb(data).shape) == 256


def test_famous_people_are_forty_accounts_of_their_own():
    shots = famous.shots()
    assert len(shots) == len({accounts.account(index) for _, index in shots}) == 40
    assert len({c.name for c in famous.CHARACTERS}) == 40 and all(c.story for c in famous.CHARACTERS)
    assert famous.character(ids.FAMOUS, 1) is None and famous.character(ids.UNSEEN, 0) is None
    row = gather.draw(shots[3])
    assert row["name"] == famous.CHARACTERS[3].name and row["likes"] is None
    assert row["truth"]["group"] == 1 and row["truth"]["female"] is famous.CHARACTERS[3].look["female"]


def test_rendered_pictures_on_disk_are_bounded(small, monkeypatch):
    monkeypatch.setattr(pictures, "RENDERED_LIMIT", 9_000)
    for index in range(4):
        assert pictures.rendered(f"demo:5:{index}", 96)
    kept = list((small.path.parent / ".rendered").glob("*.jpg"))
    assert 0 < sum(path.stat().st_size for path in kept) <= 9_000
    assert pictures.rendered("folder:a.jpg", 96) is None
