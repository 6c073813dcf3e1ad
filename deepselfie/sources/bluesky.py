"""Posts of a hashtag on Bluesky come in; out come their pictures, as the very files that were posted, with their likes.

What tells one post from another is kept as salted hashes: a photo's id is that of its post and the number of the
picture in it, and there is no url, which would name the account. Where a post lies is known to `origins` alone.

Left out, and counted in the report: posts whose own tags lack the hashtag; posts and accounts that moderation or
their owners labelled (LABELS); accounts that ask to be shown to signed-in people only, that have #nobot or #noindex in
their profile, or that are in our optout.txt; posts that are not as posts should be. Pictures are not looked at for
this: an unlabelled nude is not noticed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from deepselfie.errors import DeepselfieError
from deepselfie.salted import salted
from deepselfie.sources import Photo, Reached, windows
from deepselfie.sources.blobs import original
from deepselfie.sources.clean import MAX_BYTES
from deepselfie.sources.optout import OptOuts, is_bot
from deepselfie.sources.photo import Mention
from deepselfie.sources.xrpc import Service

PAGE = 100  # posts an answer, the most there is
DEPTH = 10  # pages of a span of time before it is halved: deep cursors are slow, and end somewhere
SHORTEST = timedelta(minutes=1)  # is not halved
FIRST = datetime(2022, 1, 1, tzinfo=UTC)  # there were no posts before: an older date is made up
OVERLAP = 3600  # s: notifications are listed by their authors' clocks, which may be slow
TOGETHER = 25  # profiles or posts that may be asked for at once
DAYS = 90  # how far back by default: likes have settled after 31

POST = re.compile(r"at://(did:plc:[a-z2-7]{24}|did:web:[A-Za-z0-9.-]{1,250})/app\.bsky\.feed\.post/[\w.~:-]{1,512}")
TAG, IMAGES = "app.bsky.richtext.facet#tag", "app.bsky.embed.images"
WITH_MEDIA = "app.bsky.embed.recordWithMedia"
SIGNED_IN = frozenset({"!no-unauthenticated"})
LABELS = {
    "is to be shown to signed-in people only": SIGNED_IN,
    "hidden by moderation": {"!hide", "!takedown", "!suspend", "!warn"},
    "labelled adult or graphic": {
        "porn", "sexual", "sexual-figurative", "nudity", "graphic-media", "gore", "nsfl", "self-harm",
    },
    "labelled spam or a false identity": {"spam", "scam", "impersonation", "inauthentic", "misleading"},
}  # fmt: skip


class Malformed(Exception):
    """Something that calls itself a post and is none."""


@dataclass(frozen=True)
class Post:
    """What is needed of a post. images: content ids; likes: None where nobody said; created_at: see `moment`."""

    uri: str
    author: str  # the account's DID
    tags: list[str]
    images: list[str]
    created_at: datetime
    likes: int | None
    labels: frozenset[str]

    def has(self, tag: str) -> bool:
        return tag.casefold() in (own.casefold() for own in self.tags)


def photos(service: Service, *, tag: str, spans: Iterable[windows.Span]) -> Iterator[Photo | Reached]:
    """The pictures of all posts with the hashtag `tag` (without #) of some spans of time, a day after the other.

    A day that is through is Reached. Raises Refused and Unreachable where the service does not answer, and
    DeepselfieError where it cannot search by time."""
    for span in spans:
        for day in windows.days(span):
            yield from _search(service, tag, day)
            yield Reached(day)


def read_post(uri: str, record: dict, *, seen_at: datetime, likes: int | None, labels: list) -> Post:
    """A post from its record; raises Malformed where it is not as records are.

    seen_at: when the network first saw it; likes: ≥ 0; labels: those that others gave it, as services list them."""
    try:
        author = POST.fullmatch(uri)[1]
        facets = [feature for facet in record.get("facets") or [] for feature in facet["features"]]
        tags = [feature["tag"] for feature in facets if feature["$type"] == TAG] + (record.get("tags") or [])
        embed = record.get("embed") or {}
        media = embed["media"] if embed.get("$type") == WITH_MEDIA else embed
        blobs = [image["image"] for image in media["images"]] if media.get("$type") == IMAGES else []
        images = [blob["ref"]["$link"] for blob in blobs if 0 < blob["size"] <= MAX_BYTES]
        own = (record.get("labels") or {}).get("values") or []
        if likes is not None and not (isinstance(likes, int) and 0 <= likes < 2**53):
            raise Malformed
        if not all(isinstance(text, str) for text in tags + images):
            raise Malformed
        created_at = moment(record["createdAt"], seen_at)
        return Post(uri, author, list(dict.fromkeys(tags)), images, created_at, likes, in_force(own + labels))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Malformed from error


def moment(created_at: str, seen_at: datetime) -> datetime:
    """When a post was made: what it says itself, unless that lies in the future, or before there was a Bluesky.

    So Bluesky sorts too. Raises ValueError where `created_at` is no time, and where nobody knows a better one."""
    said = datetime.fromisoformat(created_at)
    said = said.replace(tzinfo=UTC) if said.tzinfo is None else said.astimezone(UTC)
    best = said if FIRST <= said <= seen_at else seen_at
    if best < FIRST:
        raise ValueError(created_at)
    return best


def mentions(service: Service, since: float) -> list[Mention]:
    """Of the account that signs in, and replies to it: all since then, time.time(), and some before, oldest first."""
    found, asked = [], {"reasons": ["mention", "reply"], "limit": PAGE}
    for note in service.pages("app.bsky.notification.listNotifications", "notifications", **asked):
        uri, author, text = note["uri"], note["author"], note["record"].get("text", "")
        at, nearby = datetime.fromisoformat(note["indexedAt"]).timestamp(), partial(near, service, uri, author["did"])
        shut = unwilling(author) if note["reason"] == "mention" else "no mention"
        found.append(Mention(uri, author["did"], at, text, shut, nearby, note))
        if at < since - OVERLAP:
            break
    return sorted(found, key=lambda mention: mention.at)


def near(service: Service, uri: str, asker: str) -> Iterator[list[Photo]]:
    """The photos near a post, see Mention. asker: the DID of an account whose own may be hidden from strangers."""

    def why_not(post: Post, profile: dict | None, opt_outs: OptOuts) -> str | None:
        if profile and post.author == asker:
            post, profile = replace(post, labels=post.labels - SIGNED_IN), profile | {"labels": []}
        return left_out(post, profile, opt_outs) or unwilling(profile)

    for view in _views_near(service, uri):
        if view is None:
            yield [Photo(salted(uri), None, author=asker, problem="is gone")]
            return
        post = read_view(view)
        if post.images:
            yield list(offered(service, [post], why_not))


def _views_near(service: Service, uri: str) -> Iterator[dict | None]:
    post = _view(service, uri)
    yield post
    quoted = (post.get("embed") or {}).get("record") or {}
    quoted = quoted.get("record", quoted)  # beside pictures it lies deeper
    if quoted.get("$type") == "app.bsky.embed.record#viewRecord":
        yield quoted | {"record": quoted["value"]}
    above = post["record"].get("reply")
    if above and (parent := _view(service, above["parent"]["uri"])):
        yield parent


def _view(service: Service, uri: str) -> dict | None:
    return next(iter(service.ask("app.bsky.feed.getPosts", uris=[uri])["posts"]), None)


def unwilling(profile: dict) -> str:
    """Why an account wants nothing from us, "" for most."""
    viewer, about = profile.get("viewer") or {}, profile.get("description") or ""
    if viewer.get("blockedBy") or viewer.get("blocking"):
        return "blocked"
    if "bot" in in_force(profile.get("labels") or []) or is_bot(about):
        return "bot"
    return "opted out" if OptOuts().reason(profile["did"], profile["handle"], about=about) else ""


def in_force(labels: list) -> frozenset[str]:
    """The names of labels that were not taken back. Raises as dictionaries and lists do where they are none."""
    return frozenset(label["val"] for label in labels if not label.get("neg"))


def left_out(post: Post, profile: dict | None, opt_outs: OptOuts) -> str | None:
    """Why a post must not be taken, in words for the report; None where it may."""
    if profile is None:
        return "its account is not to be found"
    labels = post.labels | in_force(profile.get("labels") or [])
    for reason, names in LABELS.items():
        if labels & names:
            return reason
    about = f"{profile.get('displayName') or ''}\n{profile.get('description') or ''}"
    page = f"https://bsky.app/profile/{{}}/post/{post.uri.rpartition('/')[2]}"
    names = [name for owner in (post.author, profile["handle"]) for name in (owner, page.format(owner))]
    return opt_outs.reason(post.uri, *names, about=about)


def offered(
    service: Service, posts: list[Post], why_not: Callable[[Post, dict | None, OptOuts], str | None] = left_out
) -> Iterator[Photo]:
    """The pictures of posts, with what their authors' profiles say; those that must be left out, with the reason."""
    profiles, opt_outs = ask_profiles(service, {post.author for post in posts}), OptOuts()
    for post in posts:
        profile, key = profiles.get(post.author), salted(post.uri)
        reason = why_not(post, profile, opt_outs)
        if reason or not post.images:
            yield Photo(key, None, problem=reason or "has no picture", author=post.author, origin=post.uri)
            continue
        for number, cid in enumerate(post.images):
            yield Photo(
                f"{key}-{number}",
                partial(original, post.author, cid, loopback=service.loopback),
                likes=post.likes,
                followers=profile.get("followersCount"),
                tags=post.tags,
                created_at=post.created_at,
                author=post.author,
                origin=post.uri,
            )


def ask_profiles(service: Service, accounts: set[str]) -> dict[str, dict]:
    """DID -> profile, of those accounts that there still are."""
    found = {}
    everybody = sorted(accounts)
    for first in range(0, len(everybody), TOGETHER):
        dids = everybody[first : first + TOGETHER]
        for profile in service.ask("app.bsky.actor.getProfiles", actors=dids).get("profiles") or []:
            if isinstance(profile, dict) and profile.get("did") in dids and _is_profile(profile):
                found[profile["did"]] = profile
    return found


def _search(service: Service, tag: str, span: windows.Span) -> Iterator[Photo]:
    since, until = span
    asked = {"q": f"#{tag}", "tag": [tag], "sort": "latest", "limit": PAGE}
    asked |= {"since": _text(since), "until": _text(until)}
    inside = 0
    for _ in range(DEPTH):
        page = service.ask("app.bsky.feed.searchPosts", **asked)
        views = page.get("posts")
        if not isinstance(views, list):
            raise DeepselfieError(f"{service.url} answers a search without a list of posts: it is no Bluesky service.")
        posts, problems = _sorted_out(views, tag, span)
        inside += len(posts) + len(problems)
        yield from problems
        yield from offered(service, posts)
        if not (views and isinstance(page.get("cursor"), str)):
            return
        asked["cursor"] = page["cursor"]
    if not inside:
        raise DeepselfieError(
            f"{service.url} has more posts of #{tag} than can be paged through, and does not search by time. "
            "Use --live, or a shorter time with --since."
        )
    if until - since > SHORTEST:
        middle = since + timedelta(seconds=(until - since).total_seconds() // 2)
        yield from _search(service, tag, (middle, until))
        yield from _search(service, tag, (since, middle))


def _sorted_out(views: list, tag: str, span: windows.Span) -> tuple[list[Post], list[Photo]]:
    """Posts of a page that are of this tag and time; and those that are not as posts should be, or of another tag."""
    posts, problems = [], []
    for view in views:
        try:
            post = read_view(view)
        except Malformed:
            key = salted(str(view.get("uri") if isinstance(view, dict) else view))
            problems.append(Photo(key, None, problem="is no proper post", origin=key))
            continue
        if span[0] <= post.created_at < span[1]:
            if post.has(tag):
                posts.append(post)
            else:
                problems.append(Photo(salted(post.uri), None, problem="is of another tag", origin=post.uri))
    return posts, problems


def read_view(view: dict) -> Post:
    """A post as the service shows it, with its likes and labels. Raises Malformed."""
    try:
        seen_at = min(datetime.fromisoformat(view["indexedAt"]).astimezone(UTC), datetime.now(UTC))
        labels = (view.get("labels") or []) + (view["author"].get("labels") or [])
        return read_post(view["uri"], view["record"], seen_at=seen_at, likes=view.get("likeCount"), labels=labels)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Malformed from error


def _is_profile(profile: dict) -> bool:
    followers = profile.get("followersCount", 0)
    try:
        in_force(profile.get("labels") or [])
    except (AttributeError, KeyError, TypeError):
        return False
    return isinstance(profile.get("handle"), str) and isinstance(followers, int) and 0 <= followers < 2**53


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
