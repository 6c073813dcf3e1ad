"""A photo file comes in; out comes the same photo with nothing in it but the picture, or the reason it cannot be used.

Location, camera, captions, hidden thumbnails and trailing films are dropped; colour profiles stay. JPEG, PNG and WebP
that stand upright are stripped without loss; everything else is encoded anew.
"""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import imagehash
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from deepselfie.pictures import MAX_PIXELS

MAX_BYTES = 50_000_000
MIN_SIDE = 16  # px
HASH_SIDE = 256  # px: JPEGs are decoded no larger than needed for the 32 px the hash looks at
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF")
SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*")
PNG_CHUNKS = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"cICP"}
WEBP_CHUNKS = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP"}
ORIENTATION = 0x0112


@dataclass(frozen=True)
class Picture:
    """A checked photo: encoded bytes without metadata, size in px as displayed, hash (None: nothing to see in it)."""

    image: bytes
    width: int
    height: int
    phash: int | None


class Unfit(Exception):
    """Why a file cannot be used, in words for the report."""


def clean(source: Path | bytes) -> Picture | str:
    """Reads, checks (by decoding all of it) and strips a photo; returns the reason where it cannot be used."""
    try:
        data = _read(source)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _clean(data)
    except Unfit as reason:
        return str(reason)


def strip(data: bytes, format: str) -> bytes | None:
    """The file without its metadata, pixels untouched; None where it cannot be done without encoding it anew."""
    try:
        return {"JPEG": _strip_jpeg, "MPO": _strip_jpeg, "PNG": _strip_png, "WEBP": _strip_webp}[format](data)
    except (KeyError, IndexError):
        return None


def luma(image: Image.Image) -> Image.Image:
    """Any mode to 8-bit grey: 16-bit and float levels are stretched, transparent parts become white."""
    if image.mode.startswith(("I", "F")):
        levels = np.asarray(image, np.float32)
        image = Image.fromarray(np.uint8(255 * (levels - levels.min()) / max(float(np.ptp(levels)), 1e-9)))
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    return image.convert("L")


def phash(image: Image.Image) -> int | None:
    """64-bit perceptual hash as a signed integer; None for a picture of one colour, which resembles everything."""
    grey = luma(image)
    if np.asarray(grey.resize((32, 32), Image.Resampling.BOX), np.float32).std() < 1:
        return None
    bits = np.packbits(imagehash.phash(grey).hash.ravel())  # 64 bits -> 8 bytes
    return int(bits.view(">i8")[0])


def _read(source: Path | bytes) -> bytes:
    try:
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        if size == 0:
            raise Unfit("empty file")
        if size > MAX_BYTES:
            raise Unfit("larger than 50 MB")
        return source if isinstance(source, bytes) else source.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Unfit("file not found") from error
    except OSError as error:
        raise Unfit(f"cannot be read ({error.strerror})") from error


def _clean(data: bytes) -> Picture:
    image = _open(data)
    if image.width * image.height > MAX_PIXELS:
        raise Unfit("more than 100 megapixels")
    if min(image.size) < MIN_SIDE:
        raise Unfit(f"smaller than {MIN_SIDE} px")
    format = image.format
    try:
        orientation = image.getexif().get(ORIENTATION, 1)
    except Exception:  # broken EXIF is no reason to refuse the picture
        orientation = 1
    upright = orientation not in range(2, 9)
    try:
        moving = format == "WEBP" and image.n_frames > 1
        if upright and not moving and (picture := _stripped(data, image)):
            return picture
        image = ImageOps.exif_transpose(image)  # decodes; a copy where it is upright already
        return Picture(_encode(image, format), *image.size, phash(image))
    except Exception as error:  # Pillow's decoders raise many kinds on broken data
        raise Unfit("corrupt image") from error


def _stripped(data: bytes, image: Image.Image) -> Picture | None:
    """The photo with its metadata cut out and nothing encoded anew; None where that cannot be done."""
    bare = strip(data, image.format)
    if bare is None:
        return None
    try:
        decoded = Image.open(io.BytesIO(bare))
        size = decoded.size
        decoded.draft("L", (HASH_SIDE, HASH_SIDE))
        decoded.load()  # what is stored is what was checked
    except Exception:  # too broken to be cut, or at all: decoding the whole file tells
        return None
    return Picture(bare, *size, phash(decoded)) if size == image.size else None


def _open(data: bytes) -> Image.Image:
    Image.init()
    try:
        return Image.open(io.BytesIO(data), formats=[f for f in FORMATS if f in Image.OPEN])
    except Image.DecompressionBombError as error:
        raise Unfit("more than 100 megapixels") from error
    except UnidentifiedImageError as error:
        if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"mif1", b"hevc"):
            raise Unfit("HEIC, which cannot be read here: convert it to JPEG") from error
        known = data.startswith(SIGNATURES) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")
        raise Unfit("corrupt image" if known else "not an image") from error
    except Exception as error:
        raise Unfit("corrupt image") from error


def _encode(image: Image.Image, format: str) -> bytes:
    """Encodes a decoded picture anew: lossless where it was a palette, transparent or a PNG, else at quality 95."""
    profile = image.info.get("icc_profile") if image.mode in ("L", "RGB", "RGBA") else None
    image.info = {k: v for k, v in image.info.items() if k == "transparency"}
    out = io.BytesIO()
    if format == "WEBP":
        image.save(out, "WEBP", quality=95, icc_profile=profile)
    elif format == "PNG" or image.mode == "P" or image.has_transparency_data:
        image = image.convert("RGBA") if image.has_transparency_data and image.mode not in ("P", "RGBA") else image
        image.save(out, "PNG", icc_profile=profile)
    else:
        plain = image if image.mode in ("L", "RGB") else luma(image) if image.mode[0] in "IF1" else image.convert("RGB")
        plain.save(out, "JPEG", quality=95, icc_profile=profile)
    return out.getvalue()


def _strip_jpeg(data: bytes) -> bytes | None:
    out, i = [b"\xff\xd8"], 2
    while True:
        if data[i] != 0xFF:
            return None
        while data[i + 1] == 0xFF:  # fill bytes
            i += 1
        marker = data[i + 1]
        if marker == 0xD9:  # end of image: what follows is a second image, a film or a trailer
            return b"".join([*out, b"\xff\xd9"])
        end = i + 2 + int.from_bytes(data[i + 2 : i + 4], "big")
        if end > len(data) or end < i + 4:
            return None
        if marker == 0xE0 and data[i + 4 : i + 9] == b"JFIF\0":
            out.append(b"\xff\xe0\0\x10" + data[i + 4 : i + 16] + b"\0\0")  # without its thumbnail
        elif _needed(marker, data[i + 4 : i + 16]):
            out.append(data[i:end])
        if marker == 0xDA:  # compressed data up to the next true marker
            following = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]").search(data, end)
            if following is None:
                return None
            out.append(data[end : following.start()])
            end = following.start()
        i = end


def _needed(marker: int, head: bytes) -> bool:
    """Whether a JPEG segment is part of the picture: tables, scans, the colour profile, Adobe's colour transform."""
    if marker == 0xE2:
        return head.startswith(b"ICC_PROFILE\0")
    if marker == 0xEE:
        return head.startswith(b"Adobe")
    return not (0xE0 <= marker <= 0xEF or marker == 0xFE)


def _strip_png(data: bytes) -> bytes | None:
    out, i = [data[:8]], 8
    while i + 12 <= len(data):
        end = i + 12 + int.from_bytes(data[i : i + 4], "big")
        kind = data[i + 4 : i + 8]
        if kind in PNG_CHUNKS:
            out.append(data[i:end])
        if kind == b"IEND":
            return b"".join(out)
        i = end
    return None


def _strip_webp(data: bytes) -> bytes | None:
    out, i, stop = [], 12, min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    while i + 8 <= stop:
        kind, length = data[i : i + 4], int.from_bytes(data[i + 4 : i + 8], "little")
        end = i + 8 + length + length % 2
        chunk = data[i:end]
        if kind == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~0x0C]) + chunk[9:]  # no EXIF, no XMP
        if kind in WEBP_CHUNKS:
            out.append(chunk)
        i = end
    body = b"WEBP" + b"".join(out)
    return b"RIFF" + len(body).to_bytes(4, "little") + body
