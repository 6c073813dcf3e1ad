"""The bot on a real network: one reply a mention, whatever kills it, and to nobody who wants none."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from atproto import models

from deepselfie.cropped import jpeg
from deepselfie.salted import salted
from tests.network.posting import PASSWORD, account, eventually, post

ROOT = Path(__file__).parents[2]
MENTIONS, PEOPLE, KILLS = 100, 20, 11
PACE = 3  # s from mention to mention, with a kill each 25 s: both are rarer in earnest, and waits with them
PATIENCE = 240  # s on a busy machine
# The real command, but that it need not wait a minute between two replies to one account.
HASTY = """
import os, signal, sys
from deepselfie.bot import ledger, loop
from deepselfie.cli import main

loop.EVERY = 0
"""
# And that it dies when it has replied and not yet noted so.
DIES = f"""{HASTY}
def close(self, mention, outcome, replied=False, closing=ledger.Ledger.close):
    if replied:
        os.kill(os.getpid(), signal.SIGKILL)
    closing(self, mention, outcome, replied)

ledger.Ledger.close = close
"""


class Bot:
    """An account, and the real command line that answers for it, in a cache of its own."""

    def __init__(self, network, cache):
        self.client, self.cache = account(network, "bot"), cache
        self.did, self.handle = self.client.me.did, self.client.me.handle
        (cache / "demo").symlink_to(ROOT / "cache" / "demo")
        self.arguments = ["bot", "--service", network.pds]
        self.environment = os.environ | {
            "DEEPSELFIE_CACHE": str(cache),
            "DEEPSELFIE_PLC": network.plc,
            "DEEPSELFIE_BLUESKY_HANDLE": self.handle,
            "DEEPSELFIE_BLUESKY_PASSWORD": PASSWORD,
        }
        self.said = []  # lines of its log, of all its lives

    def start(self, *arguments, code="from deepselfie.cli import main\n"):
        guard = ["setpriv", "--pdeathsig=KILL"]  # it ends with the tests, also where one of them fails
        command = [*guard, sys.executable, "-c", f"{code}main()", *self.arguments, *arguments]
        process = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        threading.Thread(target=lambda: self.said.extend(process.stdout), daemon=True).start()
        return process

    def replies(self):
        """Its posts, from its own server: [(record, rkey)]."""
        found, cursor = [], None
        while True:
            at = {"repo": self.did, "collection": "app.bsky.feed.post", "limit": 100, "cursor": cursor}
            page = self.client.com.atproto.repo.list_records(at)
            found += [record.value for record in page.records]
            if not (cursor := page.cursor):
                return found

    def reply_to(self, sent):
        """Its only reply to a post, None where there is none."""
        found = [record for record in self.replies() if record.reply.parent.uri == sent.uri]
        assert len(found) <= 1
        return found[0] if found else None

    def became(self, sent):
        """What its log says of a post, as soon as it says so."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DEEPSELFIE_CACHE", str(self.cache))
            key = f"{salted(sent.uri)}: "
        [line] = eventually(lambda: [line for line in self.said if line.startswith(key)])
        return line.removeprefix(key).rsplit(", ", 1)[0]


@pytest.fixture(scope="module")
def bot(bluesky, tmp_path_factory):
    """At work while the tests of this module run; `bot.process`."""
    bot = Bot(bluesky, tmp_path_factory.mktemp("cache"))
    bot.process = bot.start()
    yield bot
    kill(bot.process)


@pytest.fixture
def person(bluesky):
    return account(bluesky, "ann")


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def is_scored(reply):
    [image] = reply.embed.images
    return reply.text.startswith("Score ") and "photos I know" in reply.text and "best crop" in image.alt


def introduce(client, **profile):
    at = {"repo": client.me.did, "collection": "app.bsky.actor.profile", "rkey": "self"}
    client.com.atproto.repo.put_record(at | {"record": models.AppBskyActorProfile.Record(**profile)})


def test_a_hundred_mentions_and_eleven_kills_are_a_hundred_replies(bluesky, selfies, tmp_path):
    """Ten kills are at random; one is after a reply, before the ledger knows of it. A supervisor starts it again."""
    rng, pictures, bot = random.Random(0), selfies(PEOPLE), Bot(bluesky, tmp_path)
    with ThreadPoolExecutor(4) as pool:
        people = list(pool.map(lambda i: account(bluesky, f"p{i}x"), range(PEOPLE)))
    sent, kills = {}, []

    def ask():
        """Posts at a steady pace, whether the bot keeps up or not."""
        begun = time.time()
        for number in range(MENTIONS):
            time.sleep(max(0, begun + number * PACE - time.time()))
            client, picture, moment = people[number % PEOPLE], pictures[number % PEOPLE], time.time()
            sent[post(client, f"@{bot.handle} and this?", [picture]).uri] = moment

    process, asking = bot.start(code=HASTY), threading.Thread(target=ask, daemon=True)
    eventually(lambda: bot.said, PATIENCE)
    asking.start()
    for life in range(KILLS):
        dies = life == KILLS // 2
        if life:
            process = bot.start(code=DIES if dies else HASTY)
        if dies:
            process.wait(PATIENCE)
        else:
            time.sleep(rng.uniform(0, 2 * MENTIONS * PACE / (KILLS + 1)))
            kill(process)
        assert process.returncode == -signal.SIGKILL, "".join(bot.said)
        kills.append(time.time())
    process = bot.start(code=HASTY)
    asking.join(PATIENCE)
    eventually(lambda: len(bot.replies()) >= len(sent) == MENTIONS, PATIENCE)
    kill(process)
    replies = bot.replies()
    assert sorted(reply.reply.parent.uri for reply in replies) == sorted(sent)  # one each, no more
    assert all(map(is_scored, replies))
    report(replies, sent, kills)


def report(replies, sent, kills):
    """Prints how long people waited, all of them and those whose reply no kill came between."""
    waits = {reply.reply.parent.uri: seconds(reply.created_at) - sent[reply.reply.parent.uri] for reply in replies}
    calm = [wait for uri, wait in waits.items() if not any(sent[uri] < k < sent[uri] + wait for k in kills)]
    for name, some in (("all", list(waits.values())), ("without a kill meanwhile", calm)):
        p50, p95 = np.percentile(some, [50, 95])
        print(f"mention to reply, {name} ({len(some)}): p50 {p50:.1f} s, p95 {p95:.1f} s")


def seconds(moment):
    return datetime.fromisoformat(moment).timestamp()


def test_the_best_of_several_pictures_is_named(bot, person, selfies):
    sent = post(person, f"@{bot.handle} which?", selfies(3))
    assert bot.became(sent) == "scored"
    reply = bot.reply_to(sent)
    assert reply.text.startswith("Of these 3, number ") and len(reply.text) <= 300 and len(reply.embed.images) == 1


def test_the_picture_may_be_in_a_quoted_post_or_in_the_one_replied_to(bot, bluesky, selfies):
    ann, bob, carol = (account(bluesky, name) for name in ("ann", "bob", "carol"))
    first = post(ann, "me", selfies(1))
    ref = models.AppBskyFeedPost.ReplyRef(parent=first, root=first)
    below = post(bob, f"@{bot.handle} what of this?", reply_to=ref)
    quoting = post(carol, f"@{bot.handle} and?", embed=models.AppBskyEmbedRecord.Main(record=first))
    assert bot.became(below) == bot.became(quoting) == "scored"
    assert is_scored(bot.reply_to(below)) and is_scored(bot.reply_to(quoting))
    assert bot.reply_to(below).reply.root.uri == first.uri


def test_whoever_wants_none_of_it_is_not_scored_for_somebody_else(bot, bluesky, selfies):
    ann, bob = account(bluesky, "ann"), account(bluesky, "bob")
    introduce(ann, description="No games please. #NoBot")
    first = post(ann, "me", selfies(1))
    eventually(lambda: ann.get_profile(ann.me.did).description)
    below = post(bob, f"@{bot.handle}?", reply_to=models.AppBskyFeedPost.ReplyRef(parent=first, root=first))
    assert bot.became(below).startswith("picture: ") and bot.reply_to(below) is None


def test_a_picture_for_signed_in_people_is_scored_for_its_owner_alone(bot, bluesky, selfies):
    ann, bob = account(bluesky, "ann"), account(bluesky, "bob")
    label = models.ComAtprotoLabelDefs.SelfLabel(val="!no-unauthenticated")
    introduce(ann, labels=models.ComAtprotoLabelDefs.SelfLabels(values=[label]))
    eventually(lambda: ann.get_profile(ann.me.did).labels)
    first = post(ann, f"@{bot.handle} me?", selfies(1))
    below = post(bob, f"@{bot.handle}?", reply_to=models.AppBskyFeedPost.ReplyRef(parent=first, root=first))
    assert bot.became(first) == "scored"
    assert bot.became(below) == "picture: is to be shown to signed-in people only" and bot.reply_to(below) is None


def test_no_picture_and_no_face_get_a_kind_answer(bot, bluesky):
    ann, bob = account(bluesky, "ann"), account(bluesky, "bob")
    waves = np.add.outer(np.arange(200), np.arange(300)).astype(np.uint8)
    nothing, nobody = (
        post(ann, f"@{bot.handle} hello"),
        post(bob, f"@{bot.handle} and?", [jpeg(np.dstack([waves] * 3))]),
    )
    assert (bot.became(nothing), bot.became(nobody)) == ("no picture", "no face")
    assert "Mention me with a selfie" in bot.reply_to(nothing).text and "no face" in bot.reply_to(nobody).text


def test_stop_is_for_good(bot, person, selfies):
    first = post(person, f"@{bot.handle} me?", selfies(1))
    bot.became(first)
    answer = eventually(lambda: reply_ref(person, bot.did))
    stop = post(person, "Stop!", reply_to=models.AppBskyFeedPost.ReplyRef(parent=answer, root=first))
    assert bot.became(stop) == "stop"
    again = post(person, f"@{bot.handle} me again?", selfies(1))
    assert bot.became(again) == "stopped" and bot.reply_to(again) is None


def test_a_reply_to_its_reply_is_no_mention(bot, person, selfies):
    first = post(person, f"@{bot.handle} me?", selfies(1))
    bot.became(first)
    answer = eventually(lambda: reply_ref(person, bot.did))
    thanks = post(person, "oh, thanks", selfies(1), reply_to=models.AppBskyFeedPost.ReplyRef(parent=answer, root=first))
    assert bot.became(thanks) == "no mention" and bot.reply_to(thanks) is None


def reply_ref(person, bot):
    """The bot's reply, as the person hears of it."""
    notes = person.app.bsky.notification.list_notifications({"reasons": ["reply"]}).notifications
    return next((models.ComAtprotoRepoStrongRef.Main(uri=n.uri, cid=n.cid) for n in notes if n.author.did == bot), None)


def test_bots_get_no_answer(bot, bluesky, selfies):
    labelled, telling = account(bluesky, "robbie"), account(bluesky, "hal")
    label = models.ComAtprotoLabelDefs.SelfLabel(val="bot")
    introduce(labelled, labels=models.ComAtprotoLabelDefs.SelfLabels(values=[label]))
    introduce(telling, description="A bot that says what it sees")
    eventually(lambda: labelled.get_profile(labelled.me.did).labels and telling.get_profile(telling.me.did).description)
    for client in (labelled, telling):
        sent = post(client, f"@{bot.handle} beep", selfies(1))
        assert bot.became(sent) == "bot" and bot.reply_to(sent) is None


def test_what_is_deleted_or_blocked_meanwhile_gets_no_answer(bot, bluesky, person, selfies):
    blocking, deleting = account(bluesky, "bea"), account(bluesky, "dee")
    blocking.app.bsky.graph.block.create(
        blocking.me.did,
        models.AppBskyGraphBlock.Record(subject=bot.did, created_at=blocking.get_current_time_iso()),
    )
    bot.process.send_signal(signal.SIGSTOP)
    try:
        deleted = post(deleting, f"@{bot.handle} oh no", selfies(1))
        deleting.delete_post(deleted.uri)
        blocked = post(blocking, f"@{bot.handle} hm", selfies(1))
    finally:
        bot.process.send_signal(signal.SIGCONT)
    last = post(person, f"@{bot.handle} me?", selfies(1))
    assert bot.became(last) == "scored"
    assert bot.reply_to(deleted) is None and bot.reply_to(blocked) is None


def test_a_dry_run_says_nothing_to_the_network_and_notes_nothing(bluesky, person, selfies, tmp_path):
    bot = Bot(bluesky, tmp_path)
    sent = post(person, f"@{bot.handle} me?", selfies(1))
    process = bot.start("--dry-run")
    try:
        assert "would say: Score " in bot.became(sent)
    finally:
        kill(process)
    assert bot.replies() == [] and not list(tmp_path.rglob("*.sqlite")) and not list(tmp_path.rglob("health.json"))


def test_nothing_of_what_people_post_is_kept_or_logged(bot, person, selfies):
    """Last of the tests that share the bot: looks at all that it has left."""
    [picture] = selfies(1)
    assert bot.became(post(person, f"@{bot.handle} my secret?", [picture])) == "scored"
    log = "".join(bot.said)
    assert person.me.handle not in log and person.me.did not in log and "secret" not in log
    files = [path for path in bot.cache.rglob("*") if path.is_file() and not path.is_symlink()]
    assert {path.suffix for path in files} >= {".sqlite", ".json"}
    for path in files:
        data = path.read_bytes()
        assert b"JFIF" not in data and b"secret" not in data and person.me.did.encode() not in data, path
    [session] = [path for path in files if path.name.startswith(".session")]
    assert session.stat().st_mode & 0o777 == 0o600
