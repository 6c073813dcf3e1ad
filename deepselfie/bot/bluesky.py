"""Bluesky for the bot: mentions come by listNotifications, replies go by putRecord, under a key of the mention."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from atproto import models

from deepselfie.bot import BOT, Answer, Found, Mention, Silence
from deepselfie.errors import DeepselfieError
from deepselfie.sources.blobs import original
from deepselfie.sources.bluesky import in_force, left_out, read_view
from deepselfie.sources.guard import Refused, Unreachable
from deepselfie.sources.optout import OptOuts
from deepselfie.sources.xrpc import HANDLE, PASSWORD, Service

OVERLAP = 3600  # s: posts are listed by their authors' clocks, which may be slow
POST = "app.bsky.feed.post"
HIDDEN = {"!no-unauthenticated"}
DIGITS = "234567abcdefghijklmnopqrstuvwxyz"  # of a TID: base 32, in the order of ASCII


class Bluesky(Service):
    def __init__(self, url: str | None = None):
        """Signs in. Raises DeepselfieError without an account in the environment."""
        super().__init__(url)
        if not (self.handle and self.password):
            raise DeepselfieError(f"The bot has no account: put its handle and app password into {HANDLE}, {PASSWORD}.")
        self.me = self.ask("com.atproto.server.getSession")["did"]

    def mentions(self, since: float) -> list[Mention]:
        found, more = [], {}
        while True:
            page = self.ask("app.bsky.notification.listNotifications", reasons=["mention", "reply"], limit=100, **more)
            found += map(_mention, page["notifications"])
            if not page.get("cursor") or not page["notifications"] or found[-1].at < since - OVERLAP:
                return sorted(found, key=lambda mention: mention.at)
            more = {"cursor": page["cursor"]}

    def pictures(self, mention: Mention) -> Iterator[Found]:
        for view in self._near(mention):
            post = read_view(view)
            if not post.images:
                continue
            if post.author == mention.author:  # who asks may well have hidden the picture from strangers
                profile, post = mention.post["author"] | {"labels": []}, replace(post, labels=post.labels - HIDDEN)
            else:
                profile = self.ask("app.bsky.actor.getProfile", actor=post.author)
            shut = _shut(profile) or left_out(post, profile, OptOuts()) or ""
            yield Found(
                post.author, shut, [partial(original, post.author, c, loopback=self.loopback) for c in post.images]
            )

    def reply(self, mention: Mention, answer: Answer) -> None:
        at = {"repo": self.me, "collection": POST, "rkey": rkey(mention.uri)}
        try:
            self.ask("com.atproto.repo.getRecord", **at)
            return  # it was said before a crash
        except Unreachable:
            raise
        except Refused:
            parent = {"uri": mention.uri, "cid": mention.post["cid"]}
        root = (mention.post["record"].get("reply") or {"root": parent})["root"]
        embed = None
        if answer.picture:
            image = models.AppBskyEmbedImages.Image(alt=answer.alt, image=self._client.upload_blob(answer.picture).blob)
            embed = models.AppBskyEmbedImages.Main(images=[image])
        record = models.AppBskyFeedPost.Record(
            text=answer.text, created_at=datetime.now(UTC).isoformat(), langs=["en"], embed=embed,
            reply=models.AppBskyFeedPost.ReplyRef(parent=parent, root={name: root[name] for name in ("uri", "cid")}),
        )  # fmt: skip
        self._client.com.atproto.repo.put_record({**at, "record": record})

    def _near(self, mention: Mention) -> Iterator[dict]:
        """The posts in which a picture may be meant, the likeliest first."""
        post = self._post(mention.uri)
        if post is None:
            raise Silence("deleted")
        yield post
        quoted = (post.get("embed") or {}).get("record") or {}
        quoted = quoted.get("record", quoted)  # beside pictures it lies deeper
        if quoted.get("$type") == "app.bsky.embed.record#viewRecord":
            yield quoted | {"record": quoted["value"]}
        above = post["record"].get("reply")
        if above and (parent := self._post(above["parent"]["uri"])):
            yield parent

    def _post(self, uri: str) -> dict | None:
        return next(iter(self.ask("app.bsky.feed.getPosts", uris=[uri])["posts"]), None)


def rkey(uri: str) -> str:
    """The key of the reply to a post, always the same: 13 digits shaped like a TID, which keys of posts must be."""
    number = int.from_bytes(hashlib.sha256(uri.encode()).digest()[:8]) >> 1
    return "".join(DIGITS[number >> shift & 31] for shift in range(60, -1, -5))


def _mention(note: dict) -> Mention:
    at = datetime.fromisoformat(note["indexedAt"]).timestamp()
    text, asks = note["record"].get("text", ""), note["reason"] == "mention"
    return Mention(note["uri"], note["author"]["did"], at, text, asks, _shut(note["author"]), note)


def _shut(profile: dict) -> str:
    """Why there is nothing to be said to an account, "" for most."""
    viewer, about = profile.get("viewer") or {}, profile.get("description") or ""
    if viewer.get("blockedBy") or viewer.get("blocking"):
        return "blocked"
    if "bot" in in_force(profile.get("labels") or []) or BOT.search(about):
        return "bot"
    return "opted out" if OptOuts().reason(profile["did"], profile["handle"], about=about) else ""
