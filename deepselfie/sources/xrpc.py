"""A service of the AT Protocol: a method and its parameters come in, its JSON answer comes out, or why there is none.

Signs in by the app password of an account where the environment has one (HANDLE, PASSWORD): Bluesky's search answers
nobody else. The session is kept in the cache folder, readable by its owner alone, and used again: sign-ins are few
per day. Rate limits are obeyed by the answers' headers; what may pass is asked again, later and later.
"""

from __future__ import annotations

import hashlib
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

import httpx
from atproto_client import Client, SessionEvent  # `atproto` itself would load five more parts of it
from atproto_client.exceptions import RequestErrorBase
from atproto_client.models.dot_dict import DotDict
from atproto_client.request import Request
from atproto_core.exceptions import AtProtocolError

from deepselfie.errors import DeepselfieError
from deepselfie.salted import salted
from deepselfie.sources import fetch
from deepselfie.sources.guard import Refused, Unreachable
from deepselfie.world import cache_root

HANDLE, PASSWORD = "DEEPSELFIE_BLUESKY_HANDLE", "DEEPSELFIE_BLUESKY_PASSWORD"
SIGN_IN, PUBLIC = "https://bsky.social", "https://public.api.bsky.app"  # with an account, and without
TIMEOUT = 30  # s without a byte: a search may take its time
DIGITS = "234567abcdefghijklmnopqrstuvwxyz"  # of a TID: base 32, in the order of ASCII
STALE = {"ExpiredToken", "InvalidToken", "AuthMissing"}  # what a server says of a session that is no more


class Service:
    """A connection to one service. url: by default Bluesky's own, as far as it is open to who asks."""

    def __init__(self, url: str | None = None, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.handle, self.password = os.environ.get(HANDLE), os.environ.get(PASSWORD)
        self.url = url or (SIGN_IN if self.handle and self.password else PUBLIC)
        self.loopback = fetch.on_loopback(self.url)
        self._sleep = sleep
        self._not_before = 0.0  # time.time() until which the service asked for silence
        self._session = cache_root() / f".session-{salted(f'{self.url} {self.handle}')}"
        self._client: Client | None = None

    def ask(self, method: str, **params: object) -> dict:
        """The JSON object that the service answers to a query, such as `app.bsky.feed.getPosts`.

        Raises Refused where it will not answer, Unreachable where it cannot now, after all patience."""
        for again in (False, True):
            try:
                return self._patiently(method, params)
            except (AtProtocolError, httpx.HTTPError, ValueError) as error:
                if again or _said(error) not in STALE or not self._session.exists():
                    raise self._reason(error, method) from error
            self._session.unlink()  # no longer good: sign in anew, once
            self._client = None

    def pages(self, method: str, name: str, **params: object) -> Iterator:
        """What the answers to a query list under `name`, page after page."""
        while True:
            page = self.ask(method, **params)
            yield from page[name]
            if not (page[name] and page.get("cursor")):
                return
            params["cursor"] = page["cursor"]

    @cached_property
    def me(self) -> str:
        """The DID of the account that it signs in with. Raises DeepselfieError where the environment names none."""
        if not (self.handle and self.password):
            raise DeepselfieError(f"There is no account: put its handle and app password into {HANDLE} and {PASSWORD}.")
        return self.ask("com.atproto.server.getSession")["did"]

    def put_once(self, collection: str, key: str, record: Callable[[], dict]) -> None:
        """Writes what `record` makes into an own collection, unless there is one under this key already."""
        at = {"repo": self.me, "collection": collection, "rkey": key}
        try:
            self.ask("com.atproto.repo.getRecord", **at)
        except Unreachable:
            raise
        except Refused:
            data = DotDict(at | {"record": {"$type": collection} | record()})
            self._tell("com.atproto.repo.putRecord", "application/json", data=data)

    def upload(self, data: bytes) -> dict:
        """A file, for a record that names it by what comes back."""
        return self._tell("com.atproto.repo.uploadBlob", "*/*", content=data)["blob"]

    def _tell(self, method: str, encoding: str, **body: DotDict | bytes) -> dict:
        self._client = self._client or self._signed_in()
        return self._client.invoke_procedure(method, input_encoding=encoding, **body).content

    def _patiently(self, method: str, params: dict) -> dict:
        def once() -> dict:
            self._keep_silence()
            self._client = self._client or self._signed_in()
            response = self._client.invoke_query(method, DotDict(params))
            self._heed_limit(response.headers)
            if not isinstance(response.content, dict):
                raise ValueError("no JSON object")
            return response.content

        return fetch.retried(once, may_pass=_may_pass, asked=fetch.asked_by, sleep=self._sleep)

    def _signed_in(self) -> Client:
        request = Request(timeout=TIMEOUT)
        request.add_additional_header("User-Agent", fetch.USER_AGENT)
        client = Client(self.url, request)
        if not (self.handle and self.password):
            return client
        client.on_session_change(self._keep)
        if self._session.exists():
            client.login(session_string=self._session.read_text(), fetch_bsky_profile=False)
        else:
            client.login(self.handle, self.password, fetch_bsky_profile=False)
        return client

    def _keep(self, event: SessionEvent, session) -> None:
        if event == SessionEvent.IMPORT:
            return
        self._session.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._session.with_name(f"{self._session.name}.{os.getpid()}")
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(session.export())
        os.replace(temporary, self._session)

    def _heed_limit(self, headers: Mapping[str, str]) -> None:
        """Notes when an answer says that it was the last one before the rate limit's reset."""
        if headers.get("ratelimit-remaining") == "0":
            wait = fetch.wait_asked(headers, time.time()) or 0
            self._not_before = time.time() + min(wait, fetch.PATIENCE) + random.random()

    def _keep_silence(self) -> None:
        left, self._not_before = self._not_before - time.time(), 0.0
        if left > 0:
            self._sleep(left)

    def _reason(self, error: Exception, method: str) -> Refused:
        """Why there is no answer, in words for people."""
        response = getattr(error, "response", None)
        if response is None:
            silent = "is silent" if "Timeout" in type(error).__name__ else "cannot be reached"
            what = "answers with something else than JSON" if isinstance(error, ValueError) else silent
            return Unreachable(what + AGAIN, self.url)
        if response.status_code in fetch.PASSING:
            wait = fetch.asked_by(error) or 0
            until = f" and asks us to come back in {wait / 60:,.0f} minutes" if wait > fetch.PATIENCE else ""
            return Unreachable(f"answers {response.status_code}{until}{AGAIN}", self.url)
        if response.status_code in (401, 403) and not (self.handle and self.password):
            return Refused(
                f"does not answer {method} to strangers. Make an app password in Bluesky's settings, and put it and "
                f"the account's handle into the environment as {PASSWORD} and {HANDLE}",
                self.url,
            )
        if response.status_code == 401:
            return Refused(f"does not accept {HANDLE} and {PASSWORD}: give a handle and an app password", self.url)
        return Refused(f"refuses {method}: {error}", self.url)


def key_of(text: str) -> str:
    """A record's key, always the same for the same text: 13 digits shaped like a TID, which keys of posts must be."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) >> 1
    return "".join(DIGITS[number >> shift & 31] for shift in range(60, -1, -5))


AGAIN = ". Nothing is lost: the same command goes on from here"


def _said(error: Exception) -> str:
    """The name that the service gives to its refusal, such as ExpiredToken."""
    return getattr(getattr(getattr(error, "response", None), "content", None), "error", None) or ""


def _may_pass(error: BaseException) -> bool:
    response = getattr(error, "response", None)
    if response is not None:
        return response.status_code in fetch.PASSING and (fetch.asked_by(error) or 0) <= fetch.PATIENCE
    return isinstance(error, (RequestErrorBase, httpx.TransportError, ValueError))
