"""The snapped grid: every photo of the map in a cell of its own, near its place.

In: places on the map (the t-SNE). Out: a cell for each, so that the sum of the squared distances from a photo's
place, with the map stretched over the whole grid, to the centre of its cell is near the least possible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil, sqrt

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

ASPECT = 1.6  # columns to lines: a view is wider than tall
SIDE = 12  # of a window, in cells: with 16, twice the time for a cost 0.01 % lower
NEIGHBOURS = 10
QUERIES = 2000  # photos whose neighbours are looked at: a standard error of 0.5 % or less
SEED = 0


def shape(n: int) -> tuple[int, int]:
    """(columns, lines) of the grid for n photos: no line more than it takes."""
    columns = ceil(sqrt(ASPECT * n))
    return columns, ceil(n / max(columns, 1))


def snap(
    places: np.ndarray, columns: int, progress: Callable[[int, int], None] = lambda done, total: None
) -> np.ndarray:
    """places, finite (N, 2) -> int32 (N, 2): column, from the left, and line, from the top, where y is largest.

    The first N cells are filled, line by line, so only the end of the last line stays empty. The same places give the
    same cells. 50,000 photos take 13 s on one core, growing in proportion.

    Photos are dealt out to columns by x and within each by y. Then all photos of a window of SIDE × SIDE cells get
    the best cells among their own, window by window: first with windows that span the grid but hold only every 16th
    (or so) column and line, which moves photos far; then every 8th, 4th, 2nd; at last, windows of adjacent cells."""
    n = len(places)
    cells = np.stack([np.arange(n) % columns, np.arange(n) // columns], axis=1)  # (N, 2)
    if not n:
        return cells.astype(np.int32)
    wanted = _stretched(np.asarray(places, np.float64), cells.max(axis=0) + 1)
    photo = _dealt(wanted, cells)  # (N,): the photo in each cell
    stride = 1
    while SIDE * stride < cells.max():
        stride *= 2
    strides = [stride >> i for i in range(stride.bit_length())]
    tilings = [(stride, shift) for stride in strides for shift in ((0, 0), (1, 1), (1, 0), (0, 1))]
    for done, (stride, shift) in enumerate(tilings, start=1):
        for window in _windows(cells, stride, np.array(shift) * SIDE * stride // 2):
            photos = photo[window]
            # |place - cell|² less what is the same for every assignment
            _, best = linear_sum_assignment(wanted[photos] @ cells[window].T, maximize=True)
            photo[window[best]] = photos
        progress(done, len(tilings))
    found = np.empty((n, 2), np.int32)
    found[photo] = cells
    return found


def neighbours_kept(places: np.ndarray, cells: np.ndarray) -> float:
    """recall@10 of the grid: the share of a photo's 10 nearest on the map that are among its 10 nearest on the grid.

    places, cells: (N, 2). The mean over 2,000 photos, or all if there are fewer; NaN for fewer than 2."""
    n = len(places)
    if n < 2:
        return float("nan")
    queries = np.random.default_rng(SEED).permutation(n)[:QUERIES]
    on_map, on_grid = _nearest(places, queries), _nearest(cells, queries)
    return float((on_map[:, :, None] == on_grid[:, None, :]).any(axis=2).mean())


def _stretched(places: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Places (N, 2) in cells, spread over the grid of this size (columns, lines); (0, 0) is the first's centre."""
    low, high = places.min(axis=0), places.max(axis=0)
    extent = high - low
    share = np.where(extent > 0, (places - low) / np.where(extent > 0, extent, 1), 0.5)  # 0..1, from the lower left
    share[:, 1] = 1 - share[:, 1]
    return share * size - 0.5


def _dealt(wanted: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """The photo in each cell (N,): columns are filled by x, each from the top by y."""
    by_column = np.lexsort((cells[:, 1], cells[:, 0]))  # the cells, column by column
    column = np.empty(len(cells), np.int64)
    column[np.argsort(wanted[:, 0], kind="stable")] = cells[by_column, 0]
    photo = np.empty(len(cells), np.int64)
    photo[by_column] = np.lexsort((wanted[:, 1], column))
    return photo


def _windows(cells: np.ndarray, stride: int, offset: np.ndarray) -> Iterator[np.ndarray]:
    """Numbers of the cells of each window of a tiling that starts at -offset: SIDE × SIDE cells, every stride-th."""
    tile, phase = (cells + offset) // (SIDE * stride), cells % stride
    order = np.lexsort((*phase.T, *tile.T))
    window = np.concatenate([tile, phase], axis=1)[order]
    yield from np.split(order, np.flatnonzero((np.diff(window, axis=0) != 0).any(axis=1)) + 1)


def _nearest(points: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """The numbers of the NEIGHBOURS points nearest to each query (or all others), (Q, K), itself left out."""
    k = min(NEIGHBOURS, len(points) - 1)
    _, found = cKDTree(points).query(points[queries], k=k + 1)  # among equal places it may miss itself
    own = found == queries[:, None]
    own[~own.any(axis=1), -1] = True
    return found[~own].reshape(len(queries), k)
