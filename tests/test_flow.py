"""The whole way from a folder of photos to a world that the pages can show, whole and after kills."""

import os
import signal
import subprocess
import sys
import time

import pyarrow as pa
import pytest

from deepselfie import cli, flow
from deepselfie.check import check
from deepselfie.demo import ids, render
from deepselfie.labels import labels
from deepselfie.layout import order
from deepselfie.world import world

PHOTOS = 60


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Sixty rendered selfies as JPEG files in nested folders, and a file that is no picture."""
    root = tmp_path_factory.mktemp("photos")
    for index in range(PHOTOS):
        path = root / f"album {index % 3}" / f"{index:03}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(render.encode(render.render(77, index, size=64)[0]))
    (root / "notes.jpg").write_text("not a picture")
    return root


def deepselfie(cache, *arguments, kill_at=None):
    """Runs the command line in a process of its own; kills it, children and all, once the path `kill_at` is there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "deepselfie", *map(str, arguments)],
        env={**os.environ, "DEEPSELFIE_CACHE": str(cache)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    while kill_at is not None and process.poll() is None:
        if kill_at.exists():
            os.killpg(process.pid, signal.SIGKILL)
            break
        time.sleep(0.002)
    return process.communicate()[0].decode(), process.returncode


@pytest.fixture(scope="session")
def demo_model():
    """The shipped model, which scores worlds without likes."""
    return world("demo").model_path


@pytest.fixture(scope="session")
def whole(folder, tmp_path_factory, demo_model):
    cache = tmp_path_factory.mktemp("whole")
    (cache / "demo").mkdir()
    (cache / "demo" / "model").symlink_to(demo_model)
    for command in (("import", folder, "--world", "mine"), ("run", "mine")):
        text, code = deepselfie(cache, *command)
        assert code == 0, text
    return cache


def columns(cache) -> pa.Table:
    os.environ["DEEPSELFIE_CACHE"] = str(cache)
    try:
        return world("mine").read(["id", "image", "faces", "attributes", "score", "fc7", "tsne", "cluster"])
    finally:
        del os.environ["DEEPSELFIE_CACHE"]


def test_a_folder_becomes_a_world(whole, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(whole))
    mine = world("mine")
    assert len(mine) == PHOTOS
    assert mine.report("import")["dropped"] == {"not an image": 1}
    assert len(order(mine)) > 0.9 * PHOTOS
    assert [fault for _, fault in check(mine) if fault] == []
    text, code = deepselfie(whole, "run", "mine")
    assert code == 0 and text.count("nothing to do") == 7, text


def test_killed_in_the_middle_of_each_stage_the_same_world_comes_out(whole, folder, demo_model, tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "model").symlink_to(demo_model)
    mine = tmp_path / "mine"
    bring = ("import", folder, "--world", "mine")
    assert deepselfie(tmp_path, *bring, kill_at=mine / "selfies.lance")[1] == -signal.SIGKILL
    assert deepselfie(tmp_path, *bring)[1] == 0
    for stage in ("faces", "score", "embed"):  # what a stage has done but not committed lies in parts/
        assert deepselfie(tmp_path, "run", "mine", kill_at=mine / "parts" / stage)[1] == -signal.SIGKILL, stage
        assert not (mine / "reports" / f"{stage}.json").exists()
    text, code = deepselfie(tmp_path, "run", "mine")
    assert code == 0, text
    assert columns(tmp_path).equals(columns(whole))


def test_run_keeps_the_settings_of_a_stage_that_was_run_by_hand(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    posts = world("posts")
    columns = {"id": [f"t:{i}" for i in range(200)], "likes": pa.array(range(200), pa.int64())}
    posts.append(pa.table(columns | {"followers": pa.array([50] * 200, pa.int64())}))
    labels(posts, followers=(10, 90), shares=(0.5, 0.2, 0.1, 0.2))
    assert posts.report("labels")["rows_out"] == 200
    assert labels(posts, **flow._kept(posts, "labels")).nothing_to_do
    assert not labels(posts).nothing_to_do


def test_errors_are_for_people(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    assert cli.main(["run", "nowhere"]) == 1
    assert "import FOLDER --world nowhere" in capsys.readouterr().err
    assert cli.main(["import", str(tmp_path), "--world", "x", "--map", "likes"]) == 1
    assert "--map takes FIELD=COLUMN" in capsys.readouterr().err
    assert cli.main(["worlds"]) == 0
    assert "Traceback" not in capsys.readouterr().out


def test_help_is_a_map(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    text = capsys.readouterr().out
    verbs = "demo import faces labels train score evaluate findings embed clusters layout atlas run worlds check forget"
    for verb in verbs.split():
        assert f"\n  {verb}" in text


def test_the_shipped_demo_is_whole():
    assert [fault for _, fault in check(world("demo")) if fault] == []
    famous = world("demo").read(["id", "name"], where="name is not null")
    assert len(famous) == 40 and all(ids.parse(id)[0] == ids.FAMOUS for id in famous["id"].to_pylist())
