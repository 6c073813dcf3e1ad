"""One polite and guarded GET: an address comes in, a picture's bytes or a JSON value comes out, or why not.

Guarded: https to public addresses only, so are all redirects (`loopback` also allows this machine, for a service of
one's own); a cap on bytes as they come, packed or not; a time limit on all of it; a picture has to begin like one.
Polite: we say who we are, wait as long as we are told to, and pictures marked `noai` are left where they are.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TypeVar
from urllib.parse import urlsplit

import httpcore
import httpx
import tenacity

from deepselfie.sources.clean import MAX_BYTES, SIGNATURES
from deepselfie.sources.guard import GuardedBackend, Refused, Unreachable, is_loopback, time_limit

USER_AGENT = "deepselfie/1.0 (learns what a crowd likes in a photo; opt out and contact: see the repository's README)"
MAX_JSON = 20_000_000  # bytes
SECONDS = 60  # for one answer: 50 MB at 7 Mbit/s
SILENCE = 15  # s without a byte
HOPS = 3  # redirects
ATTEMPTS = 6  # with pauses of about 1, 2, 4, 8 and 16 s
PATIENCE = 15 * 60  # s that a server may make us wait; the networks' windows are 5 minutes
PASSING = {408, 425, 429, 500, 502, 503, 504}  # answers that may be others later
BOXES = {b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis"}  # HEIF and AVIF: ....ftyp<one of these>
NO_AI = {"noai", "noimageai"}
T = TypeVar("T")

_not_before: dict[str, float] = {}  # host:port -> time.time() until which it asked for silence


class _Later(Exception):
    """Not this time. wait: s that the server asks for, None where it does not say."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.wait = reason, wait


def fetch(url: str, *, loopback: bool = False, seconds: float = SECONDS, sleep: Callable = time.sleep) -> bytes:
    """The bytes of the picture at `url`, at most MAX_BYTES, from the first to the last.

    Raises Refused where it must not be taken (its `reason` is for a report), Unreachable where it cannot be now."""

    def once(response: httpx.Response) -> bytes:
        tags = {
            word for word in re.split(r"[\s,:]+", response.headers.get("x-robots-tag", "").lower()) if word in NO_AI
        }
        if tags:
            raise Refused(f"is not for AI, says its server (X-Robots-Tag: {', '.join(sorted(tags))})")
        data = _body(response, MAX_BYTES, check=_check_picture)
        if not data:
            raise Refused("is empty")
        return data

    return _patiently(url, once, {"Accept": "image/*"}, "identity", loopback, seconds, sleep)


def get_json(
    url: str,
    params: Mapping[str, object] | None = None,
    *,
    loopback: bool = False,
    seconds: float = SECONDS,
    sleep: Callable = time.sleep,
) -> object:
    """The JSON value that `url` answers, of at most MAX_JSON bytes. Raises Refused and Unreachable as `fetch`."""

    def once(response: httpx.Response) -> object:
        if "retry-after" in response.headers:  # MediaWiki's way to say that it lags: 200, and an error as content
            raise _later("is busy", response.headers)
        try:
            return json.loads(_body(response, MAX_JSON))
        except ValueError as error:
            raise Refused("does not answer with JSON") from error

    address = str(httpx.URL(url, params=params) if params else url)
    return _patiently(address, once, {"Accept": "application/json"}, "gzip", loopback, seconds, sleep)


def on_loopback(service: str) -> bool:
    """Whether a service's address is on this machine, written so: `http://localhost:…`, `http://127.0.0.1:…`."""
    host = httpx.URL(service).host
    return host == "localhost" or is_loopback(host)


def wait_asked(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds (≥ 0) that an answer's headers ask to wait; None where they do not say.

    Retry-After is seconds or a date; a rate limit's reset is seconds to go, a Unix time (Bluesky) or ISO 8601
    (Mastodon). now: time.time()."""
    for name in ("retry-after", "ratelimit-reset", "x-ratelimit-reset"):
        text = headers.get(name, "").strip()
        if re.fullmatch(r"\d{1,12}(\.\d+)?", text):
            number = float(text)
            return max(0.0, number - now) if number > 1e9 else number
        for parse in (datetime.fromisoformat, parsedate_to_datetime):
            try:
                moment = parse(text)
            except ValueError:
                continue
            return max(0.0, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now)
    return None


def asked_by(error: BaseException) -> float | None:
    """Seconds that a failed answer asks to wait; None where it does not say, or there is none."""
    response = getattr(error, "response", None)
    return wait_asked(response.headers, time.time()) if response is not None else None


def retried(
    once: Callable[[], T],
    *,
    may_pass: Callable[[BaseException], bool],
    asked: Callable[[BaseException], float | None],
    sleep: Callable[[float], None],
) -> T:
    """What `once` returns, asked again, later and later, up to ATTEMPTS times where its error may pass.

    asked: seconds that an error asks to wait, None where it does not say. Raises the last error."""
    backoff = tenacity.wait_exponential_jitter(initial=1, max=60)

    def pause(state: tenacity.RetryCallState) -> float:
        wait = asked(state.outcome.exception())
        return backoff(state) if wait is None else wait + random.random()  # not all at the same moment

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(may_pass),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=pause,
        sleep=sleep,
        reraise=True,
    )(once)


def _patiently(
    url: str, once: Callable[[httpx.Response], T], headers: dict, encoding: str, loopback: bool, seconds: float, sleep
) -> T:
    """What `once` makes of the answer; asks again, later and later, where that may help."""

    def attempt() -> T:
        _keep_silence(url, sleep)
        with time_limit(seconds), _answer(url, headers | {"Accept-Encoding": encoding}, loopback) as response:
            return once(response)

    shown = url.split("?")[0]
    try:
        return retried(
            attempt, may_pass=lambda error: isinstance(error, _Later), asked=lambda error: error.wait, sleep=sleep
        )
    except _Later as error:
        raise Unreachable(error.reason, shown) from error
    except Refused as error:
        raise type(error)(error.reason, shown) from error


@contextmanager
def _answer(url: str, headers: dict, loopback: bool) -> Iterator[httpx.Response]:
    """The answer to a GET, its body still to come, after at most HOPS redirects. Raises Refused and _Later."""
    try:
        at = httpx.URL(url)
        for _ in range(HOPS + 1):
            if at.scheme not in ("https", *(["http"] if loopback else [])):
                raise Refused(f"is not encrypted ({at.scheme or 'no https'})")
            if at.userinfo or not at.host:
                raise Refused("is no address of a picture")
            with _client(loopback).stream("GET", at, headers=headers) as response:
                if response.has_redirect_location:
                    at = at.join(response.headers["location"])
                    continue
                _heed_limit(str(at), response.headers)
                if response.status_code in PASSING:
                    raise _later(f"answers {response.status_code}", response.headers)
                if response.status_code != 200:
                    raise Refused(f"answers {response.status_code}{_said(response)}")
                if response.headers.get("content-encoding", "identity").lower() not in ("identity", "gzip"):
                    raise Refused("is packed in a way we did not ask for")  # packed twice, 1 MB may be a TB
                yield response
                return
        raise Refused(f"redirects more than {HOPS} times")
    except httpx.InvalidURL as error:
        raise Refused("is no address") from error
    except httpx.DecodingError as error:
        raise Refused("is packed wrongly") from error
    except httpx.TransportError as error:
        if "certificate verify failed" in str(error).lower():
            raise Refused("has no certificate that can be trusted") from error
        raise _Later(_in_words(error)) from error


def _body(response: httpx.Response, cap: int, check: Callable[[bytes], None] = lambda head: None) -> bytes:
    """All bytes of an answer, unpacked. check: looks at the first 12 bytes as soon as they are there."""
    too_large = Refused(f"is larger than {cap / 1e6:.0f} MB")
    if response.headers.get("content-length", "").isdecimal() and int(response.headers["content-length"]) > cap:
        raise too_large
    data, checked = bytearray(), False
    for chunk in response.iter_bytes():
        data += chunk
        if len(data) > cap:
            raise too_large
        if not checked and len(data) >= 12:
            check(bytes(data[:12]))
            checked = True
    if data and not checked:
        check(bytes(data))
    return bytes(data)


def _check_picture(head: bytes) -> None:
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    if not (head.startswith(SIGNATURES) or webp or (head[4:8] == b"ftyp" and head[8:12] in BOXES)):
        raise Refused("is not a picture")


def _said(response: httpx.Response) -> str:
    """What a service says with its refusal, for a person to read: its JSON's `message` or `error`."""
    try:
        answer = json.loads(_body(response, 10_000))
        words = answer.get("message") or answer.get("error")
        return f": {words[:200]}" if isinstance(words, str) else ""
    except (ValueError, AttributeError, Refused, httpx.HTTPError):
        return ""


def _later(reason: str, headers: Mapping[str, str]) -> _Later:
    wait = wait_asked(headers, time.time())
    if wait is not None and wait > PATIENCE:
        raise Unreachable(f"{reason} and asks us to come back in {wait / 60:,.0f} minutes")
    return _Later(reason, wait)


def _heed_limit(url: str, headers: Mapping[str, str]) -> None:
    """Notes when a server's answer says that it was the last one before a rate limit's reset."""
    if "0" in (headers.get("ratelimit-remaining"), headers.get("x-ratelimit-remaining")):
        _not_before[urlsplit(url).netloc] = time.time() + min(wait_asked(headers, time.time()) or 0, PATIENCE)


def _keep_silence(url: str, sleep: Callable) -> None:
    left = _not_before.get(urlsplit(url).netloc, 0) - time.time()
    if left > 0:
        sleep(left)


def _in_words(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f"is silent for {SILENCE} s"
    return "ends before its end" if isinstance(error, httpx.RemoteProtocolError) else "cannot be reached"


@cache
def _client(loopback: bool) -> httpx.Client:
    """One for all threads, so that connections are used again; knows no proxies and keeps no cookies."""
    unencrypted = {"http://": _transport(GuardedBackend(public=False, loopback=True))} if loopback else {}
    return httpx.Client(
        transport=_transport(GuardedBackend(public=True, loopback=loopback)),
        mounts=unencrypted,
        headers={"User-Agent": USER_AGENT},
        timeout=SILENCE,
        trust_env=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


def _transport(backend: GuardedBackend) -> httpx.HTTPTransport:
    tls = httpx.create_ssl_context()  # heeds SSL_CERT_FILE
    transport = httpx.HTTPTransport(verify=tls, trust_env=False)
    transport._pool = httpcore.ConnectionPool(tls, network_backend=backend)  # httpx has no argument for a backend
    return transport
