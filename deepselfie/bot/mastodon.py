"""Mastodon for the bot: mentions come in by notifications, replies go out with the mention as their idempotency key.

Proven only on a server of the tests' own that speaks the documented API: no real one is to be had from PyPI or npm.
"""

import os

import mastodon

from deepselfie.bot import Answer
from deepselfie.errors import DeepselfieError
from deepselfie.sources.fetch import USER_AGENT
from deepselfie.sources.mastodon import mentions
from deepselfie.sources.photo import Mention

TOKEN = "DEEPSELFIE_MASTODON_TOKEN"


class Mastodon:
    def __init__(self, url: str | None = None):
        """url: of the account's server. Raises DeepselfieError without it, or without a token in the environment."""
        token, self.url = os.environ.get(TOKEN), url
        if not (url and token):
            raise DeepselfieError(f"There is no account: give --service, and an access token of it in {TOKEN}.")
        self._api = mastodon.Mastodon(access_token=token, api_base_url=url, user_agent=USER_AGENT, request_timeout=30)
        self.me = str(self._api.account_verify_credentials()["id"])

    def mentions(self, since: float) -> list[Mention]:
        return mentions(self._api, self.me, since)

    def reply(self, mention: Mention, answer: Answer) -> None:
        to, seen = mention.post, mention.post["visibility"]
        below = self._api.status_context(to["id"])["descendants"]
        if any((str(one["account"]["id"]), one["in_reply_to_id"]) == (self.me, to["id"]) for one in below):
            return  # it was said before a crash: the key is good for an hour only
        media = answer.picture and [self._api.media_post(answer.picture, "image/jpeg", answer.alt, synchronous=True)]
        options = {"visibility": "unlisted" if seen == "public" else seen, "language": "en", "media_ids": media}
        self._api.status_reply(to, answer.text, untag=True, idempotency_key=mention.uri, **options)
