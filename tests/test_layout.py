import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepselfie.errors import DeepselfieError
from deepselfie.layout import cells, facets, gallery, layout, named, order, percentile, rank_of
from deepselfie.world import world

SCORES = [0.5, None, 0.9, 0.1, 0.9, 0.5, float("nan"), 0.3]
BEST_FIRST = [4, 2, 5, 0, 7, 3]  # ties by id: the ids fall as the rows rise


@pytest.fixture
def small(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    w, n = world("small"), len(SCORES)
    names = [None, "Not Shown", "Ada", None, None, None, None, "Bo"]
    w.append(pa.table({"id": [f"t:{n - i}" for i in range(n)], "name": pa.array(names, pa.string())}))
    attributes = [
        {"faces": 1 + i % 2, "brightness": i / 10 if i != 5 else None, "border": i % 2 == 0, "noise": 0.5}
        for i in range(n)
    ]
    kind = pa.struct(
        [("faces", pa.int16()), ("brightness", pa.float32()), ("border", pa.bool_()), ("noise", pa.float32())]
    )
    w.set_columns(
        pa.table(
            {
                "score": pa.array(SCORES, pa.float32()),
                "attributes": pa.array(attributes, kind),
                "label": pa.array([1, 0, 1, 0, None, 1, 0, 1], pa.int8()),
                "split": ["train", "test"] * 4,
                "truth": [{"pose": i / 4, "hair": "red" if i > 3 else "black"} for i in range(n)],
            }
        )
    )
    return w


def test_the_order_is_by_falling_score_and_then_by_id(small):
    report = layout(small)
    assert order(small).tolist() == BEST_FIRST
    assert order(small).dtype == np.int32
    assert (report.rows_in, report.rows_out, report.dropped) == (8, 6, {"without a score": 2})
    assert layout(small).nothing_to_do
    assert [rank_of(small, row) for row in BEST_FIRST] == list(range(6))
    assert rank_of(small, 1) is None and rank_of(small, 99) is None


def test_a_lost_order_is_made_again(small):
    layout(small)
    (small.path / "atlas" / "order.npy").unlink()
    with pytest.raises(DeepselfieError, match="run small"):
        order(small)
    assert not layout(small).nothing_to_do
    assert order(small).tolist() == BEST_FIRST


def test_the_order_follows_new_scores(small):
    layout(small)
    assert percentile(small, 1.0) == 100
    small.set_columns(pa.table({"score": pa.array([1.0] * 8, pa.float32())}))
    small.save_report("score", {"key": "another model"})
    layout(small)
    assert order(small).tolist() == [7, 6, 5, 4, 3, 2, 1, 0]
    assert percentile(small, 1.0) == 50


def test_facets_filter(small):
    layout(small)

    def rows(**arguments):
        return order(small)[gallery(small, **{"first": 100, **arguments})].tolist()

    assert rows() == BEST_FIRST
    assert rows(first=2) == [4, 2]
    assert rows(first=2, worst=True) == [3, 7]
    assert rows(where={"brightness": (0.2, 0.45)}) == [4, 2, 3]
    assert rows(where={"brightness": (None, None)}) == [4, 2, 0, 7, 3]  # 5 is not known
    assert rows(where={"brightness": (0.3, None), "border": False}) == [7, 3]
    assert rows(where={"border": True}) == [4, 2, 0]
    assert rows(where={"label": True}) == [2, 5, 0, 7]
    assert rows(where={"label": False}) == [3]
    assert rows(where={"split": "test"}) == [5, 7, 3]
    assert rows(where={"truth.hair": "red", "truth.pose": (0, 1.3)}) == [4, 5]
    assert rows(where={"name": "Ada"}) == [2]
    assert order(small)[named(small)].tolist() == [2, 7]
    assert len(rows(where={"brightness": (5, 6)})) == 0
    with pytest.raises(DeepselfieError, match=r"'hat'.*brightness"):
        rows(where={"hat": True})
    with pytest.raises(DeepselfieError, match="no order"):
        rows(where={"split": (1, 2)})


def test_facets_describe_what_can_be_filtered(small):
    layout(small)
    found = {facet.key: facet for facet in facets(small)}
    assert set(found) == {"faces", "brightness", "border", "label", "split", "name", "truth.pose", "truth.hair"}
    assert found["brightness"].kind == "number" and found["brightness"].count == 5
    assert (found["brightness"].low, found["brightness"].high) == (0, pytest.approx(0.7))
    assert list(found["brightness"].quantiles) == sorted(found["brightness"].quantiles)
    assert found["border"].kind == "yes_no" and dict(found["border"].values) == {True: 3, False: 3}
    assert found["label"].values == ((True, 4), (False, 1))
    assert found["truth.hair"].kind == "choice"
    for facet in found.values():  # each value offered finds as many photos as it says
        for value, count in facet.values:
            assert len(gallery(small, where={facet.key: value}, first=100)) == count


def test_facets_offer_the_clusters_unless_there_are_too_many_names(small):
    few = pa.array(["dark", None, "dark", None, "bright", "bright", None, "dark"], pa.string())
    small.set_columns(pa.table({"cluster": few}))
    layout(small)
    found = {facet.key: facet for facet in facets(small)}["cluster"]
    assert (found.kind, found.count, found.values) == ("choice", 5, (("dark", 3), ("bright", 2)))
    assert order(small)[gallery(small, where={"cluster": "bright"}, first=9)].tolist() == [4, 5]


def with_map(name, n, unplaced=(), seed=0):
    """A world of n photos with random scores and places."""
    w, rng = world(name), np.random.default_rng(seed)
    w.append(pa.table({"id": [f"t:{i:04}" for i in range(n)]}))
    places = [None if i in unplaced else p for i, p in enumerate(rng.normal(size=(n, 2)).tolist())]
    scores = pa.array(rng.random(n), pa.float32())
    w.set_columns(pa.table({"score": scores, "tsne": pa.array(places, pa.list_(pa.float32(), 2))}))
    return w


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))


def test_every_rank_has_a_cell_and_neighbours_are_kept(cache):
    w = with_map("mapped", 300)
    with pytest.raises(DeepselfieError, match=r"no grid yet\. Run: python -m deepselfie run mapped"):
        cells(w)
    report = layout(w)
    found, columns, lines = cells(w)
    assert found.dtype == np.int32 and not found.flags.writeable and (columns, lines) == (22, 14)
    assert sorted((found[:, 1] * columns + found[:, 0]).tolist()) == list(range(300))
    places = np.array(w.read(["tsne"])["tsne"].to_pylist())[order(w)]
    assert np.corrcoef(places[:, 0], found[:, 0])[0, 1] > 0.9
    assert np.corrcoef(places[:, 1], found[:, 1])[0, 1] < -0.9  # y upwards, lines downwards
    assert report.details["recall@10"] > 0.5 and report.details["recall@10 by chance"] < 0.1
    assert layout(w).nothing_to_do and layout(w).details == report.details


def test_photos_without_a_place_come_last_in_rank_order(cache, small):
    unplaced = {*range(0, 60, 3), 77}
    w = with_map("part", 120, unplaced)
    layout(w)
    found, columns, lines = cells(w)
    assert (columns, lines) == (14, 9)
    number = found[:, 1] * columns + found[:, 0]
    last = [rank for rank, row in enumerate(order(w)) if row in unplaced]
    assert number[last].tolist() == list(range(99, 120))
    assert sorted(number.tolist()) == list(range(120))
    layout(small)  # has no tsne column
    found, columns, lines = cells(small)
    assert found.tolist() == [[i % columns, i // columns] for i in range(6)] and (columns, lines) == (4, 2)


def test_a_lost_grid_is_made_again_and_a_killed_run_leaves_the_old_one(cache, monkeypatch):
    w = with_map("killed", 50)
    layout(w)
    first, saved = cells(w)[0], w.report("layout")
    path = w.path / "atlas" / "grid.npz"
    path.unlink()
    assert not layout(w).nothing_to_do and np.array_equal(cells(w)[0], first)

    def killed(*arguments):
        raise KeyboardInterrupt

    old_order = order(w)
    w.set_columns(pa.table({"score": pa.array(np.linspace(0, 1, 50), pa.float32())}))
    w.save_report("score", {"key": "another model"})
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("deepselfie.snapped.snap", killed)
        layout(w)
    assert np.array_equal(order(w), old_order) and np.array_equal(cells(w)[0], first)
    assert w.report("layout")["key"] == saved["key"]
    assert not layout(w).nothing_to_do
    assert np.array_equal(cells(w)[0], first[np.argsort(old_order)][order(w)])  # each photo keeps its cell


def test_a_world_without_scores_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    w = world("empty")
    w.append(pa.table({"id": ["a:1", "a:2"]}))
    w.set_columns(pa.table({"score": pa.nulls(2, pa.float32())}))
    assert layout(w).rows_out == 0
    assert cells(w)[0].shape == (0, 2) and cells(w)[1:] == (0, 0)
    assert len(gallery(w, first=5)) == 0 and facets(w) == [] and len(named(w)) == 0
    with pytest.raises(DeepselfieError, match="No photo"):
        percentile(w, 0.5)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=30), st.floats(0, 1, width=32))
def test_percentile_is_the_share_beaten(tmp_path_factory, scores, other):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPSELFIE_CACHE", str(tmp_path_factory.mktemp("cache")))
        w = world("p")
        w.append(pa.table({"id": [f"p:{i}" for i in range(len(scores))]}))
        w.set_columns(pa.table({"score": pa.array(scores, pa.float32())}))
        layout(w)
        shares = [percentile(w, s) for s in (0.0, other, 1.0)]
        assert shares == sorted(shares) and shares[0] >= 0 and shares[2] <= 100
        own = [percentile(w, s) for s in w.read(["score"])["score"].to_pylist()]
        assert np.mean(own) == pytest.approx(50)  # mid-ranks
        beaten = sum(s < other for s in scores) + sum(s == other for s in scores) / 2
        assert percentile(w, other) == pytest.approx(100 * beaten / len(scores))
