"""Photos are written once each, whatever happens: kills, crashes of a decoder, a second import of a folder grown."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from deepselfie.sources import Photo, gather, import_photos
from deepselfie.world import world, world_names


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def make_photos(root: Path, numbers: range) -> Path:
    """Different pictures of noise, every 50th broken."""
    root.mkdir(exist_ok=True)
    for i in numbers:
        coarse = np.random.default_rng(i).integers(0, 256, (12, 12, 3), np.uint8)
        Image.fromarray(coarse).resize((160, 160), Image.Resampling.BICUBIC).save(root / f"{i:04}.jpg")
        if i % 50 == 7:
            (root / f"{i:04}.jpg").write_bytes((root / f"{i:04}.jpg").read_bytes()[:900])
    return root


def everything(name: str) -> pa.Table:
    columns = sorted(world(name).columns - {"gathered_at"})
    return world(name).read(columns)


@pytest.mark.parametrize("stop_at", [1, 2])
def test_kill_in_the_middle_and_again(cache, tmp_path, stop_at):
    photos = make_photos(tmp_path / "photos", range(620))
    script = tmp_path / "bring.py"
    script.write_text(
        textwrap.dedent("""
        import sys
        from deepselfie.sources import import_photos
        from deepselfie.world import world
        if __name__ == "__main__":
            import_photos(world("killed"), sys.argv[1])
        """)
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen([sys.executable, script, photos], env=environment, stderr=subprocess.DEVNULL)
    while process.poll() is None and len(world("killed")) < 256 * stop_at:
        time.sleep(0.01)
    readers = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert 256 <= len(world("killed")) < 607 and world("killed").report("import") is None
    assert gone(map(int, readers.stdout.split()))

    again = import_photos(world("killed"), photos)
    whole = import_photos(world("whole"), photos)
    assert again.dropped == whole.dropped == {"corrupt image": 13}
    assert (again.rows_in, again.rows_out, again.rows) == (620, 607, 607)
    assert again.details["added"] < whole.details["added"] == 607
    assert everything("killed").equals(everything("whole"))
    assert len(set(everything("whole")["id"].to_pylist())) == 607


def gone(processes) -> bool:
    """Whether the readers end by themselves once their parent is killed."""
    for process in processes:
        for _ in range(500):
            try:
                os.kill(process, 0)
                if " Z " in Path(f"/proc/{process}/stat").read_text():
                    break
            except (ProcessLookupError, FileNotFoundError):
                break
            time.sleep(0.02)
        else:
            return False
    return True


def test_again_does_nothing_and_a_folder_grown_adds_only_the_new(cache, tmp_path):
    photos = make_photos(tmp_path / "photos", range(20))
    first = import_photos(world("w"), photos)
    assert (first.rows_in, first.rows_out, first.dropped) == (20, 19, {"corrupt image": 1})
    (photos / "0007.jpg").unlink()
    version = world("w").table.version
    second = import_photos(world("w"), photos)
    assert second.nothing_to_do and world("w").table.version == version
    before = everything("w").to_pylist()
    make_photos(tmp_path / "photos", range(10, 70))
    third = import_photos(world("w"), photos)
    assert (third.rows, third.details["added"]) == (68, 49)
    assert everything("w").to_pylist()[:19] == before
    saved = world("w").report("import")
    assert (saved["rows_in"], saved["rows_out"], saved["dropped"]) == (69, 68, {"corrupt image": 1})


def test_two_folders_of_one_name_are_two_sources(cache, tmp_path):
    for i, parent in enumerate(("a", "b")):
        (tmp_path / parent).mkdir()
        import_photos(world("w"), make_photos(tmp_path / parent / "photos", range(10 * i, 10 * i + 10)))
    assert len(world("w")) == 19
    saved = world("w").report("import")
    assert (saved["rows_in"], saved["rows_out"], saved["dropped"]) == (20, 19, {"corrupt image": 1})
    assert [p["file"] for p in saved["problems"]] == ["0007.jpg"]


def test_copies_are_marked(cache, tmp_path):
    photos = make_photos(tmp_path / "photos", range(6))
    Image.open(photos / "0003.jpg").resize((110, 110)).save(photos / "copy.webp", quality=80)
    assert import_photos(world("w"), photos).details["near_duplicates"] == 1
    rows = world("w").read(["id", "duplicate_of"]).to_pylist()
    assert [row["duplicate_of"] for row in rows] == [None] * 6 + [rows[3]["id"]]


def test_stages_own_columns_survive_a_second_import(cache, tmp_path):
    photos = make_photos(tmp_path / "photos", range(5))
    import_photos(world("w"), photos)
    fc7 = pa.FixedSizeListArray.from_arrays(pa.array(np.ones(10, np.float16)), 2)
    world("w").set_columns(pa.table({"score": pa.array([0.5] * 5, pa.float32()), "fc7": fc7}))
    import_photos(world("w"), make_photos(photos, range(6)))
    assert world("w").read(["score"])["score"].to_pylist() == [0.5] * 5 + [None]
    assert world("w").read(["fc7"])["fc7"].to_pylist() == [[1.0, 1.0]] * 5 + [None]


class Deadly:
    """Ends the process that receives it, as a bug in a decoder would."""

    def __reduce__(self):
        return os._exit, (9,)


def test_a_photo_that_crashes_the_decoder_is_left_out(cache, tmp_path):
    files = sorted(make_photos(tmp_path / "photos", range(40)).iterdir())
    photos = [Photo(file.name, file) for file in files]
    photos[20].data = Deadly()
    report = gather(world("w"), photos, source="t", total=40)
    assert report.dropped == {"corrupt image": 1, "crashes the image decoder": 1}
    wanted = [f"t:{file.name}" for i, file in enumerate(files) if i not in (7, 20)]
    assert world("w").read(["id"])["id"].to_pylist() == wanted


def test_authors_are_salted_once_for_all_worlds(cache, tmp_path):
    file = make_photos(tmp_path / "photos", range(1)) / "0000.jpg"
    for name in ("v", "w"):
        gather(world(name), [Photo("a", file, author="ann"), Photo("b", file)], source="t", total=2)
    first, second = world("v").read(["author"])["author"].to_pylist()
    assert world("w").read(["author"])["author"][0].as_py() == first and second is None
    assert int(first, 16) and len(first) == 16
    assert len((cache / ".salt").read_bytes()) == 32 and (cache / ".salt").stat().st_mode & 0o077 == 0
    assert world_names() == ["v", "w"]
