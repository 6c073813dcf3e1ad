"""The bot at work. In: a network and a world; out: replies, and lines for a log, in which nobody is named."""

import random
import re
import time
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path

from deepselfie.bot import Answer
from deepselfie.bot.answer import answer
from deepselfie.bot.ledger import Ledger
from deepselfie.salted import salted
from deepselfie.score import Scorer, default_model
from deepselfie.sources.fetch import asked_by
from deepselfie.sources.guard import Unreachable
from deepselfie.sources.photo import Mention
from deepselfie.sources.reading import NotNow, fetched
from deepselfie.world import World, cache_root, write_json

LOOK = 2  # s between looks for mentions
LONGEST_PAUSE = 60  # s between tries while something fails
HEALTH = 60  # s between lines on how it is
EVERY = 60  # s between replies to one account: its next mention waits
QUEUE = 3  # mentions of one account that wait; more get no reply
TRIES = 10  # of a mention, then it is given up
STOP = re.compile(r"\s*(@\S+\s*)*(please\s+)?stop(\s+(it|please))?\W*", re.IGNORECASE)


def start(network, world: World, dry_run: bool = False) -> Iterator[str]:
    """Answers for ever. Raises DeepselfieError where there is no account, or no model to answer with."""
    folder = cache_root() / ".bot" / salted(f"{network.url} {network.me}")
    folder.mkdir(parents=True, exist_ok=True)
    says = partial(answer, world=world, scorer=Scorer(default_model(world).model_path))
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
        pause = LOOK
        try:
            for mention in ledger.still_open(network.mentions(ledger.since)):
                if became := attend(mention, network, ledger, says, dry_run):
                    yield f"{salted(mention.uri)}: {became}, {time.time() - mention.at:.1f} s"
            in_a_row = 0
        except Exception as error:  # whatever it is: the mention is tried again, after all others
            errors, in_a_row = errors + 1, in_a_row + 1
            pause = (asked_by(error) or min(2**in_a_row, LONGEST_PAUSE)) * random.uniform(1, 1.5)
            yield f"{type(error).__name__}, going on in {pause:.0f} s"
        time.sleep(pause)


def attend(mention: Mention, network, ledger: Ledger, says: Callable, dry_run: bool = False) -> str:
    """Answers a mention, or leaves it, and closes it: what became of it; "" where it waits for its author's turn."""
    said = considered(mention, network, ledger, says)
    if said is None:
        return ""
    if said.text and not dry_run:
        network.reply(mention, said)
    ledger.close(mention, said.outcome, replied=bool(said.text))
    return f"{said.outcome}, would say: {said.text}" if said.text and dry_run else said.outcome


def considered(mention: Mention, network, ledger: Ledger, says: Callable) -> Answer | None:
    """What is to be said to a mention, None where it waits. Raises Unreachable: later a picture may be had."""
    if mention.author == network.me:
        return Answer("self")
    if STOP.fullmatch(mention.text):
        return Answer("stop")
    if shut := mention.shut or ("stopped" if ledger.ever(mention.author, "stop") else ""):
        return Answer(shut)
    last, waiting = ledger.queue(mention)
    if last > time.time() - EVERY:
        return None if waiting < QUEUE else Answer("too many")
    if ledger.begin(mention) > TRIES:
        return Answer("given up")
    photos = next((found for found in mention.near() if found[0].author != network.me), [])
    for photo in photos:
        if photo.problem or ledger.ever(photo.author, "stop"):
            return Answer(f"picture: {photo.problem or 'stopped'}")
    pictures = tuple(map(fetched, photos))
    for picture in pictures:
        if isinstance(picture, NotNow):
            raise Unreachable(picture)
        if isinstance(picture, str) and " answers 4" in picture:
            return Answer("picture: is gone")
    said = says(pictures)
    again = said.outcome == "no picture" and ledger.ever(mention.author, said.outcome)
    return Answer("no picture, again") if again else said
