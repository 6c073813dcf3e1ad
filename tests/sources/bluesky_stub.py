"""A Bluesky that says what a test wants, on loopback: for answers that the real one gives seldom, or never.

In: posts, and answers that replace its own. Out: one server that is service, directory and the accounts' home at once.
What it says in good order is the shape of the real network's answers, which tests/network runs.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from tests.sources.loopback import Server, reply, serve

# late on the last whole day: the hours before it are of the same date, whenever the tests run
NOW = (datetime.now(UTC) - timedelta(days=1)).replace(hour=22, minute=0, second=0, microsecond=0)
COLLECTION = "app.bsky.feed.post"
SEARCH, PROFILES, POSTS = "app.bsky.feed.searchPosts", "app.bsky.actor.getProfiles", "app.bsky.feed.getPosts"
BLOB = "com.atproto.sync.getBlob"


def did(name: str) -> str:
    return "did:plc:" + base64.b32encode(hashlib.sha256(name.encode()).digest()).decode().lower()[:24]


def cid(data: bytes) -> str:
    raw = b"\x01\x55\x12\x20" + hashlib.sha256(data).digest()
    return "b" + base64.b32encode(raw).decode().lower().rstrip("=")


def record(pictures: list[bytes], at: str, tag: str = "selfie") -> dict:
    blobs = [{"ref": {"$link": cid(data)}, "mimeType": "image/jpeg", "size": len(data)} for data in pictures]
    return {
        "$type": COLLECTION,
        "text": f"me #{tag}",
        "createdAt": at,
        "facets": [{"index": {}, "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": tag}]}],
        "embed": {"$type": "app.bsky.embed.images", "images": [{"alt": "", "image": blob} for blob in blobs]},
    }


def view(name: str, key: str, pictures: list[bytes], *, hours: float = 1, tag: str = "selfie", **more) -> dict:
    """A post as a service shows it, made `hours` ago; more: fields that replace its own."""
    at = (NOW - timedelta(hours=hours)).isoformat().replace("+00:00", "Z")
    return {
        "uri": f"at://{did(name)}/{COLLECTION}/{key}",
        "author": {"did": did(name), "handle": f"{name}.example.com", "labels": []},
        "record": record(pictures, at, tag),
        "indexedAt": at,
        "likeCount": 3,
        "labels": [],
    } | more


@contextmanager
def bluesky(views: list, pictures: list[bytes] = (), *, people: str = "ann bob", **instead) -> Iterator[Server]:
    """A service with these posts. instead: method's last word -> function of (request, how often so far) that returns
    an answer to give in place of the true one, or None."""
    files = {cid(data): data for data in pictures}
    count: dict[str, int] = {}

    def answer(asked, connection):
        method = asked.path.rpartition("/")[2]
        name = method.rpartition(".")[2] if method.startswith(("app.", "com.")) else "directory"
        count[name] = count.get(name, 0) + 1
        if name in instead and (lie := instead[name](asked, count[name])) is not None:
            return lie
        if method == SEARCH:
            until = datetime.fromisoformat(asked.query["until"])
            since = datetime.fromisoformat(asked.query["since"])
            return json([v for v in views if since <= datetime.fromisoformat(v["indexedAt"]) < until], "posts")
        if method == POSTS:
            return json(views, "posts")
        if method == PROFILES:
            return json([profile(name) for name in people.split()], "profiles")
        if method == BLOB:
            return reply(files[asked.query["cid"]], content_type="image/jpeg")
        home = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": server.url}
        return reply({"id": method, "service": [home]}, content_type="application/json")

    with serve(answer) as server:
        yield server


def json(items: list, name: str) -> bytes:
    return reply({name: items}, content_type="application/json")


def profile(name: str, **more) -> dict:
    return {"did": did(name), "handle": f"{name}.example.com", "followersCount": 7, "labels": []} | more
