"""A miniature of the UCF Selfie data set, in its own layout, imports with popularity and all attributes."""

import numpy as np
import pytest
from PIL import Image

from deepselfie.sources import import_photos
from deepselfie.sources.ucf import ATTRIBUTES
from deepselfie.world import world

NAMES = [f"100{i}_{i}_a" for i in range(5)]


@pytest.fixture
def selfies(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "Selfie-dataset"
    (root / "images").mkdir(parents=True)
    random, lines = np.random.default_rng(0), []
    for i, name in enumerate(NAMES):
        Image.fromarray(random.integers(0, 255, (30, 30, 3), np.uint8)).save(root / "images" / f"{name}.jpg")
        lines.append(" ".join([name, f"{4 + i / 8:.3f}", *map(str, random.integers(-1, 2, 36))]))
    (root / "selfie_dataset.txt").write_text("\n".join(lines) + "\n")
    return root


def test_popularity_and_attributes(selfies):
    assert len(ATTRIBUTES) == 36
    report = import_photos(world("w"), selfies)
    assert (report.rows_in, report.rows_out, report.dropped) == (5, 5, {})
    rows = world("w").read(["id", "popularity", "ucf", "likes", "url"]).to_pylist()
    assert [row["id"] for row in rows] == [f"ucf:{name}" for name in NAMES]
    assert [row["popularity"] for row in rows] == [4, 4.125, 4.25, 4.375, 4.5]
    cells = (selfies / "selfie_dataset.txt").read_text().splitlines()[2].split()
    assert list(rows[2]["ucf"]) == ATTRIBUTES and list(rows[2]["ucf"].values()) == list(map(int, cells[2:]))
    assert rows[0]["likes"] is None and rows[0]["url"] is None


def test_bad_lines_and_missing_images_are_listed(selfies):
    lines = (selfies / "selfie_dataset.txt").read_text().splitlines()
    lines[1] = lines[1].rsplit(" ", 1)[0]
    lines[2] = lines[2].replace("4.250", "much")
    (selfies / "selfie_dataset.txt").write_text("\n".join(lines))
    (selfies / "images" / f"{NAMES[4]}.jpg").unlink()
    report = import_photos(world("w"), selfies / "selfie_dataset.txt")
    assert [(p["file"], p["reason"]) for p in report.problems] == [
        ("selfie_dataset.txt:2", "not 38 columns"),
        ("selfie_dataset.txt:3", "a column that is no number"),
        ("selfie_dataset.txt:5", "file not found"),
    ]


def test_beside_photos_of_another_source(selfies, tmp_path):
    (tmp_path / "mine").mkdir()
    Image.effect_mandelbrot((40, 40), (-2, -1.5, 1, 1.5), 50).save(tmp_path / "mine" / "a.png")
    import_photos(world("w"), tmp_path / "mine")
    import_photos(world("w"), selfies)
    rows = world("w").read(["id", "popularity", "ucf"]).to_pylist()
    assert len(rows) == 6 and rows[0]["popularity"] is None and rows[0]["ucf"] is None
    assert rows[1]["popularity"] == 4 and rows[1]["ucf"] is not None
    (tmp_path / "mine" / "b.png").write_bytes((tmp_path / "mine" / "a.png").read_bytes())
    import_photos(world("w"), tmp_path / "mine")
    assert world("w").read(["popularity"])["popularity"].null_count == 2
    assert [entry["rows_out"] for entry in world("w").report("import")["details"]["sources"].values()] == [2, 5]
