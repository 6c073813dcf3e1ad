"""The same world by a Ray cluster of two machines as by this one alone, also where one of them dies, or the driver."""

import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial

import numpy as np
import pyarrow as pa
import pytest
import ray
import torch
from ray.cluster_utils import Cluster

from deepselfie import models, pictures
from deepselfie import world as worlds
from deepselfie.atlas import atlas, page_names, read_atlas
from deepselfie.demo import ids, render
from deepselfie.engine import by_ray
from deepselfie.errors import DeepselfieError
from deepselfie.faces import faces
from deepselfie.layout import layout
from deepselfie.score import score
from deepselfie.world import add_rowwise, world

PHOTOS = 160
MACHINE = {"num_cpus": 1, "object_store_memory": 100_000_000, "include_dashboard": False}


@pytest.fixture(scope="module")
def cluster():
    """Two machines that lend a core each."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    cluster = Cluster()
    cluster.add_node(**MACHINE, _system_config={"health_check_period_ms": 500, "health_check_failure_threshold": 3})
    cluster.add_node(**MACHINE)
    cluster.wait_for_nodes()
    os.environ["RAY_ADDRESS"] = cluster.address
    yield cluster
    ray.shutdown()
    cluster.shutdown()
    del os.environ["RAY_ADDRESS"]


@pytest.fixture(scope="module")
def photos():
    """158 selfies, a photo that is broken and one that is missing."""
    drawn = [render.encode(render.render(81, index, size=64)[0]) for index in range(PHOTOS - 2)]
    return pa.table(
        {
            "id": [f"t:{index}" for index in range(PHOTOS)],
            "image": pa.array([*drawn, b"\xff\xd8 no picture", None], pa.large_binary()),
        }
    )


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache folder with an untrained network in its demo world; batches of 16 rows, so that there are many."""
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    torch.manual_seed(0)
    network = models.build("lite0")
    network.size = 32
    models.save(network, world("demo").model_path, {"calibration": {"slope": 2.0, "intercept": 0.1, "error": 0.0}})
    for stage in ("faces", "score"):
        monkeypatch.setattr(sys.modules[f"deepselfie.{stage}"], "add_rowwise", partial(add_rowwise, batch_size=16))
    monkeypatch.setattr(sys.modules["deepselfie.atlas"], "SENT", 16)
    return tmp_path


def made(name, photos, engine):
    mine = world(name)
    mine.append(photos)
    assert faces(mine, engine=engine).rows_in == len(photos)
    assert score(mine, engine=engine).rows_in == len(photos)
    places = np.random.default_rng(0).normal(size=(len(mine), 2)).astype(np.float32)
    mine.set_columns(pa.table({"tsne": pa.FixedSizeListArray.from_arrays(places.ravel(), 2)}))
    layout(mine)
    atlas(mine, engine=engine)
    return mine


def assert_same(one, other):
    columns = ["id", "image", "faces", "attributes"]
    assert one.read(columns).equals(other.read(columns))
    for column in ("score", "fc7"):
        a, b = (mine.read([column])[column].combine_chunks() for mine in (one, other))
        assert a.is_null().equals(b.is_null())
        a, b = ((v.flatten() if column == "fc7" else v.drop_null()).to_numpy().astype(float) for v in (a, b))
        assert len(a) and np.abs(a - b).max() <= 1e-3
    assert read_atlas(one) == read_atlas(other)
    for name in page_names(read_atlas(one)):
        assert (one.path / "atlas" / name).read_bytes() == (other.path / "atlas" / name).read_bytes()


def dying(cluster, folder, deaths):
    """`by_ray`, but a machine dies once each of the two has computed a batch and is at another; then a new one comes.

    deaths: for each time, the numbers of the batches that came out."""

    def by_ray_and_a_death(compute, table, reads, batches, **how):
        at = folder / f"death-{len(deaths)}"
        at.mkdir()

        def computed(batch):  # by a process of some machine
            first, second = at / f"{os.getpid()}.first", at / f"{os.getpid()}.second"
            if first.exists():
                second.touch()
                while not (at / "dead").exists():
                    time.sleep(0.01)
            first.touch()
            return compute(batch)

        def dies():
            deadline = time.monotonic() + 90
            while (busy := len(list(at.glob("*.second")))) < 2 and time.monotonic() < deadline:
                time.sleep(0.01)
            cluster.remove_node(cluster.list_all_nodes()[-1], allow_graceful=False)
            (at / "dead").write_text(f"{busy} were busy")

        watcher = threading.Thread(target=dies)
        watcher.start()
        numbers = []
        for number, answer in by_ray(computed, table, reads, batches, **how):
            numbers.append(number)
            yield number, answer
        watcher.join()
        assert (at / "dead").read_text() == "2 were busy"  # of a core each: both machines
        deaths.append(numbers)
        cluster.add_node(**MACHINE)
        cluster.wait_for_nodes()

    return by_ray_and_a_death


def test_the_same_table_and_pages_as_on_one_machine_though_one_of_two_dies_in_each_stage(
    cluster, cache, photos, monkeypatch
):
    alone = made("alone", photos, "local")
    deaths, everyone = [], {node.unique_id for node in cluster.list_all_nodes()}
    with monkeypatch.context() as patch:
        patch.setattr("deepselfie.engine.by_ray", dying(cluster, cache, deaths))
        together = made("together", photos, "ray")
    assert len(deaths) == 3 and len(everyone - {node.unique_id for node in cluster.list_all_nodes()}) == 1
    for numbers in deaths:
        assert len(numbers) >= 9 and sorted(numbers) == list(range(len(numbers)))  # each batch comes out once
    assert_same(together, alone)
    assert faces(together, engine="local").nothing_to_do


def test_rows_without_an_image_are_drawn_where_they_are_computed(cluster, cache):
    rows = [ids.id_of(ids.UNSEEN, index) for index in range(8)] + ["t:nobody"]
    mine = world("drawn")
    mine.append(pa.table({"id": rows}))
    mine.table.drop_columns(["image"])
    drawn = dict(by_ray(pictures.of_batch, mine.table, ["id"], [range(0, 4), np.array([6, 8])]))
    assert drawn == {0: pictures.image_bytes(mine, range(4)), 1: pictures.image_bytes(mine, [6, 8])}
    assert drawn[1][1] is None and drawn[0][0][:2] == b"\xff\xd8"


DRIVER = """
from functools import partial
from deepselfie import faces, world
faces.add_rowwise = partial(world.add_rowwise, batch_size=16)
faces.faces(world.world("mine"), engine="ray")
"""


def test_a_driver_that_is_killed_goes_on(cluster, cache, photos, monkeypatch):
    mine = world("mine")
    mine.append(photos)
    command = [sys.executable, "-c", DRIVER]
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    process = subprocess.Popen(command, env=environment)
    while not any(mine.parts("faces").rglob("*.arrow")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    parts = {path.name for path in mine.parts("faces").rglob("*.arrow")}
    assert parts and "faces" not in mine.columns and mine.report("faces") is None
    computed, write = [], worlds._write_part
    monkeypatch.setattr(worlds, "_write_part", lambda path, batch: computed.append(path.name) or write(path, batch))
    assert faces(mine, engine="ray").rows_in == PHOTOS
    assert not parts & set(computed) and len(parts) + len(computed) == -(-PHOTOS // 16)
    found = mine.read(["id", "faces"])
    assert found["id"].to_pylist() == photos["id"].to_pylist() and found["faces"].null_count == 2


def test_errors_are_for_people(cluster, cache, photos, monkeypatch):
    mine = world("mine")
    mine.append(photos.slice(0, 4))
    with pytest.raises(DeepselfieError, match=r"Machine .*division by zero.* run the same command again"):
        list(by_ray(lambda batch: 1 / 0, mine.table, ["id"], [range(4)]))
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:9")  # nobody listens there
    with pytest.raises(DeepselfieError, match=r"No Ray cluster answers at RAY_ADDRESS=127\.0\.0\.1:9"):
        list(by_ray(pictures.of_batch, mine.table, ["id"], [range(4)]))
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(DeepselfieError, match=r"pip install 'ray\[data\]==2.60.0'"):
        list(by_ray(pictures.of_batch, mine.table, ["id"], [range(4)]))
