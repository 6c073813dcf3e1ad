"""A folder imports in sorted order, hidden files aside; names come from files and folders."""

import os

import pytest
from PIL import Image

from deepselfie.errors import DeepselfieError
from deepselfie.sources import import_photos, open_source
from deepselfie.sources.folder import pretty, walk
from deepselfie.world import world


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "Holiday 2014"
    names = ["b.JPG", "a.png", "deep/er/c.WebP", "deep/grace_hopper-2.jpeg", ".hidden.jpg", "__MACOSX/._b.jpg"]
    for i, name in enumerate([*names, ".thumbs/d.jpg", "bare"]):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        format = {".png": "PNG", ".WebP": "WEBP"}.get(os.path.splitext(name)[1], "JPEG")
        Image.effect_mandelbrot((40 + i, 40), (-2, -1.5, 1 + i, 1.5), 50).convert("RGB").save(root / name, format)
    (root / "Thumbs.db").write_bytes(b"x")
    (root / "notes.txt").write_text("A fine day.")
    (root / "note").write_text("A fine day.")
    return root


def test_nested_folders_in_order(folder):
    report = import_photos(world("w"), folder)
    rows = world("w").read(["id", "width", "likes", "created_at", "name", "author"]).to_pylist()
    source = rows[0]["id"].split(":")[0]
    assert source.startswith("holiday-2014-")
    wanted = ["a.png", "b.JPG", "bare", "deep/grace_hopper-2.jpeg", "deep/er/c.WebP"]
    assert [row["id"] for row in rows] == [f"{source}:{name}" for name in wanted]
    assert [row["width"] for row in rows] == [41, 40, 47, 43, 42]
    assert {row[key] for row in rows for key in ("likes", "created_at", "name", "author")} == {None}
    assert {(p["file"], p["reason"]) for p in report.problems} == {
        ("note", "not an image"),
        ("notes.txt", "not an image"),
    }


def test_named(folder):
    import_photos(world("w"), folder, named=True)
    assert world("w").read(["name"])["name"].to_pylist() == ["A", "B", "Bare", "Deep", "Er"]


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("grace_hopper-2", "Grace Hopper"),
        ("grace-hopper", "Grace Hopper"),
        ("Ada Lovelace (3)", "Ada Lovelace"),
        ("jean-luc_picard", "Jean-Luc Picard"),
        ("paul_McCartney12", "Paul McCartney"),
        ("frida.kahlo_01", "Frida Kahlo"),
        ("e\u0301dith_piaf", "Édith Piaf"),
        ("草間彌生", "草間彌生"),
        ("0007", "0007"),
        ("_", "_"),
    ],
)
def test_pretty(stem, name):
    assert pretty(stem) == name


def test_links_in_a_circle_end(folder):
    (folder / "deep" / "round").symlink_to(folder, target_is_directory=True)
    (folder / "gone.jpg").symlink_to(folder / "nowhere.jpg")
    assert len(list(walk(folder))) == 8
    assert import_photos(world("w"), folder).dropped == {"not an image": 2, "file not found": 1}


def test_file_names_that_are_no_utf8(folder):
    odd = os.fsencode(folder) + b"/caf\xe9.png"
    with open(odd, "wb") as file:
        file.write((folder / "a.png").read_bytes())
    report = import_photos(world("w"), folder, named=True)
    assert report.rows_out == 6
    rows = world("w").read(["id", "duplicate_of"]).to_pylist()
    assert rows[3]["id"].endswith(r":caf\udce9.png") and rows[3]["duplicate_of"] == rows[0]["id"]


def test_what_cannot_be_imported_says_what_to_do(folder, tmp_path):
    with pytest.raises(DeepselfieError, match="nothing at"):
        open_source(tmp_path / "none")
    with pytest.raises(DeepselfieError, match="neither a folder nor a table"):
        open_source(folder / "notes.txt")
    with pytest.raises(DeepselfieError, match="--map is for tables"):
        open_source(folder, mapping={"likes": "n"})
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "likes.csv").write_text("image,likes\n")
    with pytest.raises(DeepselfieError, match=r"no images in .* likes\.csv"):
        open_source(tmp_path / "empty")
    (tmp_path / "empty" / "a.jpg").write_text("no picture")
    with pytest.raises(DeepselfieError, match=r"No photo could be imported \(2 × not an image\)"):
        import_photos(world("v"), tmp_path / "empty")
    assert not world("v").exists
