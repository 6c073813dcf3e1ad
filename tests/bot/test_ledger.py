"""The ledger: outlives the process, forgets nothing that must be kept, and knows nobody's name."""

import time

import pytest

from deepselfie.bot.ledger import Ledger
from deepselfie.sources.photo import Mention


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.sqlite"


def mention(number, author="did:plc:ann", at=None):
    return Mention(f"at://post/{number}", author, 1000.0 + number if at is None else at, "me?", "", tuple, {})


def test_a_mention_is_open_until_it_is_closed_and_that_outlives_the_process(path):
    some = [mention(i) for i in range(3)]
    assert Ledger(path).still_open(some) == some
    Ledger(path).close(some[1], "scored", replied=True)
    assert Ledger(path).still_open(some) == [some[0], some[2]]


def test_what_failed_twice_comes_last_and_once_keeps_its_place(path):
    ledger, some = Ledger(path), [mention(i) for i in range(3)]
    ledger.still_open(some)
    assert [ledger.begin(some[0]), ledger.begin(some[0]), ledger.begin(some[1])] == [1, 2, 1]
    assert Ledger(path).still_open(some) == [some[1], some[2], some[0]]


def test_the_cursor_never_passes_an_open_mention(path):
    ledger, now = Ledger(path), time.time()
    assert ledger.since == pytest.approx(now, abs=5)  # a new bot does not answer the past
    some = [mention(i, at=now + i) for i in range(3)]
    ledger.still_open(some)
    assert ledger.since == some[0].at
    ledger.close(some[1], "scored", replied=True)
    assert ledger.since == some[0].at
    ledger.close(some[0], "self")
    assert ledger.since == some[2].at
    ledger.close(some[2], "no face", replied=True)
    assert Ledger(path).since == some[2].at


def test_it_knows_who_said_stop_and_when_whom_it_answered(path):
    ledger, now = Ledger(path), time.time()
    some = [mention(0, "did:plc:ann"), mention(1, "did:plc:bob")]
    ledger.still_open(some)
    ledger.close(some[0], "stop")
    ledger.close(some[1], "scored", replied=True)
    again = Ledger(path)
    assert again.ever("did:plc:ann", "stop") and not again.ever("did:plc:bob", "stop")
    more = [mention(2, "did:plc:bob"), mention(3, "did:plc:bob")]
    again.still_open(more)
    last, waiting = again.queue(more[1])
    assert last >= now and waiting == 1
    assert again.queue(more[0]) == (last, 0) and again.queue(some[0]) == (0, 0)


def test_its_health_counts_since_ever(path):
    ledger, now = Ledger(path), time.time()
    assert ledger.health() == {"mentions": 0, "replies": 0, "p50": None, "p95": None, "outcomes": {}}
    some = [mention(i, at=now - i) for i in range(11)]
    ledger.still_open(some)
    for one in some[:-1]:
        ledger.close(one, "scored", replied=True)
    health = Ledger(path).health()
    assert (health["mentions"], health["replies"]) == (11, 10)
    assert health["outcomes"] == {"scored": 10, "open": 1}
    assert 4 < health["p50"] < 7 and 8 < health["p95"] < 11


def test_nobody_is_named_in_its_file(path):
    ledger = Ledger(path)
    ledger.still_open([mention(0)])
    ledger.close(mention(0), "scored", replied=True)
    assert b"did:plc" not in path.read_bytes() and b"at://" not in path.read_bytes()
