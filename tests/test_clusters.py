import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepselfie import clusters as module
from deepselfie.clusters import LONGEST, WORDS, clusters, find, named
from deepselfie.lift import Difference
from deepselfie.world import world

CENTRES = np.array([(0, 0), (30, 0), (0, 30), (30, 30)])
BLOB = 100


def blobs(seed=0, each=BLOB, between=20):
    """places: four round crowds, and as many photos as `between` far from all."""
    rng = np.random.default_rng(seed)
    crowds = CENTRES.repeat(each, axis=0) + rng.normal(0, 1, (4 * each, 2))
    lonely = rng.uniform(60, 400, (between, 2))
    return np.concatenate([crowds, lonely])


@pytest.fixture
def mapped(tmp_path, monkeypatch):
    """A world of four crowds on the map, dark, close up, both and neither; the last photo has no place."""
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    w, rng, places = world("mapped"), np.random.default_rng(0), blobs()
    n = len(places) + 1
    w.append(pa.table({"id": [f"c:{row}" for row in range(n)]}))
    crowd = np.minimum(np.arange(n) // BLOB, 4)
    attributes = {
        "brightness": 0.5 - 0.3 * np.isin(crowd, (0, 2)) + rng.normal(0, 0.05, n),
        "face_share": 0.3 + 0.3 * np.isin(crowd, (1, 2)) + rng.normal(0, 0.05, n),
    }
    struct = pa.array([dict(zip(attributes, row, strict=True)) for row in zip(*attributes.values(), strict=True)])
    tsne = pa.array([*places.astype(np.float32).tolist(), None], pa.list_(pa.float32(), 2))
    w.set_columns(pa.table({"attributes": struct, "tsne": tsne}))
    return w


def test_crowds_on_the_map_become_clusters_named_by_what_they_share(mapped):
    report = clusters(mapped)
    names = mapped.read(["cluster"])["cluster"].to_pylist()
    crowds = [set(names[i * BLOB : (i + 1) * BLOB]) - {None} for i in range(4)]
    assert all(len(crowd) == 1 for crowd in crowds) and len(set.union(*crowds)) == 4
    assert [min(crowd) for crowd in crowds][:3] == ["dark, far away", "close up, bright", "dark, close up"]
    assert names[4 * BLOB :] == [None] * 21
    assert sum(report.details["clusters"].values()) == report.rows_out == sum(name is not None for name in names)
    assert report.rows_in == report.rows_out + sum(report.dropped.values()) and report.dropped["without a place"] == 1


def test_a_second_run_does_nothing(mapped):
    clusters(mapped)
    before = mapped.table.version
    assert clusters(mapped).nothing_to_do and mapped.table.version == before


def test_a_world_without_a_map_has_no_clusters(mapped):
    mapped.set_columns(pa.table({"tsne": pa.nulls(len(mapped), pa.list_(pa.float32(), 2))}))
    report = clusters(mapped)
    assert report.rows_out == 0 and report.details == {"clusters": {}}
    assert mapped.read(["cluster"])["cluster"].null_count == len(mapped)


def test_too_few_photos_make_no_cluster():
    for n in (0, 1, 20, 59):
        assert (find(np.random.default_rng(n).normal(size=(n, 2))) == -1).all()


def test_the_largest_cluster_is_the_first_and_only_so_many_are_kept(monkeypatch):
    places = np.concatenate([blobs(each=60, between=0), np.random.default_rng(1).normal(100, 1, (90, 2))])
    found = find(places)
    assert np.bincount(found[-90:] + 1).argmax() == 1
    sizes = np.bincount(found[found >= 0])
    assert (np.diff(sizes) <= 0).all() and len(sizes) == 5
    monkeypatch.setattr(module, "MOST", 2)
    assert find(places).max() == 1


def test_of_many_photos_a_sample_is_clustered_and_the_others_join_it(monkeypatch):
    places = blobs(each=400, between=100)
    monkeypatch.setattr(module, "EXACT_UP_TO", 500)
    found = find(places)
    assert np.array_equal(found, find(places))
    crowds = found[:1600].reshape(4, 400)
    main = [np.bincount(crowd + 1, minlength=5).argmax() - 1 for crowd in crowds]
    assert sorted(main) == [0, 1, 2, 3]
    assert ((crowds == np.array(main)[:, None]) | (crowds == -1)).all() and (crowds >= 0).mean() > 0.8
    assert (found[1600:] == -1).all()


def test_a_second_word_comes_where_it_is_strong_or_tells_two_clusters_apart():
    dark = Difference("brightness", "low", 1.0, "", "")
    weak, strong = (Difference("face_share", "high", strength, "", "") for strength in (0.4, 0.8))
    assert named([[dark, weak], [dark, weak], [dark], [dark]]) == ["dark", "dark, close up", "dark 2", "dark 3"]
    assert named([[dark, strong], [], [strong]]) == ["dark, close up", "unnamed 2", "close up"]


def test_what_is_absent_or_slight_makes_no_name():
    assert named([[Difference("truth.glasses", "none", 1.0, "Glasses", "")]]) == ["unnamed 1"]
    assert named([[Difference("brightness", "low", 0.25, "Brightness", "")]]) == ["unnamed 1"]
    assert named([[Difference("truth.pet", "cat", 1.0, "Pet", "")]]) == ["cat pet"]


KEYS = [(key, value) for key, words in WORDS.items() for value in words] + [("truth.something", "so and so")]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from(KEYS), max_size=4), max_size=40))
def test_names_are_short_and_unique(clusters):
    names = named([[Difference(key, value, 1.0, "", "") for key, value in one] for one in clusters])
    assert len(set(names)) == len(names) == len(clusters)
    assert all(0 < len(name) <= LONGEST + 3 for name in names)
