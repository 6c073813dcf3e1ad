"""CSV, TSV and Parquet rows become photos with their numbers; bad cells are listed by file and row."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from deepselfie.errors import DeepselfieError
from deepselfie.sources import import_photos, open_source
from deepselfie.world import world


def picture(i: int) -> bytes:
    out = io.BytesIO()
    Image.effect_mandelbrot((40 + i, 40), (-2, -1.5, 1 + i, 1.5), 50).convert("RGB").save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "set" / "img").mkdir(parents=True)
    for i in range(4):
        (tmp_path / "set" / "img" / f"{i}.jpg").write_bytes(picture(i))
    return tmp_path / "set"


def imported(file: Path, *columns: str, **options) -> list[dict]:
    import_photos(world("w"), file, **options)
    return world("w").read(list(columns)).to_pylist()


def test_csv_with_usual_names(folder):
    (folder / "posts.csv").write_text(
        "\ufeffFile Name,like_count,Followers,hashtags,timestamp,username,permalink,License,attribution\n"
        'img/0.jpg,12,"1,234","#selfie #Me,sun;sea",2014-05-06T07:08:09Z,ann,https://x.test/1,CC0,Ann A.\n'
        'img\\1.jpg,3.0,,"",1400000000,bob,,,\n'
        '"./img/2.jpg",,,,1400000000000,ann,,,"two\nlines"\n',
        encoding="utf-8",
    )
    keys = "likes followers tags created_at author url licence credit id width".split()
    first, second, third = imported(folder / "posts.csv", *keys)
    assert (first["likes"], first["followers"], first["tags"]) == (12, 1234, ["selfie", "Me", "sun", "sea"])
    assert first["created_at"] == datetime(2014, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert (first["url"], first["licence"], first["credit"]) == ("https://x.test/1", "CC0", "Ann A.")
    assert second["created_at"] == third["created_at"] == datetime(2014, 5, 13, 16, 53, 20, tzinfo=UTC)
    assert (second["likes"], second["tags"], second["url"], third["likes"]) == (3, [], None, None)
    assert [row["id"].split(":")[1] for row in (first, second, third)] == ["img/0.jpg", "img/1.jpg", "img/2.jpg"]
    assert third["credit"] == "two\nlines" and third["width"] == 42
    assert first["author"] == third["author"] != second["author"] and len(first["author"]) == 16
    everything = world("w").path.parent.rglob("*")
    assert not any(b"bob" in file.read_bytes() for file in everything if file.is_file() and file.suffix == ".json")


def test_mapping_semicolons_and_tabs(folder):
    (folder / "a.csv").write_text("what;n;likes\nimg/0.jpg;5;999\n")
    (folder / "a.tsv").write_text("what\tn\nimg/1.jpg\t7\n")
    mapping = {"image": "what", "likes": "n"}
    imported(folder / "a.csv", "likes", mapping=mapping)
    assert [r["likes"] for r in imported(folder / "a.tsv", "likes", mapping=mapping)] == [5, 7]


def test_names_come_from_the_column_or_the_file(folder):
    (folder / "grace_hopper.jpg").write_bytes(picture(0))
    (folder / "a.csv").write_text("image,name\ngrace_hopper.jpg,\nimg/1.jpg,Ada\n")
    assert [r["name"] for r in imported(folder / "a.csv", "name", named=True)] == ["Grace Hopper", "Ada"]


def test_bad_cells_are_listed_by_row(folder):
    bad = {
        "img/0.jpg,-1,": "likes is negative",
        "img/0.jpg,many,": "likes is not a number",
        "img/0.jpg,1.5,": "likes is not a whole number",
        "img/0.jpg,inf,": "likes is not a whole number",
        "img/0.jpg,1,last May": "created_at is not a readable date",
        "img/0.jpg,1,0001-01-01T00:00+09:00": "created_at is not a readable date",
        "img/9.jpg,1,": "file not found",
        f"{'x' * 5000},1,": "file not found",
        ",1,": "no image",
        "https://x.test/a.jpg,1,": "the image is a link: download it first, nothing is fetched here",
    }
    good = ["img/0.jpg,1,2020-01-01", "img/1.jpg", "", "img/0.jpg,2,"]
    (folder / "a.csv").write_text("\n".join(["image,likes,created_at", *bad, *good]))
    report = import_photos(world("w"), folder / "a.csv")
    reasons = [*bad.values(), "listed twice"]
    rows = [*range(2, 12), 15]
    found = {p["file"]: p["reason"] for p in report.problems}
    assert found == {f"a.csv:{row}": reason for row, reason in zip(rows, reasons, strict=True)}
    assert world("w").read(["likes"])["likes"].to_pylist() == [1, None]
    assert (report.rows_in, report.rows_out) == (13, 2)


def test_parquet_with_bytes_and_typed_columns(folder):
    table = pa.table(
        {
            "bytes": [picture(0), picture(1), None, picture(2), b"no picture"],
            "n": pa.array([1, -2, 3, None, 5], pa.int32()),
            "tags": [["#a", "b"], None, None, [], None],
            "created": pa.array([1_400_000_000_123_456_789] * 5, pa.timestamp("ns")),
            "user_id": pa.array([7.0, 7.0, 7.0, 7.0, None]),
        }
    )
    pq.write_table(table, folder / "a.parquet")
    report = import_photos(world("w"), folder / "a.parquet", mapping={"likes": "n"})
    assert {p["file"]: p["reason"] for p in report.problems} == {
        "a.parquet:2": "likes is negative",
        "a.parquet:3": "no image",
        "a.parquet:5": "not an image",
    }
    first, second = world("w").read(["id", "likes", "tags", "created_at", "author"]).to_pylist()
    assert first["id"].endswith(":row-1") and second["id"].endswith(":row-4")
    assert (first["likes"], first["tags"], second["likes"], second["tags"]) == (1, ["a", "b"], None, [])
    assert first["created_at"].microsecond == 123456 and first["author"] == second["author"]


def test_hugging_face_parquet(folder):
    images = [{"bytes": picture(0), "path": "same.jpg"}, {"bytes": picture(1), "path": "same.jpg"}, None]
    images.append({"bytes": None, "path": "img/3.jpg"})
    schema = pa.schema({"image": pa.struct({"bytes": pa.binary(), "path": pa.string()}), "likes": pa.int64()})
    table = pa.table({"image": images, "likes": [1, 2, 3, 4]}, schema)
    pq.write_table(table, folder / "train-00000.parquet", row_group_size=2)
    rows = imported(folder / "train-00000.parquet", "id", "likes", "width")
    assert [(row["likes"], row["width"]) for row in rows] == [(1, 40), (2, 41), (4, 43)]
    assert [row["id"].split(":")[1] for row in rows] == ["row-1", "row-2", "img/3.jpg"]


def test_wrong_columns_and_files_say_what_to_do(folder):
    (folder / "a.csv").write_text("what,n\nimg/0.jpg,5\n")
    with pytest.raises(DeepselfieError, match=r"no column with an image.*what, n.*--map image="):
        open_source(folder / "a.csv")
    with pytest.raises(DeepselfieError, match=r"no column 'm' to map to likes.*what, n"):
        open_source(folder / "a.csv", mapping={"image": "what", "likes": "m"})
    with pytest.raises(DeepselfieError, match=r"'hearts' is no field.*followers"):
        open_source(folder / "a.csv", mapping={"hearts": "n"})
    (folder / "empty.csv").write_text("")
    with pytest.raises(DeepselfieError, match="is empty"):
        open_source(folder / "empty.csv")
    (folder / "a.parquet").write_text("not at all")
    with pytest.raises(DeepselfieError, match="not a readable Parquet"):
        open_source(folder / "a.parquet")
