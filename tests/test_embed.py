import os
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from deepselfie import cli
from deepselfie import embed as module
from deepselfie.embed import compact, embed, neighbours, place, reduce, tsne, vectors
from deepselfie.embedding_quality import kept, nearest
from deepselfie.errors import DeepselfieError
from deepselfie.world import world

N, CLUSTERS, WIDTH = 420, 6, 96
NO_SCORE = (0, 17, N - 1)


def activations(n=N, seed=1):
    """fc7 (n, WIDTH) of planted clusters in 20 hidden dimensions, as a network's have, and each one's cluster."""
    rng = np.random.default_rng(0)
    centres, lift = rng.normal(size=(CLUSTERS, 20)) * 3, rng.normal(size=(20, WIDTH)) / 5
    rng = np.random.default_rng(seed)
    cluster = rng.integers(0, CLUSTERS, n)
    hidden = centres[cluster] + rng.normal(size=(n, 20))
    return (hidden @ lift + rng.normal(size=(n, WIDTH)) * 0.02).astype(np.float16), cluster


def make_world(name, fc7, without_score=NO_SCORE):
    w, n = world(name), len(fc7)
    w.append(pa.table({"id": [f"e:{i}" for i in range(n)]}))
    null = np.isin(np.arange(n), without_score)
    flat = pa.array(fc7.ravel(), pa.float16())
    column = pa.FixedSizeListArray.from_arrays(flat, fc7.shape[1], mask=pa.array(null))
    score = pa.array(np.linspace(0, 1, n), pa.float32(), mask=null)
    w.set_columns(pa.table({"score": score, "fc7": column}))
    return w


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPSELFIE_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="module")
def mapped(cache):
    w = make_world("mapped", activations()[0])
    embed(w)
    return w


def places(w):
    return np.array([p or (np.nan, np.nan) for p in w.read(["tsne"])["tsne"].to_pylist()])


def test_planted_clusters_are_found_on_the_map(mapped):
    found, cluster = places(mapped), activations()[1]
    shown = np.isfinite(found).all(axis=1)
    assert np.flatnonzero(~shown).tolist() == list(NO_SCORE)
    guess = KMeans(CLUSTERS, n_init=10, random_state=0).fit_predict(found[shown])
    assert adjusted_rand_score(cluster[shown], guess) > 0.9
    report = mapped.report("embed")
    assert report["rows_in"] == N and report["rows_out"] == N - 3 and report["dropped"] == {"without a score": 3}
    assert mapped.table.schema.field("tsne").type == pa.list_(pa.float32(), 2)


def test_neighbours_on_the_map_are_neighbours_in_fc7(mapped):
    found = places(mapped)
    kept = []
    for row in range(1, 101):
        if row in NO_SCORE:
            continue
        distance = np.nan_to_num(((found - found[row]) ** 2).sum(axis=1), nan=np.inf)
        kept.append(len(set(np.argsort(distance)[1:21]) & set(neighbours(mapped, row, 20))))
    assert np.mean(kept) > 9  # of 20; by chance within a cluster of 70: 5.7


def test_the_same_table_gives_the_same_map_and_a_second_run_does_nothing(mapped):
    again = make_world("again", activations()[0])
    embed(again)
    assert np.array_equal(places(again), places(mapped), equal_nan=True)
    assert embed(again).nothing_to_do
    (again.path / "embedding.npz").unlink()
    assert not embed(again).nothing_to_do
    assert (again.path / "embedding.npz").exists()


def test_the_report_tells_that_the_map_keeps_more_than_flat_rivals_do(mapped):
    found = mapped.report("embed")["details"]["quality"]
    assert set(found) == {"t-SNE", "PCA", "random plane"}
    for figure in ("neighbours_kept", "trustworthy"):
        assert found["t-SNE"][figure] > found["PCA"][figure] > found["random plane"][figure]
    assert found["t-SNE"]["centres_kept"] > found["random plane"]["centres_kept"]
    assert found["PCA"]["distances_kept"] > found["random plane"]["distances_kept"]


def test_another_seed_gives_another_map_of_the_same_neighbourhoods(mapped, tmp_path):
    known, features = vectors(mapped.read(["fc7"])["fc7"])
    points, rows = reduce(mapped, features), np.arange(known.sum())
    first = places(mapped)[known]
    other, _ = tsne(points, 30, "exact", tmp_path, lambda *_: None, seed=1)
    assert np.abs(other - first).max() > 1
    assert kept(nearest(first, rows), nearest(other, rows)) > 0.6  # by chance within a cluster of 70: 0.14


def test_a_killed_run_ends_with_the_same_map(mapped):
    killed = make_world("killed", activations()[0])
    program = """
import time
from deepselfie import embed, world
write = embed.write_atomically
def slow(path, data):
    write(path, data)
    if path.name == "state.npz":
        time.sleep(1)
embed.write_atomically = slow
embed.embed(world.world("killed"))
"""
    process = subprocess.Popen([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": os.getcwd()})
    parts = killed.parts("embed")
    while not (states := list(parts.glob("*/state.npz"))):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with np.load(states[0]) as state:
        assert 1 <= state["done"] < 15
    assert "tsne" not in killed.columns
    embed(killed)
    assert np.array_equal(places(killed), places(mapped), equal_nan=True)
    assert not parts.exists()


def test_a_new_photo_is_placed_among_its_neighbours(mapped):
    new, cluster = activations(40, seed=9)
    found, own = places(mapped), activations()[1]
    before = found.copy()
    placed = place(mapped, new)
    assert placed.shape == (40, 2) and placed.dtype == np.float32
    for at, c in zip(placed, cluster, strict=True):
        distance = np.nan_to_num(((found - at) ** 2).sum(axis=1), nan=np.inf)
        assert (own[np.argsort(distance)[:5]] == c).all()
    assert np.abs(place(mapped, new[:1]) - placed[:1]).max() < 1e-3  # alone or in company
    assert np.array_equal(places(mapped), before, equal_nan=True)


def test_a_new_photo_lands_at_the_middle_of_its_true_neighbours(mapped):
    new, found = activations(60, seed=11)[0], places(mapped)
    middle = np.array([np.median(found[neighbours(mapped, fc7)], axis=0) for fc7 in new])
    off = np.linalg.norm(place(mapped, new) - middle, axis=1)
    assert np.median(off) < 0.1 * np.nanmax(found)  # of half the map
    assert np.median(off) < 0.2 * np.median(np.linalg.norm(np.roll(middle, 1, axis=0) - middle, axis=1))


def test_exact_sees_in_all_of_fc7_what_the_pca_leaves_out(cache, monkeypatch):
    monkeypatch.setattr("deepselfie.embed.COMPONENTS", 2)
    rng = np.random.default_rng(0)
    cluster = np.arange(240) % 4
    fc7 = np.concatenate([rng.normal(size=(240, 2)) * 4, np.eye(4)[cluster] * 6 + rng.normal(size=(240, 4)) * 0.1], 1)
    fc7 = np.concatenate([fc7, np.zeros((240, 10))], 1).astype(np.float16)
    w = make_world("exact", fc7, without_score=[])
    agreement = []
    for options in ([], ["--exact"]):
        assert cli.main(["embed", w.name, *options]) == 0
        guess = KMeans(4, n_init=10, random_state=0).fit_predict(places(w))
        agreement.append(adjusted_rand_score(cluster, guess))
    assert agreement[1] > 0.9 > 0.3 > agreement[0]
    assert embed(w, exact=True).nothing_to_do


def test_exact_needs_all_of_fc7(cache, capsys):
    w = make_world("packed", activations()[0])
    embed(w)
    before = places(w)
    compact(w)
    assert cli.main(["embed", w.name, "--exact"]) == 1
    assert "without --exact" in capsys.readouterr().err
    assert np.array_equal(places(w), before, equal_nan=True)


def test_a_photo_of_the_map_is_placed_where_it_stands(mapped):
    fc7, found = activations()[0].astype(np.float32), places(mapped)
    rows = [i for i in range(100) if i not in NO_SCORE]
    off = np.linalg.norm(place(mapped, fc7[rows]) - found[rows], axis=1)
    assert np.median(off) < 0.02 * np.nanmax(found)  # of half the map


def test_neighbours_are_the_nearest_by_definition(mapped):
    fc7 = activations()[0].astype(np.float64)
    allowed = np.array([i for i in range(N) if i not in NO_SCORE])
    for row in (1, 2, 300, N - 2):
        distance = np.linalg.norm(fc7[allowed] - fc7[row], axis=1)
        nearest = allowed[np.argsort(distance)]
        assert neighbours(mapped, row).tolist() == nearest[1:11].tolist()
        assert neighbours(mapped, fc7[row], k=4).tolist() == nearest[:4].tolist()
    assert len(neighbours(mapped, NO_SCORE[0])) == 0 and len(neighbours(mapped, 10_000)) == 0
    assert len(neighbours(mapped, 1, k=5000)) == N - 4


def test_a_compact_world_keeps_neighbours_and_places(cache):
    full = activations()[0]
    w = make_world("compact", full)
    embed(w)
    rows, new = [i for i in range(1, 200) if i not in NO_SCORE], activations(20, seed=5)[0]
    near, near_new = [neighbours(w, r) for r in rows], [neighbours(w, f) for f in new]
    placed = place(w, new)
    compact(w)
    compact(w)
    assert w.table.schema.field("fc7").type == pa.list_(pa.float16(), 50)
    known, stored = vectors(w.read(["fc7"])["fc7"])
    assert np.flatnonzero(~known).tolist() == list(NO_SCORE)
    assert np.abs(stored - reduce(w, full[known])).max() < 0.02
    overlap = [len(set(neighbours(w, r)) & set(was)) / 10 for r, was in zip(rows, near, strict=True)]
    overlap_new = [len(set(neighbours(w, f)) & set(was)) / 10 for f, was in zip(new, near_new, strict=True)]
    assert np.mean(overlap) >= 0.95 and np.mean(overlap_new) >= 0.95
    near_enough = 1e-3 * (
        np.nanmax(places(w)) - np.nanmin(places(w))
    )  # float16 moves a photo by less than anyone can see
    assert np.abs(place(w, new) - placed).max() < near_enough
    assert np.abs(place(w, reduce(w, new)) - placed).max() < near_enough
    # made again from the compact table, the map still takes the full fc7 of new photos
    w.save_report("score", {"key": "touched"})
    embed(w)
    assert place(w, new).shape == (20, 2)
    with pytest.raises(DeepselfieError, match="96"):
        place(w, new[:, :60])


@pytest.mark.parametrize("n", [0, 1, 4])
def test_too_few_photos_get_no_map(cache, n):
    w = make_world(f"few-{n}", activations(n + 1)[0], without_score=[0])
    report = embed(w)
    assert w.read(["tsne"])["tsne"].null_count == n + 1
    assert report.rows_out == 0 and ("too few" in str(report)) == (n > 0)
    assert embed(w).nothing_to_do
    assert len(neighbours(w, 1 if n else 0)) == max(n - 1, 0)
    with pytest.raises(DeepselfieError, match="no map"):
        place(w, activations(1)[0])


@pytest.mark.parametrize("n", [5, 12])
def test_a_tiny_world_has_a_map(cache, n):
    w = make_world(f"tiny-{n}", activations(n)[0], without_score=[])
    embed(w)
    assert np.isfinite(places(w)).all() and len(np.unique(places(w), axis=0)) == n
    assert np.isfinite(place(w, activations(1, seed=4)[0])).all()


def test_photos_all_alike_have_a_map(cache):
    w = make_world("alike", np.ones((30, WIDTH), np.float16), without_score=[])
    embed(w)
    assert np.isfinite(places(w)).all()
    assert np.isfinite(place(w, np.ones((1, WIDTH)))).all()


def test_of_too_many_photos_a_sample_makes_the_map_and_the_others_are_placed_on_it(cache, monkeypatch):
    for name, count in (("ALL_UP_TO", 300), ("SAMPLE", 250), ("TOGETHER", 70)):
        monkeypatch.setattr(module, name, count)
    fc7, cluster = activations(900)
    many = make_world("many", fc7)
    write, written = module.write_atomically, []

    def dies(path, data):
        write(path, data)
        written.append(path.name)
        if path.name == "others-140.npy":
            raise KeyboardInterrupt

    monkeypatch.setattr(module, "write_atomically", dies)
    with pytest.raises(KeyboardInterrupt):
        embed(many)
    monkeypatch.setattr(module, "write_atomically", lambda path, data: written.append(path.name) or write(path, data))
    report = embed(many)
    assert [name for name in written if name.startswith("others")] == [f"others-{i}.npy" for i in range(0, 640, 70)]
    assert report.rows_out == 900 - len(NO_SCORE) and report.details["sample"] == 250
    assert embed(many).nothing_to_do

    found = places(many)
    shown = np.isfinite(found).all(axis=1)
    assert np.flatnonzero(~shown).tolist() == sorted(NO_SCORE)
    guess = KMeans(CLUSTERS, n_init=10, random_state=0).fit_predict(found[shown])
    assert adjusted_rand_score(cluster[shown], guess) > 0.9
    rows = np.arange(shown.sum())
    assert kept(nearest(fc7[shown].astype(np.float32), rows), nearest(found[shown], rows)) > 0.2  # by chance: 0.07
    again = place(many, fc7[[1, 2, 3]].astype(np.float32))
    assert np.abs(again - found[[1, 2, 3]]).max() < 0.05 * np.ptp(found[shown])
