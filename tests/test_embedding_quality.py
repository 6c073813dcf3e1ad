import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepselfie.embedding_quality import FIGURES, kept, nearest, planes, quality

N, CROWDS = 600, 30


@pytest.fixture(scope="module")
def flat():
    """Crowds in a plane, places (N, 2) and crowd (N,), and the same plane lying askew in 20 dimensions, (N, 20)."""
    rng = np.random.default_rng(0)
    crowd = np.arange(N) % CROWDS
    places = rng.uniform(-20, 20, (CROWDS, 2))[crowd] + rng.normal(size=(N, 2)) * 0.3
    basis, _ = np.linalg.qr(rng.normal(size=(20, 2)))
    return places, crowd, places @ basis.T + 100  # far from the origin, where float32 would lose the distances


def test_a_map_that_keeps_all_has_all_figures_at_1_however_it_is_turned(flat):
    places, _, features = flat
    turn = np.array([[0.6, -0.8], [-0.8, -0.6]]) * 37  # and mirrored
    found = quality(features.astype(np.float32), {"as it is": places, "turned": places @ turn + 9})
    for figures in found.values():
        assert set(figures) == set(FIGURES)
        assert min(figures.values()) > 0.99


def test_a_map_by_chance_keeps_what_chance_keeps(flat):
    places, _, features = flat
    found = quality(features, {"dealt out": np.random.default_rng(1).permutation(places)})["dealt out"]
    assert found["neighbours_kept"] < 4 * 10 / N
    assert abs(found["distances_kept"]) < 0.05
    assert found["centres_kept"] < 0.6  # 10 of the 29 others: 0.34
    assert 0.4 < found["trustworthy"] < 0.6


def test_each_figure_sees_its_own_kind_of_loss(flat):
    places, crowd, features = flat
    centres = np.stack([places[crowd == c].mean(axis=0) for c in range(CROWDS)])
    rng = np.random.default_rng(2)
    within = places.copy()
    for c in range(CROWDS):
        within[crowd == c] = rng.permutation(places[crowd == c])
    swapped = places - centres[crowd] + rng.permutation(centres)[crowd]
    found = quality(features, {"within": within, "swapped": swapped})
    assert found["swapped"]["neighbours_kept"] > 0.9 > 0.7 > found["within"]["neighbours_kept"]
    for figure in ("centres_kept", "distances_kept"):
        assert found["within"][figure] > 0.9 > 0.6 > found["swapped"][figure]


def test_figures_are_those_of_all_photos_though_asked_of_a_sample():
    features = np.random.default_rng(3).normal(size=(3000, 6))
    places = features[:, :2]
    all_rows = np.arange(len(features))
    exact = kept(nearest(features, all_rows), nearest(places, all_rows))
    found = quality(features, {"": places})[""]
    assert found["neighbours_kept"] == pytest.approx(exact, abs=0.02)
    assert quality(features, {"": places}) == quality(features, {"": places}) != quality(features, {"": places}, seed=1)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=2, max_size=40), st.integers(1, 12))
def test_nearest_are_the_nearest_also_among_doubles(points, k):
    points = np.array(points, float)
    rows = np.arange(len(points))[::2]
    found = nearest(points, rows, k)
    assert found.shape == (len(rows), min(k, len(points) - 1))
    for row, near in zip(rows, found, strict=True):
        assert row not in near and len(set(near)) == len(near)
        distance = ((points - points[row]) ** 2).sum(axis=1)
        others = np.sort(np.delete(distance, row))[: len(near)]
        assert np.array_equal(np.sort(distance[near]), others)


def test_kept_counts_what_both_have():
    assert kept(np.array([[1, 2, 3, 4]]), np.array([[4, 9, 8, 1]])) == 0.5
    assert kept(np.array([[1, 2], [3, 4]]), np.array([[2, 1], [5, 6]])) == 0.5


def test_planes_are_shadows_of_the_coordinates():
    coordinates = np.random.default_rng(0).normal(size=(50, 7)) * [9, 5, 1, 1, 1, 1, 1]
    found = planes(coordinates)
    assert np.array_equal(found["PCA"], coordinates[:, :2])
    full = np.linalg.norm(coordinates[1:] - coordinates[0], axis=1)
    for places in found.values():
        assert (np.linalg.norm(places[1:] - places[0], axis=1) <= full + 1e-9).all()
    assert planes(coordinates[:, :1])["random plane"].shape == (50, 1)


@pytest.mark.parametrize("features", [np.zeros((0, 5)), np.eye(29), np.ones((200, 5))])
def test_too_few_photos_or_photos_all_alike_have_no_figures(features):
    assert quality(features, {"": features[:, :2]}) == {}


def test_photos_alike_but_one_have_figures():
    features = np.ones((40, 3))
    features[0] = 2
    figures = quality(features, {"": features[:, :2]})[""]
    assert all(np.isfinite(value) for value in figures.values())
