"""A world: columns are added, kills leave it whole, wrong names and missing columns are said to people."""

import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from deepselfie.errors import DeepselfieError
from deepselfie.stage import run_stage
from deepselfie.world import add_rowwise, world, world_names, write_atomically


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    made = world("w")
    made.append(pa.table({"id": [f"t:{i}" for i in range(100)], "likes": pa.array(range(100), pa.int64())}))
    return made


def double(batch: pa.Table) -> pa.Table:
    return pa.table({"twice": pa.array([2 * v for v in batch["likes"].to_pylist()], pa.int64())})


def rowwise(photos, compute=double, key="k"):
    def work(report, progress):
        report.rows_out = add_rowwise(
            photos, "twice", ["likes"], compute, key=report.key, batch_size=10, progress=progress
        )
        report.columns = ["twice"]

    return run_stage(photos, "twice", work, key_parts=(key,))


def test_rows_keep_their_place_and_columns_are_replaced(photos):
    assert photos.row("t:42") == 42 and photos.row("t:none") is None
    assert photos.take([5, 3], ["id"])["id"].to_pylist() == ["t:5", "t:3"]
    photos.set_columns(pa.table({"score": pa.array([0.5] * 100, pa.float32())}))
    photos.set_columns(pa.table({"score": pa.array([0.7] * 100, pa.float32())}))
    assert photos.read(["score"])["score"].to_pylist() == pytest.approx([0.7] * 100)
    with pytest.raises(ValueError):
        photos.set_columns(pa.table({"score": [1.0]}))


def test_a_stage_runs_once_and_only_new_rows_are_computed(photos):
    seen = []

    def watched(batch):
        seen.extend(batch["likes"].to_pylist())
        return double(batch)

    assert rowwise(photos, watched).rows_out == 100
    assert rowwise(photos, watched).nothing_to_do
    photos.append(pa.table({"id": ["t:new"], "likes": pa.array([500], pa.int64())}))
    assert rowwise(photos, watched).rows_out == 1
    assert seen == [*range(100), 500]
    assert photos.read(["twice"])["twice"].to_pylist() == [*range(0, 200, 2), 1000]
    assert rowwise(photos, watched, key="other").rows_out == 101


def test_a_failed_batch_resumes_at_that_batch(photos):
    seen = []

    def fails_once(batch):
        if 50 in batch["likes"].to_pylist() and 50 not in seen:
            seen.append(50)
            raise OSError("disk gone")
        seen.extend(batch["likes"].to_pylist())
        return double(batch)

    with pytest.raises(OSError):
        rowwise(photos, fails_once)
    assert "twice" not in photos.columns
    assert rowwise(photos, fails_once).rows_out == 100
    assert sorted(seen) == sorted([*range(100), 50])  # no batch was computed twice
    assert not photos.parts("twice").exists()


def test_killed_stage_ends_as_if_it_had_not_been(photos):
    code = """
    import os, signal, sys
    sys.path.insert(0, ".")
    from tests.test_world import double, rowwise
    from deepselfie.world import world
    def dies(batch):
        if 70 in batch["likes"].to_pylist():
            os.kill(os.getpid(), signal.SIGKILL)
        return double(batch)
    rowwise(world("w"), dies)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], env=dict(os.environ), capture_output=True)
    assert done.returncode == -signal.SIGKILL
    assert len(list(photos.parts("twice").rglob("*.arrow"))) == 7
    rowwise(photos)
    assert photos.read(["twice"])["twice"].to_pylist() == list(range(0, 200, 2))


def test_errors_name_the_remedy(photos):
    with pytest.raises(DeepselfieError, match="there are: w"):
        _ = world("nowhere").table
    with pytest.raises(DeepselfieError, match="cannot name a world"):
        world("../etc")
    with pytest.raises(DeepselfieError, match="python -m deepselfie run w"):
        photos.read(["score"])
    assert world_names() == ["w"]


def test_a_first_write_that_was_killed_leaves_no_world(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    for folder in ("data", "_versions"):
        (tmp_path / "w" / "selfies.lance" / folder).mkdir(parents=True)
    (tmp_path / "w" / "selfies.lance" / "_versions" / ".tmp_1.manifest_0").write_bytes(b"half")
    assert not world("w").exists and len(world("w")) == 0 and world_names() == []
    world("w").append(pa.table({"id": ["t:0"]}))
    assert len(world("w")) == 1 and world_names() == ["w"]


def test_threads_that_write_the_same_file_at_once_do_not_meet(tmp_path):
    path = tmp_path / "same.bin"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: write_atomically(path, bytes([i % 256]) * 100_000), range(200)))
    assert len(set(path.read_bytes())) == 1 and list(tmp_path.iterdir()) == [path]
