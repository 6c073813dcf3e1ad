import io
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from deepselfie import atlas as module
from deepselfie.atlas import atlas, make_page, on_map, read_atlas, read_geometry
from deepselfie.errors import DeepselfieError
from deepselfie.layout import layout, order
from deepselfie.world import world

N = 600  # three pages of large thumbs, the last one not full


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
    w.append(pa.table({"id": [f"c:{i:03}" for i in range(N)], "image": pa.array(images, pa.large_binary())}))
    places = rng.normal(size=(N, 2)) * (30, 10)
    unplaced = np.arange(N) == 5
    tsne = pa.FixedSizeListArray.from_arrays(pa.array(places.ravel(), pa.float32()), 2, mask=pa.array(unplaced))
    score = [None if i == 3 else float(s) for i, s in enumerate(rng.permutation(N) / N)]
    label = pa.array([(1, 0, None)[i % 3] for i in range(N)], pa.int8())
    w.set_columns(pa.table({"score": pa.array(score, pa.float32()), "tsne": tsne, "label": label}))
    layout(w)
    return w


def cell(w, rank, px):
    """The thumbnail of a rank as a browser finds it, by the arithmetic of atlas.json alone."""
    level = next(level for level in read_atlas(w)["levels"] if level["px"] == px)
    page, slot = divmod(rank, level["per_page"])
    across = level["page"] // px
    x, y = slot % across * px, slot // across * px
    with Image.open(w.path / "atlas" / level["pages"][page]) as image:
        assert image.size == (1024, 1024) and image.format == "WEBP"
        return np.asarray(image.convert("RGB"))[y : y + px, x : x + px].astype(int)


def test_each_photo_is_where_its_rank_says(coloured):
    report = atlas(coloured)
    rows = order(coloured)
    assert report.rows_in == len(rows) == N - 1 and report.rows_out == N - 3
    assert sorted(p["id"] for p in report.problems) == ["c:011", "c:012"]
    for rank in (0, 1, 15, 16, 255, 256, 300, N - 2):
        row = rows[rank]
        expected = (128,) * 3 if row in (11, 12) else colour_of(row)
        for px in (16, 64):
            inside = cell(coloured, rank, px)[px // 4 : -px // 4, px // 4 : -px // 4]
            assert np.abs(inside.mean(axis=(0, 1)) - expected).max() < 8, (rank, px)
    grey = int(np.flatnonzero(rows == 11)[0])
    assert np.abs(cell(coloured, grey, 64)[8:-8, 8:-8] - 128).max() < 8
    levels = read_atlas(coloured)["levels"]
    assert [(v["px"], v["page"], v["per_page"], len(v["pages"])) for v in levels] == [
        (16, 1024, 4096, 1),
        (64, 1024, 256, 3),
    ]


def test_geometry_holds_what_the_table_holds(coloured):
    atlas(coloured)
    columns, rows = read_geometry(coloured), order(coloured)
    table = coloured.take(rows, ["score", "label", "tsne"])
    size = (coloured.path / "atlas" / read_atlas(coloured)["geometry"]).stat().st_size
    assert size == 16 * len(rows)
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
    named = {after["geometry"], *(page for level in after["levels"] for page in level["pages"])}
    assert {p.name for p in (coloured.path / "atlas").iterdir()} == named | {"atlas.json", "order.npy"}


def test_a_killed_run_goes_on_with_the_pages_there(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    whole, killed = make_world("whole"), make_world("killed")
    atlas(whole)
    program = """
import time, sys
from deepselfie import atlas, pictures, world
read, w = pictures.image_bytes, world.world("killed")
def slow(w, rows):
    if len(list(w.parts("atlas").glob("*/*.npz"))) > 0:
        time.sleep(60)
    return read(w, rows)
pictures.image_bytes = slow
atlas.os.cpu_count = lambda: 1
atlas.atlas(w)
"""
    process = subprocess.Popen([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": os.getcwd()})
    parts = killed.parts("atlas")
    while not list(parts.glob("*/*.npz")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (killed.path / "atlas" / "atlas.json").exists()
    made = []
    monkeypatch.setattr(module, "make_page", lambda *a: made.append(1) or make_page(*a))
    atlas(killed)
    assert len(made) == 2  # of three: the first was there
    assert read_atlas(killed) == read_atlas(whole)
    assert not parts.exists()


def test_a_page_of_every_kind_of_picture():
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
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    out = io.BytesIO()
    left_red.save(out, "JPEG", exif=exif)
    page = make_page([*kinds, out.getvalue(), kinds[0][:300], b"", None])
    assert page.unreadable == [7, 8, 9]
    for place in (0, 1, 3, 4, 5):
        assert page.small[place, 8, 3, 0] > 150 > 100 > page.small[place, 8, 12, 0], place  # red left, not right
    assert page.small[6, 8, 3, 0] < 100 < 150 < page.small[6, 8, 12, 0]  # upright again
    assert page.small.shape == (10, 16, 16, 3)


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
