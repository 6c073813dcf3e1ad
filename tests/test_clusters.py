import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from deepselfie import clusters as module
from deepselfie.clusters import LONGEST, WORDS, clusters, find, named, principal
from deepselfie.lift import Difference
from deepselfie.world import world

CENTRES = np.array([(0, 0), (30, 0), (0, 30), (30, 30)])
BLOB = 100


def blobs(seed=0, each=BLOB, between=20):
    """points: four round crowds, and as many photos as `between` far from all."""
    rng = np.random.default_rng(seed)
    crowds = CENTRES.repeat(each, axis=0) + rng.normal(0, 1, (4 * each, 2))
    lonely = rng.uniform(60, 400, (between, 2))
    return np.concatenate([crowds, lonely])


@pytest.fixture
def crowded(tmp_path, monkeypatch):
    """A world of four crowds in fc7, dark, close up, both and neither; the last photo has no fc7."""
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    w, rng, points = world("crowded"), np.random.default_rng(0), blobs()
    n = len(points) + 1
    w.append(pa.table({"id": [f"c:{row}" for row in range(n)]}))
    crowd = np.minimum(np.arange(n) // BLOB, 4)
    attributes = {
        "brightness": 0.5 - 0.3 * np.isin(crowd, (0, 2)) + rng.normal(0, 0.05, n),
        "face_share": 0.3 + 0.3 * np.isin(crowd, (1, 2)) + rng.normal(0, 0.05, n),
    }
    struct = pa.array([dict(zip(attributes, row, strict=True)) for row in zip(*attributes.values(), strict=True)])
    fc7 = pa.array([*points.astype(np.float16), None], pa.list_(pa.float16(), 2))
    w.set_columns(pa.table({"attributes": struct, "fc7": fc7}))
    return w


def test_crowds_in_fc7_become_clusters_named_by_what_they_share(crowded):
    report = clusters(crowded)
    names = crowded.read(["cluster"])["cluster"].to_pylist()
    crowds = [set(names[i * BLOB : (i + 1) * BLOB]) - {None} for i in range(4)]
    assert all(len(crowd) == 1 for crowd in crowds) and len(set.union(*crowds)) == 4
    assert [min(crowd) for crowd in crowds][:3] == ["dark, far away", "close up, bright", "dark, close up"]
    assert names[4 * BLOB :] == [None] * 21
    assert sum(report.details["clusters"].values()) == report.rows_out == sum(name is not None for name in names)
    assert report.rows_in == report.rows_out + sum(report.dropped.values()) and report.dropped["without fc7"] == 1


def test_a_second_run_does_nothing(crowded):
    clusters(crowded)
    before = crowded.table.version
    assert clusters(crowded).nothing_to_do and crowded.table.version == before


def test_a_world_without_fc7_has_no_clusters(crowded):
    crowded.set_columns(pa.table({"fc7": pa.nulls(len(crowded), pa.list_(pa.float16(), 2))}))
    report = clusters(crowded)
    assert report.rows_out == 0 and report.details == {"clusters": {}}
    assert crowded.read(["cluster"])["cluster"].null_count == len(crowded)


def planted(seed=0, n=3000, width=24, crowds=6):
    """fc7 (n, width) and each one's crowd, -1 in the thin cloud about them all."""
    rng = np.random.default_rng(seed)
    crowd = rng.permutation(np.arange(n) % (crowds + 1)) - 1
    plane = np.linalg.qr(rng.normal(size=(width, width)))[0][:3]
    centres = np.array([[8, 0, 0], [-8, 0, 0], [0, 7, 0], [0, -7, 0], [0, 0, 6], [0, 0, -6]]) @ plane
    fc7 = np.where(crowd[:, None] >= 0, centres[crowd], rng.normal(0, 12, (n, 3)) @ plane)
    return (fc7 + rng.normal(0, 0.5, (n, width))).astype(np.float32), crowd


def test_planted_crowds_are_recovered_among_photos_in_none():
    fc7, crowd = planted()
    found = find(principal(fc7))
    assert found.max() == 5 and adjusted_rand_score(crowd, found) > 0.9
    assert (found[crowd >= 0] >= 0).mean() > 0.9 and (found[crowd < 0] >= 0).mean() < 0.1


@pytest.mark.parametrize("n", [500, 5000])
def test_one_gaussian_has_no_clusters(n):
    for seed in range(3):
        one = np.random.default_rng(seed).normal(size=(n, 10)) * [2.7, 1.7, 0.4, *[0.1] * 7]
        assert (find(principal(one)) == -1).all()


def test_chance_peaks_are_what_the_test_of_their_height_drops(monkeypatch):
    one = np.random.default_rng(0).normal(size=(5000, 3)) * [2.7, 1.7, 0.4]
    monkeypatch.setattr(module, "BY_CHANCE", 0)
    assert find(one).max() >= 1


def test_the_order_of_the_photos_does_not_matter_nor_how_often_it_is_done():
    fc7, _ = planted(1)
    order = np.random.default_rng(2).permutation(len(fc7))
    found = find(principal(fc7))
    assert np.array_equal(found, find(principal(fc7)))
    again = find(principal(fc7[order]))
    assert adjusted_rand_score(found[order], again) > 0.99  # of those at the foot, one or two may go either way


def test_the_coordinates_of_a_compact_world_make_the_same_clusters():
    fc7, _ = planted(3)
    from sklearn.decomposition import PCA

    coordinates = PCA(10).fit_transform(fc7).astype(np.float16)
    assert adjusted_rand_score(find(principal(fc7)), find(principal(coordinates.astype(np.float32)))) > 0.99


@pytest.mark.filterwarnings("error")
def test_copies_of_a_photo_make_no_cluster():
    for copies in (np.ones((200, 8), np.float32), np.repeat(np.eye(2, 8, dtype=np.float32), 100, axis=0)):
        assert (find(principal(copies)) == -1).all()


def test_too_few_photos_make_no_cluster():
    for n in (0, 1, 20, 59):
        assert (find(np.random.default_rng(n).normal(size=(n, 2))) == -1).all()


def test_the_largest_cluster_is_the_first_and_only_so_many_are_kept(monkeypatch):
    points = np.concatenate([blobs(each=60, between=0), np.random.default_rng(1).normal(100, 1, (90, 2))])
    found = find(points)
    assert np.bincount(found[-90:] + 1).argmax() == 1
    sizes = np.bincount(found[found >= 0])
    assert (np.diff(sizes) <= 0).all() and len(sizes) == 5
    monkeypatch.setattr(module, "MOST", 2)
    assert find(points).max() == 1


def test_of_many_photos_a_sample_is_clustered_and_the_others_join_it(monkeypatch):
    points = blobs(each=400, between=100)
    monkeypatch.setattr(module, "EXACT_UP_TO", 500)
    found = find(points)
    assert np.array_equal(found, find(points))
    crowds = found[:1600].reshape(4, 400)
    main = [np.bincount(crowd + 1, minlength=5).argmax() - 1 for crowd in crowds]
    assert sorted(main) == [0, 1, 2, 3]
    assert ((crowds == np.array(main)[:, None]) | (crowds == -1)).all() and (crowds >= 0).mean() > 0.8
    assert (found[1600:] == -1).all()


def test_a_second_word_comes_where_it_is_strong_or_tells_two_clusters_apart():
    dark = Difference("brightness", "low", 1.0, "", "")
    weak, strong = (Difference("face_share", "high", strength, "", "") for strength in (0.4, 0.8))
    assert named([[dark, weak], [dark, weak], [dark], [dark]]) == ["dark", "dark, close up", "unnamed 3", "unnamed 4"]
    assert named([[dark, strong], [], [strong]]) == ["dark, close up", "unnamed 2", "close up"]


def test_the_cluster_that_is_furthest_apart_has_the_first_word():
    slightly, much = (Difference("brightness", "low", strength, "", "") for strength in (0.4, 2.0))
    assert named([[slightly], [much]]) == ["unnamed 1", "dark"]


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
    assert all(0 < len(name) <= LONGEST for name in names)
