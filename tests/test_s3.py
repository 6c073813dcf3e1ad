"""A world whose table lies in an object store, on a real S3 server (moto's): the whole way, kills, errors."""

import os
import signal
import subprocess
import sys
import time

import boto3
import pytest
from moto.server import ThreadedMotoServer

from deepselfie import cli
from deepselfie.check import check
from deepselfie.demo import render
from deepselfie.errors import DeepselfieError
from deepselfie.faces import faces
from deepselfie.world import world, world_names

PHOTOS = 60
TABLE = "s3://selfies/worlds/mine.lance"


@pytest.fixture(scope="module")
def server():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(server, monkeypatch):
    """An empty bucket `selfies`, and the variables of its server."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    variables = {"AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
    variables |= {"AWS_ENDPOINT_URL": server, "AWS_ALLOW_HTTP": "true", "AWS_EC2_METADATA_DISABLED": "true"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    made = boto3.resource("s3", endpoint_url=server, region_name="us-east-1").Bucket("selfies")
    made.create()
    yield made
    made.objects.delete()
    made.delete()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Sixty rendered selfies as JPEG files."""
    root = tmp_path_factory.mktemp("photos")
    for index in range(PHOTOS):
        (root / f"{index:03}.jpg").write_bytes(render.encode(render.render(78, index, size=64)[0]))
    return root


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache folder with the shipped model, which scores worlds without likes."""
    model = world("demo").model_path
    return machine(tmp_path / "cache", model, monkeypatch)


def machine(cache, model, monkeypatch):
    (cache / "demo").mkdir(parents=True)
    (cache / "demo" / "model").symlink_to(model)
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(cache))
    return cache


def begin(*arguments):
    command = [sys.executable, "-m", "deepselfie", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)


def deepselfie(*arguments):
    process = begin(*arguments)
    text = process.communicate()[0].decode()
    assert process.returncode == 0, text
    return text


def test_all_stages_on_a_table_in_a_bucket_and_a_second_machine(bucket, folder, cache, tmp_path, monkeypatch):
    deepselfie("import", folder, "--world", "mine", "--table", TABLE)
    text = deepselfie("run", "mine")
    assert "nothing to do" not in text
    mine = world("mine")
    assert mine.location == TABLE and not (cache / "mine" / "selfies.lance").exists()
    assert len(mine) == PHOTOS and world_names() == ["mine"]
    assert {"faces", "score", "fc7", "tsne", "cluster"} <= mine.columns
    assert [fault for _, fault in check(mine) if fault] == []
    assert deepselfie("run", "mine").count("nothing to do") == 7
    assert f"{'mine':<20} {PHOTOS:>8}" in deepselfie("worlds")
    boxes = mine.read(["id", "faces"])

    machine(tmp_path / "other", cache / "demo" / "model", monkeypatch)
    other = world("mine")
    assert len(other) == 0
    assert deepselfie("import", "--world", "mine", "--table", TABLE) == f"{PHOTOS} photos in {TABLE}\n"
    assert other.read(["id", "faces"]).equals(boxes)
    assert faces(other).rows_in == PHOTOS and other.read(["id", "faces"]).equals(boxes)
    again = deepselfie("import", folder, "--world", "mine", "--table", TABLE)
    assert "import: nothing to do" in again and len(other) == len(mine) == PHOTOS


def test_an_import_that_was_killed_goes_on(bucket, folder, cache, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.getcwd())
    small = "import sys; from deepselfie import cli, sources; sources.CHUNK_ROWS = 10; sys.exit(cli.main(sys.argv[1:]))"
    command = [sys.executable, "-c", small, "import", str(folder), "--world", "mine", "--table", TABLE]
    for commits in (1, 3):
        process = subprocess.Popen(command, start_new_session=True)
        while sum("/_versions/" in one.key for one in bucket.objects.all()) < commits:
            assert process.poll() is None
            time.sleep(0.002)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert world("mine").report("import") is None
    there = len(world("mine"))
    assert 0 < there < PHOTOS
    subprocess.run(command, check=True)
    ids = world("mine").read(["id"])["id"].to_pylist()
    assert len(ids) == len(set(ids)) == PHOTOS and world("mine").report("import")["details"]["added"] == PHOTOS - there


def test_errors_name_the_remedy(bucket, cache, monkeypatch, capsys):
    mine = world("mine")
    for address in ("s3://selfies", "http://selfies/x.lance", "s3://selfies/x.parquet", "/tmp/x.lance"):
        with pytest.raises(DeepselfieError, match="give s3://BUCKET"):
            mine.place_table(address)
    with pytest.raises(DeepselfieError, match="no such bucket"):
        mine.place_table("s3://nowhere/x.lance")
    assert world_names() == [] and mine.location == str(mine.path / "selfies.lance")
    mine.place_table(TABLE)
    with pytest.raises(DeepselfieError, match="python -m deepselfie import FOLDER"):
        _ = mine.table
    with pytest.raises(DeepselfieError, match="Take another name"):
        mine.place_table("s3://selfies/worlds/other.lance")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(DeepselfieError, match="Set AWS_ACCESS_KEY_ID"):
        _ = mine.table
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "me")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    with pytest.raises(DeepselfieError, match="AWS_ALLOW_HTTP=true"):
        _ = mine.table
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # nobody listens there
    with pytest.raises(DeepselfieError, match="does not answer"):
        _ = mine.table
    assert cli.main(["worlds"]) == 0
    assert "does not answer" in capsys.readouterr().out
