import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linear_sum_assignment

from deepselfie.snapped import NEIGHBOURS, SIDE, TILINGS, neighbours_kept, shape, snap


def clustered(n, seed=0):
    """Uneven clusters of uneven width, as a t-SNE has them."""
    rng = np.random.default_rng(seed)
    centres, width = rng.normal(size=(20, 2)) * 30, rng.uniform(1, 6, 20)
    which = rng.choice(20, n, p=rng.dirichlet(np.ones(20)))
    return centres[which] + rng.normal(size=(n, 2)) * width[which, None]


def ring(n, seed=0):
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi, n)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) * rng.normal(1, 0.02, (n, 1))


def filled(n, columns):
    """(column, line) of the cells that n photos fill."""
    return [(i % columns, i // columns) for i in range(n)]


def squared_distances(places, columns):
    """float (N, N): from each photo's stretched place to the centre of each filled cell, as the module promises."""
    cells = np.array(filled(len(places), columns))
    low, high = places.min(axis=0), places.max(axis=0)
    share = (places - low) / (high - low)
    share[:, 1] = 1 - share[:, 1]
    wanted = share * (cells.max(axis=0) + 1)
    return ((wanted[:, None] - (cells[None] + 0.5)) ** 2).sum(axis=2)


@pytest.mark.parametrize(
    ("n", "expected"),
    [(0, (0, 0)), (1, (2, 1)), (10, (4, 3)), (1000, (40, 25)), (1001, (41, 25)), (50_000, (283, 177))],
)
def test_the_shape_is_wide_and_has_no_line_too_many(n, expected):
    assert shape(n) == expected
    columns, lines = expected
    assert columns * lines >= n and columns * (lines - 1) < max(n, 1)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 400).flatmap(
        lambda n: arrays(
            np.float32, (n, 2), elements=st.one_of(st.integers(0, 2), st.floats(-1e6, 1e6, width=32)), fill=st.just(0)
        )
    ),
    st.integers(1, 30),
)
def test_every_photo_has_a_cell_of_its_own_and_only_the_end_stays_empty(places, columns):
    found = snap(places, columns)
    assert found.dtype == np.int32 and found.shape == places.shape
    assert sorted(map(tuple, found.tolist())) == sorted(filled(len(places), columns))


@pytest.mark.parametrize("n", [1, 2, 13, 700])
@pytest.mark.parametrize("kind", ["equal", "flat", "upright", "diagonal", "two places"])
def test_degenerate_maps_fill_the_grid_too(n, kind):
    x = np.random.default_rng(3).random(n)
    zero = np.zeros(n)
    x, y = {
        "equal": (zero, zero),
        "flat": (x, zero),
        "upright": (zero, x),
        "diagonal": (x, x),
        "two places": (np.round(x), np.round(x)),
    }[kind]
    columns, _ = shape(n)
    found = snap(np.stack([x, y], axis=1), columns)
    assert sorted(map(tuple, found.tolist())) == sorted(filled(n, columns))


@pytest.mark.parametrize("places", [clustered(1000), clustered(777, 5), ring(800), ring(513, 1) ** 3])
def test_the_cost_is_near_that_of_the_best_assignment(places):
    columns, _ = shape(len(places))
    cost = squared_distances(places, columns)
    least = cost[linear_sum_assignment(cost)].sum()
    column, line = snap(places, columns).T
    ours = cost[np.arange(len(places)), line * columns + column].sum()
    assert least * 0.999999 <= ours <= 1.01 * least


@pytest.mark.parametrize(("n", "least"), [(3000, 0.4), (20_000, 0.52)])
def test_neighbours_on_the_map_are_neighbours_on_the_grid(n, least):
    """Also where the grid is far wider than the widest window: without the even spread, 0.46 of 20,000."""
    places = clustered(n, 2)
    found = snap(places, shape(n)[0])
    kept = neighbours_kept(places, found)
    by_chance = neighbours_kept(places, np.random.default_rng(0).permutation(found))
    assert kept > least and by_chance < 0.02


def test_a_map_that_is_a_grid_is_left_as_it_is():
    """Photos that stand evenly keep their cells: the left one is column 0, the highest one line 0."""
    columns, lines = 40, 25
    column, line = np.meshgrid(np.arange(columns), np.arange(lines))
    expected = np.stack([column.ravel(), line.ravel()], axis=1)
    shuffled = np.random.default_rng(1).permutation(expected)
    places = np.stack([shuffled[:, 0] * 3.0 - 50, 7 - 2.0 * shuffled[:, 1]], axis=1)
    assert np.array_equal(snap(places, columns), shuffled)


def test_the_same_places_give_the_same_cells_and_progress_ends_full():
    places, seen = clustered(900, 4), []
    first = snap(places, 38, lambda done, total: seen.append((done, total)))
    assert np.array_equal(first, snap(places.copy(), 38))
    assert [done for done, _ in seen] == list(range(1, seen[0][1] + 1)) and len(seen) >= 8


@pytest.mark.parametrize("n", [600, 6000])
def test_many_photos_take_no_more_steps_than_few(n, monkeypatch):
    """Each photo is in a fixed number of windows, none larger than the last ones: time is in proportion to photos."""
    sizes = []

    def counted(benefit, maximize):
        sizes.append(len(benefit))
        return linear_sum_assignment(benefit, maximize=maximize)

    monkeypatch.setattr("deepselfie.snapped.linear_sum_assignment", counted)
    snap(clustered(n), shape(n)[0])
    assert sum(sizes) == n * len(TILINGS) and max(sizes) <= SIDE**2


def test_neighbours_kept_counts_the_neighbours():
    places = np.random.default_rng(0).random((60, 2))
    assert neighbours_kept(places, places) == 1
    distance = ((places[:, None] - places[None]) ** 2).sum(axis=2)
    np.fill_diagonal(distance, np.inf)
    other = np.random.default_rng(1).random((60, 2))
    distance_there = ((other[:, None] - other[None]) ** 2).sum(axis=2)
    np.fill_diagonal(distance_there, np.inf)
    nearest, there = (np.argsort(d, axis=1)[:, :NEIGHBOURS] for d in (distance, distance_there))
    by_hand = np.mean([len(set(a) & set(b)) / NEIGHBOURS for a, b in zip(nearest, there, strict=True)])
    assert neighbours_kept(places, other) == pytest.approx(by_hand)
    assert neighbours_kept(np.zeros((50, 2)), np.zeros((50, 2))) == 1
    assert neighbours_kept(places[:2], other[:2]) == 1 and np.isnan(neighbours_kept(places[:1], other[:1]))
