import io
import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from deepselfie import atlas as module
from deepselfie.atlas import THUMB, atlas, make_thumbs, on_map, page_names, rank_slot, read_atlas, read_geometry
from deepselfie.errors import DeepselfieError
from deepselfie.layout import cells, layout, order
from deepselfie.world import world

N = 1100  # more than one page of 32 px and of 64 px in both families, none of them full to the end


def colour_of(row: int) -> tuple[int, int, int]:
    return (row * 37 % 200 + 20, row * 91 % 200 + 20, row * 53 % 200 + 20)


def encoded(colour, size=(96, 128), kind="JPEG", exif=None) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind, **({"exif": exif} if exif else {}))
    return out.getvalue()


@pytest.fixture
def coloured(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    return make_world("coloured")


def make_world(name):
    w, rng = world(name), np.random.default_rng(3)
    images = [encoded(colour_of(i), kind="PNG" if i % 50 == 7 else "JPEG") for i in range(N)]
    images[11], images[12] = b"no picture", None
    w.append(pa.table({"id": [f"c:{i:04}" for i in range(N)], "image": pa.array(images, pa.large_binary())}))
    places = rng.normal(size=(N, 2)) * (30, 10)
    unplaced = np.arange(N) == 5
    tsne = pa.FixedSizeListArray.from_arrays(pa.array(places.ravel(), pa.float32()), 2, mask=pa.array(unplaced))
    score = [None if i == 3 else float(s) for i, s in enumerate(rng.permutation(N) / N)]
    label = pa.array([(1, 0, None)[i % 3] for i in range(N)], pa.int8())
    w.set_columns(pa.table({"score": pa.array(score, pa.float32()), "tsne": tsne, "label": label}))
    layout(w)
    return w


def page_pixels(w, px, family, number):
    level = next(level for level in read_atlas(w)["levels"] if level["px"] == px)
    name = level["pages"][family][number]
    kind = "jpeg" if px == 8 else "webp"
    assert re.fullmatch(rf"{family}-{px}-{number}\.[0-9a-f]{{8}}\.{kind}", name)
    with Image.open(w.path / "atlas" / name) as image:
        assert image.size == (level["page"],) * 2 and image.format == kind.upper()
        return np.asarray(image.convert("RGB")).astype(int)


def cell(w, px, family, rank=None, at=None):
    """The thumbnail of a rank, or of a cell (column, line), as a browser finds it, by what atlas.json says alone."""
    manifest = read_atlas(w)
    side = next(level["page"] for level in manifest["levels"] if level["px"] == px) // px
    if family == "rank":
        page, slot = divmod(rank, side * side)
        x, y = slot % side * px, slot // side * px
    else:
        column, line = at or (int(read_geometry(w)[name][rank]) for name in ("column", "line"))
        page = line // side * -(-manifest["grid"]["columns"] // side) + column // side
        x, y = column % side * px, line % side * px
    return page_pixels(w, px, family, page)[y : y + px, x : x + px]


def middle(pixels):
    edge = len(pixels) // 4
    return pixels[edge:-edge, edge:-edge].mean(axis=(0, 1))


ALL = ((8, "map"), (32, "rank"), (32, "map"), (64, "rank"), (64, "map"))


def test_each_photo_is_where_its_rank_and_its_cell_say(coloured):
    report = atlas(coloured)
    rows = order(coloured)
    assert report.rows_in == len(rows) == N - 1 and report.rows_out == N - 3
    assert sorted(p["id"] for p in report.problems) == ["c:0011", "c:0012"]
    grey = [int(np.flatnonzero(rows == row)[0]) for row in (11, 12)]
    for rank in (0, 1, 15, 16, 31, 32, 255, 256, 300, 1023, 1024, N - 2, *grey):
        expected = (128,) * 3 if rank in grey else colour_of(rows[rank])
        for px, family in ALL:
            assert np.abs(middle(cell(coloured, px, family, rank)) - expected).max() < 12, (rank, px, family)
    manifest = read_atlas(coloured)
    assert [(v["px"], v["page"], {f: len(p) for f, p in v["pages"].items()}) for v in manifest["levels"]] == [
        (8, 2048, {"map": 1}),
        (32, 1024, {"rank": 2, "map": 2}),  # the grid: 42 columns, 27 lines
        (64, 1024, {"rank": 5, "map": 6}),
    ]
    assert manifest["grid"] == {"columns": 42, "lines": 27}


def test_cells_and_slots_without_a_photo_are_black(coloured):
    atlas(coloured)
    taken, columns, lines = cells(coloured)
    empty = {(c, r) for c in range(columns) for r in range(lines)} - set(map(tuple, taken.tolist()))
    assert len(empty) == columns * lines - (N - 1) > 0
    for at in empty:
        for px in (32, 64):
            assert middle(cell(coloured, px, "map", at=at)).max() < 12
    assert middle(cell(coloured, 64, "rank", N - 1)).max() < 12
    assert page_pixels(coloured, 8, "map", 0)[27 * 8 + 8 :].max() < 6  # below the last line


def test_the_python_side_finds_the_same_thumbnail(coloured):
    atlas(coloured)
    for rank in (0, 17, 256, N - 2):
        found, px = sharpest(coloured, rank)
        assert px == 64 and (found == cell(coloured, 64, "rank", rank)).all()


def sharpest(w, rank):
    name, x, y, px = rank_slot(read_atlas(w), rank)
    with Image.open(w.path / "atlas" / name) as page:
        return np.asarray(page.convert("RGB")).astype(int)[y : y + px, x : x + px], px


def test_a_shipped_atlas_leaves_out_large_pages_but_no_photo(coloured, monkeypatch):
    from deepselfie import atlas as module

    for name, value in {"BEST": 200, "WORST": 1, "STEPS": 2}.items():
        monkeypatch.setattr(module, name, value)
    assert not atlas(coloured, shipped=True).nothing_to_do
    assert atlas(coloured, shipped=True).nothing_to_do
    manifest = read_atlas(coloured)
    large = manifest["levels"][-1]["pages"]
    assert [bool(name) for name in large["rank"]] == [True, False, False, False, True]  # the best, the worst
    assert large["map"] == [""] * 6
    assert all(all(names) for level in manifest["levels"][:2] for names in level["pages"].values())
    assert all((coloured.path / "atlas" / name).exists() for name in page_names(manifest))
    rows = order(coloured)
    for rank, px in ((0, 64), (255, 64), (256, 32), (1023, 32), (N - 2, 64)):
        found, side = sharpest(coloured, rank)
        assert side == px and np.abs(middle(found) - colour_of(rows[rank])).max() < 12


def test_geometry_holds_what_the_table_holds(coloured):
    atlas(coloured)
    columns, rows = read_geometry(coloured), order(coloured)
    table = coloured.take(rows, ["score", "label", "tsne"])
    size = (coloured.path / "atlas" / read_atlas(coloured)["geometry"]).stat().st_size
    assert size == 20 * len(rows)
    assert (np.stack([columns["column"], columns["line"]], axis=1) == cells(coloured)[0]).all()
    assert (columns["row"] == rows).all()
    assert (columns["score"] == table["score"].to_numpy()).all()
    flags = columns["flags"]
    label = table["label"].to_pylist()
    assert [(bool(f & 1), bool(f & 2)) for f in flags] == [(v == 1, v == 0) for v in label]
    assert rows[(flags & 4) > 0].tolist() == [5]
    readable = ~np.isin(rows, [11, 12])
    rgb = np.stack([columns[c] for c in "rgb"], axis=1).astype(int)
    assert np.abs(rgb - [colour_of(row) for row in rows])[readable].max() <= 3
    placed = (flags & 4) == 0
    places = np.array([p or (np.nan, np.nan) for p in table["tsne"].to_pylist()])[placed]
    xy = np.stack([columns["x"], columns["y"]], axis=1)[placed].astype(float)
    assert xy[:, 0].min() == 0 and xy[:, 0].max() == 65535  # the wider axis fills the square
    scale = np.ptp(places[:, 0]) / 65535
    back = (xy - xy.mean(axis=0)) * scale + places.mean(axis=0)  # one scale for both: aspect kept, up is up
    assert np.abs(back - places).max() < 2 * scale
    assert np.abs(on_map(coloured, places) - xy).max() <= 0.51


def test_a_second_run_does_nothing_and_a_lost_atlas_is_made_again(coloured):
    atlas(coloured)
    first = read_atlas(coloured)
    assert atlas(coloured).nothing_to_do
    (coloured.path / "atlas" / "atlas.json").unlink()
    with pytest.raises(DeepselfieError, match="run coloured"):
        read_atlas(coloured)
    assert not atlas(coloured).nothing_to_do
    assert read_atlas(coloured) == first


def test_files_that_no_longer_count_are_removed(coloured):
    atlas(coloured)
    before = read_atlas(coloured)
    flipped = 1 - coloured.read(["score"])["score"].to_numpy()
    coloured.set_columns(pa.table({"score": pa.array(flipped, pa.float32(), mask=np.isnan(flipped))}))
    coloured.save_report("score", {"key": "another model"})
    layout(coloured)
    atlas(coloured)
    after = read_atlas(coloured)
    assert after["version"] != before["version"]
    named = {after["geometry"], *page_names(after)}
    assert {p.name for p in (coloured.path / "atlas").iterdir()} == named | {"atlas.json", "order.npy", "grid.npz"}


SLOW = """
import sys, time
from deepselfie import atlas, engine, world
w = world.world("killed")
read, compose = engine.here, atlas._page
def slow_read(compute, table, reads, batches):
    if sys.argv[1] == "photos" and batches[0][0] >= 512:
        time.sleep(60)
    return read(compute, table, reads, batches)
def slow_page(world, folder, page, *rest):
    if sys.argv[1] == "pages" and (page.level.px, page.number) == (64, 2):
        time.sleep(60)
    return compose(world, folder, page, *rest)
engine.here, atlas._page = slow_read, slow_page
engine.os.cpu_count = lambda: 1
atlas.atlas(w)
"""


@pytest.mark.parametrize("during", ["photos", "pages"])
def test_a_killed_run_goes_on_with_what_is_there(tmp_path, monkeypatch, during):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    whole, killed = make_world("whole"), make_world("killed")
    atlas(whole)
    process = subprocess.Popen([sys.executable, "-c", SLOW, during], env={**os.environ, "PYTHONPATH": os.getcwd()})
    while made_so_far(killed, during) < (512 if during == "photos" else 7):  # 1 + 2 + 2 pages, and two of 64 px
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (killed.path / "atlas" / "atlas.json").exists()
    decoded, written = [], []
    write = module._write
    monkeypatch.setattr(module, "make_thumbs", lambda images: decoded.extend(images) or make_thumbs(images))
    monkeypatch.setattr(module, "_write", lambda w, stem, *rest: written.append(stem) or write(w, stem, *rest))
    atlas(killed)
    assert len(decoded) == (N - 1 - 512 if during == "photos" else 0)
    assert len(written) == (17 if during == "photos" else 10)  # of 16 pages and the geometry
    assert read_atlas(killed) == read_atlas(whole)
    assert not killed.parts("atlas").exists()


def made_so_far(w, during) -> int:
    if during == "pages":
        return len(list(w.parts("atlas").glob("*/*-*")))
    data = b"".join(path.read_bytes() for path in w.parts("atlas").glob("*/thumbs"))
    return int(np.count_nonzero(np.frombuffer(data, THUMB, len(data) // THUMB.itemsize)["state"]))


def test_thumbs_of_every_kind_of_picture():
    left_red = Image.new("RGB", (400, 300), "blue")
    left_red.paste("red", (0, 0, 200, 300))
    kinds = []
    for mode, kind in (
        ("RGB", "JPEG"),
        ("CMYK", "JPEG"),
        ("L", "JPEG"),
        ("RGBA", "PNG"),
        ("P", "PNG"),
        ("RGB", "WEBP"),
    ):
        out = io.BytesIO()
        left_red.convert(mode).save(out, kind)
        kinds.append(out.getvalue())
    turned = []
    for orientation in (3, 6):  # upside down; lying on its left side
        exif = Image.Exif()
        exif[0x0112] = orientation
        out = io.BytesIO()
        left_red.save(out, "JPEG", exif=exif)
        turned.append(out.getvalue())
    thumbs = make_thumbs([*kinds, *turned, kinds[0][:300], b"", None])
    assert thumbs["state"].tolist() == [1] * 8 + [2] * 3
    for px in (64, 32, 8):
        red, far = thumbs[str(px)][..., 0].astype(int), px * 3 // 4
        for place in (0, 1, 3, 4, 5):
            assert red[place, px // 2, px // 4] > 150 > 100 > red[place, px // 2, far], place  # red left, not right
        assert red[6, px // 2, px // 4] < 100 < 150 < red[6, px // 2, far]  # upright again
        assert red[7, px // 4, px // 2] > 150 > 100 > red[7, far, px // 2]
        assert (thumbs[str(px)][8:] == 128).all()


@pytest.mark.parametrize("size", [(640, 640), (640, 480), (360, 640), (1080, 1080), (3000, 2000), (96, 96), (60, 60)])
def test_a_thumb_is_the_whole_photo_made_small(size):
    rng, out = np.random.default_rng(7), io.BytesIO()
    blobs = Image.fromarray(rng.integers(30, 226, (8, 8, 3), np.uint8))
    photo = blobs.resize(size, Image.Resampling.BICUBIC)
    photo.save(out, "JPEG", quality=90)
    thumb = make_thumbs([out.getvalue()])[0]
    for px in (64, 32, 8):
        whole = np.asarray(photo.resize((px, px), Image.Resampling.BOX)).astype(int)
        assert np.abs(thumb[str(px)] - whole).mean() < 4, px


def test_a_photo_that_is_cut_short_is_unreadable():
    noise = Image.fromarray(np.random.default_rng(7).integers(0, 256, (300, 400, 3), np.uint8))
    out = io.BytesIO()
    noise.save(out, "JPEG")
    assert make_thumbs([out.getvalue(), out.getvalue()[:-5000]])["state"].tolist() == [1, 2]


def test_an_empty_order_makes_an_empty_atlas(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    w = world("none")
    w.append(pa.table({"id": ["a:1"], "image": pa.array([None], pa.large_binary())}))
    w.set_columns(pa.table({"score": pa.nulls(1, pa.float32())}))
    layout(w)
    atlas(w)
    assert read_atlas(w)["n"] == 0
    assert json.loads((w.path / "reports" / "atlas.json").read_text())["rows_in"] == 0
    assert all(len(column) == 0 for column in read_geometry(w).values())
