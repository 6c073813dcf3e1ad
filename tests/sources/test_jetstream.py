"""A stream that breaks off, repeats itself, changes the order and lies: every post comes once, from where it broke.

@atproto/dev-env has no Jetstream: a stub speaks its documented messages (kind, did, time_us, commit) on loopback."""

import json
import threading
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

from deepselfie.gather import gather_bluesky
from deepselfie.sources import Photo, Reached, blobs, jetstream, xrpc
from deepselfie.sources.guard import Unreachable
from deepselfie.world import read_json, world
from tests.sources import bluesky_stub as stub
from tests.sources.test_bluesky import picture

PICTURES = [picture(seed) for seed in range(8)]
START = int(stub.NOW.timestamp() * 1e6) - 3_600_000_000
SECOND = 1_000_000


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    for name in (xrpc.HANDLE, xrpc.PASSWORD):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(jetstream, "WAIT", 0)
    monkeypatch.setattr(jetstream, "PAUSE", 0)
    blobs.home.cache_clear()


def event(number: int, *, operation: str = "create", tag: str = "selfie", **more) -> dict:
    """The post with picture `number`, made so many seconds after START."""
    at = stub.NOW.isoformat().replace("+00:00", "Z")
    commit = {"rev": "1", "operation": operation, "collection": stub.COLLECTION, "rkey": f"p{number}"}
    if operation != "delete":
        commit |= {"record": stub.record([PICTURES[number % 8]], at, tag), "cid": "b"}
    return {"did": stub.did("ann"), "time_us": START + number * SECOND, "kind": "commit", "commit": commit} | more


@contextmanager
def stream(*connections: list):
    """A server that sends each list of messages to one connection and then breaks it; the last one stays open.

    Yields its address and the queries of its connections."""
    queries, over = [], threading.Event()

    def talk(connection):
        queries.append(parse_qs(urlsplit(connection.request.path).query))
        number = len(queries) - 1
        try:
            for message in connections[min(number, len(connections) - 1)]:
                connection.send(message if isinstance(message, str | bytes) else json.dumps(message))
            if number < len(connections) - 1:
                connection.socket.close()
            else:
                over.wait(120)
        except (ConnectionClosed, OSError):
            pass

    with serve(talk, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/subscribe", queries
        finally:
            over.set()
            server.shutdown()


def live(monkeypatch, server, url: str, *, limit: int):
    monkeypatch.setenv("DEEPSELFIE_PLC", server.url)
    return gather_bluesky(world("w"), tag="Selfie", live=url, service=server.url, limit=limit)


def images() -> list[bytes]:
    return sorted(world("w").read(["image"])["image"].to_pylist())


def test_a_stream_that_breaks_repeats_and_changes_the_order(monkeypatch):
    """In the first connection event 2 comes before 1; what the second and third repeat is in the table once."""
    first, second = [event(0), event(2), event(1)], [event(1), event(2), event(3), event(3)]
    third = [event(4), event(3), event(5)]
    with stub.bluesky([], PICTURES) as server, stream(first, second, third) as (url, queries):
        report = live(monkeypatch, server, url, limit=6)
    assert images() == sorted(PICTURES[:6]) and report.dropped == {} and report.rows == 6
    assert [query["wantedCollections"] for query in queries] == [[stub.COLLECTION]] * 3
    assert "cursor" not in queries[0]
    assert int(queries[1]["cursor"][0]) == START + 2 * SECOND - jetstream.REWIND
    assert int(queries[2]["cursor"][0]) == START + 3 * SECOND - jetstream.REWIND
    rows = world("w").read(["likes", "followers"]).to_pylist()
    assert rows == [{"likes": None, "followers": 7}] * 6


def test_the_next_run_goes_on_from_the_cursor(monkeypatch):
    with stub.bluesky([], PICTURES) as server:
        with stream([event(0), event(1), event(2), event(3)]) as (url, queries):
            live(monkeypatch, server, url, limit=3)
        cursor = read_json(world("w").path / "gather" / "bluesky.json")["so_far"]["selfie"]["cursor"]
        assert START <= cursor <= START + 3 * SECOND
        with stream([event(2), event(3)]) as (url, queries):
            live(monkeypatch, server, url, limit=4)
        assert int(queries[0]["cursor"][0]) == cursor - jetstream.REWIND
    assert images() == sorted(PICTURES[:4])


@pytest.mark.parametrize(
    "lie",
    [
        "{",
        b"\xff\x00",
        "[]",
        {"kind": "commit"},
        {"kind": "identity", "time_us": START, "did": stub.did("ann")},
        {"kind": "commit", "time_us": "now", "commit": {}},
        {"kind": "commit", "time_us": START, "commit": "none"},
        event(1, did="did:plc:nobody"),
        event(1, did=None),
        event(1, tag="cat"),
        event(1) | {"commit": event(1)["commit"] | {"record": None}},
        event(1) | {"commit": event(1)["commit"] | {"rkey": "../x"}},
        event(1) | {"commit": event(1)["commit"] | {"collection": "app.bsky.feed.like"}},
        event(1, operation="delete"),
        event(1, operation="update"),
    ],
)
def test_what_is_no_new_post_of_the_tag_is_passed_over(lie):
    waiting = {}
    raw = lie if isinstance(lie, str | bytes) else json.dumps(lie)
    if message := jetstream._event(raw):
        jetstream._note(message, "selfie", waiting)
    assert waiting == {}


def test_a_post_that_is_deleted_at_once_is_not_taken():
    waiting = {}
    for message in (event(1), event(2), event(1, operation="delete")):
        jetstream._note(message, "selfie", waiting)
    assert [uri.rpartition("/")[2] for uri in waiting] == ["p2"]


def test_a_time_in_the_future_does_not_become_the_cursor(monkeypatch):
    with stub.bluesky([], PICTURES) as server, stream([event(0, time_us=10**18), event(1)]) as (url, _):
        live(monkeypatch, server, url, limit=2)
    cursor = read_json(world("w").path / "gather" / "bluesky.json")["so_far"]["selfie"]["cursor"]
    assert cursor <= jetstream._now()


def test_ctrl_c_ends_it_in_good_order(monkeypatch):
    """As the signal does: raised while it waits for the next message."""
    receive, count = jetstream.ClientConnection.recv, []

    def interrupted(self, *arguments, **options):
        count.append(1)
        if len(count) > 2:
            raise KeyboardInterrupt
        return receive(self, *arguments, **options)

    monkeypatch.setattr(jetstream.ClientConnection, "recv", interrupted)
    monkeypatch.setattr(jetstream, "WAIT", 60)
    with stub.bluesky([], PICTURES) as server, stream([event(0), event(1)]) as (url, _):
        monkeypatch.setenv("DEEPSELFIE_PLC", server.url)
        got = list(jetstream.photos(xrpc.Service(server.url), tag="selfie", url=url))
    assert [type(one) for one in got] == [Photo, Photo, Reached] and got[-1].at == START + SECOND


def test_a_stream_that_cannot_be_had_is_told_about(monkeypatch):
    monkeypatch.setattr(jetstream, "ATTEMPTS", 2)
    with stub.bluesky([]) as server, pytest.raises(Unreachable, match="the same command goes on from here"):
        list(jetstream.photos(xrpc.Service(server.url), tag="selfie", url="ws://127.0.0.1:9/subscribe"))
