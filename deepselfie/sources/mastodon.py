"""Posts of a hashtag on a Mastodon server come in; out come their pictures, with their likes.

GET /api/v1/timelines/tag/:hashtag, newest first, page by page through `max_id`. Ids and addresses name accounts, so a
photo's id is the salted hash of its post's, and there is no url. `likes` and `followers` are as this server has heard
of them: for accounts of other servers that may be less than all.

Left out, and counted in the report: bots; accounts that set noindex, or not indexable or not discoverable; #nobot,
#noindex, #noai in a profile; our optout.txt; posts that are not public, or are marked sensitive. Pictures are not
looked at for this: a nude that nobody marked is not noticed.

Tested against servers on loopback that answer in the shapes of the API's documentation, and tried once on mastodon-mock
0.6.1, a stand-in by others. No real Mastodon server has been asked yet: none can be installed from PyPI or npm.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from urllib.parse import quote, urlsplit

from mastodon import Mastodon, MastodonNotFoundError

from deepselfie.errors import DeepselfieError
from deepselfie.salted import salted
from deepselfie.sources import Photo
from deepselfie.sources.fetch import fetch, get_json, on_loopback
from deepselfie.sources.markup import plain
from deepselfie.sources.optout import OptOuts, is_bot
from deepselfie.sources.photo import Mention

PAGE = 40  # posts an answer, the most there is


def photos(service: str, *, tag: str, since: datetime | None = None, until: datetime | None = None) -> Iterator[Photo]:
    """The pictures of the posts with the hashtag `tag` (without #), made from `since` on and before `until` (UTC).

    service: a server's address, such as https://mastodon.example. It begins with the newest each time: what a world
    has already is passed over without being fetched. Raises Refused and Unreachable where the server does not answer,
    and DeepselfieError where it is no Mastodon server."""
    url = f"{service.rstrip('/')}/api/v1/timelines/tag/{quote(tag, safe='')}"
    loopback, server = on_loopback(service), urlsplit(service).hostname
    asked = {"limit": PAGE, "only_media": "true"}
    pages = set()  # their last posts: a server that pages in a circle is left
    while True:
        page = get_json(url, asked, loopback=loopback)
        if not isinstance(page, list):
            raise DeepselfieError(f"{service} does not answer as a Mastodon server does. Give another with --service.")
        opt_outs, past = OptOuts(), 0
        for status in page:
            try:
                made = _moment(status["created_at"])
                past += since is not None and made < since
                if (until is None or made < until) and (since is None or made >= since):
                    yield from _offered(status, made, tag, server, opt_outs, loopback)
            except (AttributeError, KeyError, TypeError, ValueError):  # not as posts are
                key = salted(str(status.get("uri") if isinstance(status, dict) else status))
                yield Photo(key, None, problem="is no proper post", origin=key)
        last = page[-1].get("id") if page and isinstance(page[-1], dict) else None
        if not isinstance(last, str) or last in pages or past == len(page):
            return
        pages.add(last)
        asked["max_id"] = last


def _offered(status: dict, made: datetime, tag: str, server: str, opt_outs: OptOuts, loopback: bool) -> list[Photo]:
    """The pictures of a post, or the reason why it must be left out. Raises as dictionaries do where it is no post."""
    uri, account = str(status["uri"]), _account(status["account"], server)
    tags = [entry["name"] for entry in status["tags"]]
    key, images = salted(uri), [media for media in status["media_attachments"] if media["type"] == "image"]
    reason = left_out(status, server, opt_outs)
    if tag.casefold() not in (name.casefold() for name in tags):
        reason = "is of another tag"
    addresses = [media.get("url") or media.get("remote_url") for media in images]
    if reason or not any(addresses):
        return [Photo(key, None, problem=reason or "has no picture", origin=uri)]
    return [
        Photo(
            f"{key}-{number}",
            partial(fetch, address, loopback=loopback),
            likes=_count(status.get("favourites_count")),
            followers=_count(status["account"].get("followers_count")),
            tags=tags,
            created_at=made,
            author=account,
            origin=str(status.get("url") or uri),
        )
        for number, address in enumerate(addresses)
        if address
    ]


def mentions(api: Mastodon, me: str, since: float) -> list[Mention]:
    """Of the account that is signed in, whose id is `me`: all since then, time.time(), oldest first; some may be older.

    Replies name whom they reply to by themselves: they are mentions only with a picture of their own."""
    page, found = api.notifications(types=["mention"], limit=PAGE), []
    while page:
        for note in page:
            status, account, at = note["status"], note["account"], note["created_at"].timestamp()
            asks = str(status["in_reply_to_account_id"]) != me or status["media_attachments"]
            author, text = str(account["id"]), plain(status["content"])
            shut, nearby = unwilling(account) if asks else "no mention", partial(near, api, status["id"], author)
            found.append(Mention(status["uri"], author, at, text, shut, nearby, status))
        page = None if at < since else api.fetch_next(page)
    return found[::-1]


def near(api: Mastodon, id: str, asker: str) -> Iterator[list[Photo]]:
    """The photos near a status, see Mention. asker: the id of an account whose own need not be meant for everybody."""
    for status in _statuses_near(api, id):
        if status is None:
            yield [Photo(salted(id), None, author=asker, problem="is gone")]
            return
        owner = str(status["account"]["id"])
        reason = None if owner == asker else left_out(status, urlsplit(api.api_base_url).hostname, OptOuts())
        images = [media["url"] for media in status["media_attachments"] if media["type"] == "image"]
        if images:
            loopback = on_loopback(api.api_base_url)
            data = [partial(fetch, image, loopback=loopback) for image in images]
            yield [Photo(status["uri"], one, author=owner, problem=reason) for one in data]


def _statuses_near(api: Mastodon, id: str) -> Iterator[dict | None]:
    status = _status(api, id)
    yield status
    quoted = (status.get("quote") or {}).get("quoted_status")
    if quoted:
        yield quoted
    if status["in_reply_to_id"] and (parent := _status(api, status["in_reply_to_id"])):
        yield parent


def _status(api: Mastodon, id: str) -> dict | None:
    try:
        return api.status(id)
    except MastodonNotFoundError:
        return None


def unwilling(account: dict) -> str:
    """Why an account wants nothing from us, "" for most."""
    about = plain(account["note"] or "")
    if account["bot"] or is_bot(about):
        return "bot"
    return OptOuts().reason(account["url"], about=about) or ""


def left_out(status: dict, server: str, opt_outs: OptOuts) -> str | None:
    """Why a post must not be taken, in words for the report; None where it may. server: where it was found."""
    account = status["account"]
    if status.get("visibility") != "public":
        return "is not public"
    if status.get("sensitive"):
        return "is marked sensitive"
    if account.get("bot"):
        return "is of a bot"
    if account.get("noindex") or account.get("indexable") is False or account.get("discoverable") is False:
        return "is of an account that does not want to be found"
    if account.get("suspended") or account.get("limited"):
        return "hidden by moderation"
    fields = [f"{entry.get('name', '')} {plain(entry.get('value') or '')}" for entry in account.get("fields") or []]
    about = "\n".join([account.get("display_name") or "", plain(account.get("note") or ""), *fields])
    names = (_account(account, server), account.get("url"), account.get("uri"), status.get("url"), status.get("uri"))
    return opt_outs.reason(*names, about=about)


def _account(account: dict, server: str) -> str:
    """ann@example.org; the server writes its own accounts without itself."""
    name = account["acct"]
    return (name if "@" in name else f"{name}@{server}").casefold()


def _count(value: object) -> int | None:
    """A number of likes or followers; some servers say -1 where it is nobody's business."""
    return value if isinstance(value, int) and 0 <= value < 2**53 else None


def _moment(text: str) -> datetime:
    made = datetime.fromisoformat(text)
    return made.replace(tzinfo=UTC) if made.tzinfo is None else made.astimezone(UTC)
