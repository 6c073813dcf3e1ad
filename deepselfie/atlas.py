"""Thumbnail pages and position arrays for the browser.

In: the order, the photos, `score`, `tsne`, `label`. Out, under `atlas/`: `atlas.json`, WebP pages of two thumbnail
sizes, and one binary file of columns in rank order (GEOMETRY). All but atlas.json are named by their content.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from deepselfie import pictures
from deepselfie.embed import vectors
from deepselfie.errors import DeepselfieError
from deepselfie.layout import order
from deepselfie.stage import Report, run_stage
from deepselfie.world import World, fingerprint, read_json, write_atomically, write_json

PAGE = 1024  # px: small enough for every phone's canvas, and decoded in 10 ms
SMALL, LARGE = 16, 64  # px of a thumbnail's side, for walls of thousands and of hundreds
PER_PAGE = {px: (PAGE // px) ** 2 for px in (SMALL, LARGE)}
QUALITY = 60  # WebP: blocks show up below 55, a page is a tenth larger at 70 and twice as large at 90
GREY = 128  # the tile of a picture that cannot be read
GEOMETRY = (
    ("row", "<u4"),
    ("score", "<f4"),
    ("x", "<u2"),
    ("y", "<u2"),
    *((channel, "u1") for channel in "rgb"),
    ("flags", "u1"),
)
GOOD, BAD, UNPLACED = 1, 2, 4  # flags: the label, and a photo that has no place on the map (x, y: its middle)


@dataclass
class Page:
    """One page of large thumbnails, and the same photos small."""

    webp: bytes
    small: np.ndarray  # uint8 (n, 16, 16, 3)
    unreadable: list[int]  # places on the page


def atlas(world: World, *, quality: int = QUALITY) -> Report:
    """Makes the thumbnail pages and the geometry of all photos in the order. Pages are written as they are done, so
    a killed run goes on with the next one."""
    manifest_path = world.path / "atlas" / "atlas.json"

    def work(report: Report, progress) -> None:
        rows = order(world)
        folder = world.parts("atlas") / fingerprint(report.key, hashlib.sha256(rows.tobytes()).hexdigest())
        large, small, unreadable = _large_pages(world, rows, folder, quality, progress)
        files = {LARGE: large, SMALL: _small_pages(world, small, quality)}
        geometry, frame = _geometry(world, rows, small.mean(axis=(1, 2)))
        manifest = {
            "n": len(rows),
            "levels": [{"px": px, "page": PAGE, "per_page": PER_PAGE[px], "pages": files[px]} for px in (SMALL, LARGE)],
            "geometry": _write(world, "geometry", geometry, "bin"),
            "frame": frame,
        }
        write_json(manifest_path, {**manifest, "version": fingerprint(manifest)})
        _remove_all_but(world, {*files[SMALL], *files[LARGE], manifest["geometry"], "atlas.json", "order.npy"})
        report.rows_in, report.rows_out = len(rows), len(rows) - len(unreadable)
        for id in world.take(rows[unreadable], ["id"])["id"].to_pylist() if len(unreadable) else []:
            report.drop("picture cannot be read: shown as a grey tile", id=id)
        report.details = {"pages": {str(px): len(names) for px, names in files.items()}, "quality": quality}

    settings = (quality, SMALL, LARGE)
    return run_stage(world, "atlas", work, key_parts=settings, after=("layout", "labels"), files=(manifest_path,))


def read_atlas(world: World) -> dict:
    """The content of atlas.json. Raises DeepselfieError where the atlas stage has not run."""
    manifest = read_json(world.path / "atlas" / "atlas.json")
    if manifest is None:
        raise DeepselfieError(f"World '{world.name}' has no thumbnails yet. Run: python -m deepselfie run {world.name}")
    return manifest


def read_geometry(world: World) -> dict[str, np.ndarray]:
    """The columns of GEOMETRY, each (N,), in rank order."""
    manifest = read_atlas(world)
    data, columns, at = (world.path / "atlas" / manifest["geometry"]).read_bytes(), {}, 0
    for name, kind in GEOMETRY:
        columns[name] = np.frombuffer(data, kind, manifest["n"], at)
        at += columns[name].nbytes
    return columns


def on_map(world: World, places: np.ndarray) -> np.ndarray:
    """t-SNE places, float (M, 2), in the units of the geometry's x and y: float64 (M, 2), 0..65535 in the map."""
    x, y, span = read_atlas(world)["frame"]
    return (np.asarray(places, np.float64) - (x, y)) / span * 65535


def make_page(images: list[bytes | None], quality: int = QUALITY) -> Page:
    """One page from up to 256 encoded photos, each squished to a square. Knows nothing of worlds or files."""
    page = Image.new("RGB", (PAGE, PAGE))
    small = np.empty((len(images), SMALL, SMALL, 3), np.uint8)
    unreadable, across = [], PAGE // LARGE
    for slot, data in enumerate(images):
        thumb = _thumb(data) if data else None
        if thumb is None:
            unreadable.append(slot)
            thumb = Image.new("RGB", (LARGE, LARGE), (GREY, GREY, GREY))
        page.paste(thumb, (slot % across * LARGE, slot // across * LARGE))
        small[slot] = np.asarray(thumb.reduce(LARGE // SMALL))
    return Page(_webp(page, quality), small, unreadable)


def _thumb(data: bytes) -> Image.Image | None:
    """An encoded photo squished to LARGE px; None where it cannot be read."""
    try:
        image = Image.open(io.BytesIO(data))
        if image.format != "JPEG" or image.width * image.height > pictures.MAX_PIXELS:
            return Image.fromarray(pictures.square(data, LARGE))
        image.draft("RGB", (2 * LARGE, 2 * LARGE))  # the decoder itself shrinks: 10 times faster for phone photos
        image = ImageOps.exif_transpose(image).convert("RGB")
        return image.resize((LARGE, LARGE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    except (DeepselfieError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _large_pages(
    world: World, rows: np.ndarray, folder: Path, quality: int, progress
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names of the written large pages; small thumbs uint8 (N, 16, 16, 3); ranks that could not be read.

    Threads, not processes: Pillow lets go of the interpreter while it decodes, scales and encodes."""
    folder.mkdir(parents=True, exist_ok=True)
    for other in folder.parent.glob("*"):
        if other != folder:  # made under other settings or from another order
            for file in other.glob("*"):
                file.unlink()
            other.rmdir()
    small = np.empty((len(rows), SMALL, SMALL, 3), np.uint8)  # 768 B a photo
    names, unreadable, per_page = [], [], PER_PAGE[LARGE]
    starts = deque(range(0, len(rows), per_page))
    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as pool:
        begun: deque[tuple[int, Future]] = deque()
        while starts or begun:
            while starts and len(begun) < 2 * cores:  # bounds the memory
                start = starts.popleft()
                part = folder / f"{start // per_page}.npz"
                begun.append((start, pool.submit(_page, world, rows[start : start + per_page], part, quality)))
            start, future = begun.popleft()
            name, thumbs, bad = future.result()
            names.append(name)
            small[start : start + len(thumbs)] = thumbs
            unreadable.extend(start + bad)
            progress(start + len(thumbs), len(rows))
    return names, small, np.array(unreadable, np.int64)


def _page(world: World, rows: np.ndarray, part: Path, quality: int) -> tuple[str, np.ndarray, np.ndarray]:
    """Name of the page of these rows, its small thumbs and unreadable places: as left by a killed run, or made."""
    if part.exists():
        with np.load(part, allow_pickle=False) as saved:
            name = str(saved["name"])
            if (world.path / "atlas" / name).exists():
                return name, saved["small"], saved["unreadable"]
    page = make_page(pictures.image_bytes(world, rows), quality)
    name = _write(world, str(LARGE), page.webp, "webp", number=part.stem)
    unreadable = np.array(page.unreadable, np.int64)
    out = io.BytesIO()
    np.savez(out, name=np.array(name), small=page.small, unreadable=unreadable)
    write_atomically(part, out.getvalue())
    return name, page.small, unreadable


def _small_pages(world: World, small: np.ndarray, quality: int) -> list[str]:
    names, across = [], PAGE // SMALL
    for start in range(0, len(small), PER_PAGE[SMALL]):
        cells = np.zeros((across * across, SMALL, SMALL, 3), np.uint8)
        block = small[start : start + len(cells)]
        cells[: len(block)] = block
        pixels = cells.reshape(across, across, SMALL, SMALL, 3).swapaxes(1, 2).reshape(PAGE, PAGE, 3)
        webp = _webp(Image.fromarray(pixels), quality)
        names.append(_write(world, str(SMALL), webp, "webp", number=str(start // PER_PAGE[SMALL])))
    return names


def _geometry(world: World, rows: np.ndarray, colour: np.ndarray) -> tuple[bytes, list[float]]:
    """The bytes of GEOMETRY, and the frame of the map: t-SNE x and y of its lower left corner, and its side.

    colour: float (N, 3), 0..255."""
    names = [c for c in ("score", "tsne", "label") if c in world.columns]
    table = world.take(rows, names)
    places = np.full((len(rows), 2), np.nan)
    if "tsne" in names:
        known, values = vectors(table["tsne"])
        places[known] = values
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


def _webp(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "WEBP", quality=quality, method=4)
    return out.getvalue()


def _write(world: World, kind: str, data: bytes, ending: str, number: str | None = None) -> str:
    """Writes a file of the atlas under a name made from its content, and returns the name."""
    digest = hashlib.sha256(data).hexdigest()[:8]
    name = ".".join([kind if number is None else f"{kind}-{number}", digest, ending])
    path = world.path / "atlas" / name
    if not path.exists():
        write_atomically(path, data)
    return name


def _remove_all_but(world: World, names: set[str]) -> None:
    for file in (world.path / "atlas").iterdir():
        if file.name not in names:
            file.unlink()
