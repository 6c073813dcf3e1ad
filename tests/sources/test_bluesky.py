"""What a service may do to a gatherer: refuse, stall, break off, ask for patience, and lie. The network itself is real
in tests/network; here a stub gives the answers that it seldom gives."""

import io
import itertools
import json
import threading
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from PIL import Image

from deepselfie.errors import DeepselfieError
from deepselfie.gather import gather_bluesky
from deepselfie.sources import blobs, bluesky, gather, windows, xrpc
from deepselfie.sources.guard import Refused, Unreachable
from deepselfie.world import world
from tests.sources import bluesky_stub as stub
from tests.sources.bluesky_stub import NOW, view
from tests.sources.loopback import reply

DAY = timedelta(days=1)
SPAN = NOW - timedelta(hours=20), NOW


def picture(seed: int) -> bytes:
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(coarse).resize((64, 64), Image.Resampling.BICUBIC).save(out, "JPEG")
    return out.getvalue()


PICTURES = [picture(seed) for seed in range(4)]
GOOD = [view("ann", "1", PICTURES[:2]), view("bob", "2", PICTURES[2:3], hours=2)]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    for name in (xrpc.HANDLE, xrpc.PASSWORD):
        monkeypatch.delenv(name, raising=False)
    blobs.home.cache_clear()  # every test has another server
    return tmp_path


@pytest.fixture
def run(monkeypatch):
    """run(server): a gathering of SPAN from it; returns its report, and the waits it would have made."""

    def gathered(server, span=SPAN):
        monkeypatch.setenv("DEEPSELFIE_PLC", server.url)
        waits = []
        service = xrpc.Service(server.url, sleep=waits.append)
        photos = bluesky.photos(service, tag="selfie", spans=[span])
        return gather(world("w"), photos, source="bluesky", total=3, left_out={}), waits

    return gathered


def images() -> list[bytes]:
    return sorted(world("w").read(["image"])["image"].to_pylist())


def test_likes_followers_tags_and_the_very_bytes(run):
    with stub.bluesky(GOOD, PICTURES) as server:
        report, waits = run(server)
    assert images() == sorted(PICTURES[:3]) and waits == [] and report.dropped == {}
    for row in world("w").read(["likes", "followers", "tags", "url"]).to_pylist():
        assert row == {"likes": 3, "followers": 7, "tags": ["selfie"], "url": None}
    assert len(set(world("w").read(["author"])["author"].to_pylist())) == 2
    agents = {asked.headers["User-Agent"] for asked in server.asked}
    assert all(agent.startswith("deepselfie/") for agent in agents)


def test_nothing_that_is_kept_in_table_and_report_names_an_account(run, cache):
    with stub.bluesky([*GOOD, view("bob", "3", PICTURES[3:], tag="cat")], PICTURES) as server:
        run(server)
    kept = str(world("w").read(sorted(world("w").columns - {"image"})).to_pylist())
    kept += json.dumps(world("w").report("import"))
    for name in ("ann", "bob"):
        assert stub.did(name) not in kept and f"{name}.example.com" not in kept and "at://" not in kept


def first_time(answer: bytes, times: int = 1):
    return lambda asked, count: answer if count <= times else None


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        (lambda: {"Retry-After": "7"}, 7, 8),
        (lambda: {"ratelimit-reset": str(int(time.time()) + 300), "ratelimit-remaining": "0"}, 100, 301),
        (dict, 0, 2),
    ],
)
def test_it_waits_as_long_as_it_is_told(run, headers, least, most):
    with stub.bluesky(
        GOOD, PICTURES, searchPosts=first_time(reply({"error": "RateLimitExceeded"}, 429, **headers()))
    ) as s:
        _, waits = run(s)
    assert len(images()) == 3 and len(waits) == 1 and least <= waits[0] <= most


def test_it_waits_before_the_limit_is_passed(run):
    last = reply(
        {"posts": GOOD},
        content_type="application/json",
        ratelimit_remaining="0",
        ratelimit_reset=str(int(time.time()) + 200),
    )
    with stub.bluesky(GOOD, PICTURES, searchPosts=first_time(last)) as server:
        _, waits = run(server)
    assert len(images()) == 3 and len(waits) == 1 and 50 < waits[0] < 202


def test_a_service_that_wants_an_hour_is_told_about(run):
    answer = reply({}, 429, retry_after="3600")
    with (
        stub.bluesky(GOOD, searchPosts=first_time(answer, 99)) as server,
        pytest.raises(Unreachable, match=r"come back in 60 minutes.*the same command goes on"),
    ):
        run(server)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        reply({"error": "InternalServerError"}, 500),
        reply(b"<html>Bad gateway</html>", 502),
        reply({"error": "busy"}, 503),
        reply(b'{"posts": [{"uri": "at://', content_type="application/json"),
        reply(b'{"posts": []}', content_type="application/json", content_length="9999"),
        reply(b"[]", content_type="application/json"),
        reply(b"hello", content_type="text/plain"),
        b"",
        b"HTTP/1.1 ",
    ],
    ids="500 502 503 cut short list text closed torn".split(),
)
def test_what_may_pass_is_asked_again(run, answer):
    with stub.bluesky(GOOD, PICTURES, searchPosts=first_time(answer, 2)) as server:
        _, waits = run(server)
    assert len(images()) == 3 and len(waits) == 2 and waits[0] < waits[1]


def test_a_service_that_is_silent_is_asked_again(run, monkeypatch):
    monkeypatch.setattr(xrpc, "TIMEOUT", 0.3)
    over = threading.Event()

    def silent(asked, count):
        if count == 1:
            over.wait(60)
            return b""

    try:
        with stub.bluesky(GOOD, PICTURES, searchPosts=silent) as server:
            _, waits = run(server)
    finally:
        over.set()
    assert len(images()) == 3 and len(waits) == 1


def test_what_was_fetched_before_a_service_fails_is_kept_and_gone_on_from(cache, monkeypatch):
    """Two days; the service fails for good at the second, and is well again later."""
    views = [GOOD[0], view("bob", "2", PICTURES[2:3], hours=30)]
    before = NOW - timedelta(hours=12)
    monkeypatch.setattr(xrpc.fetch, "ATTEMPTS", 2)
    well = []

    def fails(asked, count):
        return reply({}, 503) if not well and datetime.fromisoformat(asked.query["until"]) < before else None

    with stub.bluesky(views, PICTURES, searchPosts=fails) as server:
        monkeypatch.setenv("DEEPSELFIE_PLC", server.url)
        options = {"tag": "selfie", "since": NOW - timedelta(hours=40), "service": server.url}
        with pytest.raises(Unreachable, match="answers 503"):
            gather_bluesky(world("w"), **options)
        assert images() == sorted(PICTURES[:2])
        well.append(True)
        asked = len(server.asked)
        report = gather_bluesky(world("w"), **options)
        assert images() == sorted(PICTURES[:3]) and report.details["added"] == 1
        again = [request.query for request in server.asked[asked:] if request.path.endswith("searchPosts")]
        assert not any("cid" in q and q["cid"] == stub.cid(PICTURES[0]) for q in again)
        assert gather_bluesky(world("w"), **options).nothing_to_do


def test_a_picture_that_cannot_be_had_now_is_fetched_by_the_next_run(cache, monkeypatch):
    monkeypatch.setattr(xrpc.fetch, "ATTEMPTS", 1)
    down = [True]
    with stub.bluesky(
        GOOD, PICTURES, getBlob=lambda asked, count: reply({}, 503) if down and count == 1 else None
    ) as server:
        monkeypatch.setenv("DEEPSELFIE_PLC", server.url)
        options = {"tag": "selfie", "since": SPAN[0], "service": server.url}
        first = gather_bluesky(world("w"), **options)
        assert first.dropped == {"its picture answers 503": 1} and len(world("w")) == 2
        down.clear()
        second = gather_bluesky(world("w"), **options)
        assert second.dropped == {} and second.details["added"] == 1
        assert gather_bluesky(world("w"), **options).nothing_to_do
    assert images() == sorted(PICTURES[:3])


def test_who_has_no_account_is_told_how_to_get_in(run):
    with (
        stub.bluesky(GOOD, searchPosts=first_time(reply({"error": "AuthMissing", "message": "…"}, 403))) as server,
        pytest.raises(Refused, match=f"app password.*{xrpc.PASSWORD} and {xrpc.HANDLE}"),
    ):
        run(server)


def lied(**fields) -> dict:
    return view("ann", "9", PICTURES[:1], **fields)


def record_with(**fields) -> dict:
    return lied(record=lied()["record"] | fields)


@pytest.mark.parametrize(
    "lie",
    [
        lied(uri="at://did:plc:short/app.bsky.feed.post/1"),
        lied(uri=f"at://{stub.did('ann')}/app.bsky.feed.like/1"),
        lied(uri=f"at://{stub.did('ann')}/app.bsky.feed.post/../../x"),
        lied(likeCount=-1),
        lied(likeCount="many"),
        lied(record="a text"),
        lied(author=None),
        lied(labels=["porn"]),
        record_with(createdAt="yesterday"),
        record_with(facets=[{"features": [{"$type": "app.bsky.richtext.facet#tag"}]}]),
        record_with(tags=[["selfie"]]),
        record_with(embed={"$type": "app.bsky.embed.images", "images": [{"alt": "no picture"}]}),
        record_with(embed={"$type": "app.bsky.embed.images", "images": "many"}),
    ],
)
def test_a_post_that_is_none_is_left_out_alone(run, lie):
    with stub.bluesky([*GOOD, lie], PICTURES) as server:
        report, _ = run(server)
    assert images() == sorted(PICTURES[:3]) and report.dropped == {"is no proper post": 1}


@pytest.mark.parametrize("posts", [{"posts": None}, {"posts": {}}, {"hits": []}])
def test_a_search_that_is_none_is_told_about(run, posts):
    answer = reply(posts, content_type="application/json")
    with (
        stub.bluesky(GOOD, searchPosts=first_time(answer, 99)) as server,
        pytest.raises(DeepselfieError, match="no Bluesky service"),
    ):
        run(server)


def test_a_search_without_end_that_does_not_go_by_time_is_told_about(run):
    def endless(asked, count):
        return reply({"posts": GOOD, "cursor": str(count)}, content_type="application/json")

    with (
        stub.bluesky(GOOD, PICTURES, searchPosts=endless) as server,
        pytest.raises(DeepselfieError, match="does not search by time"),
    ):
        run(server)
    assert images() == sorted(PICTURES[:3]) and len(server.asked) < 400


def test_a_crowded_time_is_searched_in_halves(run, monkeypatch):
    monkeypatch.setattr(bluesky, "DEPTH", 1)
    monkeypatch.setattr(bluesky, "PAGE", 1)

    def one(asked, count):
        since, until = (datetime.fromisoformat(asked.query[name]) for name in ("since", "until"))
        here = [v for v in GOOD if since <= datetime.fromisoformat(v["indexedAt"]) < until]
        return reply({"posts": here[:1]} | ({"cursor": "1"} if here[1:] else {}), content_type="application/json")

    with stub.bluesky(GOOD, PICTURES, searchPosts=one) as server:
        report, _ = run(server)
    assert images() == sorted(PICTURES[:3]) and report.dropped == {} and report.rows_in == 3


def test_a_picture_that_is_not_the_one_posted_is_refused(run):
    other = reply(PICTURES[3], content_type="image/jpeg")
    with (
        stub.bluesky(GOOD, PICTURES, getBlob=lambda asked, count: other) as server,
        pytest.raises(DeepselfieError, match="3 × its picture is not the one that was posted"),
    ):
        run(server)


@pytest.mark.parametrize(
    ("endpoint", "reason"),
    [
        ("https://10.0.0.1", "its picture leads to an address that is not public"),
        ("http://169.254.169.254", "its picture leads to an address that is not public"),
        ("file:///etc/passwd", "its picture is of an account without a server"),
        ("", "its picture is of an account without a server"),
        (None, "its picture is of an account without a server"),
    ],
)
def test_an_account_cannot_lead_us_anywhere(run, endpoint, reason):
    def home(asked, count):
        service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": endpoint}
        return reply({"id": asked.path[1:], "service": [service]})

    with stub.bluesky(GOOD, PICTURES, directory=home) as server, pytest.raises(DeepselfieError) as caught:
        run(server)
    assert f"3 × {reason}" in str(caught.value)


def test_a_directory_that_answers_for_somebody_else_is_not_believed(run):
    other = reply({"id": stub.did("eve"), "service": []})
    with (
        stub.bluesky(GOOD, PICTURES, directory=lambda asked, count: other) as server,
        pytest.raises(DeepselfieError, match="an account without a server"),
    ):
        run(server)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"labels": [{"val": "!no-unauthenticated"}]}, "is to be shown to signed-in people only"),
        ({"labels": [{"val": "!hide"}]}, "hidden by moderation"),
        ({"labels": [{"val": "porn"}]}, "labelled adult or graphic"),
        ({"labels": [{"val": "spam"}]}, "labelled spam or a false identity"),
        ({"description": "no bots here #NoBot"}, "says #nobot in its profile"),
        ({"displayName": "Bob #noindex"}, "says #noindex in its profile"),
        ({"labels": [{"val": "porn", "neg": True}]}, None),
        ({"labels": [{"val": "likes-cats"}]}, None),
        ({"labels": "porn"}, "its account is not to be found"),
        ({"followersCount": "7"}, "its account is not to be found"),
        ({"did": stub.did("eve")}, "its account is not to be found"),
    ],
)
def test_profiles_say_who_is_left_out(run, changed, reason):
    profiles = [stub.profile("ann"), stub.profile("bob", **changed)]
    with stub.bluesky(GOOD, PICTURES, getProfiles=lambda asked, count: stub.json(profiles, "profiles")) as server:
        report, _ = run(server)
    assert report.dropped == ({reason: 1} if reason else {})
    assert images() == sorted(PICTURES[: 2 if reason else 3])


@pytest.mark.parametrize("labels", ["post", "self", "author"])
def test_a_post_that_is_labelled_is_left_out(run, labels):
    post = view("bob", "2", PICTURES[2:3])
    if labels == "post":
        post["labels"] = [{"val": "nudity"}]
    if labels == "self":
        post["record"]["labels"] = {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "sexual"}]}
    if labels == "author":
        post["author"]["labels"] = [{"val": "graphic-media"}]
    with stub.bluesky([GOOD[0], post], PICTURES) as server:
        report, _ = run(server)
    assert report.dropped == {"labelled adult or graphic": 1} and len(images()) == 2


@pytest.mark.parametrize(
    "line", [stub.did("bob"), "@bob.example.com", "https://bsky.app/profile/bob.example.com/post/2", GOOD[1]["uri"]]
)
def test_our_own_list(run, cache, line):
    (cache / "optout.txt").write_text(f"{line}\n")
    with stub.bluesky(GOOD, PICTURES) as server:
        report, _ = run(server)
    assert report.dropped == {"is on our opt-out list": 1} and len(images()) == 2


def test_a_limit_is_kept_and_can_be_raised(cache, monkeypatch):
    with stub.bluesky(GOOD, PICTURES) as server:
        monkeypatch.setenv("DEEPSELFIE_PLC", server.url)
        options = {"tag": "selfie", "since": SPAN[0], "service": server.url}
        for limit, there in ((1, 1), (1, 1), (2, 2), (None, 3)):
            gather_bluesky(world("w"), limit=limit, **options)
            assert len(world("w")) == there


def test_moments():
    seen = datetime(2026, 3, 1, tzinfo=UTC)
    assert bluesky.moment("2026-02-01T00:00:00Z", seen) == datetime(2026, 2, 1, tzinfo=UTC)
    assert bluesky.moment("2026-02-01T02:00:00.123+02:00", seen) == datetime(2026, 2, 1, 0, 0, 0, 123000, tzinfo=UTC)
    assert bluesky.moment("2099-01-01T00:00:00Z", seen) == bluesky.moment("1969-01-01T00:00:00Z", seen) == seen
    with pytest.raises(ValueError):
        bluesky.moment("2019-01-01T00:00:00Z", datetime(2019, 1, 1, tzinfo=UTC))


def test_windows():
    days = [NOW + n * DAY for n in range(10)]
    span = days[0], days[9]
    done = [(days[1], days[2]), (days[5], days[6])]
    assert windows.left(span, done) == [(days[0], days[1]), (days[2], days[5]), (days[6], days[9])]
    assert windows.left(span, [span]) == [] and windows.left(span, []) == [span]
    assert windows.left((days[1], days[3]), [(days[0], days[2]), (days[4], days[5])]) == [(days[2], days[3])]
    assert windows.joined([*done, (days[2], days[5])]) == [(days[1], days[6])]
    assert windows.joined([*windows.left(span, done), *done]) == [span]
    cut = list(windows.days(span))
    assert cut[0][1] == days[9] and cut[-1][0] == days[0]
    assert all(later[0] == sooner[1] for later, sooner in itertools.pairwise(cut))
    assert all(end - start <= DAY and end.date() - start.date() <= DAY for start, end in cut)
