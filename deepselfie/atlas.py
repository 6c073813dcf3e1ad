"""Thumbnail pages and position arrays for the browser.

In: the order and the cells, the photos, `score`, `tsne`, `label`. Out, under `atlas/`: `atlas.json`, pages of
three thumbnail sizes (LEVELS), and one binary file of columns in rank order (GEOMETRY). All but atlas.json are named
by their content.
"""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pyarrow as pa
from PIL import Image

from deepselfie import engine as engines
from deepselfie import pictures
from deepselfie.errors import DeepselfieError
from deepselfie.layout import cells, order, places_of
from deepselfie.stage import Report, run_stage
from deepselfie.world import World, fingerprint, read_json, write_atomically, write_json


class Level(NamedTuple):
    """One size of thumbnails, on square pages of side × side of them."""

    px: int  # of a thumbnail's side
    page: int  # px of a page's side
    families: tuple[str, ...]
    quality: int  # of WebP: blocks show up below 55, a page is a tenth larger at 70 and twice as large at 90

    @property
    def side(self) -> int:
        return self.page // self.px


# Families say whose photos share a page: "rank", those beside each other in the order; "map", those of a square block
# of the snapped grid. At 8 px a page holds 65,536 photos, so that one family serves every layout.
# 1024 px a page are small enough for every phone's canvas, and decoded in 10 ms.
LEVELS = (Level(8, 2048, ("map",), 68), Level(32, 1024, ("rank", "map"), 57), Level(64, 1024, ("rank", "map"), 57))
SMALL, LARGE = LEVELS[0].px, LEVELS[-1].px
# The smallest thumbnails have to come before any is seen, and are JPEG: it is decoded in a third of the time for an
# eighth more bytes, and its blocks are 8 px too, so that none runs into the next.
FIRST = "JPEG"
METHOD = 0  # of WebP: as near to the photos at 57 as method 2 at 60, in two thirds of its time for 8 % more bytes
# A world shipped without its pictures has LARGE pages for this many of the best and the worst photos, and for photos at
# even steps between them: what can be rendered again need not be shipped. All its pages are WebP, by the slowest method
# and of lower quality, a fifth fewer bytes.
BEST, WORST, STEPS = 1024, 512, 11
SHIPPED_METHOD, SHIPPED_QUALITY = 6, 48
SHIPPED = (BEST, WORST, STEPS, SHIPPED_METHOD, SHIPPED_QUALITY)
READ, UNREADABLE = 1, 2
# What is kept of each photo: uint8 (px, px, 3) of each level under the name of its px, and whether it could be read.
THUMB = np.dtype([*((str(level.px), "u1", (level.px, level.px, 3)) for level in LEVELS), ("state", "u1")])
SHRINK = (  # by what a JPEG's sides are divided while it is decoded; OpenCV turns it upright, too
    (8, cv2.IMREAD_REDUCED_COLOR_8),
    (4, cv2.IMREAD_REDUCED_COLOR_4),
    (2, cv2.IMREAD_REDUCED_COLOR_2),
    (1, cv2.IMREAD_COLOR),
)
ENOUGH = 60  # px of a decoded side: so 480 are read as 60 and enlarged, not as 120; nobody sees it at 2x
GREY = 128  # the tile of a picture that cannot be read
PART = 64  # photos decoded at a time: up to 15 MB of them in each thread's hands
SENT = 512  # photos that a machine of a cluster decodes at a time: 8 MB of thumbnails come back
GEOMETRY = (
    ("row", "<u4"),
    ("score", "<f4"),
    ("x", "<u2"),
    ("y", "<u2"),
    ("column", "<u2"),
    ("line", "<u2"),
    *((channel, "u1") for channel in "rgb"),
    ("flags", "u1"),
)
GOOD, BAD, UNPLACED = 1, 2, 4  # flags: the label, and a photo that has no place on the map (x, y: its middle)
DECODING = 0.7  # of the time; the rest goes into pages


def atlas(world: World, *, shipped: bool = False, engine: str = "local") -> Report:
    """Makes the thumbnail pages and the geometry of all photos in the order; shipped: in as few bytes as will do.

    engine: "local", or "ray" to have the photos decoded on a cluster; the pages are made here.
    Each photo is decoded once, and its thumbnail kept on disk until all pages are done; a killed run goes on with the
    photos and pages that are not there yet."""
    manifest_path = world.path / "atlas" / "atlas.json"

    def work(report: Report, progress) -> None:
        rows, (grid, columns, lines) = order(world), cells(world)
        folder = _parts_folder(world, fingerprint(report.key, _digest(rows), _digest(grid)))
        n, shown = len(rows), np.sort(rows)
        thumbs = _thumbs(world, shown, folder / "thumbs", engine, lambda done: progress(int(DECODING * done), n))
        place = np.searchsorted(shown, rows)  # (N,): where the thumbnail of a rank is kept
        plan = _plan(grid.astype(np.int64), columns, lines)
        names: dict[tuple[int, str], list[str]] = {}  # "" for a page that is not shipped

        def page(one: Page) -> str:
            if shipped and not _worth_shipping(one, n):
                return ""
            return _page(world, folder, one, thumbs, place, shipped)

        for done, (one, name) in enumerate(zip(plan, engines.in_threads(page, plan), strict=True), 1):
            names.setdefault((one.level.px, one.family), []).append(name)
            progress(int(n * (DECODING + (1 - DECODING) * done / len(plan))), n)
        geometry, frame = _geometry(world, rows, grid, thumbs[str(SMALL)].mean(axis=(1, 2))[place])
        manifest = {
            "n": n,
            "frame": frame,
            "grid": {"columns": columns, "lines": lines},
            "levels": [
                {"px": v.px, "page": v.page, "pages": {f: names.get((v.px, f), []) for f in v.families}} for v in LEVELS
            ],
            "geometry": _write(world, "geometry", geometry, "bin"),
        }
        write_json(manifest_path, {**manifest, "version": fingerprint(manifest)})
        _remove_all_but(world, {*page_names(manifest), manifest["geometry"], "atlas.json", "order.npy", "grid.npz"})
        unreadable = rows[thumbs["state"][place] == UNREADABLE]
        report.rows_in, report.rows_out = n, n - len(unreadable)
        for id in world.take(unreadable, ["id"])["id"].to_pylist() if len(unreadable) else []:
            report.drop("picture cannot be read: shown as a grey tile", id=id)
        pages = {f"{family}-{px}": len(found) - found.count("") for (px, family), found in names.items()}
        report.details = {"pages": pages, "shipped": shipped}

    settings = (LEVELS, METHOD, GEOMETRY, THUMB.descr, SHIPPED if shipped else FIRST)
    return run_stage(world, "atlas", work, key_parts=settings, after=("layout", "labels"), files=(manifest_path,))


def read_atlas(world: World) -> dict:
    """The content of atlas.json. Raises DeepselfieError where the atlas stage has not run."""
    manifest = read_json(world.path / "atlas" / "atlas.json")
    if manifest is None:
        raise DeepselfieError(f"World '{world.name}' has no thumbnails yet. Run: python -m deepselfie run {world.name}")
    return manifest


def page_names(manifest: dict) -> list[str]:
    """The files of all pages that atlas.json speaks of."""
    return [name for level in manifest["levels"] for names in level["pages"].values() for name in names if name]


def read_geometry(world: World) -> dict[str, np.ndarray]:
    """The columns of GEOMETRY, each (N,), in rank order."""
    manifest = read_atlas(world)
    data, columns, at = (world.path / "atlas" / manifest["geometry"]).read_bytes(), {}, 0
    for name, kind in GEOMETRY:
        columns[name] = np.frombuffer(data, kind, manifest["n"], at)
        at += columns[name].nbytes
    return columns


def rank_slot(manifest: dict, rank: int) -> tuple[str, int, int, int]:
    """Where the sharpest thumbnail of a rank lies: the file of its page, x, y and its side (px) on it."""
    for level in reversed(manifest["levels"]):
        px, side = level["px"], level["page"] // level["px"]
        page, slot = divmod(rank, side * side)
        name = level["pages"]["rank"][page]
        if name:
            return name, slot % side * px, slot // side * px, px
    raise AssertionError("every photo has a thumbnail in the order")


def on_map(world: World, places: np.ndarray) -> np.ndarray:
    """t-SNE places, float (M, 2), in the units of the geometry's x and y: float64 (M, 2), 0..65535 in the map."""
    x, y, span = read_atlas(world)["frame"]
    return (np.asarray(places, np.float64) - (x, y)) / span * 65535


def make_thumbs(images: list[bytes | None]) -> np.ndarray:
    """THUMB (n,) of encoded photos, each squished to a square. Knows nothing of worlds or files."""
    thumbs = np.empty(len(images), THUMB)
    for thumb, data in zip(thumbs, images, strict=True):
        large = _squished(data) if data else None
        thumb["state"] = UNREADABLE if large is None else READ
        large = np.full((LARGE, LARGE, 3), GREY, np.uint8) if large is None else large
        for level in LEVELS:
            thumb[str(level.px)] = cv2.resize(large, (level.px, level.px), interpolation=cv2.INTER_AREA)
    return thumbs


def _squished(data: bytes) -> np.ndarray | None:
    """An encoded photo as uint8 (LARGE, LARGE, 3), upright; None where it cannot be read."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            kind, (width, height) = image.format, image.size
        if kind != "JPEG" or width * height > pictures.MAX_PIXELS:
            return pictures.square(data, LARGE)
        # The decoder itself shrinks, by averaging: 10 times faster for phone photos. OpenCV's is faster than Pillow's.
        flag = next(flag for by, flag in SHRINK if min(width, height) >= by * ENOUGH or by == 1)
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
        if image is None:  # damaged: Pillow reads more of such files
            return pictures.square(data, LARGE)
        # Down to a half, a linear filter is sharper than a box, and misses no pixel.
        filter = cv2.INTER_LINEAR if max(image.shape) <= 2 * LARGE else cv2.INTER_AREA
        return cv2.cvtColor(cv2.resize(image, (LARGE, LARGE), interpolation=filter), cv2.COLOR_BGR2RGB)
    except (DeepselfieError, OSError, ValueError, SyntaxError, cv2.error, Image.DecompressionBombError):
        return None


def _thumbs(world: World, rows: np.ndarray, path: Path, engine: str, progress: Callable[[int], None]) -> np.ndarray:
    """THUMB (N,) of these rows, on disk: as left by a killed run where its state says so, else made."""
    if not len(rows):
        return np.empty(0, THUMB)
    with open(path, "ab") as file:
        file.truncate(len(rows) * THUMB.itemsize)  # zeros, which say "not made"; takes no space yet
    thumbs = np.memmap(path, THUMB, "r", shape=(len(rows),))
    spread, size = (engines.threads, PART) if engine == "local" else (engines.engine(engine), SENT)
    starts = [start for start in range(0, len(rows), size) if not thumbs["state"][start : start + size].all()]
    batches = [rows[start : start + size] for start in starts]
    done = len(rows) - sum(map(len, batches))
    for number, made in spread(_of_batch, world.table, [pictures.source(world)], batches):
        with open(path, "r+b") as file:  # not through the map: there a full disk would end the process
            file.seek(starts[number] * THUMB.itemsize)
            file.write(made)
        done += len(made)
        progress(done)
    return thumbs


def _of_batch(batch: pa.Table) -> np.ndarray:
    return make_thumbs(pictures.of_batch(batch))


class Page(NamedTuple):
    level: Level
    family: str
    number: int
    ranks: np.ndarray  # (m,) of the photos on it
    slots: np.ndarray  # (m,) of each, row-major


def _plan(grid: np.ndarray, columns: int, lines: int) -> list[Page]:
    """All pages there are to make. grid: int64 (N, 2), column and line of each rank."""
    pages, (column, line) = [], grid.T
    for level in LEVELS:
        side = level.side
        across = -(-columns // side)
        of = {
            "rank": (*np.divmod(np.arange(len(grid)), side * side), -(-len(grid) // side**2)),
            "map": (
                line // side * across + column // side,
                line % side * side + column % side,
                across * -(-lines // side),
            ),
        }
        for family in level.families:
            page, slot, count = of[family]
            by_page = np.argsort(page, kind="stable")
            ranks_of = np.split(by_page, np.searchsorted(page[by_page], np.arange(1, count)))
            for number, ranks in zip(range(count), ranks_of, strict=False):  # no page at all where there is no photo
                pages.append(Page(level, family, number, ranks, slot[ranks]))
    return pages


def _worth_shipping(page: Page, n: int) -> bool:
    if page.level.px < LARGE:
        return True
    first, last = page.ranks.min(), page.ranks.max()
    between = np.linspace(0, n - 1, STEPS)
    return page.family == "rank" and bool(
        first < BEST or last >= n - WORST or ((between >= first) & (between <= last)).any()
    )


def _page(world: World, folder: Path, page: Page, thumbs: np.ndarray, place: np.ndarray, shipped: bool) -> str:
    """The name of a page: as left by a killed run, or made."""
    px, side = page.level.px, page.level.side
    stem = f"{page.family}-{px}-{page.number}"
    note = folder / stem
    if note.exists() and (world.path / "atlas" / note.read_text()).exists():
        return note.read_text()
    pixels = np.zeros((side, px, side, px, 3), np.uint8)  # black where there is no photo
    pixels.swapaxes(1, 2)[divmod(page.slots, side)] = thumbs[str(px)][place[page.ranks]]
    out = io.BytesIO()
    image = Image.fromarray(pixels.reshape(side * px, side * px, 3))
    kind, settings = "WEBP", {"quality": page.level.quality, "method": METHOD}
    if shipped:
        settings = {"quality": SHIPPED_QUALITY, "method": SHIPPED_METHOD}
    elif px == SMALL:
        kind, settings = FIRST, {"quality": page.level.quality, "subsampling": 0}
    image.save(out, kind, **settings)
    name = _write(world, stem, out.getvalue(), kind.lower())
    write_atomically(note, name.encode())
    return name


def _geometry(world: World, rows: np.ndarray, grid: np.ndarray, colour: np.ndarray) -> tuple[bytes, list[float]]:
    """The bytes of GEOMETRY, and the frame of the map: t-SNE x and y of its lower left corner, and its side.

    grid: int (N, 2), column and line; colour: float (N, 3), 0..255."""
    names = [c for c in ("score", "label") if c in world.columns]
    table = world.take(rows, names)
    places = places_of(world, rows).astype(np.float64)
    placed = np.isfinite(places).all(axis=1)
    label = table["label"].to_numpy() if "label" in names else np.full(len(rows), np.nan)
    frame = _frame(places[placed])
    scaled = np.full((len(rows), 2), 32767.5)
    scaled[placed] = (places[placed] - frame[:2]) / frame[2] * 65535
    columns = {
        "row": rows,
        "score": table["score"].to_numpy(),
        "x": np.rint(scaled[:, 0]),
        "y": np.rint(scaled[:, 1]),
        "column": grid[:, 0],
        "line": grid[:, 1],
        **{channel: np.rint(colour[:, i]) for i, channel in enumerate("rgb")},
        "flags": GOOD * (label == 1) + BAD * (label == 0) + UNPLACED * ~placed,
    }
    return b"".join(np.ascontiguousarray(columns[name]).astype(kind).tobytes() for name, kind in GEOMETRY), frame


def _frame(places: np.ndarray) -> list[float]:
    """The square around all places, centred on them: x and y of its lower left corner, and its side."""
    if not len(places):
        return [0.0, 0.0, 1.0]
    low, high = places.min(axis=0), places.max(axis=0)
    side = float((high - low).max()) or 1.0
    x, y = (low + high) / 2 - side / 2
    return [float(x), float(y), side]


def _parts_folder(world: World, key: str) -> Path:
    """Where what is made under this key is kept until the end; what was made under another one is removed."""
    folder = world.parts("atlas") / key
    folder.mkdir(parents=True, exist_ok=True)
    for other in folder.parent.iterdir():
        if other != folder:
            shutil.rmtree(other)
    return folder


def _digest(data: np.ndarray | bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:8]


def _write(world: World, stem: str, data: bytes, ending: str) -> str:
    """Writes a file of the atlas under a name made from its content, and returns the name."""
    name = f"{stem}.{_digest(data)}.{ending}"
    path = world.path / "atlas" / name
    if not path.exists():
        write_atomically(path, data)
    return name


def _remove_all_but(world: World, names: set[str]) -> None:
    for file in (world.path / "atlas").iterdir():
        if file.name not in names:
            file.unlink()
