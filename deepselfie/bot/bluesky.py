"""Bluesky for the bot: mentions come by listNotifications, replies go by putRecord, under a key of the mention."""

from datetime import UTC, datetime

from deepselfie.bot import Answer
from deepselfie.sources import bluesky
from deepselfie.sources.photo import Mention
from deepselfie.sources.xrpc import Service, key_of


class Bluesky(Service):
    mentions = bluesky.mentions

    def reply(self, mention: Mention, answer: Answer) -> None:
        parent = {"uri": mention.uri, "cid": mention.post["cid"]}
        root = (mention.post["record"].get("reply") or {"root": parent})["root"]

        def record() -> dict:
            above = {"parent": parent, "root": {name: root[name] for name in ("uri", "cid")}}
            made = {"text": answer.text, "createdAt": datetime.now(UTC).isoformat(), "langs": ["en"], "reply": above}
            if answer.picture:
                image = {"alt": answer.alt, "image": self.upload(answer.picture)}
                made["embed"] = {"$type": "app.bsky.embed.images", "images": [image]}
            return made

        self.put_once("app.bsky.feed.post", key_of(mention.uri), record)
