"""What people do on a network: open accounts and post. In: a Network. Out: the SDK's clients and posts.

The rest is the SDK's own: `client.follow(did)`, `client.like(uri, cid)`, `client.delete_post(uri)`, `client.me.handle`.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from atproto import Client, client_utils, exceptions, models

from tests.network.dev_network import Network

PASSWORD = "a password of nobody"
PATIENCE = 60  # seconds that the AppView may take to learn of something on a busy machine
T = TypeVar("T")


def eventually(ask: Callable[[], T], patience: float = PATIENCE) -> T:
    """What `ask` answers as soon as that is true; raises TimeoutError after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not (answer := ask()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"still {answer!r} after {patience} s")
        time.sleep(0.1)
    return answer


def account(network: Network, name: str) -> Client:
    """A new account NAME-and-six-more-letters.test, known to the AppView; its client, logged in with PASSWORD.

    `name`: at most 12 letters and digits."""
    handle = f"{name}{secrets.token_hex(3)}.test"
    client = Client(base_url=network.pds)
    new = {"handle": handle, "email": f"{handle}@example.com", "password": PASSWORD}
    did = client.com.atproto.server.create_account(new).did
    public = Client(base_url=network.appview)

    def known() -> bool:
        try:
            return bool(public.app.bsky.actor.get_profile({"actor": did}))
        except exceptions.BadRequestError:
            return False

    eventually(known)  # before that a login fails: it asks for the profile
    client.login(handle, PASSWORD)
    return client


def facets(client: Client, text: str) -> client_utils.TextBuilder:
    """The text with each #tag and each @handle of an account marked, as an app does it."""
    built = client_utils.TextBuilder()
    for part in re.split(r"(#\w+|@[\w.-]+\w)", text):
        if part.startswith("#"):
            built.tag(part, part[1:])
        elif part.startswith("@"):
            built.mention(part, client.resolve_handle(part[1:]).did)
        elif part:
            built.text(part)
    return built


def post(
    client: Client,
    text: str,
    images: Sequence[bytes] = (),
    *,
    alt: str = "a selfie",
    reply_to: models.AppBskyFeedPost.ReplyRef | None = None,
    embed: object = None,
) -> models.ComAtprotoRepoStrongRef.Main:
    """Posts `text`, whose #tags and @handles become facets, with up to four images; returns its uri and cid."""
    if images:
        shown = [models.AppBskyEmbedImages.Image(alt=alt, image=client.upload_blob(i).blob) for i in images]
        embed = models.AppBskyEmbedImages.Main(images=shown)
    sent = client.send_post(facets(client, text), reply_to=reply_to, embed=embed)
    return models.ComAtprotoRepoStrongRef.Main(uri=sent.uri, cid=sent.cid)
