"""The ground is real: what is posted is found, counted and delivered, and the servers end with whoever started them."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from atproto import Client, models

from tests.network import dev_network
from tests.network.posting import account, eventually, post


@pytest.fixture(scope="module")
def alice(bluesky):
    return account(bluesky, "alice")


@pytest.fixture(scope="module")
def bob(bluesky):
    return account(bluesky, "bob")


def found(bluesky, uri):
    """The post as somebody without an account finds it, or None."""
    posts = Client(base_url=bluesky.appview).app.bsky.feed.search_posts({"q": "#selfie", "limit": 100}).posts
    return next((p for p in posts if p.uri == uri), None)


def test_a_post_is_found_with_its_tag_and_its_picture_is_stored_byte_by_byte(bluesky, alice, selfies):
    [picture] = selfies(1)
    sent = post(alice, "out and about #selfie", [picture])
    seen = eventually(lambda: found(bluesky, sent.uri))
    [facet] = seen.record.facets
    assert (seen.author.did, seen.record.text) == (alice.me.did, "out and about #selfie")
    assert [feature.tag for feature in facet.features] == ["selfie"]
    blob = {"did": alice.me.did, "cid": seen.record.embed.images[0].image.ref.link}
    assert Client(base_url=bluesky.pds).com.atproto.sync.get_blob(blob) == picture


def test_likes_and_followers_are_counted_and_what_is_deleted_is_gone(bluesky, alice, bob):
    sent = post(alice, "count on me #selfie")
    bob.like(sent.uri, sent.cid)
    bob.follow(alice.me.did)
    public = Client(base_url=bluesky.appview)
    profile = {"actor": alice.me.did}
    assert eventually(lambda: (p := found(bluesky, sent.uri)) and p.like_count) == 1
    assert eventually(lambda: public.app.bsky.actor.get_profile(profile).followers_count) == 1
    alice.delete_post(sent.uri)
    assert eventually(lambda: found(bluesky, sent.uri) is None)


def test_a_mention_arrives(alice, bob):
    sent = post(alice, f"@{bob.me.handle} what do you think?")

    def arrived():
        notifications = bob.app.bsky.notification.list_notifications({"reasons": ["mention"]}).notifications
        return [n for n in notifications if n.uri == sent.uri]

    [mention] = eventually(arrived)
    assert (mention.reason, mention.author.did) == ("mention", alice.me.did)


def test_a_record_put_twice_under_one_key_is_one_record(alice):
    record = models.AppBskyFeedPost.Record(text="once", created_at=alice.get_current_time_iso())
    where = {"repo": alice.me.did, "collection": "app.bsky.feed.post"}
    put = [alice.com.atproto.repo.put_record({**where, "rkey": "3kabcdefgh222", "record": record}) for _ in range(2)]
    records = alice.com.atproto.repo.list_records({**where, "limit": 100}).records
    assert put[0].uri == put[1].uri
    assert [r.uri for r in records if r.value.text == "once"] == [put[0].uri]


def test_a_network_ends_with_the_process_that_started_it(bluesky, tmp_path):  # bluesky: where none can run, skip
    command = [sys.executable, "-m", "tests.network.dev_network", str(tmp_path)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=log, stderr=log)
    ready = tmp_path / "ready.json"
    try:
        eventually(lambda: ready.exists() or process.poll() is not None, dev_network.START)
        network = dev_network.Network(**json.loads(ready.read_text()))
        servers = children(process.pid)
        folder = Path(f"/proc/{servers[-1]}/cwd").resolve()
        assert network.pds != bluesky.pds and len(servers) == 3  # beside the other one; Postgres, Redis, node
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    eventually(lambda: not any(alive(server) for server in servers))
    shutil.rmtree(folder)  # nobody was left to do it


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
