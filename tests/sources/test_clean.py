"""A photo is stored upright and without metadata, its pixels untouched where possible; bad files say why."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps
from sklearn.datasets import load_sample_image

from deepselfie.sources.clean import Picture, clean, phash, strip

TEMPLE = Image.fromarray(load_sample_image("china.jpg")).resize((200, 150))
SECRET = b"Hidden Valley"


def encoded(image: Image.Image, format: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def exif(orientation: int = 1) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112], tags[0x010E] = orientation, SECRET.decode()
    tags.get_ifd(0x8825)[1], tags.get_ifd(0x8825)[2] = "N", (48.0, 51.0, 29.0)  # GPS
    return tags


def opened(picture: Picture) -> Image.Image:
    image = Image.open(io.BytesIO(picture.image))
    image.load()
    return image


def bits_apart(a: Picture, b: Picture) -> int:
    return int(np.bitwise_count(np.uint64(a.phash % 2**64) ^ np.uint64(b.phash % 2**64)))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_metadata_goes_and_pixels_stay(format):
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + SECRET + b"</x:xmpmeta>"
    more = {"xmp": xmp} if format != "PNG" else {}
    data = encoded(TEMPLE, format, exif=exif(), icc_profile=b"profile" * 20, **more)
    assert SECRET in data
    picture = clean(data)
    image = opened(picture)
    assert SECRET not in picture.image and not image.getexif() and "xmp" not in image.info
    assert image.info["icc_profile"] == b"profile" * 20
    assert np.array_equal(np.asarray(image), np.asarray(Image.open(io.BytesIO(data))))
    assert (picture.width, picture.height) == (200, 150)


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_orientation_is_applied(format, orientation):
    data = encoded(TEMPLE, format, exif=exif(orientation))
    picture = clean(data)
    image, wanted = opened(picture), ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert image.size == wanted.size == (picture.width, picture.height)
    assert picture.width == (150 if orientation >= 5 else 200)
    assert not image.getexif() and SECRET not in picture.image
    difference = np.asarray(image.convert("RGB"), float) - np.asarray(wanted.convert("RGB"), float)
    assert np.abs(difference).mean() < 4


@pytest.mark.parametrize("options", [{"progressive": True}, {"restart_marker_blocks": 2}, {"comment": SECRET}, {}])
def test_jpegs_of_all_kinds_are_stripped_losslessly_and_trailers_dropped(options):
    data = encoded(TEMPLE, "JPEG", exif=exif(), **options) + b"a film taken at " + SECRET
    stripped = strip(data, "JPEG")
    assert SECRET not in stripped
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(stripped))), np.asarray(Image.open(io.BytesIO(data))))
    assert clean(data).image == stripped


def test_a_second_picture_in_an_mpo_is_dropped():
    data = encoded(TEMPLE, "MPO", save_all=True, append_images=[TEMPLE.rotate(180)])
    picture = clean(data)
    assert opened(picture).format == "JPEG" and len(picture.image) < 0.6 * len(data)


def test_odd_modes_are_kept_or_converted():
    cmyk = clean(encoded(TEMPLE.convert("CMYK"), "JPEG"))
    assert opened(cmyk).mode == "CMYK"
    turned = clean(encoded(TEMPLE.convert("CMYK"), "JPEG", exif=exif(6)))
    assert opened(turned).mode == "RGB" and (turned.width, turned.height) == (150, 200)
    levels = np.asarray(TEMPLE.convert("L"), np.uint16) * 257
    deep = clean(encoded(Image.fromarray(levels), "PNG"))
    assert np.array_equal(np.asarray(opened(deep)), levels)
    palette = clean(encoded(TEMPLE.quantize(64), "PNG", transparency=3))
    assert opened(palette).info["transparency"] is not None
    plain = clean(encoded(TEMPLE, "PNG"))
    assert bits_apart(plain, cmyk) <= 4 and bits_apart(plain, deep) <= 4


def test_the_first_frame_of_moving_pictures():
    frames = {"save_all": True, "append_images": [TEMPLE.rotate(90), TEMPLE.rotate(180)]}
    plain = clean(encoded(TEMPLE, "PNG"))
    for format in ("GIF", "WEBP", "PNG"):
        picture = clean(encoded(TEMPLE, format, **frames))
        assert getattr(opened(picture), "n_frames", 1) == 1, format
        assert bits_apart(plain, picture) <= 4, format


@pytest.mark.parametrize("format", ["BMP", "TIFF"])
def test_large_formats_become_jpeg(format):
    picture = clean(encoded(TEMPLE, format))
    assert opened(picture).format == "JPEG"
    assert np.abs(np.asarray(opened(picture), float) - np.asarray(TEMPLE, float)).mean() < 5


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 10_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def noise(size: tuple[int, int]) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (*size[::-1], 3), np.uint8))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"Dear diary,\n" * 20, "not an image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 40, "HEIC, which cannot be read here: convert it to JPEG"),
        (png_header(30_000, 30_000), "more than 100 megapixels"),
        (png_header(10_001, 10_000), "more than 100 megapixels"),
        (png_header(300, 300), "corrupt image"),
        (encoded(noise((200, 200)), "JPEG")[:9000], "corrupt image"),
        (encoded(noise((200, 200)), "PNG")[:9000], "corrupt image"),
        (encoded(noise((200, 200)), "WEBP")[:9000], "corrupt image"),
        (encoded(TEMPLE, "JPEG")[:12], "corrupt image"),
        (encoded(TEMPLE, "PNG")[:12], "corrupt image"),
        (encoded(TEMPLE.resize((200, 15)), "PNG"), "smaller than 16 px"),
        (b"\xff\xd8\xff" + b"\0" * 50_000_000, "larger than 50 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_files_say_why(data, reason, tmp_path):
    assert clean(data) == reason
    (tmp_path / "a.jpg").write_bytes(data)
    assert clean(tmp_path / "a.jpg") == reason


def test_files_that_cannot_be_opened(tmp_path):
    assert clean(tmp_path / "none.jpg") == "file not found"
    assert clean(tmp_path) == "cannot be read (Is a directory)"


def test_damaged_bytes_never_raise():
    random = np.random.default_rng(1)
    for format in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"):
        data = np.frombuffer(
            encoded(TEMPLE.resize((40, 40)), format, **({"exif": exif(6)} if format != "BMP" else {})), np.uint8
        )
        for _ in range(60):
            broken = data.copy()
            broken[random.integers(0, len(data), 5)] = random.integers(0, 256, 5)
            assert isinstance(clean(broken.tobytes()), Picture | str)


def test_a_picture_of_one_colour_has_no_hash():
    assert phash(Image.new("RGB", (64, 64), "white")) is None
    assert phash(Image.new("LA", (64, 64), (0, 0))) is None
    assert phash(TEMPLE) is not None
