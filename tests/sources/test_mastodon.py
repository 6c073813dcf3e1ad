"""Pictures of a hashtag from a server on loopback that answers in the shapes of Mastodon's API: all, once, as posted,
and none of anybody who does not want it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from deepselfie.errors import DeepselfieError
from deepselfie.gather import gather_mastodon
from deepselfie.sources import fetch as fetching
from deepselfie.sources import mastodon
from deepselfie.world import world
from tests.sources.loopback import reply, serve
from tests.sources.selfies import selfie

NEWEST = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


def account(**facts):
    return {
        "id": "7", "username": "ann", "acct": "ann", "display_name": "Ann", "locked": False, "bot": False,
        "discoverable": True, "indexable": True, "noindex": False, "group": False, "note": "<p>Cats</p>",
        "url": "https://fedi.example/@ann", "uri": "https://fedi.example/users/ann", "fields": [], "emojis": [],
        "created_at": "2020-01-01T00:00:00.000Z", "followers_count": 321, "following_count": 5, "statuses_count": 9,
    } | facts  # fmt: skip


def status(n, *, base="", **facts):
    """Post number `n`, an hour older than the one before, with picture number `n`."""
    id = str(115_000_000_000_000_000 - n * 235_929_600)
    return {
        "id": id, "created_at": (NEWEST - timedelta(hours=n)).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "in_reply_to_id": None, "sensitive": False, "spoiler_text": "", "visibility": "public", "language": "en",
        "uri": f"https://fedi.example/users/ann/statuses/{id}", "url": f"https://fedi.example/@ann/{id}",
        "replies_count": 0, "reblogs_count": 2, "favourites_count": n, "edited_at": None, "reblog": None, "poll": None,
        "content": '<p>Me <a href="https://fedi.example/tags/selfie" rel="tag">#<span>Selfie</span></a></p>',
        "account": account(), "mentions": [], "emojis": [], "card": None,
        "tags": [{"name": "selfie", "url": "https://fedi.example/tags/selfie"}],
        "media_attachments": [picture(n, base)],
    } | facts  # fmt: skip


def picture(n, base, **facts):
    return {
        "id": str(n), "type": "image", "url": f"{base}/media/original/{n}.jpg", "remote_url": None,
        "preview_url": f"{base}/media/small/{n}.jpg", "description": None, "blurhash": "U00",
        "meta": {"original": {"width": 64, "height": 64, "size": "64x64", "aspect": 1.0}},
    } | facts  # fmt: skip


def fedi(posts):
    """A server with these posts: posts(base) -> statuses, newest first; `base` is its own address."""

    def answer(asked, connection):
        base = f"http://{asked.headers['Host']}"
        if asked.path.startswith("/media/original/"):
            return reply(selfie(int(asked.path.split("/")[-1][:-4])), Content_Type="image/jpeg")
        if asked.path != "/api/v1/timelines/tag/selfie":
            return reply({"error": "Record not found"}, 404)
        below = int(asked.query.get("max_id", 10**18))
        page = [post for post in posts(base) if not isinstance(post, dict) or int(post.get("id", 0)) < below]
        return reply(page[: int(asked.query["limit"])])

    return serve(answer)


def found(posts, **options):
    with fedi(posts) as server:
        return list(mastodon.photos(server.url, tag="selfie", **options)), server.asked


def test_every_picture_comes_once_as_the_bytes_that_were_posted():
    with fedi(lambda base: [status(n, base=base) for n in range(100)]) as server:
        photos = list(mastodon.photos(server.url, tag="selfie"))
        pages = [asked.query.get("max_id") for asked in server.asked]
        assert pages == [None, *(status(n)["id"] for n in (39, 79, 99))]
        assert len({photo.id for photo in photos}) == 100
        assert [photo.data() for photo in photos[:50]] == [selfie(n) for n in range(50)]
        seventh = photos[7]
        assert (seventh.likes, seventh.followers, seventh.tags) == (7, 321, ["selfie"])
        assert seventh.created_at == NEWEST - timedelta(hours=7)
        assert seventh.author == "ann@127.0.0.1"
        assert seventh.origin == status(7)["url"]


def test_time_is_kept_to_and_paging_ends_before_the_beginning_of_time():
    since, until = NEWEST - timedelta(hours=20), NEWEST - timedelta(hours=10)
    photos, asked = found(lambda base: [status(n) for n in range(400)], since=since, until=until)
    assert [photo.likes for photo in photos] == list(range(11, 21))
    assert len(asked) == 2


def test_post_with_a_false_date_does_not_end_the_search():
    old = {"created_at": "1970-01-01T00:00:00.000Z"}
    photos, _ = found(
        lambda base: [status(n, **(old if n == 39 else {})) for n in range(80)], since=NEWEST - timedelta(hours=70)
    )
    assert [photo.likes for photo in photos] == [n for n in range(71) if n != 39]


def test_all_pictures_of_a_post_and_only_pictures():
    def posts(base):
        media = [picture(1, base), picture(2, base, type="video"), picture(3, base), picture(4, base, type="gifv")]
        remote = picture(5, base, url=None, remote_url=f"{base}/media/original/5.jpg")
        return [status(0, media_attachments=media), status(1, media_attachments=[remote])]

    with fedi(posts) as server:
        photos = list(mastodon.photos(server.url, tag="selfie"))
        assert [photo.data() for photo in photos] == [selfie(1), selfie(3), selfie(5)]
        assert photos[0].id.split("-")[0] == photos[1].id.split("-")[0] != photos[2].id.split("-")[0]
    photos, _ = found(lambda base: [status(0, media_attachments=[picture(1, base, type="video")])])
    assert [photo.problem for photo in photos] == ["has no picture"]


NOT_FOUND = "is of an account that does not want to be found"


@pytest.mark.parametrize(
    "facts, reason",
    [
        ({"visibility": "unlisted"}, "is not public"),
        ({"visibility": "private"}, "is not public"),
        ({"sensitive": True}, "is marked sensitive"),
        ({"account": account(bot=True)}, "is of a bot"),
        ({"account": account(noindex=True)}, NOT_FOUND),
        ({"account": account(indexable=False)}, NOT_FOUND),
        ({"account": account(discoverable=False)}, NOT_FOUND),
        ({"account": account(limited=True)}, "hidden by moderation"),
        ({"account": account(note='<p>Hi <a href="x">#<span>NoBot</span></a></p>')}, "says #nobot in its profile"),
        ({"account": account(display_name="Ann #NoAI")}, "says #noai in its profile"),
        ({"account": account(fields=[{"name": "Wish", "value": "<b>#noindex</b>"}])}, "says #noindex in its profile"),
        ({"tags": [{"name": "cats"}]}, "is of another tag"),
        ({"media_attachments": []}, "has no picture"),
        ({"created_at": "yesterday"}, "is no proper post"),
        ({"account": None}, "is no proper post"),
        ({"media_attachments": [3]}, "is no proper post"),
    ],
)
def test_whoever_does_not_want_it_is_left_out_and_nothing_of_theirs_is_fetched(facts, reason):
    photos, asked = found(lambda base: [status(0, base=base, **facts), status(1, base=base)])
    assert [photo.problem for photo in photos] == [reason, None]
    assert photos[0].data is None
    assert not any("media" in request.path for request in asked)


@pytest.mark.parametrize("facts", [{"noindex": None}, {"indexable": None, "discoverable": None}, {"fields": None}])
def test_who_has_not_said_anything_is_not_left_out(facts):
    photos, _ = found(lambda base: [status(0, account=account(**facts))])
    assert [photo.problem for photo in photos] == [None]


@pytest.mark.parametrize("line", ["@ann@127.0.0.1", "https://fedi.example/@Ann", status(0)["url"]])
def test_our_own_list_is_heeded(cache, line):
    (cache / "optout.txt").write_text(line)
    photos, _ = found(lambda base: [status(0)])
    assert [photo.problem for photo in photos] == ["is on our opt-out list"]


def test_rubbish_among_the_posts_is_counted_and_the_rest_taken():
    photos, _ = found(lambda base: [None, "post", {}, status(3), {"id": "0"}, []])
    wrong = "is no proper post"
    assert [photo.problem for photo in photos] == [wrong, wrong, wrong, None, wrong, wrong]


def test_server_that_pages_in_a_circle_is_left():
    with serve(lambda asked, connection: reply([status(1)])) as server:
        assert len(list(mastodon.photos(server.url, tag="selfie"))) == 2
        assert len(server.asked) == 2


@pytest.mark.parametrize("tag", ["Zürich", "a/../b", "x?y#z"])
def test_tag_is_one_part_of_the_address(tag):
    with serve(lambda asked, connection: reply([])) as server:
        assert list(mastodon.photos(server.url + "/", tag=tag)) == []
        assert server.asked[0].path.count("/") == 5


def test_what_is_no_mastodon_server_is_said_so():
    with (
        serve(lambda asked, connection: reply({"hello": 1})) as server,
        pytest.raises(DeepselfieError, match="Mastodon"),
    ):
        list(mastodon.photos(server.url, tag="selfie"))
    wants_login = reply({"error": "This method requires an authenticated user"}, 422)
    with serve(lambda asked, connection: wants_login) as server, pytest.raises(DeepselfieError, match="authenticated"):
        list(mastodon.photos(server.url, tag="selfie"))


def test_rate_limit_is_waited_for(monkeypatch):
    pauses = []
    reset = (datetime.now(UTC) + timedelta(seconds=100)).isoformat().replace("+00:00", "Z")
    answers = [reply([status(1)], X_RateLimit_Remaining="0", X_RateLimit_Reset=reset), reply([])]
    with serve(lambda asked, connection: answers.pop(0)) as server:
        get_json = lambda *args, **options: fetching.get_json(*args, **options, sleep=pauses.append)  # noqa: E731
        monkeypatch.setattr(mastodon, "get_json", get_json)
        assert len(list(mastodon.photos(server.url, tag="selfie"))) == 1
    assert len(pauses) == 1 and 60 < pauses[0] <= 100


def test_world_gets_the_pictures_once_and_no_name_of_anybody(cache):
    def posts(base):
        return [status(n, base=base, account=account(bot=n == 3)) for n in range(45)]

    with fedi(posts) as server:
        for fetched in (44, 44):
            report = gather_mastodon(world("fedi"), service=server.url, tag="selfie")
            assert (report.rows_out, report.dropped) == (44, {"is of a bot": 1})
            assert sum("media" in asked.path for asked in server.asked) == fetched
    table = world("fedi").read(["id", "image", "author", "url", "likes", "followers"])
    assert len(table) == 44 and len(set(table["id"].to_pylist())) == 44
    assert table["likes"].to_pylist() == [n for n in range(45) if n != 3]
    assert len(set(table["author"].to_pylist())) == 1 and table["url"].null_count == 44
    said = json.dumps(table.drop_columns(["image"]).to_pylist())
    assert "ann" not in said and "fedi.example" not in said
