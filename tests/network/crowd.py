"""A crowd on a network: accounts that post pictures, like and follow by a plan, so that the truth of each is known.

In: a Network and pictures. Out: the posts, as soon as the AppView knows of them all. Accounts after the first ORDINARY
have each a reason why nothing of theirs may be gathered (REASONS).
"""

from __future__ import annotations

import io
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from atproto import Client, Session
from PIL import Image

from tests.network.dev_network import Network
from tests.network.posting import PASSWORD, eventually

TAG = "crowdselfie"  # of all of it, and of nobody else on this network
ORDINARY, EACH = 50, 5  # accounts, posts of each
DAYS = 5  # that the posts are spread over
REASONS = {  # what is wrong with an account -> what the report says
    "signed-in only": "is to be shown to signed-in people only",
    "nobot": "says #nobot in its profile",
    "noindex": "says #noindex in its profile",
    "porn account": "labelled adult or graphic",
    "handle in optout.txt": "is on our opt-out list",
    "DID in optout.txt": "is on our opt-out list",
    "sexual posts": "labelled adult or graphic",
    "other tag": "is of another tag",
    "no picture": "has no picture",
}
MADE_UP = "is no proper post"  # of the one that says it is older than Bluesky
ACCOUNTS = ORDINARY + len(REASONS) + 1  # the last one has its tag in the posts' lists only, which is fine
FUTURE, PAST = "2099-01-01T00:00:00.000Z", "2019-01-01T00:00:00.000Z"  # of two posts, which made that up


@dataclass
class Post:
    """A post as it was made. created_at: None where the post says something impossible; reason: one of REASONS."""

    author: str  # DID
    pictures: list[bytes]
    tags: list[str]
    created_at: datetime | None
    reason: str = ""
    uri: str = ""
    cid: str = ""
    likes: int = 0
    followers: int = 0


@dataclass
class Member:
    """An account, signed in."""

    handle: str
    did: str
    client: Client


def make_crowd(network: Network, pictures: list[bytes]) -> tuple[list[Post], list[Member]]:
    """ACCOUNTS · EACH posts, every fifth with two of the pictures, and their accounts."""
    reasons, now, left = [""] * ORDINARY + [*REASONS, ""], datetime.now(UTC), iter(pictures)
    with ThreadPoolExecutor(8) as pool:
        members = list(pool.map(lambda reason: _join(network, reason), reasons))
        posts = [[] for _ in members]
        for i, member in enumerate(members):
            for n in range(EACH):
                back = timedelta(hours=1, days=DAYS * (i * EACH + n) / (ACCOUNTS * EACH))
                mine = [] if reasons[i] == "no picture" else [next(left) for _ in range(2 if n == 1 else 1)]
                tags = [TAG.title(), "me"] if n % 2 else [TAG]
                if reasons[i] == "other tag":
                    tags = [f"{TAG}s"]
                posts[i].append(Post(member.did, mine, tags, now - back, reasons[i]))
        posts[0][0].created_at = posts[0][1].created_at = None
        posts[0][1].reason = "past"
        list(pool.map(lambda i: _post(members[i], posts[i], listed=i == ACCOUNTS - 1), range(ACCOUNTS)))
        everything = [post for theirs in posts for post in theirs]
        list(pool.map(lambda i: _like_and_follow(members[i], everything, members, i + 2), range(ACCOUNTS)))
    for i in range(ACCOUNTS):
        for post in everything[:: i + 2]:
            post.likes += 1
        for theirs in posts[:: i + 2]:
            for post in theirs:
                post.followers += 1
    _wait(network, everything)
    return everything, members


def with_exif(picture: bytes) -> bytes:
    """The JPEG with a place of birth in it, that nobody needs to know."""
    out, tags = io.BytesIO(), Image.Exif()
    tags[0x010E] = "Hidden Valley"
    Image.open(io.BytesIO(picture)).save(out, "JPEG", exif=tags, quality="keep")
    return out.getvalue()


def create(member: Member, collection: str, records: list[dict]) -> list:
    """Writes records in one commit; their uri and cid."""
    kind = "com.atproto.repo.applyWrites#create"
    writes = [{"$type": kind, "collection": collection, "value": {"$type": collection} | r} for r in records]
    return member.client.com.atproto.repo.apply_writes({"repo": member.did, "writes": writes}).results


def record(text: str, blobs: list, created_at: str, tags: list[str]) -> dict:
    """A post with pictures whose #tags are marked in the text."""
    places = [(tag, text.index(f"#{tag}")) for tag in tags]
    post = {
        "text": text,
        "createdAt": created_at,
        "facets": [
            {
                "index": {"byteStart": at, "byteEnd": at + 1 + len(tag)},
                "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": tag}],
            }
            for tag, at in places
        ],
    }
    if blobs:
        images = [{"alt": "a selfie", "image": blob} for blob in blobs]
        post["embed"] = {"$type": "app.bsky.embed.images", "images": images}
    return post


def _labels(name: str) -> dict:
    return {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": name}]}


def _join(network: Network, reason: str) -> Member:
    """A new account with its profile; it need not sign in, the server does that as it makes one."""
    handle, client = f"p{secrets.token_hex(5)}.test", Client(base_url=network.pds)
    new = {"handle": handle, "email": f"{handle}@example.com", "password": PASSWORD}
    made = client.com.atproto.server.create_account(new)
    session = Session(handle, made.did, made.access_jwt, made.refresh_jwt, network.pds)
    client.login(session_string=session.encode(), fetch_bsky_profile=False)
    profile = {"$type": "app.bsky.actor.profile", "displayName": "A person", "description": "I like to paint."}
    if reason == "signed-in only":
        profile["labels"] = _labels("!no-unauthenticated")
    if reason == "porn account":
        profile["labels"] = _labels("porn")
    if reason == "nobot":
        profile["description"] += " #NoBot please"
    if reason == "noindex":
        profile["displayName"] += " #noindex"
    at = {"repo": made.did, "collection": "app.bsky.actor.profile", "rkey": "self"}
    client.com.atproto.repo.put_record(at | {"record": profile})
    return Member(handle, made.did, client)


def _post(member: Member, posts: list[Post], *, listed: bool) -> None:
    records = []
    for post in posts:
        blobs = [member.client.upload_blob(picture).blob for picture in post.pictures]
        blobs = [blob.model_dump(by_alias=True, mode="json") for blob in blobs]
        moment = post.created_at or (FUTURE if post is posts[0] else PAST)
        said = moment if isinstance(moment, str) else moment.isoformat().replace("+00:00", "Z")
        # The search of this network looks at the text alone, and at small letters: it has to find those too.
        text = f"me again: #{TAG} {' '.join(f'#{tag}' for tag in post.tags)}"
        records.append(record(text, blobs, said, [] if listed else post.tags))
        if listed:
            records[-1]["tags"] = post.tags
        if post.reason == "sexual posts":
            records[-1]["labels"] = _labels("sexual")
    for post, made in zip(posts, create(member, "app.bsky.feed.post", records), strict=True):
        post.uri, post.cid = made.uri, made.cid


def _like_and_follow(member: Member, posts: list[Post], members: list[Member], every: int) -> None:
    now = member.client.get_current_time_iso()
    likes = [{"subject": {"uri": post.uri, "cid": post.cid}, "createdAt": now} for post in posts[::every]]
    create(member, "app.bsky.feed.like", likes)
    create(member, "app.bsky.graph.follow", [{"subject": one.did, "createdAt": now} for one in members[::every]])


def _wait(network: Network, posts: list[Post]) -> None:
    """Until the AppView tells all posts with their likes and followers."""
    public = Client(base_url=network.appview)

    def known() -> bool:
        for first in range(0, len(posts), 25):
            some = posts[first : first + 25]
            views = public.app.bsky.feed.get_posts({"uris": [post.uri for post in some]}).posts
            profiles = public.app.bsky.actor.get_profiles({"actors": list({post.author for post in some})}).profiles
            likes = {view.uri: view.like_count for view in views}
            followers = {profile.did: profile.followers_count for profile in profiles}
            if any((likes.get(p.uri), followers.get(p.author)) != (p.likes, p.followers) for p in some):
                return False
        return True

    eventually(known)
