"""The verb `gather`: what it is told, what it remembers, and what it says to people."""

from datetime import timedelta

import pytest

from deepselfie.cli import main
from deepselfie.errors import DeepselfieError
from deepselfie.gather import SETTLING, gather_bluesky
from deepselfie.sources import blobs, xrpc
from deepselfie.world import read_json, world
from tests.sources import bluesky_stub as stub
from tests.sources.bluesky_stub import NOW, view
from tests.sources.test_bluesky import PICTURES

VIEWS = [view("ann", "1", PICTURES[:1], hours=1), view("bob", "2", PICTURES[1:2], hours=50)]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    for name in (xrpc.HANDLE, xrpc.PASSWORD):
        monkeypatch.delenv(name, raising=False)
    blobs.home.cache_clear()


@pytest.fixture
def server(monkeypatch):
    with stub.bluesky(VIEWS, PICTURES) as server:
        monkeypatch.setenv("DEEPSELFIE_PLC", server.url)
        yield server


def searched(server) -> list[dict]:
    return [asked.query for asked in server.asked if asked.path.endswith("searchPosts")]


def test_the_command_searches_the_days_it_is_told(server, capsys):
    since, until = f"{NOW - timedelta(days=3):%Y-%m-%d}", f"{NOW - timedelta(days=1):%Y-%m-%d}"
    ask = ["gather", "bluesky", "--tag", "#selfie", "--world", "w", "--service", server.url]
    assert main([*ask, "--since", since, "--until", until]) == 0
    told = capsys.readouterr().out
    assert "next: python -m deepselfie run w" in told and len(world("w")) == 1
    queries = searched(server)
    assert {query["q"] for query in queries} == {"#selfie"} and {query["tag"] for query in queries} == {"selfie"}
    assert min(query["since"] for query in queries).startswith(since)
    assert max(query["until"] for query in queries).startswith(until)


def test_only_what_was_not_searched_is_searched_again(server):
    options = {"tag": "selfie", "service": server.url}
    gather_bluesky(world("w"), since=NOW - timedelta(days=1), **options)
    first = len(searched(server))
    gather_bluesky(world("w"), since=NOW - timedelta(days=3), **options)
    later = searched(server)[first:]
    assert len(world("w")) == 2
    newest, *older = sorted(later, key=lambda query: query["since"], reverse=True)
    assert newest["since"] >= f"{NOW - SETTLING - timedelta(minutes=1):%Y-%m-%dT%H:%M}"  # the last minutes
    assert all(query["until"] <= f"{NOW - timedelta(days=1) + timedelta(minutes=1):%Y-%m-%dT%H:%M}" for query in older)
    [span] = read_json(world("w").path / "gather" / "bluesky.json")["so_far"]["selfie"]["done"]
    assert span[0].startswith(f"{NOW - timedelta(days=3):%Y-%m-%dT%H:%M}")


def test_another_tag_is_another_search(server):
    gather_bluesky(world("w"), tag="selfie", since=NOW - timedelta(days=1), service=server.url)
    gather_bluesky(world("w"), tag="Me", since=NOW - timedelta(days=1), service=server.url)
    so_far = read_json(world("w").path / "gather" / "bluesky.json")["so_far"]
    assert set(so_far) == {"selfie", "me"} and so_far["selfie"]["done"][0][0] == so_far["me"]["done"][0][0]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], "Say which hashtag"),
        (["--tag", "selfie", "--since", "2030-01-01"], "no time to search"),
        (["--tag", "selfie", "--since", "2020-01-02", "--until", "2020-01-01"], "no time to search"),
    ],
)
def test_wishes_that_make_no_sense(server, capsys, more, said):
    assert main(["gather", "bluesky", "--world", "w", "--service", server.url, *more]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("more", [["--tag", "two words"], ["--tag", "#"], ["--tag", "x", "--since", "tomorrow"]])
def test_wishes_that_are_none(more):
    with pytest.raises(SystemExit):
        main(["gather", "bluesky", "--world", "w", *more])


def test_nothing_there_is_said_with_the_reason(server):
    with pytest.raises(DeepselfieError, match=r"No photo could be imported \(2 × is of another tag\)"):
        gather_bluesky(world("w"), tag="cats", since=NOW - timedelta(days=3), service=server.url)
