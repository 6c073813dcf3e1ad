"""Bluesky as it happens: Jetstream's events come in, from a moment on; pictures of new posts of a hashtag come out.

Every event has the time at which the stream saw it, in microseconds since 1970: the cursor. A connection that breaks
is opened again a few seconds before the last event, so that nothing is missed; what comes twice is for `gather` to
notice. A new post has no likes yet, and its author may not be known everywhere: `refresh` asks for both later.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from urllib.parse import urlencode

import tenacity
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from deepselfie.sources import Photo, Reached, fetch
from deepselfie.sources.bluesky import TOGETHER, Malformed, Post, offered, read_post
from deepselfie.sources.guard import Unreachable
from deepselfie.sources.xrpc import AGAIN, Service

PUBLIC = "wss://jetstream2.us-east.bsky.network/subscribe"
COLLECTION = "app.bsky.feed.post"
REWIND = 5_000_000  # µs: servers differ by as much, and events may change places
WAIT = 5  # s after which posts that have come are looked at, however few
SILENCE = 60  # s without a word: there are fifty posts a second, so the connection is dead
PAUSE = 2  # s at most before a broken connection is opened again
ATTEMPTS = 10  # to connect, with pauses of about 1, 2, 4 … 60 s: five minutes


def photos(service: Service, *, tag: str, cursor: int | None = None, url: str = PUBLIC) -> Iterator[Photo | Reached]:
    """Pictures of posts with the hashtag `tag` (without #) from `cursor` (µs since 1970) or now on, until Ctrl-C.

    Reached holds the cursor to go on from. Raises Unreachable where the stream cannot be had, after all patience."""
    waiting: dict[str, Post] = {}
    looked = time.monotonic()
    for event in _events(url, cursor):
        if event:
            cursor = max(cursor or 0, min(event["time_us"], _now()))
            _note(event, tag, waiting)
        if len(waiting) >= TOGETHER or time.monotonic() - looked > WAIT:
            yield from offered(service, list(waiting.values()))
            if cursor:
                yield Reached(cursor)
            waiting, looked = {}, time.monotonic()
    yield from offered(service, list(waiting.values()))
    if cursor:
        yield Reached(cursor)


def _note(event: dict, tag: str, waiting: dict[str, Post]) -> None:
    """Adds a new post of the hashtag to those that wait; takes away one that is deleted already."""
    commit = event.get("commit") if event.get("kind") == "commit" else None
    if not isinstance(commit, dict) or commit.get("collection") != COLLECTION:
        return
    uri = f"at://{event.get('did')}/{COLLECTION}/{commit.get('rkey')}"
    if commit.get("operation") == "delete":
        waiting.pop(uri, None)
    if commit.get("operation") != "create":
        return
    try:
        seen_at = datetime.fromtimestamp(min(event["time_us"], _now()) / 1e6, UTC)
        post = read_post(uri, commit.get("record"), seen_at=seen_at, likes=None, labels=[])
    except (Malformed, OverflowError, OSError):
        return  # without a tag that can be read it is none of ours
    if post.has(tag) and post.images:
        waiting[uri] = post


def _events(url: str, cursor: int | None) -> Iterator[dict | None]:
    """Events of the stream, for ever, across broken connections; None after a second without one. Ends at Ctrl-C."""
    try:
        while True:
            try:
                with ExitStack() as stack:
                    connection, event = _connected(url, cursor, stack)
                    heard = time.monotonic()
                    while time.monotonic() - heard < SILENCE:
                        if event:
                            heard = time.monotonic()
                            cursor = max(cursor or 0, min(event["time_us"], _now()))
                        yield event
                        try:
                            event = _event(connection.recv(timeout=1))
                        except TimeoutError:
                            event = None
            except (OSError, WebSocketException):
                time.sleep(PAUSE * random.random())  # all who were cut off with us come back too
    except KeyboardInterrupt:
        return


def _connected(url: str, cursor: int | None, stack: ExitStack) -> tuple[ClientConnection, dict | None]:
    """A connection that works, and its first event: a server may accept, and have nothing to say. `stack` closes it."""
    query = {"wantedCollections": COLLECTION} | ({"cursor": cursor - REWIND} if cursor else {})

    def once() -> tuple[ClientConnection, dict | None]:
        with ExitStack() as attempt:
            to = connect(f"{url}?{urlencode(query)}", user_agent_header=fetch.USER_AGENT)
            connection = attempt.enter_context(to)
            event = _event(connection.recv(timeout=SILENCE))
            stack.enter_context(attempt.pop_all())
        return connection, event

    try:
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type((OSError, WebSocketException)),  # TimeoutError is an OSError
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=tenacity.wait_exponential_jitter(initial=1, max=60),
            reraise=True,
        )(once)
    except (OSError, WebSocketException) as error:
        raise Unreachable(f"cannot be reached ({type(error).__name__}){AGAIN}", url) from error


def _event(message: str | bytes) -> dict | None:
    """An event as a dictionary with its time; None for anything else."""
    try:
        event = json.loads(message)
        return event if isinstance(event, dict) and isinstance(event["time_us"], int) else None
    except (KeyError, ValueError):
        return None


def _now() -> int:
    """Now, in µs since 1970: no event can be later, whatever it says."""
    return time.time_ns() // 1000
