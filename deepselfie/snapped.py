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
GOLDEN = (sqrt(5) - 1) / 2  # of the angle between directions, by which each round turns them: none comes twice
ROUNDS, DIRECTIONS = 20, 8  # of the even spread: half of either costs more (0.1 %) or keeps fewer neighbours (0.3 %)
SIDE = 12  # of the last windows, in cells: with 16, twice the time for a cost 0.01 % lower
COARSE = 8  # of the windows before: with 6, 0.2 % fewer neighbours of 100,000 photos
# (stride, side, shift in half windows). No other shifts: they gain 0.01 %. The same for any number of photos, or a
# photo would take the longer, the more there are.
TILINGS = [
    (stride, side, shift) for stride, side in ((8, COARSE), (4, COARSE), (2, COARSE), (1, SIDE)) for shift in (0, 1)
]
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
    same cells. A photo takes 0.1 ms of one core, 10,000 as well as 100,000.

    Places are spread evenly over the grid; photos are dealt out to columns by x and within each by y. Then all photos
    of a window of cells get the best ones among their own, window by window: first with windows that hold only every
    8th column and line, which move photos far; then every 4th, 2nd; at last, windows of adjacent cells."""
    n = len(places)
    cells = np.stack([np.arange(n) % columns, np.arange(n) // columns], axis=1)  # (N, 2)
    if not n:
        return cells.astype(np.int32)
    wanted = _stretched(np.asarray(places, np.float64), cells.max(axis=0) + 1)
    even, grid = (np.ascontiguousarray(points.T, np.float32) for points in (wanted, cells))  # (2, N): half the memory
    for number in range(ROUNDS):
        even = _evened(even, grid, number)
    photo = _dealt(even.T, cells)  # (N,): the photo in each cell
    for done, (stride, side, shift) in enumerate(TILINGS, start=1):
        for window in _windows(cells, stride, side, shift * side * stride // 2):
            photos = photo[window]
            # |place - cell|² less what is the same for every assignment
            _, best = linear_sum_assignment(wanted[photos] @ cells[window].T, maximize=True)
            photo[window[best]] = photos
        progress(done, len(TILINGS))
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


def _evened(places: np.ndarray, cells: np.ndarray, number: int) -> np.ndarray:
    """Places (2, N) moved towards lying as evenly as the cells, each not far; number: of the round, which turns it.

    Along a direction the first photo belongs where the first cell is, the second where the second is, and so on. A
    photo moves by the mean of what several directions ask for: sliced optimal transport (Rabin, Peyré, Delon and
    Bernot 2011, Wasserstein barycenter and its application to texture mixing), which is a few sorts a round."""
    moved = np.zeros_like(places)
    for i in range(DIRECTIONS):
        angle = np.pi * (i + number * GOLDEN % 1) / DIRECTIONS
        direction = np.array([np.cos(angle), np.sin(angle)], places.dtype)
        along = direction @ places  # (N,)
        order = np.argsort(along)
        lacking = np.empty_like(along)
        lacking[order] = np.sort(direction @ cells) - along[order]
        moved += direction[:, None] * lacking
    return places + 2 * moved / DIRECTIONS  # twice: a shift of the whole shows in each direction by its share only


def _dealt(wanted: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """The photo in each cell (N,): columns are filled by x, each from the top by y."""
    by_column = np.lexsort((cells[:, 1], cells[:, 0]))  # the cells, column by column
    column = np.empty(len(cells), np.int64)
    column[np.argsort(wanted[:, 0], kind="stable")] = cells[by_column, 0]
    photo = np.empty(len(cells), np.int64)
    photo[by_column] = np.lexsort((wanted[:, 1], column))
    return photo


def _windows(cells: np.ndarray, stride: int, side: int, offset: int) -> Iterator[np.ndarray]:
    """Numbers of the cells of each window of a tiling that starts at -offset: side × side cells, every stride-th."""
    tile, phase = (cells + offset) // (side * stride), cells % stride
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
