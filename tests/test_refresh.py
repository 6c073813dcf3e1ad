"""What is looked at again: likes that had not settled, and posts that are no more. Deletions on a real network are in
tests/network; here a stub lets years pass."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from deepselfie import origins, refresh
from deepselfie.errors import DeepselfieError
from deepselfie.gather import gather_bluesky
from deepselfie.sources import blobs, xrpc
from deepselfie.world import SCHEMA, world
from tests.sources import bluesky_stub as stub
from tests.sources.bluesky_stub import NOW, view
from tests.sources.test_bluesky import PICTURES

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    for name in (xrpc.HANDLE, xrpc.PASSWORD):
        monkeypatch.delenv(name, raising=False)
    blobs.home.cache_clear()


def posts() -> list[dict]:
    """Three posts of 40 days ago, and one of yesterday."""
    old = [view("ann", str(n), PICTURES[n : n + 1], hours=24 * 40 + n) for n in range(3)]
    return [*old, view("bob", "9", PICTURES[3:], hours=24)]


def gathered(monkeypatch, server, *, days_ago: int) -> None:
    """World w as it was gathered from the server, so long ago."""
    monkeypatch.setenv("DEEPSELFIE_PLC", server.url)
    gather_bluesky(world("w"), tag="selfie", since=NOW - 50 * DAY, service=server.url)
    ids = world("w").read(["id"])["id"]
    moment = pa.array([NOW - days_ago * DAY] * len(ids), SCHEMA.field("gathered_at").type)
    refresh.replace(world("w"), pa.table({"id": ids, "gathered_at": moment}))


def likes() -> list[int]:
    return world("w").read(["likes"])["likes"].to_pylist()


def test_likes_that_have_settled_meanwhile_are_read_again_once(monkeypatch):
    views = posts()
    with stub.bluesky(views, PICTURES) as server:
        gathered(monkeypatch, server, days_ago=39)
        before = world("w").read(["id", "image", "followers", "created_at"])
        key = world("w").report("import")["key"]
        for post in views:
            post["likeCount"] = 50
        report = refresh.refresh(world("w"), service=server.url)
        again = refresh.refresh(world("w"), service=server.url)
    assert report.details == {"read_again": 3} and (report.rows_in, report.rows_out) == (4, 4)
    assert sorted(likes()) == [3, 50, 50, 50]
    assert world("w").read(["id", "image", "followers", "created_at"]).equals(before)
    at = dict(
        zip(*(world("w").read(["id", "gathered_at"])[name].to_pylist() for name in ("id", "gathered_at")), strict=True)
    )
    assert sum(datetime.now(UTC) - moment < DAY for moment in at.values()) == 3
    assert again.nothing_to_do
    assert world("w").report("import")["key"] != key  # labels are to be made anew


def test_likes_that_had_settled_are_left_as_they_were(monkeypatch):
    views = posts()
    with stub.bluesky(views, PICTURES) as server:
        gathered(monkeypatch, server, days_ago=0)
        views[0]["likeCount"] = 50
        report = refresh.refresh(world("w"), service=server.url)
    assert report.nothing_to_do and likes() == [3] * 4


def test_who_is_gone_or_has_opted_out_since_is_forgotten_for_good(monkeypatch, cache):
    views = posts()
    with stub.bluesky(views, PICTURES) as server:
        gathered(monkeypatch, server, days_ago=0)
        gone = [views.pop(0)["uri"], views[0]["uri"]]
        views[0]["labels"] = [{"val": "!hide"}]
        report = refresh.refresh(world("w"), service=server.url)
        assert report.dropped == {refresh.DELETED: 1, "hidden by moderation": 1} and report.rows == 2
        assert len(world("w")) == len(origins.known(world("w"))) == 2
        file = world("w").path / "gather" / "origins.sqlite"
        assert not any(uri.encode() in file.read_bytes() for uri in gone)
        views[0]["labels"] = []
        (world("w").path / "gather" / "bluesky.json").unlink()  # as if nothing had been searched yet
        gather_bluesky(world("w"), tag="selfie", since=NOW - 50 * DAY, service=server.url)
    assert len(world("w")) == 2


def test_a_service_that_shows_hardly_any_post_is_not_believed(monkeypatch):
    views = posts()
    monkeypatch.setattr(refresh, "FEW", 2)
    with stub.bluesky(views, PICTURES) as server:
        gathered(monkeypatch, server, days_ago=0)
        del views[1:]
        with pytest.raises(DeepselfieError, match=r"shows 3 of 4 posts no longer.*nothing was removed"):
            refresh.refresh(world("w"), service=server.url)
    assert len(world("w")) == 4


def test_addresses_are_for_their_owner_alone(monkeypatch):
    with stub.bluesky(posts(), PICTURES) as server:
        gathered(monkeypatch, server, days_ago=0)
    file = world("w").path / "gather" / "origins.sqlite"
    assert file.stat().st_mode & 0o077 == 0
    known = origins.known(world("w"))
    assert set(known) == set(world("w").read(["id"])["id"].to_pylist())
    assert {address.split("/")[2] for address in known.values()} == {stub.did("ann"), stub.did("bob")}


def test_values_are_replaced_in_their_places(monkeypatch):
    with stub.bluesky(posts(), PICTURES) as server:
        gathered(monkeypatch, server, days_ago=0)
    ids = world("w").read(["id"])["id"].to_pylist()
    refresh.replace(world("w"), pa.table({"id": [ids[2], ids[0]], "likes": pa.array([22, 11], pa.int64())}))
    assert world("w").read(["id"])["id"].to_pylist() == ids and likes() == [11, 3, 22, 3]
    assert world("w").take([2], ["id", "image"])["id"].to_pylist() == [ids[2]]
