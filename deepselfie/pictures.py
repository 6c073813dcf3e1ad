"""The picture of a row: its stored bytes, or, in the demo world, the selfie rendered again from its id."""

from __future__ import annotations

import contextlib
import io
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image, ImageOps

from deepselfie.demo import famous, ids
from deepselfie.errors import DeepselfieError
from deepselfie.world import World, cache_root, fingerprint, write_atomically

MAX_PIXELS = 100_000_000  # a phone's largest mode; beyond lies the decompression bomb
NEARLY = 0.9  # of a side: where a JPEG comes in such a size by itself, to shrink it would take longer than to decode it
RENDERED_LIMIT = 200_000_000  # bytes of rendered pictures kept on disk: about 20,000 at 256 px


def rgb(data: bytes, side: int | None = None) -> np.ndarray:
    """Decodes an encoded image to uint8 (H, W, 3) RGB, upright after its EXIF orientation.

    Transparent parts become white. side: px that the longer side is shrunk to; a large JPEG is never decoded whole, and
    may come out up to a tenth smaller. Raises DeepselfieError for what is no image or has over 100 megapixels."""
    flat = _upright(data, side and round(NEARLY * side), of=max)
    if side:
        flat.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.asarray(flat)


def square(picture: bytes | np.ndarray, size: int) -> np.ndarray:
    """Squishes a picture to uint8 (size, size, 3) without keeping its aspect, as the article did."""
    # At twice the size a JPEG of 640 px decodes in half the time, and its square differs by a sixth of a grey level.
    image = Image.fromarray(picture) if isinstance(picture, np.ndarray) else _upright(picture, 2 * size)
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=3.0))


def prepare(images: Sequence[np.ndarray | bytes], size: int) -> np.ndarray:
    """Pictures of any size -> uint8 (N, size, size, 3), each squished to a square, antialiased."""
    return np.stack([square(image, size) for image in images])


def try_square(image: bytes | None, size: int) -> np.ndarray | None:
    """One picture -> uint8 (size, size, 3), or None where there is none or it cannot be read."""
    try:
        return None if image is None else square(image, size)
    except DeepselfieError:
        return None


def drawn_out(squares: np.ndarray, px: int) -> np.ndarray:
    """Pictures (N, H, W, 3) with `px` more around each, its edges drawn out: room to move a frame in."""
    return np.pad(squares, ((0, 0), (px, px), (px, px), (0, 0)), mode="edge")


def image_bytes(world: World, rows) -> list[bytes | None]:
    """Encoded images of these rows (None where the row has none)."""
    return of_batch(world.take(rows, [source(world)]))


def source(world: World) -> str:
    """The column that a world's pictures come from: `image`, or `id` where they are drawn."""
    return "image" if "image" in world.columns else "id"


def of_batch(batch: pa.Table) -> list[bytes | None]:
    """Encoded images of rows with `image`, or else with the `id`s of the demo world."""
    if "image" in batch.column_names:
        return batch["image"].to_pylist()
    return [rendered(id, ids.SIZE) for id in batch["id"].to_pylist()]


def picture(world: World, row: int, size: int) -> tuple[bytes, str]:
    """The photo of a row as WebP whose longer side is at most `size` px, and its media type."""
    id = world.take([row], ["id"])["id"][0].as_py()
    stored = world.take([row], ["image"])["image"][0].as_py() if "image" in world.columns else None
    if ids.parse(id) and size > ids.SIZE:
        stored = rendered(id, size)
    if stored is None:
        raise DeepselfieError(f"Row {row} of world '{world.name}' ({id}) has no picture.")
    return thumbnail(rgb(stored), size), "image/webp"


def thumbnail(image: np.ndarray, size: int) -> bytes:
    """uint8 (H, W, 3) to WebP bytes, shrunk so that the longer side is at most `size` px."""
    shrunk = Image.fromarray(image)
    shrunk.thumbnail((size, size), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    shrunk.save(out, "WEBP", quality=82)
    return out.getvalue()


def rendered(id: str, size: int) -> bytes | None:
    """JPEG of the demo selfie with this id at `size` px, kept on disk up to RENDERED_LIMIT; None for other ids."""
    shot = ids.parse(id)
    if shot is None:
        return None
    look = famous.overrides(*shot)
    folder = cache_root() / ".rendered"
    path = folder / f"{fingerprint(ids.RENDERER, shot, look, size)}.jpg"
    try:
        data = path.read_bytes()
        os.utime(path)
        return data
    except FileNotFoundError:
        from deepselfie.demo import render  # numba: only paid for where a selfie must be drawn

        data = render.encode(render.render(*shot, size=size, overrides=look)[0])
        write_atomically(path, data)
        _forget_oldest(folder)
        return data


def _forget_oldest(folder: Path) -> None:
    files = []
    for entry in os.scandir(folder):
        with contextlib.suppress(FileNotFoundError):  # another thread or process has renamed or removed it
            files.append((entry.stat().st_mtime, entry.stat().st_size, entry.path))
    excess = sum(size for _, size, _ in files) - RENDERED_LIMIT
    for _, size, path in sorted(files):
        if excess <= 0:
            return
        Path(path).unlink(missing_ok=True)
        excess -= size


def _upright(data: bytes, least: int | None = None, of: Callable[..., int] = min) -> Image.Image:
    """The picture in RGB, after its EXIF orientation; a JPEG may come halved, or in a quarter or eighth, still with at
    least `least` px: of its shorter side, or with of=max of its longer."""
    try:
        image = Image.open(io.BytesIO(data))
        if image.width * image.height > MAX_PIXELS:
            raise DeepselfieError(f"This picture has {image.width}×{image.height} pixels: 100 megapixels is the limit.")
        if least:
            sides = image.size
            image.draft(None, tuple(math.ceil(least * side / of(sides)) for side in sides))
        return _flat(ImageOps.exif_transpose(image))
    except DeepselfieError:
        raise
    except Exception as error:  # Pillow's decoders raise many kinds on broken data
        raise DeepselfieError(f"This file cannot be read as a picture ({error}). Use JPEG, PNG or WebP.") from error


def _flat(image: Image.Image) -> Image.Image:
    """Any mode to RGB: 16-bit grey is scaled, transparency is laid on white."""
    if image.mode.startswith(("I", "F")):
        levels = np.asarray(image, np.float32)
        image = Image.fromarray(np.uint8(255 * (levels - levels.min()) / max(float(np.ptp(levels)), 1.0)))
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return image.convert("RGB")
