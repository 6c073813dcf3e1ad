"""Mastodon for the bot: mentions come in by notifications, replies go out with the mention as their idempotency key.

Proven only on a server of the tests' own that speaks the documented API: no real one is to be had from PyPI or npm.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from urllib.parse import urlsplit

import mastodon

from deepselfie.bot import BOT, Answer, Found, Mention, Silence
from deepselfie.errors import DeepselfieError
from deepselfie.sources.fetch import USER_AGENT, fetch, on_loopback
from deepselfie.sources.markup import plain
from deepselfie.sources.mastodon import left_out
from deepselfie.sources.optout import OptOuts

TOKEN = "DEEPSELFIE_MASTODON_TOKEN"


class Mastodon:
    def __init__(self, url: str | None = None):
        """url: of the account's server. Raises DeepselfieError without it, or without a token in the environment."""
        token = os.environ.get(TOKEN)
        if not (url and token):
            raise DeepselfieError(f"The bot has no account: give --service, and an access token of it in {TOKEN}.")
        self.url, self.loopback = url, on_loopback(url)
        self._api = mastodon.Mastodon(access_token=token, api_base_url=url, user_agent=USER_AGENT, request_timeout=30)
        self.me = str(self._api.account_verify_credentials()["id"])

    def mentions(self, since: float) -> list[Mention]:
        page, found = self._api.notifications(types=["mention"], limit=40), []
        while page:
            found += map(self._mention, page)
            page = None if found[-1].at < since else self._api.fetch_next(page)
        return found[::-1]

    def pictures(self, mention: Mention) -> Iterator[Found]:
        for status in self._near(mention):
            owner, server = str(status["account"]["id"]), urlsplit(self.url).hostname
            shut = "" if owner == mention.author else left_out(status, server, OptOuts()) or ""
            images = [media["url"] for media in status["media_attachments"] if media["type"] == "image"]
            yield Found(owner, shut, [partial(fetch, address, loopback=self.loopback) for address in images])

    def reply(self, mention: Mention, answer: Answer) -> None:
        to, below = mention.post["id"], self._api.status_context(mention.post["id"])["descendants"]
        if any((str(one["account"]["id"]), one["in_reply_to_id"]) == (self.me, to) for one in below):
            return  # it was said before a crash: the key is good for an hour only
        media = None
        if answer.picture:
            media = [self._api.media_post(answer.picture, "image/jpeg", answer.alt, synchronous=True)]
        asked = mention.post["visibility"]
        self._api.status_post(
            f"@{mention.post['account']['acct']} {answer.text}",
            in_reply_to_id=to,
            media_ids=media,
            visibility="unlisted" if asked == "public" else asked,
            language="en",
            idempotency_key=mention.uri,
        )

    def _near(self, mention: Mention) -> Iterator[dict]:
        """The posts in which a picture may be meant, the likeliest first."""
        try:
            status = self._api.status(mention.post["id"])
        except mastodon.MastodonNotFoundError as error:
            raise Silence("deleted") from error
        yield status
        quoted = (status.get("quote") or {}).get("quoted_status")
        if quoted:
            yield quoted
        if status["in_reply_to_id"]:
            with suppress(mastodon.MastodonNotFoundError):
                yield self._api.status(status["in_reply_to_id"])

    def _mention(self, note: dict) -> Mention:
        """Replies name whom they reply to by themselves: they ask only with a picture of their own."""
        status, account, about = note["status"], note["account"], plain(note["account"]["note"] or "")
        asks = str(status["in_reply_to_account_id"]) != self.me or bool(status["media_attachments"])
        shut = "bot" if account["bot"] or BOT.search(about) else OptOuts().reason(account["url"], about=about) or ""
        at, author = note["created_at"].timestamp(), str(account["id"])
        return Mention(status["uri"], author, at, plain(status["content"]), asks, shut, status)
