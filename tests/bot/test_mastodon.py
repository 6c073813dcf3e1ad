"""The bot on a server that speaks Mastodon's documented API, as far as the bot needs it. No real one is asked."""

import io
import itertools
import socket
import threading
from collections import Counter
from datetime import UTC, datetime

import pytest
import uvicorn
from PIL import Image
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deepselfie.bot import Answer, loop
from deepselfie.bot.ledger import Ledger
from deepselfie.bot.mastodon import Mastodon
from deepselfie.errors import DeepselfieError
from tests.network.posting import eventually

SAID = Answer("scored", "Score 60 %", b"jpeg bytes", "the best crop")


class Server:
    """An account `bot`, statuses, notifications, media. Replies with a known Idempotency-Key are not posted again."""

    def __init__(self):
        self.accounts = {"1": self.account("1", "bot"), "2": self.account("2", "ann")}
        self.statuses, self.notes, self.media, self.by_key, self.asked = {}, [], [], {}, Counter()
        self.ids = itertools.count(100)

    @staticmethod
    def account(id, name, **changes):
        plain = {"id": id, "username": name, "acct": name, "display_name": name, "note": "<p>hello</p>", "fields": []}
        return (
            plain | {"bot": False, "url": f"https://example.org/@{name}", "uri": f"https://example.org/{id}"} | changes
        )

    def status(self, author, content, images=0, parent=None, **changes):
        """Adds one, and a notification where it mentions @bot."""
        id = str(next(self.ids))
        media = [{"id": f"m{i}", "type": "image", "url": f"{self.url}/picture.png"} for i in range(images)]
        made = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        status = {
            "id": id, "uri": f"https://example.org/statuses/{id}", "url": None, "created_at": made,
            "account": self.accounts[author], "content": content, "visibility": "public", "sensitive": False,
            "media_attachments": media, "in_reply_to_id": parent and parent["id"], "quote": None, "tags": [],
            "in_reply_to_account_id": parent and parent["account"]["id"],
        } | changes  # fmt: skip
        self.statuses[id] = status
        if "@bot" in content:
            note = {"id": id, "type": "mention", "created_at": made, "account": status["account"], "status": status}
            self.notes.insert(0, note)
        return status

    async def instance(self, request):
        return JSONResponse({"version": "4.4.0", "api_versions": {"mastodon": 6}})

    async def verify(self, request):
        assert request.headers["authorization"] == "Bearer secret"
        return JSONResponse(self.accounts["1"])

    async def notifications(self, request):
        """Two a page, so that the bot has to turn pages."""
        older = [note for note in self.notes if note["id"] < request.query_params.get("max_id", "9999")]
        links = {"link": f'<{self.url}/api/v1/notifications?max_id={older[1]["id"]}>; rel="next"'} if older[2:] else {}
        return JSONResponse(older[:2], headers=links)

    async def one(self, request):
        found = self.statuses.get(request.path_params["id"])
        return JSONResponse(found) if found else JSONResponse({"error": "Record not found"}, 404)

    async def context(self, request):
        below = [one for one in self.statuses.values() if one["in_reply_to_id"] == request.path_params["id"]]
        return JSONResponse({"ancestors": [], "descendants": below})

    async def upload(self, request):
        form = await request.form()
        self.media.append((await form["file"].read(), form["description"]))
        id = str(len(self.media) - 1)
        return JSONResponse(
            {"id": id, "type": "image", "url": f"{self.url}/picture.png", "description": self.media[-1][1]}
        )

    async def post(self, request):
        form, key = await request.form(), request.headers["idempotency-key"]
        self.asked[key] += 1
        if key not in self.by_key:
            parent = self.statuses[form["in_reply_to_id"]]
            media = [{"id": id, "type": "image", "url": ""} for id in form.getlist("media_ids[]")]
            made = {"visibility": form["visibility"], "media_attachments": media}
            self.by_key[key] = self.status("1", form["status"].replace("@bot", ""), parent=parent, **made)
        return JSONResponse(self.by_key[key])

    async def picture(self, request):
        out = io.BytesIO()
        Image.new("RGB", (40, 40), "red").save(out, "PNG")
        return Response(out.getvalue(), media_type="image/png")

    @property
    def replies(self):
        return [status for status in self.statuses.values() if status["account"]["id"] == "1"]


@pytest.fixture
def server():
    made = Server()
    routes = [
        Route("/api/v1/instance/", made.instance),
        Route("/api/v2/instance", made.instance),
        Route("/api/v1/accounts/verify_credentials", made.verify),
        Route("/api/v1/notifications", made.notifications),
        Route("/api/v1/statuses", made.post, methods=["POST"]),
        Route("/api/v1/statuses/{id}", made.one),
        Route("/api/v1/statuses/{id}/context", made.context),
        Route("/api/v2/media", made.upload, methods=["POST"]),
        Route("/picture.png", made.picture),
    ]
    listener = socket.create_server(("127.0.0.1", 0))
    made.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    running = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="warning"))
    thread = threading.Thread(target=running.run, args=([listener],))
    thread.start()
    eventually(lambda: running.started)
    yield made
    running.should_exit = True
    thread.join()


@pytest.fixture
def bot(server, tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    monkeypatch.setenv("DEEPSELFIE_MASTODON_TOKEN", "secret")
    return Mastodon(server.url)


def attend_all(bot, ledger, seen=None):
    """What became of all open mentions, the oldest first."""

    def says(pictures):
        if seen is not None:
            seen.append(pictures)
        return SAID

    mentions = ledger.still_open(bot.mentions(ledger.since - 60))
    return [loop.attend(mention, bot, ledger, says) for mention in mentions]


def test_a_mention_is_answered_once_whatever_is_forgotten(server, bot):
    server.status("2", "<p>@<span>bot</span> me?</p>".replace("<span>bot</span>", "bot"), images=1)
    seen = []
    assert attend_all(bot, Ledger(":memory:"), seen) == ["scored"]
    [reply] = server.replies
    assert reply["content"] == "@ann Score 60 %" and reply["visibility"] == "unlisted"
    assert server.media == [(b"jpeg bytes", "the best crop")] and seen[0][0].startswith(b"\x89PNG")
    assert attend_all(bot, Ledger(":memory:")) == ["scored"] and len(server.replies) == 1  # seen below the mention
    [mention] = bot.mentions(0)
    server.context = None
    reply["in_reply_to_id"] = None  # not seen: the key alone keeps it from being said twice
    bot.reply(mention, SAID)
    assert len(server.replies) == 1 and server.asked[mention.uri] == 2


def test_all_mentions_since_are_paged_through_the_oldest_first(server, bot):
    for i in range(7):
        server.status("2", f"@bot {i}")
    assert [mention.text for mention in bot.mentions(0)] == [f"@bot {i}" for i in range(7)]


def test_pictures_are_attached_or_quoted_or_in_the_status_replied_to(server, bot):
    theirs = server.status("2", "me", images=2)
    ledger, seen = Ledger(":memory:"), []
    for i, name in enumerate(("carl", "dora", "emil")):
        server.accounts[str(5 + i)] = server.account(str(5 + i), name)
    server.status("5", "@bot this?", parent=theirs)
    server.status("6", "@bot and?", quote={"state": "accepted", "quoted_status": theirs})
    server.status("7", "@bot nothing")
    assert attend_all(bot, ledger, seen) == ["scored"] * 3
    assert [len(pictures) for pictures in seen] == [2, 2, 0]


@pytest.mark.parametrize("changes", [{"note": "#nobot"}, {"bot": True}, {"noindex": True}, {"discoverable": False}])
def test_whoever_wants_none_of_it_is_not_scored_for_somebody_else(server, bot, changes):
    server.accounts["9"] = server.account("9", "eve", **changes)
    server.status("2", "@bot her?", parent=server.status("9", "me", images=1))
    [became] = attend_all(bot, Ledger(":memory:"))
    assert became.startswith("picture: ") and not server.replies


def test_bots_deleted_statuses_stop_and_replies_to_its_replies_are_left(server, bot):
    server.accounts["8"] = server.account("8", "hal", bot=True)
    mine = server.status("1", "Score 50 %")
    server.status("8", "@bot beep", images=1)
    del server.statuses[server.status("2", "@bot gone", images=1)["id"]]
    server.status("2", "@bot thanks!", parent=mine)
    server.status("2", "@bot <b>stop</b>")
    ledger = Ledger(":memory:")
    assert attend_all(bot, ledger) == ["bot", "picture: is gone", "no mention", "stop"]


def test_a_private_mention_is_answered_privately(server, bot):
    server.status("2", "@bot me?", images=1, visibility="direct")
    attend_all(bot, Ledger(":memory:"))
    assert server.replies[0]["visibility"] == "direct"


def test_without_an_account_it_says_what_to_do(monkeypatch):
    monkeypatch.delenv("DEEPSELFIE_MASTODON_TOKEN", raising=False)
    with pytest.raises(DeepselfieError, match="DEEPSELFIE_MASTODON_TOKEN"):
        Mastodon("http://localhost:9")
