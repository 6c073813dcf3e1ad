"""The bot: a mention with a picture comes in; the score, its range, a tip and the best crop go out, once a mention.

A network has `me`, its account; `url`, its service; and three functions:

    mentions(since) -> [Mention]        all since then, time.time(), and some before, the oldest first
    pictures(mention) -> Found, Found…  attached, in the post it quotes, in the post it replies to
    reply(mention, answer)              once, however often it is called

bluesky.py is proven on a real Bluesky network on loopback (@atproto/dev-env: PDS, AppView and PLC), mastodon.py only on
a server of the tests' own that speaks the documented API.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

BOT = re.compile(r"\b(no)?bot\b", re.IGNORECASE)  # who says so of themselves gets no reply


@dataclass(frozen=True)
class Mention:
    """uri: of the post; author: who wrote it; at: time.time() of when it was there; asks: it names the bot and is no
    mere reply; shut: why its author gets no answer, "" for most; post: as the network has it."""

    uri: str
    author: str
    at: float
    text: str
    asks: bool
    shut: str
    post: dict


@dataclass(frozen=True)
class Found:
    """Pictures of one post, fetched when called; owner: who posted them; shut: why they are left alone, "" for most."""

    owner: str
    shut: str
    pictures: list[Callable[[], bytes]]


@dataclass(frozen=True)
class Answer:
    """outcome: what it is counted as; text: at most 300 characters; picture: JPEG; alt: what it shows."""

    outcome: str
    text: str
    picture: bytes | None = None
    alt: str = ""


class Silence(Exception):
    """Nothing is to be said, for this reason."""
