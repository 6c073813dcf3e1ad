"""The bot: a mention with a picture comes in; the score, its range, a tip and the best crop go out, once a mention.

A network has `me`, its account; `url`, its service; `mentions(since)`, which reads as told in sources/; and
`reply(mention, answer)`, which writes once, however often it is called. bluesky.py is proven on a real Bluesky network
on loopback (@atproto/dev-env: PDS, AppView and PLC), mastodon.py only on a server of the tests' own.
"""

from typing import NamedTuple


class Answer(NamedTuple):
    outcome: str  # what it is counted as
    text: str = ""  # at most 300 characters; "": nothing is said
    picture: bytes | None = None  # JPEG
    alt: str = ""  # what it shows
