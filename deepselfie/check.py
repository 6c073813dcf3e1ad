"""Is a world whole? Looks at its table, atlas, model and reports, and in the demo world at the pictures themselves."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator

import numpy as np
from PIL import Image

from deepselfie import layout, pictures
from deepselfie.atlas import page_names, rank_slot
from deepselfie.demo import ids
from deepselfie.errors import DeepselfieError
from deepselfie.forget import interrupted
from deepselfie.world import World, read_json

SAMPLE = 12  # demo pictures rendered again and compared with their thumbnails
SAME_PICTURE = 12.0  # grey levels of mean difference that WebP and another processor may make


def check(world: World) -> Iterator[tuple[str, str]]:
    """Yields (what was looked at, the fault or ""), one pair a check."""
    rows = len(world)
    names = world.read(["id"])["id"].to_pylist()
    yield f"table: {rows:,} photos", "" if len(set(names)) == rows else "ids are not unique"
    if interrupted(world):
        yield "forget", f"it was interrupted: finish it with: python -m deepselfie forget --world {world.name}"
    for stage in ("import", "faces", "labels", "score", "embed", "clusters", "layout", "atlas"):
        report = world.report(stage)
        if report:
            missing = set(report["columns"]) - world.columns
            late = report["rows"] != rows and stage != "import"
            fault = f"columns {missing} are gone" if missing else "photos were added since" if late else ""
            yield f"{stage}: {report['rows_out']:,} photos on {report['finished_at'][:10]}", fault
    if "score" in world.columns:
        scores = world.read(["score"])["score"].to_numpy(zero_copy_only=False)
        known = scores[~np.isnan(scores)]
        yield f"scores: {len(known):,}", "" if np.all((known >= 0) & (known <= 1)) else "some lie outside 0 to 1"
        yield from _order(world, scores)
    if (world.model_path / "card.json").exists():
        yield "model", _model_fault(world)
    yield from _atlas(world, names)


def _order(world: World, scores: np.ndarray) -> Iterator[tuple[str, str]]:
    path = world.path / "atlas" / "order.npy"
    if path.exists():
        order = np.load(path, allow_pickle=False)
        whole = np.array_equal(np.sort(order), np.flatnonzero(~np.isnan(scores)))
        falling = whole and np.all(np.diff(scores[order]) <= 0)
        yield f"order: {len(order):,} ranks", "" if falling else "it is not the photos by falling score"
        yield "grid: a cell for each", _grid_fault(world, len(order))


def _grid_fault(world: World, n: int) -> str:
    try:
        cells, _, _ = layout.cells(world)
    except DeepselfieError as error:
        return str(error)
    return "" if len(np.unique(cells, axis=0)) == len(cells) == n else "photos share a cell"


def _model_fault(world: World) -> str:
    from deepselfie.models import load  # torch: only where there is a model

    try:
        load(world.model_path)
    except DeepselfieError as error:
        return str(error)
    return ""


def _atlas(world: World, names: list[str]) -> Iterator[tuple[str, str]]:
    folder = world.path / "atlas"
    card = read_json(folder / "atlas.json")
    if card is None:
        return
    files = [card["geometry"], *page_names(card)]
    faults = [
        name for name in files if not (folder / name).exists() or _hash(folder / name) != name.split(".")[-2][-8:]
    ]
    yield f"atlas: {len(files)} files", f"missing or changed: {', '.join(faults[:5])}" if faults else ""
    order = np.load(folder / "order.npy", allow_pickle=False)
    ranks = [rank for rank in range(len(order)) if ids.parse(names[order[rank]])]
    if ranks and not faults:
        sample = np.random.default_rng(0).choice(ranks, min(SAMPLE, len(ranks)), replace=False)
        worst = max(_difference(folder, card, rank, names[order[rank]]) for rank in sample)
        yield (
            f"pictures: {len(sample)} rendered again, {worst:.1f} grey levels from their thumbnails at most",
            "" if worst <= SAME_PICTURE else "the renderer draws other pictures than the atlas shows",
        )


def _difference(folder, card: dict, rank: int, id: str) -> float:
    """Mean absolute difference, in grey levels, between a thumbnail and the demo selfie rendered again."""
    page, left, top, px = rank_slot(card, int(rank))
    image = Image.open(io.BytesIO((folder / page).read_bytes())).convert("RGB")
    shown = np.asarray(image.crop((left, top, left + px, top + px)), float)
    return float(np.abs(shown - pictures.square(pictures.rendered(id, ids.SIZE), px)).mean())


def _hash(path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]
