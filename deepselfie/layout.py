"""Which photos are shown, in which order, and which of them a gallery holds.

In: `score`, `id`, `tsne`, and what the facets filter on. Out: `atlas/order.npy`, the rows by falling score, and
`atlas/grid.npz`, each photo's cell on the snapped grid. The place of a photo in the order is its *rank*, 0 the best:
everything that draws photos speaks of ranks.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from deepselfie import snapped
from deepselfie.embed import vectors
from deepselfie.errors import DeepselfieError
from deepselfie.stage import Report, run_stage
from deepselfie.world import World, write_atomically

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)  # where a slider may put its marks
MAX_VALUES = 50  # a text column with more different values is no facet: nobody scrolls through a longer list


@dataclass(frozen=True)
class Facet:
    """One thing that a gallery can be filtered by.

    kind "number": `low`, `high` and `quantiles` (at QUANTILES) of the photos that have it; "yes_no" and "choice":
    `values`, each with its number of photos, the most frequent first. `count`: the photos that have a value."""

    key: str  # a field of `attributes`; `truth.<field>`; `label`, `split`, `name`, `cluster`
    kind: str
    count: int
    low: float | None = None
    high: float | None = None
    quantiles: tuple[float, ...] = ()
    values: tuple[tuple[str | bool, int], ...] = ()


def layout(world: World) -> Report:
    """Orders all photos that have a score, best first; ties in the order of their ids, so that it is reproducible.

    Then gives each its cell on the snapped grid. The report tells how many of the 10 nearest neighbours on the map
    are kept on the grid, and how many by chance."""
    order_path, grid_path = _order_path(world), _grid_path(world)

    def work(report: Report, progress) -> None:
        table = world.read(["id", "score"])
        score = table["score"].to_numpy()  # null becomes NaN
        rows = np.flatnonzero(np.isfinite(score))
        ids = table["id"].take(pa.array(rows)).to_numpy(zero_copy_only=False).astype(str)
        order = rows[np.lexsort((ids, -score[rows]))].astype(np.int32)
        n = len(order)
        grid = _grid(places_of(world, order), report, lambda done, total: progress(n * done // total, n))
        out = io.BytesIO()
        np.save(out, order)
        grid_path.unlink(missing_ok=True)  # a kill before the next line must not leave it beside another order
        write_atomically(order_path, out.getvalue())
        write_atomically(grid_path, grid)
        report.rows_in, report.rows_out = len(score), n
        if n < len(score):
            report.dropped["without a score"] = len(score) - n
        progress(n, n)

    settings = (snapped.ASPECT, snapped.SIDE)  # a grid by other tilings is as good, so it stays
    files = (order_path, grid_path)
    return run_stage(world, "layout", work, key_parts=settings, after=("score", "embed"), files=files)


def order(world: World) -> np.ndarray:
    """int32 (N,), read-only: the row of each rank. Raises DeepselfieError where the layout stage has not run."""
    return _read_order(*_file(world, _order_path(world), "order"))


def cells(world: World) -> tuple[np.ndarray, int, int]:
    """The snapped grid: int32 (N, 2), read-only, the column and line of each rank; columns; lines.

    Column 0 is the left one and line 0 the top one, where the map has its smallest x and its largest y. Photos
    without a place come last. Raises DeepselfieError where the layout stage has not run."""
    return _read_grid(*_file(world, _grid_path(world), "grid"))


def rank_of(world: World, row: int) -> int | None:
    """The rank of a row, or None where the row has no score and so is not shown."""
    ranks = _ranks(world.path, *identity(world))
    return int(ranks[row]) if 0 <= row < len(ranks) and ranks[row] >= 0 else None


def percentile(world: World, score: float) -> float:
    """0..100: the share of this world's scored photos that a score beats; of those with an equal score, half.

    It compares with this world's photos only and says nothing about any others. Raises DeepselfieError where no
    photo has a score."""
    scores = _scores(world.path, *identity(world))
    if not len(scores):
        raise DeepselfieError(f"No photo of world '{world.name}' has a score, so there is nothing to compare with.")
    score = np.float32(score)  # as the table holds it, or an equal score would not be equal
    below, through = np.searchsorted(scores, score, "left"), np.searchsorted(scores, score, "right")
    return float(100 * (below + through) / 2 / len(scores))


def rank_among(world: World, score: float) -> tuple[int, int]:
    """The rank that a photo of this score would take, ahead of its equals, and the number of photos in the order."""
    scores = _scores(world.path, *identity(world))
    return len(scores) - int(np.searchsorted(scores, np.float32(score), "right")), len(scores)


def gallery(
    world: World,
    *,
    where: dict[str, tuple | bool | str] | None = None,
    first: int,
    worst: bool = False,
) -> np.ndarray:
    """The ranks (int64) of the `first` best photos that match `where`, best first; `worst`: of the worst, worst first.

    `where` gives for each facet's key a range (low, high), ends included and None for open, or the value itself.
    A photo whose value is not known matches no filter on it. Raises DeepselfieError for a key that is no facet."""
    columns = columns_of(world)
    match = np.ones(len(order(world)), bool)
    for key, wanted in (where or {}).items():
        if key not in columns:
            known = ", ".join(columns) or "none"
            raise DeepselfieError(f"World '{world.name}' cannot be filtered by '{key}'. It can by: {known}.")
        known, values = columns[key]
        if isinstance(wanted, tuple):
            if values.dtype.kind != "f":
                raise DeepselfieError(f"'{key}' has no order: give one value, not a range.")
            low, high = wanted
            match &= known & (values >= (-np.inf if low is None else low))
            match &= values <= (np.inf if high is None else high)
        else:
            match &= known & (values == wanted)
    ranks = np.flatnonzero(match)
    return ranks[::-1][:first] if worst else ranks[:first]


def facets(world: World) -> list[Facet]:
    """What the gallery of this world can be filtered by; things that are the same in all photos are left out."""
    found = []
    for key, (known, values) in columns_of(world).items():
        values = values[known]
        if values.dtype.kind == "f":
            if len(values) and values.min() < values.max():
                quantiles = tuple(np.quantile(values, QUANTILES).tolist())
                bounds = float(values.min()), float(values.max())
                found.append(Facet(key, "number", len(values), *bounds, quantiles))
            continue
        each, counts = np.unique(values, return_counts=True)
        if 1 < len(each) <= MAX_VALUES:
            by_count = np.argsort(-counts, kind="stable")
            pairs = tuple((each[i].item(), int(counts[i])) for i in by_count)
            found.append(Facet(key, "yes_no" if values.dtype == bool else "choice", len(values), values=pairs))
    return found


def named(world: World) -> np.ndarray:
    """int64: the ranks of the photos that have a name, best first."""
    columns = columns_of(world)
    return np.flatnonzero(columns["name"][0]) if "name" in columns else np.zeros(0, np.int64)


def columns_of(world: World) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Facet key -> (known: bool (N,), values (N,) of float64, bool or str), in rank order; read once."""
    return _columns(world.path, *identity(world))


def facts(world: World, names: tuple[str, ...], rows: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Facet key -> (known: bool (M,), values (M,) of float64, bool or str) of these columns; M: the `rows`, in order.

    The fields of `attributes` go by their own names, those of other structs by `<column>.<field>`; columns that the
    world lacks, and kinds that nothing can be filtered by, are left out."""
    names = tuple(name for name in names if name in world.columns)
    table = world.read(list(names)).take(pa.array(rows))
    found = {}
    for name in names:
        column = table[name].combine_chunks()
        if pa.types.is_struct(column.type):
            prefix = "" if name == "attributes" else f"{name}."
            for field, part in zip(column.type, column.flatten(), strict=True):
                found[prefix + field.name] = _values(part)
        else:
            found[name] = _values(column.cast(pa.bool_()) if name == "label" else column)
    return {key: pair for key, pair in found.items() if pair is not None}


def places_of(world: World, rows: np.ndarray) -> np.ndarray:
    """float32 (M, 2): where these rows stand on the map, NaN for none."""
    places = np.full((len(world), 2), np.nan, np.float32)
    if "tsne" in world.columns:
        known, values = vectors(world.read(["tsne"])["tsne"])
        places[known] = values
    return places[rows]


def identity(world: World) -> tuple[int, int, int]:
    """What all that is kept in memory of an ordered world depends on: the table's version and the order file."""
    order(world)  # says what to do where there is none
    status = _order_path(world).stat()
    return world.table.version, status.st_mtime_ns, status.st_ino


def _order_path(world: World) -> Path:
    return world.path / "atlas" / "order.npy"


def _grid_path(world: World) -> Path:
    return world.path / "atlas" / "grid.npz"


def _file(world: World, path: Path, what: str) -> tuple[str, int, int]:
    """A file of the stage, and what tells it from an older one of that name."""
    try:
        status = path.stat()
    except FileNotFoundError:
        _ = world.table  # or says that there is no such world
        raise DeepselfieError(
            f"World '{world.name}' has no {what} yet. Run: python -m deepselfie run {world.name}"
        ) from None
    return str(path), status.st_mtime_ns, status.st_ino


def _grid(places: np.ndarray, report: Report, progress) -> bytes:
    """The content of grid.npz for places (N, 2) by rank; says in the report what is kept of the neighbours."""
    n = len(places)
    columns, lines = snapped.shape(n)
    placed = np.isfinite(places).all(axis=1)
    on_map = places[placed]
    found = snapped.snap(on_map, columns, progress)
    if len(found) > 1:
        by_chance = np.random.default_rng(snapped.SEED).permutation(found)
        report.details = {
            "recall@10": round(snapped.neighbours_kept(on_map, found), 4),
            "recall@10 by chance": round(snapped.neighbours_kept(on_map, by_chance), 4),
        }
    number = np.empty(n, np.int64)  # of the cell, line by line
    number[placed] = found[:, 1] * columns + found[:, 0]
    number[~placed] = np.arange(len(found), n)
    line, column = np.divmod(number, max(columns, 1))
    out = io.BytesIO()
    np.savez(out, column=column.astype(np.uint16), line=line.astype(np.uint16), columns=columns, lines=lines)
    return out.getvalue()


@lru_cache(maxsize=8)
def _read_order(path: str, mtime: int, inode: int) -> np.ndarray:
    rows = np.load(path, allow_pickle=False)
    rows.flags.writeable = False
    return rows


@lru_cache(maxsize=8)
def _read_grid(path: str, mtime: int, inode: int) -> tuple[np.ndarray, int, int]:
    with np.load(path, allow_pickle=False) as saved:
        found = np.stack([saved["column"], saved["line"]], axis=1).astype(np.int32)
        found.flags.writeable = False
        return found, int(saved["columns"]), int(saved["lines"])


@lru_cache(maxsize=8)
def _ranks(path: Path, *identity: int) -> np.ndarray:
    """int32: the rank of each row, -1 for none."""
    rows = order(World(path))
    ranks = np.full(len(World(path)), -1, np.int32)
    ranks[rows] = np.arange(len(rows), dtype=np.int32)
    return ranks


@lru_cache(maxsize=8)
def _scores(path: Path, *identity: int) -> np.ndarray:
    """float32, rising: the scores of the photos in the order."""
    return np.sort(World(path).read(["score"])["score"].to_numpy()[order(World(path))])


@lru_cache(maxsize=8)
def _columns(path: Path, *identity: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    world = World(path)
    return facts(world, ("attributes", "label", "split", "name", "cluster", "truth"), order(world))


def _values(column: pa.Array) -> tuple[np.ndarray, np.ndarray] | None:
    """(known, values) of a column of numbers, truths or texts; None for what cannot be filtered."""
    known = column.is_valid().to_numpy(zero_copy_only=False)
    if pa.types.is_boolean(column.type):
        return known, column.fill_null(False).to_numpy(zero_copy_only=False)
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        values = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
        return known & np.isfinite(values), values
    if pa.types.is_string(column.type):
        return known, column.fill_null("").to_numpy(zero_copy_only=False).astype(str)
    return None
