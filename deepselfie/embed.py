"""The map: each photo's place by t-SNE of its fc7, the place of a new photo on it, and a photo's nearest neighbours.

In: `fc7` of the photos with a score. Out: `tsne`, and `embedding.npz`, what else it takes to place new photos later:
mean (D,) and components (C, D) of the PCA.

A world made `compact` for shipping holds the C PCA coordinates in `fc7` in place of the D activations. It is known
by the width of its column, which then is C, not D; compact leaves a world alone where C is not smaller than D.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from deepselfie import placing
from deepselfie.embedding_quality import planes, quality
from deepselfie.errors import DeepselfieError
from deepselfie.stage import Report, run_stage
from deepselfie.world import World, fingerprint, write_atomically

COMPONENTS = 50  # of the PCA before t-SNE, as in Kobak & Berens 2019; `exact` goes without, as the article
PERPLEXITY = 30  # openTSNE's default
FEWEST = 5  # photos that make a map
# Of more photos than this, a sample makes the map and the others are placed on it: time grows in proportion, memory
# hardly at all, and each photo still stands among its nearest of the sample.
ALL_UP_TO, SAMPLE = 75_000, 50_000
TOGETHER = 5_000  # photos of the others that are placed between two checkpoints
ALONE_UP_TO = 2_000  # photos that one thread places sooner: several wait for each other more than they work
# (iterations, exaggeration) in blocks that end with a checkpoint: openTSNE's 250 early and 500 further iterations
BLOCK = 50
SCHEDULE = [12.0] * 5 + [1.0] * 10
MOMENTUM = 0.8
SEED = 0

_LOADING = threading.Lock()  # visitors who come together wait for one loading of the map, not each for its own


def embed(world: World, *, exact: bool = False) -> Report:
    """Places all photos that have a score by PCA and t-SNE; a world of fewer than 5 such photos gets no places.

    Of more than ALL_UP_TO photos, SAMPLE make the map, and the others are placed on it as `place` does it.

    exact: neighbours by the L2 distance in all of fc7, as the article had them, and not in its PCA coordinates. New
    photos still find theirs by the coordinates, which a shipped world has. Raises DeepselfieError where only those
    are left of fc7. The report tells how much of fc7 the map keeps, beside flat rivals (`embedding_quality`).

    The same table gives the same places on the same machine, also when the stage was killed and went on: each
    block of iterations starts from what the one before left on disk."""
    placed_any = (world.report("embed") or {}).get("rows_out")  # else the last run rightly left no file

    def work(report: Report, progress) -> None:
        rows, n = _usable(world), len(world)
        report.rows_in, report.columns = n, ["tsne"]
        if len(rows) < n:
            report.dropped["without a score"] = n - len(rows)
        if len(rows) < FEWEST:
            if len(rows):
                report.dropped[f"too few photos for a map, it takes {FEWEST}"] = len(rows)
            world.set_columns(pa.table({"tsne": _column(np.zeros((0, 2)), rows[:0], n)}))
            _model_path(world).unlink(missing_ok=True)
            return
        sample, folder = _sample(rows), world.parts("embed")
        features = _fc7(world, sample)
        model = _pca(world, features)
        coordinates = model["coordinates"]
        if exact and features.shape[1] < len(model["mean"]):
            raise DeepselfieError(
                f"World '{world.name}' was packed: {features.shape[1]} PCA coordinates are left of the "
                f"{len(model['mean'])} numbers in fc7. Make its map without --exact, or score its photos again first."
            )
        points = features if exact else coordinates
        perplexity = min(PERPLEXITY, max(2, (len(sample) - 1) / 3))
        made_from = hashlib.sha256(points.tobytes()).hexdigest()
        folder /= fingerprint(report.key, made_from)
        places, divergence = tsne(points, perplexity, "exact", folder, progress)
        figures = quality(features, {"t-SNE": places, **planes(coordinates)})
        if len(sample) < len(rows):
            places = _with_others(world, rows, sample, places, model, folder, progress)
        out = io.BytesIO()
        np.savez(out, **{name: model[name] for name in ("mean", "components", "variance_kept")})
        world.set_columns(pa.table({"tsne": _column(places, rows, n)}))
        write_atomically(_model_path(world), out.getvalue())
        report.rows_out = len(rows)
        report.details = {
            "exact": exact,
            "components": coordinates.shape[1],
            "variance_kept": round(float(model["variance_kept"]), 4),
            "perplexity": perplexity,
            "kl_divergence": round(divergence, 4),
            "sample": len(sample),
            "quality": figures,
        }

    settings = (COMPONENTS, PERPLEXITY, BLOCK, SCHEDULE, MOMENTUM, SEED)
    settings += ("exact",) if exact else ()
    settings += (ALL_UP_TO, SAMPLE, TOGETHER) if len(world) > ALL_UP_TO else ()
    files = (_model_path(world),) if placed_any else ()
    return run_stage(world, "embed", work, key_parts=settings, after=("score",), files=files)


def place(world: World, fc7: np.ndarray) -> np.ndarray:
    """Where new photos come to stand on the map: fc7 (M, D) -> float32 (M, 2), in the units of `tsne`.

    Each is placed among the photos of the world alone, by openTSNE's transform: the map does not move, and a photo
    unlike all others still gets a place somewhere. Raises DeepselfieError where the world has no map."""
    coordinates = reduce(world, fc7)
    with _LOADING:
        embedding = _map(world.path, world.table.version)
    return placing.placed(embedding, coordinates)


def neighbours(world: World, photo: int | np.ndarray, k: int = 10) -> np.ndarray:
    """int64: the rows of the k photos nearest in fc7 (exact, Euclidean), nearest first.

    photo: a row, which is left out of its own neighbours, or the fc7 (D,) of a new photo. Empty for a row without
    fc7; fewer than k where the world has no more."""
    with _LOADING:
        rows, features, centre = _features(world.path, world.table.version)
    if isinstance(photo, int | np.integer):
        at = int(np.searchsorted(rows, photo))
        if at == len(rows) or rows[at] != photo:
            return np.zeros(0, np.int64)
        query, own = features[at], at
    else:
        query, own = np.asarray(photo, np.float32).reshape(-1), None
        if len(query) != features.shape[1]:  # a compact world, and the full fc7 of a new photo
            query = reduce(world, query[None])[0]
        query = query - centre
    distance = np.einsum("nd,nd->n", features, features) - 2 * features @ query  # less |query|², the same for all
    if own is not None:
        distance[own] = np.inf
    k = min(k, len(rows) - (own is not None))
    if k < 1:
        return np.zeros(0, np.int64)
    nearest = np.argpartition(distance, k - 1)[:k]
    return rows[nearest[np.lexsort((rows[nearest], distance[nearest]))]]


def reduce(world: World, fc7: np.ndarray) -> np.ndarray:
    """Activations (M, D) -> PCA coordinates float32 (M, C). Coordinates, as a compact world stores them, pass as is.

    Raises DeepselfieError for activations of another width: they come from another model than this world's."""
    model = _model(str(_model_path(world)), *_identity(world))
    fc7 = np.atleast_2d(np.asarray(fc7, np.float32))
    if fc7.shape[1] == len(model["mean"]):
        return _projected(model, fc7)
    if fc7.shape[1] == len(model["components"]):
        return fc7
    raise DeepselfieError(
        f"These activations have {fc7.shape[1]} numbers, but the map of world '{world.name}' was made from "
        f"{len(model['mean'])}. Score the photo with the model that scored this world."
    )


def compact(world: World) -> None:
    """Replaces `fc7` by its PCA coordinates as float16, for shipping; done again, it changes nothing.

    `place` and `neighbours` go on to work, with the distances that the PCA keeps (variance_kept in the report)."""
    model = _model(str(_model_path(world)), *_identity(world))
    column = world.read(["fc7"])["fc7"]
    width, components = column.type.list_size, len(model["components"])
    if width <= components:
        return
    known, features = vectors(column)
    rows = np.flatnonzero(known)
    world.set_columns(pa.table({"fc7": _column(reduce(world, features), rows, len(known), pa.float16())}))


def vectors(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """A fixed_size_list column (N rows) -> known: bool (N,), and float32 (known.sum(), width) of those not null."""
    array = column.combine_chunks()
    known = array.is_valid().to_numpy(zero_copy_only=False)
    values = array.flatten().to_numpy(zero_copy_only=False)  # flatten leaves nulls out
    return known, values.astype(np.float32).reshape(-1, array.type.list_size)


def _usable(world: World) -> np.ndarray:
    """rows (M,), rising, of the photos with a score and finite fc7; a batch of these in memory at a time."""
    rows, first = [], 0
    _ = world.read(["score", "fc7"], where="false")  # or says which stage is missing
    for batch in world.table.to_batches(columns=["score", "fc7"]):
        known, features = vectors(pa.chunked_array([batch["fc7"]]))
        score = batch["score"].to_numpy(zero_copy_only=False)[known]
        rows.append(first + np.flatnonzero(known)[np.isfinite(score) & np.isfinite(features).all(axis=1)])
        first += len(known)
    return np.concatenate(rows) if rows else np.zeros(0, np.int64)


def _fc7(world: World, rows: np.ndarray) -> np.ndarray:
    """float32 (M, width) of these usable rows."""
    return vectors(world.take(rows, ["fc7"])["fc7"])[1]


def _sample(rows: np.ndarray) -> np.ndarray:
    """The rows, rising, that make the map: all, or SAMPLE by lot."""
    if len(rows) <= ALL_UP_TO:
        return rows
    return np.sort(np.random.default_rng(SEED).choice(rows, SAMPLE, replace=False))


def _with_others(
    world: World, rows: np.ndarray, sample: np.ndarray, places: np.ndarray, model: dict, folder: Path, progress
) -> np.ndarray:
    """Places (M, 2) of all rows: the sample's, and the others on the map of these, as far as a killed run had them."""
    embedding, others = placing.ready(model["coordinates"], places), np.setdiff1d(rows, sample)
    full = np.empty((len(rows), 2))
    full[np.searchsorted(rows, sample)] = places
    for first in range(0, len(others), TOGETHER):
        some, part = others[first : first + TOGETHER], folder / f"others-{first}.npy"
        if not part.exists():
            out = io.BytesIO()
            np.save(out, placing.placed(embedding, _projected(model, _fc7(world, some))))
            write_atomically(part, out.getvalue())
        full[np.searchsorted(rows, some)] = np.load(part, allow_pickle=False)
        progress(len(sample) + first + len(some), len(rows))
    return placing.centred(full)


def _projected(model: dict, fc7: np.ndarray) -> np.ndarray:
    """PCA coordinates float32 (M, C) of activations (M, D), or of what is PCA coordinates already."""
    return (fc7 - model["mean"]) @ model["components"].T if fc7.shape[1] == len(model["mean"]) else fc7


def _column(values: np.ndarray, rows: np.ndarray, n: int, kind: pa.DataType = pa.float32()) -> pa.Array:  # noqa: B008
    """values (M, width) at these rows of n, null elsewhere, as a fixed_size_list column."""
    full = np.zeros((n, values.shape[1]), kind.to_pandas_dtype())
    full[rows] = values
    null = np.ones(n, bool)
    null[rows] = False
    return pa.FixedSizeListArray.from_arrays(pa.array(full.ravel(), kind), values.shape[1], mask=pa.array(null))


def _pca(world: World, features: np.ndarray) -> dict[str, np.ndarray]:
    """mean, components, coordinates, variance_kept of features (N, D); those of a compact world stay what they are."""
    path = _model_path(world)
    if path.exists():
        with np.load(path, allow_pickle=False) as saved:
            if len(saved["components"]) == features.shape[1] < len(saved["mean"]):
                kept = {name: saved[name] for name in ("mean", "components", "variance_kept")}
                return {**kept, "coordinates": features}
    from sklearn.decomposition import PCA

    pca = PCA(min(COMPONENTS, *features.shape), svd_solver="auto", random_state=SEED)
    with np.errstate(invalid="ignore"):  # photos all alike have no variance to share out
        coordinates = pca.fit_transform(features)
    return {
        "mean": pca.mean_.astype(np.float32),
        "components": pca.components_.astype(np.float32),
        "variance_kept": np.nan_to_num(pca.explained_variance_ratio_).sum(),
        "coordinates": coordinates.astype(np.float32),
    }


def tsne(
    points: np.ndarray, perplexity: float, neighbours_by: str, folder: Path, progress, seed: int = SEED
) -> tuple[np.ndarray, float]:
    """Places (N, 2) of points (N, D) around the middle (0, 0) of the map, and the Kullback-Leibler divergence.

    neighbours_by: openTSNE's name of a method, "exact" or "annoy"; folder: where the state of a killed run lies.
    Starts from the PCA with a spread of 1e-4 and has openTSNE's learning rate N / exaggeration (Belkina et al. 2019),
    both of which keep the large form of the data (Kobak & Berens 2019)."""
    from openTSNE import TSNEEmbedding, affinity, initialization

    n = len(points)
    jobs = 1 if n <= ALONE_UP_TO else os.cpu_count() or 1
    affinities = affinity.PerplexityBasedNN(
        points, perplexity=perplexity, method=neighbours_by, n_jobs=jobs, random_state=seed
    )
    start = (
        initialization.pca(points, random_state=seed)
        if np.ptp(points, axis=0).any()
        else initialization.random(n, random_state=seed)
    )
    embedding = TSNEEmbedding(start, affinities, random_state=seed, n_jobs=jobs)
    affinity_data = affinities.P.data.copy()
    done = _resume(embedding, folder)
    for block in range(done, len(SCHEDULE)):
        # openTSNE multiplies P by the exaggeration and divides again, which rounds: each block gets the exact P
        affinities.P.data[:] = affinity_data
        embedding.optimize(BLOCK, exaggeration=SCHEDULE[block], momentum=MOMENTUM, inplace=True)
        state = {
            "places": np.asarray(embedding),
            "gains": embedding.optimizer.gains,
            "update": embedding.optimizer.update,
        }
        out = io.BytesIO()
        np.savez(out, done=block + 1, divergence=embedding.kl_divergence, **state)
        write_atomically(folder / "state.npz", out.getvalue())
        progress(n * (block + 1) // len(SCHEDULE), n)
    return placing.centred(np.asarray(embedding)), float(embedding.kl_divergence)


def _resume(embedding, folder: Path) -> int:
    """Sets the embedding to where a killed run stopped, and returns how many blocks are done."""
    if not (folder / "state.npz").exists():
        return 0
    with np.load(folder / "state.npz", allow_pickle=False) as saved:
        embedding[:] = saved["places"]
        embedding.optimizer.gains, embedding.optimizer.update = saved["gains"], saved["update"]
        embedding.kl_divergence = float(saved["divergence"])
        return int(saved["done"])


def _model_path(world: World) -> Path:
    return world.path / "embedding.npz"


def _identity(world: World) -> tuple[int, int]:
    try:
        status = _model_path(world).stat()
    except FileNotFoundError:
        raise DeepselfieError(
            f"World '{world.name}' has no map: it takes {FEWEST} photos with a score, and then: "
            f"python -m deepselfie run {world.name}"
        ) from None
    return status.st_mtime_ns, status.st_ino


@lru_cache(maxsize=4)
def _model(path: str, mtime: int, inode: int) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as saved:
        return dict(saved)


@lru_cache(maxsize=4)
def _map(path: Path, version: int):
    """The TSNEEmbedding of a world, ready to place new photos."""
    world = World(path)
    known, features = vectors(world.read(["fc7"])["fc7"])
    on_map, places = vectors(world.read(["tsne"])["tsne"])
    return placing.ready(reduce(world, features[on_map[known]]), places[known[on_map]])


@lru_cache(maxsize=4)
def _features(path: Path, version: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """rows (M,) as _usable; their fc7 float32 (M, width) less its mean, which keeps distances exact in float32;
    the mean (width,)."""
    rows = _usable(World(path))
    features = _fc7(World(path), rows)
    centre = features.mean(axis=0) if len(features) else np.zeros(features.shape[1], np.float32)
    return rows, features - centre, centre
