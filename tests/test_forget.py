"""Forgetting: nothing of a photo is left in any file of its world, the others stay as they were, kills do no harm."""

import io
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from deepselfie import architectures, cli, export, findings, flow
from deepselfie.atlas import LARGE, make_thumbs, rank_slot, read_atlas, read_geometry
from deepselfie.check import check
from deepselfie.cropped import CROPS
from deepselfie.errors import DeepselfieError
from deepselfie.examples import examples
from deepselfie.faces import faces
from deepselfie.forget import forget, interrupted
from deepselfie.layout import order
from deepselfie.salted import salted
from deepselfie.sources import import_photos
from deepselfie.sources.optout import OptOuts
from deepselfie.world import SCHEMA, world, write_json
from tests.test_s3 import TABLE, bucket, server  # noqa: F401
from tests.test_train import shrink

PHOTOS, TWIN = 320, 11  # how many; the last one is a copy of this one, saved again
RUN = 48  # bytes that two photos do not share by chance


def selfies(n: int) -> list[Image.Image]:
    """The best of the demo world, as their thumbnails have them."""
    demo, pages = world("demo"), {}
    manifest = read_atlas(demo)
    for rank in range(n):
        name, x, y, px = rank_slot(manifest, rank)
        if name not in pages:
            pages[name] = Image.open(demo.path / "atlas" / name).convert("RGB")
        yield pages[name].crop((x, y, x + px, y + px)).resize((96, 96))


def encoded(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A cache with a world that went through all stages, with a small network of its own; the table it came from."""
    cache = tmp_path_factory.mktemp("made")
    shots = list(selfies(PHOTOS))
    images = [encoded(shot, 90) for shot in shots] + [encoded(shots[TWIN], 70)]
    posts = world("demo").take(order(world("demo"))[:PHOTOS], ["followers", "tags", "created_at"])
    table = {
        "id": [f"post-{i:04}-of-somebody" for i in range(PHOTOS + 1)],
        "image": pa.array(images, pa.binary()),
        "author": [f"somebody{i // 4}.example" for i in range(PHOTOS)] + ["a.copycat.example"],
        "likes": pa.array(np.random.default_rng(0).integers(0, 1000, PHOTOS + 1)),
        "followers": pa.array([1000 + 10 * i for i in range(PHOTOS + 1)]),
        "created_at": pa.concat_arrays([*posts["created_at"].chunks, posts["created_at"].chunk(0).slice(0, 1)]),
    }
    pq.write_table(pa.table(table), cache / "posts.parquet")
    shrink()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPSELFIE_CACHE", str(cache))
        patch.setattr(findings, "SAMPLE", 60)
        mine = world("mine")
        import_photos(mine, cache / "posts.parquet")
        patch.setattr(export, "LIMIT", 0)  # or no student would have to be taught
        for stage in ("train", "distil"):
            write_json(
                mine.path / "reports" / f"{stage}.json", {"key": "", "rows": 0, "columns": [], "details": SETTINGS}
            )
        for report in flow.run(mine):
            assert not isinstance(report, str), report
        examples(mine)
    yield cache
    architectures.ARCHITECTURES.pop("tiny")


SETTINGS = {"architecture": "tiny", "epochs": 1}  # as if somebody had trained so before


@pytest.fixture
def newer() -> list[bytes]:
    return [encoded(shot, 80) for shot in list(selfies(PHOTOS + 2))[-2:]]


@pytest.fixture
def mine(made, tmp_path, monkeypatch):
    """A copy of that world, to forget photos of."""
    shutil.copytree(made, tmp_path / "cache")
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(findings, "SAMPLE", 60)
    monkeypatch.setattr(export, "LIMIT", 0)
    return world("mine")


def holding(folder: Path, needle: bytes) -> list[str]:
    """The files under a folder that hold these bytes, in themselves or in their names."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [str(p.relative_to(folder)) for p in files if needle in p.read_bytes() or needle in bytes(p)]


def everything(photos) -> pa.Table:
    return photos.read(sorted(photos.columns))


def traces(photos, row: int) -> dict[str, bytes]:
    """Bytes that give a row away: its id, and runs of its picture and of its features."""
    kept = photos.take([row], ["id", "image", "fc7", "tsne"])
    image = kept["image"][0].as_py()
    fc7, tsne = (np.array(kept[c][0].as_py(), t).tobytes() for c, t in (("fc7", "<f2"), ("tsne", "<f4")))
    middle = len(image) // 2
    return {"id": kept["id"][0].as_py().encode(), "image": image[middle : middle + RUN], "fc7": fc7[:RUN], "tsne": tsne}


def faults(photos) -> list[str]:
    return [f"{what}: {fault}" for what, fault in check(photos) if fault]


def shown_in_place(photos) -> bool:
    """Whether each thumbnail of the atlas is of the photo whose row the geometry names."""
    manifest, rows = read_atlas(photos), read_geometry(photos)["row"]
    thumbs = make_thumbs(photos.take(rows, ["image"])["image"].to_pylist())
    for rank, thumb in enumerate(thumbs[str(LARGE)]):
        name, x, y, px = rank_slot(manifest, rank)
        page = Image.open(photos.path / "atlas" / name).convert("RGB").crop((x, y, x + px, y + px))
        if np.abs(np.asarray(page, float) - thumb).mean() > 12:
            return False
    return manifest["n"] == len(rows)


def some(photos) -> list[str]:
    """Three photos: the original of a copy, one that is shown beside the model, one that the findings speak of."""
    ids = photos.read(["id"])["id"].to_pylist()
    told = photos.report("findings")["details"]["examples"][0]["id"]
    shown = (photos.model_path / "card.json").read_text()
    return [ids[TWIN], told, next(id for id in ids if id in shown and id not in (ids[TWIN], told))]


def test_nothing_is_left_and_the_others_are_as_they_were(mine):
    before, ids = everything(mine), some(mine)
    write_json(mine.path / CROPS, {"key": "", "crops": {f"{ids[0]} False": {}}})
    rows = [mine.row(id) for id in ids]
    signs = [traces(mine, row) for row in rows]
    for sign in signs:
        assert all(holding(mine.path, needle) for needle in sign.values())
    assert len(holding(mine.path, ids[2].encode())) >= 2 and mine.take([PHOTOS], ["duplicate_of"]).to_pylist() == [
        {"duplicate_of": ids[0]}
    ]
    pages = {p.name for p in (mine.path / "atlas").glob("*-*-*.*")}
    of_findings = {one["id"]: one["row"] for one in mine.report("findings")["details"]["examples"]}
    learned = before.take(rows)["split"].to_pylist()

    report = forget(mine, ids=ids)

    assert report.rows_out == 3 and report.rows == len(mine) == PHOTOS + 1 - 3
    assert report.details["learned"] == sum(split not in ("test", None) for split in learned) > 0
    assert report.details["alike"] == [before["id"][PHOTOS].as_py()]
    for sign in signs:
        assert [name for name, needle in sign.items() if holding(mine.path, needle)] == []
    after, stays = everything(mine), np.setdiff1d(np.arange(PHOTOS + 1), rows)
    same = [name for name in before.column_names if name != "duplicate_of"]
    assert after.select(same).equals(before.select(same).take(stays).combine_chunks())
    twins = before["duplicate_of"].take(stays).to_pylist()
    assert after["duplicate_of"].to_pylist() == [None if twin in ids else twin for twin in twins]
    assert faults(mine) == [] and shown_in_place(mine)
    assert read_atlas(mine)["n"] == len(mine) - after["score"].null_count
    assert pages.isdisjoint(p.name for p in (mine.path / "atlas").glob("rank*.webp"))
    for one in mine.report("findings")["details"]["examples"]:
        assert mine.row(one["id"]) == one["row"] and one["id"] in of_findings
    assert interrupted(mine) is None

    stages = {r.stage: r.nothing_to_do for r in flow.run(mine)}
    again = {stage for stage, done in stages.items() if not done}
    assert again >= {"train", "distil", "findings"} and again.isdisjoint(
        {"faces", "labels", "clusters", "layout", "atlas"} - again
    )
    assert stages["faces"] and stages["labels"]  # what is computed photo by photo is not computed again


def test_what_a_rewritten_part_of_the_table_said_of_an_original_goes_with_it(mine):
    original, other = mine.take([TWIN, PHOTOS - 1], ["id"])["id"].to_pylist()
    forget(mine, ids=[other])  # writes the part anew in which the copy lies, and the copy names its original
    assert len(mine.table.get_fragments()) > 1
    forget(mine, ids=[original])
    assert not holding(mine.path, original.encode()) and faults(mine) == []


def test_again_it_changes_nothing(mine):
    ids = some(mine)
    forget(mine, ids=ids)
    files = {path: path.stat().st_mtime_ns for path in mine.path.rglob("*") if path.is_file()}
    report = forget(mine, ids=ids)
    assert report.nothing_to_do and report.details["again"] == ids
    assert files == {path: path.stat().st_mtime_ns for path in mine.path.rglob("*") if path.is_file()}


def test_only_what_was_learned_from_is_learned_again(mine):
    table = mine.read(["id", "split", "label"]).to_pylist()
    named = [one["id"] for one in mine.report("findings")["details"]["examples"]]
    test = next(row["id"] for row in table if row["split"] == "test" and row["id"] not in named)
    assert forget(mine, ids=[test]).details["learned"] == 0
    assert all(report.nothing_to_do for report in flow.run(mine))


@pytest.mark.parametrize("way", ["somebody3.example", "@somebody3.example", "hash"])
def test_an_account_goes_with_all_its_photos_and_does_not_come_back(mine, made, way, capsys):
    account = salted("somebody3.example") if way == "hash" else way
    theirs = mine.read(["id"], where=f"author = '{salted('somebody3.example')}'")["id"].to_pylist()
    assert len(theirs) == 4
    assert cli.main(["forget", "--world", "mine", "--author", account, "nobody.example"]) == 0
    told = capsys.readouterr().out
    assert f"4 photos were by {account}" in told and "0 photos were by nobody.example" in told
    assert ("learned from" in told) == ("Train again without them" in told)
    assert not set(theirs) & set(mine.read(["id"])["id"].to_pylist())
    assert OptOuts().names == {"nobody.example"} if way == "hash" else {"nobody.example", "somebody3.example"}

    report = import_photos(mine, made / "posts.parquet")
    assert report.dropped == {"forgotten, as somebody asked": 4} and report.details["added"] == 0
    assert not any(holding(mine.path, id.encode()) for id in theirs)


def test_photos_that_came_since_are_computed_alone(newer, mine, tmp_path):
    pq.write_table(pa.table({"id": ["new-0", "new-1"], "image": newer}), tmp_path / "more.parquet")
    import_photos(mine, tmp_path / "more.parquet")
    ids = mine.read(["id"])["id"].to_pylist()
    before = mine.read(["id", "faces", "attributes"]).to_pylist()[:-2]
    forget(mine, ids=[ids[2], ids[-2]])
    assert mine.report("faces")["rows"] == PHOTOS  # of those that had been looked at
    assert faces(mine).rows_in == 1
    after = mine.read(["id", "faces", "attributes"]).to_pylist()
    assert after[:-1] == before[:2] + before[3:]
    assert after[-1]["id"] == ids[-1] and after[-1]["faces"]


DIES = """
import os, signal, sys
from deepselfie import forget as module
from deepselfie.world import world

calls, dies_at = 0, int(sys.argv[1])
def killed_at(work):
    def watched(*args, **kw):
        global calls
        calls += 1
        if calls == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return work(*args, **kw)
    return watched
for name in ("write_json", "write_atomically", "remove", "purge", "layout", "atlas"):
    setattr(module, name, killed_at(getattr(module, name)))
module.shutil.rmtree, module.duplicates.mark = killed_at(module.shutil.rmtree), killed_at(module.duplicates.mark)
module.forget(world("mine"), ids=sys.argv[2:])
print(calls)
"""


def test_killed_at_any_step_the_next_run_ends_it(mine, tmp_path):
    ids, source = some(mine), mine.path
    signs = [traces(mine, mine.row(id)) for id in ids]
    shutil.copytree(source, tmp_path / "before")
    steps = int(dying(0, ids)[1])
    whole, whole_atlas = everything(mine), read_atlas(mine)
    assert steps > 10
    for step in sorted({*range(1, steps + 1, 3), steps}):
        shutil.rmtree(source)
        shutil.copytree(tmp_path / "before", source)
        assert dying(step, ids)[0] == -signal.SIGKILL
        if step > 1:  # from the second step on it is known that there is something to finish
            assert any("interrupted" in fault for fault in faults(mine))
            assert cli.main(["forget", "--world", "mine"]) == 0
        else:
            forget(mine, ids=ids)
        assert everything(mine).equals(whole) and read_atlas(mine) == whole_atlas, step
        assert faults(mine) == [] and interrupted(mine) is None
        assert not any(holding(mine.path, needle) for sign in signs for needle in sign.values()), step


def dying(step: int, ids: list[str]) -> tuple[int, str]:
    command = [sys.executable, "-c", textwrap.dedent(DIES), str(step), *ids]
    done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True)
    return done.returncode, done.stdout


def test_nothing_is_left_in_an_object_store(mine, bucket):  # noqa: F811
    far, photos = world("far"), mine.read(SCHEMA.names)
    far.place_table(TABLE)
    far.append(photos.slice(0, 200))
    far.append(photos.slice(200))
    image = photos["image"][3].as_py()
    needles = photos["id"][3].as_py().encode(), image[len(image) // 2 :][:RUN]

    def stored(needle: bytes) -> bool:
        return any(needle in one.get()["Body"].read() for one in bucket.objects.all())

    assert all(map(stored, needles))
    forget(far, ids=[photos["id"][3].as_py()])
    assert not any(map(stored, needles))
    assert far.read(SCHEMA.names).equals(pa.concat_tables([photos.slice(0, 3), photos.slice(4)]).combine_chunks())


def test_all_photos_may_go(mine):
    assert forget(mine, ids=mine.read(["id"])["id"].to_pylist()).rows_out == PHOTOS + 1
    assert len(mine) == 0 and read_atlas(mine)["n"] == 0


def test_what_cannot_be_forgotten_is_said_to_people(mine, made, capsys):
    size = len(mine)
    with pytest.raises(DeepselfieError, match="never had a photo 'x:typo'"):
        forget(mine, ids=[mine.read(["id"])["id"][0].as_py(), "x:typo"])
    assert len(mine) == size
    assert cli.main(["forget", "--world", "mine"]) == 1
    assert "--author ACCOUNT or --id ID" in capsys.readouterr().err


def test_the_packed_demo_forgets_nothing():
    with pytest.raises(DeepselfieError, match="is packed"):
        forget(world("demo"), ids=["demo:2:0"])
