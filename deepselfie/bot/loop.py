"""The bot at work. In: a network and a world; out: replies, and lines for a log, in which nobody is named."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path

from deepselfie import models
from deepselfie.bot import Mention, Silence
from deepselfie.bot.answer import answer
from deepselfie.bot.ledger import Ledger
from deepselfie.errors import DeepselfieError
from deepselfie.salted import salted
from deepselfie.score import Scorer, default_model
from deepselfie.sources.fetch import wait_asked
from deepselfie.sources.guard import Refused, Unreachable
from deepselfie.world import World, cache_root, write_json

LOOK = 2  # s between looks for mentions
LONGEST_PAUSE = 60  # s between tries while something fails
HEALTH = 60  # s between lines on how it is
EVERY = 60  # s between replies to one account: its next mention waits
QUEUE = 3  # mentions of one account that wait; more get no reply
TRIES = 10  # of a mention, then it is given up
STOP = re.compile(r"\s*(@\S+\s*)*(please\s+)?stop(\s+(it|please))?\W*", re.IGNORECASE)


def start(network, world: World, dry_run: bool = False) -> Iterator[str]:
    """Answers for ever. Raises DeepselfieError where there is no model to answer with."""
    folder, model = cache_root() / ".bot" / salted(f"{network.url} {network.me}"), default_model(world).model_path
    folder.mkdir(parents=True, exist_ok=True)
    says = partial(answer, world=world, scorer=Scorer(model), network=models.load(model)[0])
    says = lru_cache(maxsize=8)(says)  # a picture that goes round is looked at once
    ledger = Ledger(":memory:" if dry_run else folder / "ledger.sqlite")
    yield f"at work; the ledger is in {folder}"
    yield from run(network, ledger, says, None if dry_run else folder / "health.json", dry_run)


def run(network, ledger: Ledger, says: Callable, health_file: Path | None, dry_run: bool = False) -> Iterator[str]:
    errors, in_a_row, told = 0, 0, 0.0
    while True:
        if time.time() - told >= HEALTH:
            told, health = time.time(), ledger.health() | {"errors": errors}
            if health_file:
                write_json(health_file, health)
            yield ", ".join(f"{name} {health[name]}" for name in ("mentions", "replies", "errors", "p50", "p95"))
        pause, waiting = LOOK, Counter()
        try:
            for mention in ledger.still_open(network.mentions(ledger.since)):
                if became := attend(mention, network, ledger, says, waiting, dry_run):
                    yield f"{salted(mention.uri)}: {became}, {time.time() - mention.at:.1f} s"
            in_a_row = 0
        except Exception as error:  # whatever it is: the mention is tried again, after all others
            errors, in_a_row = errors + 1, in_a_row + 1
            asked = wait_asked(error.response.headers, time.time()) if getattr(error, "response", None) else None
            pause = (asked or min(2**in_a_row, LONGEST_PAUSE)) * random.uniform(1, 1.5)
            yield f"{type(error).__name__}, going on in {pause:.0f} s"
        time.sleep(pause)


def attend(mention: Mention, network, ledger: Ledger, says: Callable, waiting: Counter, dry_run: bool = False) -> str:
    """Answers a mention, or leaves it, and closes it: what became of it; "" where it waits, as told in `waiting`."""
    try:
        if reason := refusal(mention, network.me, ledger):
            raise Silence(reason)
        if ledger.last_reply(mention.author) > time.time() - EVERY:
            waiting[mention.author] += 1
            if waiting[mention.author] > QUEUE:
                raise Silence("too many")
            return ""
        if ledger.begin(mention) > TRIES:
            raise Silence("given up")
        said = says(_pictures(mention, network, ledger))
        if said.outcome == "no picture" and ledger.ever(mention.author, said.outcome):
            raise Silence("no picture, again")
        if not dry_run:
            network.reply(mention, said)
    except Silence as reason:
        ledger.close(mention, str(reason))
        return str(reason)
    ledger.close(mention, said.outcome, replied=True)
    return f"{said.outcome}, would say: {said.text}" if dry_run else said.outcome


def refusal(mention: Mention, me: str, ledger: Ledger) -> str:
    """Why a mention gets no reply, "" where it gets one."""
    if mention.author == me:
        return "self"
    if STOP.fullmatch(mention.text):
        return "stop"
    if not mention.asks:
        return "no mention"
    return mention.shut or ("stopped" if ledger.ever(mention.author, "stop") else "")


def _pictures(mention: Mention, network, ledger: Ledger) -> tuple[bytes | DeepselfieError, ...]:
    """The pictures that are meant, none for none, or why one cannot be had. Raises Unreachable: later it may be."""
    for found in network.pictures(mention):
        if found.owner == network.me or not found.pictures:
            continue
        if found.shut or ledger.ever(found.owner, "stop"):
            raise Silence(f"picture: {found.shut or 'stopped'}")
        return tuple(map(_taken, found.pictures))
    return ()


def _taken(picture: Callable[[], bytes]) -> bytes | DeepselfieError:
    try:
        return picture()
    except Refused as error:
        if isinstance(error, Unreachable):
            raise
        if error.reason.startswith("answers 4"):
            raise Silence("deleted") from error
        return DeepselfieError(f"The picture {error.reason}.")
