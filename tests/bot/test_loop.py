"""Who is answered, when, and what happens where the network or a picture fails. The network here is a list."""

import json
import time
from dataclasses import replace

import pytest
from atproto_client.exceptions import RateLimitExceededError
from atproto_client.request import Response

from deepselfie.bot import Answer, loop
from deepselfie.bot.ledger import Ledger
from deepselfie.sources.guard import Refused, Unreachable
from deepselfie.sources.photo import Mention, Photo

SAID = Answer("scored", "Score 60 %", b"jpeg", "a crop")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))


class Listed:
    """A network that is a list of mentions."""

    me, url = "did:plc:bot", "https://example.org"

    def __init__(self, *mentions):
        self.all, self.replies = list(mentions), []

    def mentions(self, since):
        return sorted((one for one in self.all if one.at >= since - 3600), key=lambda one: one.at)

    def reply(self, mention, answer):
        self.replies.append((mention.uri, answer))


def photo(author="did:plc:ann", data=lambda: b"picture", problem=None):
    return Photo("1", data, author=author, problem=problem)


def mention(number=0, author="did:plc:ann", near=None, **changes):
    """near: lists of photos, by default one of its author's."""
    found = [[photo(author)]] if near is None else near
    one = Mention(f"at://{number}", author, time.time() + number / 100, "me?", "", lambda: iter(found), {})
    return replace(one, **changes)


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "ledger.sqlite")


def attend(one, network, ledger, says=lambda pictures: SAID, **options):
    ledger.still_open([one])
    return loop.attend(one, network, ledger, says, **options)


def rounds(monkeypatch, network, ledger, says=lambda pictures: SAID, n=1, health=None, dry_run=False):
    """The lines of n rounds, which end with an interrupt where the bot would sleep."""
    pauses = []

    def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == n:
            raise KeyboardInterrupt

    monkeypatch.setattr(loop.time, "sleep", sleep)
    lines = []
    with pytest.raises(KeyboardInterrupt):
        for line in loop.run(network, ledger, says, health, dry_run):
            lines.append(line)
    return lines, pauses


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"author": Listed.me}, "self"),
        ({"shut": "bot"}, "bot"),
        ({"shut": "blocked"}, "blocked"),
        ({"shut": "no mention"}, "no mention"),
        ({"text": "@bot.example.org stop"}, "stop"),
        ({"text": "STOP!", "shut": "no mention"}, "stop"),
        ({"text": "@bot please stop it.", "shut": "blocked"}, "stop"),
        ({"text": "don't stop me now"}, "scored"),
        ({"text": "@bot the bus stop"}, "scored"),
    ],
)
def test_who_is_answered(ledger, changes, reason):
    network = Listed()
    assert attend(mention(**changes), network, ledger) == reason
    assert len(network.replies) == (reason == "scored") and ledger.health()["outcomes"] == {reason: 1}


def test_stop_is_honoured_for_good_and_for_ones_pictures_too(ledger, tmp_path):
    attend(mention(0, text="stop"), Listed(), ledger)
    again = Ledger(tmp_path / "ledger.sqlite")
    assert attend(mention(1), Listed(), again) == "stopped"
    assert attend(mention(2, "did:plc:bob", near=[[photo("did:plc:ann")]]), Listed(), again) == "picture: stopped"


def test_one_reply_a_minute_to_one_account_three_more_wait_and_the_rest_are_left(ledger, monkeypatch):
    network = Listed(*(mention(i) for i in range(6)), mention(9, "did:plc:bob"))
    rounds(monkeypatch, network, ledger)
    assert [uri for uri, _ in network.replies] == ["at://0", "at://9"]
    assert ledger.health()["outcomes"] == {"scored": 2, "open": 3, "too many": 2}
    monkeypatch.setattr(loop, "EVERY", 0)  # the minute is over
    rounds(monkeypatch, network, ledger)
    assert [uri for uri, _ in network.replies] == ["at://0", "at://9", "at://1", "at://2", "at://3"]


def test_stop_does_not_wait_its_turn(ledger, monkeypatch):
    network = Listed(mention(0), mention(1), mention(2, text="stop"))
    rounds(monkeypatch, network, ledger, n=2)
    assert len(network.replies) == 1 and ledger.health()["outcomes"] == {"scored": 1, "stop": 1, "stopped": 1}


def test_it_says_only_once_that_there_is_no_picture(ledger, monkeypatch):
    monkeypatch.setattr(loop, "EVERY", 0)
    nothing = lambda pictures: Answer("no picture", "Hi!")  # noqa: E731
    network = Listed(mention(0), mention(1), mention(2, "did:plc:bob"))
    rounds(monkeypatch, network, ledger, nothing)
    assert [uri for uri, _ in network.replies] == ["at://0", "at://2"]


def test_its_own_pictures_are_never_scored(ledger):
    seen = []
    own = photo(Listed.me, lambda: b"its own crop")
    attend(mention(near=[[own]]), Listed(), ledger, lambda pictures: seen.append(pictures) or SAID)
    assert seen == [()]


def test_nearer_pictures_come_first_and_who_wants_none_of_it_is_left_alone(ledger):
    seen = []
    near, far = [photo(data=lambda: b"near")] * 2, [photo("did:plc:eve", None, "opted out")]
    says = lambda pictures: seen.append(pictures) or SAID  # noqa: E731
    attend(mention(0, near=[near, far]), Listed(), ledger, says)
    assert seen == [(b"near", b"near")]
    assert attend(mention(1, "did:plc:bob", near=[far, near]), Listed(), ledger, says) == "picture: opted out"


def raising(error):
    def picture():
        raise error

    return picture


def test_a_picture_that_was_deleted_is_met_with_silence_and_one_that_cannot_be_had_is_told(ledger):
    gone, large = (photo(data=raising(Refused(why))) for why in ("answers 404: BlobNotFound", "is larger than 50 MB"))
    seen, deleted = [], photo(data=None, problem="is gone")
    for i, author in ((0, "did:plc:bob"), (1, "did:plc:carl")):
        network = Listed()
        assert attend(mention(i, author, near=[[(gone, deleted)[i]]]), network, ledger) == "picture: is gone"
        assert network.replies == []
    attend(mention(2, near=[[large]]), Listed(), ledger, lambda pictures: seen.append(pictures) or SAID)
    assert seen == [("its picture is larger than 50 MB",)]


def test_a_mention_that_fails_is_tried_again_after_the_others_and_then_given_up(ledger, monkeypatch):
    bad, good = mention(0, near=[[photo(data=raising(Unreachable("is silent")))]]), mention(1, "did:plc:bob")
    network = Listed(bad, good)
    lines, pauses = rounds(monkeypatch, network, ledger, n=loop.TRIES + 2)
    assert [uri for uri, _ in network.replies] == [good.uri]
    assert ledger.health()["outcomes"] == {"scored": 1, "given up": 1}
    assert sum("Unreachable" in line for line in lines) == loop.TRIES
    assert pauses[0] >= 1 and loop.LOOK < max(pauses) <= 1.5 * loop.LONGEST_PAUSE and pauses[-1] == loop.LOOK


def test_a_network_that_fails_is_asked_again_later_and_later(ledger, monkeypatch):
    network = Listed()
    network.mentions = raising(OSError("no route"))
    network.mentions = lambda since, error=network.mentions: error()
    lines, pauses = rounds(monkeypatch, network, ledger, n=12)
    assert len([line for line in lines if line.startswith("OSError")]) == 12 and not any("no route" in x for x in lines)
    assert pauses[0] <= 3 and min(pauses[6:]) >= loop.LONGEST_PAUSE and len(set(pauses)) == 12  # with jitter


def test_a_server_that_says_when_to_come_back_is_obeyed(ledger, monkeypatch):
    network = Listed()

    def limited(since):
        raise RateLimitExceededError(Response(False, 429, None, {"retry-after": "200"}))

    network.mentions = limited
    _, [pause] = rounds(monkeypatch, network, ledger)
    assert 200 <= pause <= 300


def test_a_dry_run_prints_what_it_would_say(ledger, monkeypatch, tmp_path):
    network = Listed(mention())
    lines, _ = rounds(monkeypatch, network, Ledger(":memory:"), dry_run=True)
    assert network.replies == [] and "would say: Score 60 %" in lines[-1]


def test_health_is_told_each_minute_and_written_as_one_file(ledger, monkeypatch, tmp_path):
    monkeypatch.setattr(loop, "HEALTH", 0)
    network = Listed(mention(), mention(1, "did:plc:bob", shut="bot"))
    lines, _ = rounds(monkeypatch, network, ledger, n=2, health=tmp_path / "health.json")
    told = [line for line in lines if line.startswith("mentions ")]
    assert told[0].startswith("mentions 0, replies 0, errors 0") and told[1].startswith(
        "mentions 2, replies 1, errors 0"
    )
    health = json.loads((tmp_path / "health.json").read_text())
    assert health["outcomes"] == {"scored": 1, "bot": 1} and health["p95"] is not None
