"""The guarded GET against servers that lie in every way it knows of; the address guard against all addresses."""

import gzip
import io
import ipaddress
import json
import socket
import ssl
import time
import zlib
from contextlib import suppress
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import trustme
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from deepselfie.sources import fetch as fetching
from deepselfie.sources import guard
from deepselfie.sources.fetch import Refused, Unreachable, fetch, get_json, wait_asked
from tests.sources.loopback import reply, serve


def encoded(format="JPEG"):
    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(out, format)
    return out.getvalue()


JPEG = encoded()


@pytest.fixture(autouse=True)
def no_silence_of_other_tests(monkeypatch):
    monkeypatch.setattr(fetching, "_not_before", {})


class Pauses(list):
    """A sleep that only notes for how long."""

    __call__ = list.append


def get(answer, path="/photo.jpg", ask=fetch, **options):
    """What fetching a path from a server with this answer gives, as (bytes or error, pauses, requests)."""
    pauses = Pauses()
    with serve(answer) as server:
        try:
            found = ask(server.url + path, loopback=True, sleep=pauses, **options)
        except Refused as error:
            found = error
        return found, pauses, server.asked


def in_turn(*answers):
    """A server that gives these answers one after the other, the last for good."""
    left = list(answers)
    return lambda asked, connection: left.pop(0) if len(left) > 1 else left[0]


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "TIFF", "BMP"])
def test_picture_is_fetched_to_the_byte_whatever_its_type_is_said_to_be(format):
    data = encoded(format)
    found, pauses, asked = get(in_turn(reply(data, Content_Type="text/html")))
    assert found == data
    assert pauses == []
    assert "deepselfie" in asked[0].headers["User-Agent"] and "README" in asked[0].headers["User-Agent"]


def test_what_only_says_it_is_a_picture_is_refused():
    found, _, asked = get(in_turn(reply(b"<!doctype html><script>alert(1)</script>", Content_Type="image/jpeg")))
    assert found.reason == "is not a picture"
    assert len(asked) == 1
    assert get(in_turn(reply(b"")))[0].reason == "is empty"


def test_refusal_names_the_address_without_its_query():
    found, _, _ = get(in_turn(reply(b"gone", 404)), path="/photo.jpg?token=secret")
    assert str(found).endswith("/photo.jpg: answers 404")
    assert "secret" not in str(found)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 204, 206])
def test_refusals_are_taken_for_an_answer(status):
    found, pauses, asked = get(in_turn(reply(b"" if status == 204 else JPEG, status)))
    assert found.reason == f"answers {status}"
    assert len(asked) == 1 and pauses == []


def test_words_of_a_service_that_refuses_are_passed_on():
    found, _, _ = get(in_turn(reply({"error": "This method requires an authenticated user"}, 401)), ask=get_json)
    assert found.reason == "answers 401: This method requires an authenticated user"
    assert get(in_turn(reply(["no words"], 400)), ask=get_json)[0].reason == "answers 400"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_troubles_that_pass_are_waited_for_longer_and_longer(status):
    found, pauses, asked = get(in_turn(*[reply(b"", status)] * 4, reply(JPEG)))
    assert found == JPEG
    assert len(asked) == 5
    assert all(2**n <= pause <= 2**n + 1 for n, pause in enumerate(pauses)), pauses


def test_after_all_attempts_it_is_given_up():
    found, pauses, asked = get(in_turn(reply(b"", 503)))
    assert isinstance(found, Unreachable) and found.reason == "answers 503"
    assert len(asked) == fetching.ATTEMPTS == len(pauses) + 1


def test_server_is_left_alone_as_long_as_it_asks():
    found, pauses, _ = get(in_turn(reply(b"", 429, Retry_After="77"), reply(JPEG)))
    assert found == JPEG
    assert len(pauses) == 1 and 77 <= pauses[0] <= 78


def test_server_that_asks_for_hours_is_left_at_once():
    found, pauses, asked = get(in_turn(reply(b"", 429, Retry_After="10800")))
    assert isinstance(found, Unreachable) and "come back in 180 minutes" in found.reason
    assert pauses == [] and len(asked) == 1


def test_last_answer_before_a_rate_limits_reset_is_followed_by_silence():
    with serve(in_turn(reply({"n": 1}, X_RateLimit_Remaining="0", RateLimit_Reset="33"), reply({"n": 2}))) as server:
        pauses = Pauses()
        assert get_json(server.url, loopback=True, sleep=pauses) == {"n": 1}
        assert pauses == []
        assert get_json(server.url, loopback=True, sleep=pauses) == {"n": 2}
        assert len(pauses) == 1 and 30 < pauses[0] <= 33


def test_silence_is_kept_by_all_threads_until_it_is_over(monkeypatch):
    with serve(in_turn(reply({"n": 1}, X_RateLimit_Remaining="0", RateLimit_Reset="33"), reply({"n": 2}))) as server:
        get_json(server.url, loopback=True)
        first, second = Pauses(), Pauses()
        for pauses in (first, second):
            get_json(server.url, loopback=True, sleep=pauses)
        assert len(first) == len(second) == 1
        monkeypatch.setattr(fetching, "time", SimpleNamespace(time=lambda: time.time() + 34))
        get_json(server.url, loopback=True, sleep=first)
        assert len(first) == 1


NOW = datetime(2026, 11, 29, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "headers, wait",
    [
        ({}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "5"}, 5),
        ({"retry-after": "Sun, 29 Nov 2026 12:01:00 GMT"}, 60),
        ({"retry-after": "Sun, 29 Nov 2026 11:01:00 GMT"}, 0),
        ({"ratelimit-reset": "90"}, 90),
        ({"ratelimit-reset": str(int(NOW) + 120)}, 120),
        ({"x-ratelimit-reset": "2026-11-29T12:05:00.000000Z"}, 300),
        ({"retry-after": "7", "ratelimit-reset": "90"}, 7),
    ],
)
def test_wait_that_is_asked_for(headers, wait):
    assert wait_asked(headers, NOW) == wait


@given(st.text(max_size=40) | st.datetimes().map(str) | st.floats().map(str) | st.integers(0).map(str))
def test_wait_of_any_words_is_none_or_a_time_to_come(text):
    wait = wait_asked({"retry-after": text}, NOW)
    assert wait is None or wait >= 0


def test_half_a_picture_is_never_taken_for_a_whole_one():
    whole = reply(JPEG)
    found, pauses, _ = get(in_turn(whole[:-500], whole))
    assert found == JPEG and len(pauses) == 1
    found, _, _ = get(in_turn(whole[:-500]))
    assert isinstance(found, Unreachable) and found.reason == "ends before its end"
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n" + JPEG[:256] + b"\r\n"
    assert isinstance(get(in_turn(chunked))[0], Unreachable)
    assert get(in_turn(chunked + b"0\r\n\r\n"))[0] == JPEG[:256]


def test_flood_is_cut_off(monkeypatch):
    monkeypatch.setattr(fetching, "MAX_BYTES", 1_000_000)
    sent = []

    def flood(asked, connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + JPEG)
        while len(sent) < 1000:
            connection.sendall(bytes(100_000))
            sent.append(100_000)

    found, _, asked = get(flood)
    assert found.reason == "is larger than 1 MB"
    assert len(asked) == 1
    assert sum(sent) < 50_000_000  # what the socket's buffers take, not the 100 MB it wanted to send
    assert get(in_turn(reply(JPEG, Content_Length="2000000")))[0].reason == "is larger than 1 MB"


def test_no_picture_is_unpacked_into_more_than_the_cap(monkeypatch):
    monkeypatch.setattr(fetching, "MAX_BYTES", 1_000_000)
    monkeypatch.setattr(fetching, "MAX_JSON", 1_000_000)
    bomb = gzip.compress(JPEG + bytes(200_000_000), 9)
    assert len(bomb) < 250_000
    assert get(in_turn(reply(bomb, Content_Encoding="gzip")))[0].reason == "is larger than 1 MB"
    spaces = gzip.compress(b" " * 200_000_000, 9)
    assert get(in_turn(reply(spaces, Content_Encoding="gzip")), ask=get_json)[0].reason == "is larger than 1 MB"
    for packed, how in ((gzip.compress(bomb), "gzip, gzip"), (zlib.compress(JPEG), "deflate"), (JPEG, "br")):
        assert "did not ask for" in get(in_turn(reply(packed, Content_Encoding=how)))[0].reason
    assert get(in_turn(reply(JPEG, Content_Encoding="gzip")))[0].reason == "is packed wrongly"
    assert get(in_turn(reply(gzip.compress(JPEG), Content_Encoding="gzip")))[0] == JPEG


@pytest.mark.parametrize("part", ["head", "body"])
def test_server_that_trickles_is_given_up(part):
    def trickle(asked, connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + (b"" if part == "head" else b"\r\n" + JPEG[:20]))
        connection.settimeout(0.05)
        gone = None
        while gone is None:
            connection.sendall(b"X" if part == "body" else b"X: y\r\n")
            with suppress(TimeoutError):
                gone = connection.recv(1)

    found, pauses, asked = get(trickle, seconds=1)
    assert isinstance(found, Unreachable) and found.reason == "takes too long"
    assert len(asked) == 1 and pauses == []


def test_silent_server_is_given_up():
    def silent(asked, connection):
        connection.recv(1)  # until the client goes

    found, _, _ = get(silent, seconds=0.5)
    assert isinstance(found, Unreachable) and found.reason == "takes too long"


@pytest.mark.parametrize("tag", ["noai", "NoImageAI, noindex", "otherbot: noai", "noindex, noimageai"])
def test_picture_marked_against_ai_is_left_where_it_is(tag):
    found, _, asked = get(in_turn(reply(JPEG, X_Robots_Tag=tag)))
    assert "X-Robots-Tag" in found.reason
    assert len(asked) == 1
    assert get(in_turn(reply(JPEG, X_Robots_Tag="noindex, nofollow")))[0] == JPEG


def test_redirects_are_followed_three_times():
    def hops(asked, connection):
        n = int(asked.path.strip("/"))
        return reply(JPEG) if n == 0 else reply(b"", 302, Location=f"/{n - 1}")

    assert get(hops, path="/3")[0] == JPEG
    found, _, asked = get(hops, path="/4")
    assert found.reason == "redirects more than 3 times"
    assert len(asked) == 4


@pytest.mark.parametrize(
    "target, reason",
    [
        ("file:///etc/passwd", "is not encrypted (file)"),
        ("ftp://127.0.0.1/x", "is not encrypted (ftp)"),
        ("https://10.0.0.1/", "leads to an address that is not public"),
        ("http://169.254.169.254/latest/meta-data/", "leads to an address that is not public"),
        ("https://[::ffff:169.254.169.254]/", "leads to an address that is not public"),
        ("https://[64:ff9b::a9fe:a9fe]/", "leads to an address that is not public"),
        ("https://0/", "leads to an address that is not public"),
        ("http://1.1.1.1/", "is not encrypted (http)"),
        ("https://user:word@1.1.1.1/", "is no address of a picture"),
    ],
)
def test_redirects_are_checked_as_the_first_address_is(target, reason):
    found, _, asked = get(in_turn(reply(b"", 301, Location=target)))
    assert found.reason == reason
    assert len(asked) == 1


def test_this_machine_is_reached_only_where_that_is_allowed():
    with serve(in_turn(reply(JPEG))) as server:
        for url in (server.url, server.url.replace("http", "https"), server.url.replace("127.0.0.1", "localhost")):
            with pytest.raises(Refused):
                fetch(url, sleep=Pauses())
        assert server.asked == []


def names(monkeypatch, answers):
    """Replaces the resolver for these names; returns the list of all that it is asked."""
    real, asked = socket.getaddrinfo, []

    def getaddrinfo(host, port, *args, **options):
        asked.append(host)
        found = answers[host].pop(0) if host in answers else [host]
        return [entry for address in found for entry in real(address, port, *args, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("found", [["127.0.0.1", "10.1.2.3"], ["10.1.2.3", "127.0.0.1"], ["1.1.1.1", "::1", "fe80::1"]])
def test_name_with_one_private_address_is_refused_whole(monkeypatch, found):
    with serve(in_turn(reply(JPEG))) as server:
        names(monkeypatch, {"photos.test": [found]})
        with pytest.raises(Refused, match="not public"):
            fetch(server.url.replace("http://127.0.0.1", "https://photos.test"), loopback=True, sleep=Pauses())
        assert server.asked == []


def test_name_that_answers_differently_the_second_time_gains_nothing(monkeypatch):
    with serve(in_turn(reply(JPEG))) as server:
        asked = names(monkeypatch, {"photos.test": [["127.0.0.1"], ["10.1.2.3"]]})
        assert fetch(server.url.replace("127.0.0.1", "photos.test"), loopback=True, sleep=Pauses()) == JPEG
        assert asked == ["photos.test", "127.0.0.1"]  # looked up once; what is connected to is the address
        assert server.asked[0].headers["Host"].startswith("photos.test")


def test_tls_asks_for_the_name_and_checks_the_certificate(monkeypatch, tmp_path):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("photos.test").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    fetching._client.cache_clear()
    try:
        with serve(in_turn(reply(JPEG)), tls=context) as server:
            names(monkeypatch, {"photos.test": [["127.0.0.1"]], "others.test": [["127.0.0.1"]]})
            assert fetch(server.url.replace("127.0.0.1", "photos.test"), loopback=True, sleep=Pauses()) == JPEG
            assert server.names == ["photos.test"]
            with pytest.raises(Refused, match="no certificate that can be trusted"):
                fetch(server.url.replace("127.0.0.1", "others.test"), loopback=True, sleep=Pauses())
            assert len(server.asked) == 1
    finally:
        fetching._client.cache_clear()


def test_proxies_of_the_environment_are_not_asked_and_cookies_not_kept(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    fetching._client.cache_clear()
    with serve(in_turn(reply(JPEG, Set_Cookie="who=you; Path=/"))) as server:
        for _ in range(2):
            assert fetch(server.url, loopback=True, sleep=Pauses()) == JPEG
        assert [asked.headers["Cookie"] for asked in server.asked] == [None, None]


def test_host_that_is_not_there_is_asked_again():
    with serve(in_turn(b"")) as server:
        pass
    pauses = Pauses()
    with pytest.raises(Unreachable, match="cannot be reached"):
        fetch(server.url, loopback=True, sleep=pauses)
    assert len(pauses) == fetching.ATTEMPTS - 1


def test_json_is_read_with_its_query():
    found, _, asked = get(
        in_turn(reply({"photos": ["ä"]})), path="/api", ask=get_json, params={"tag": "#selfie", "n": 2}
    )
    assert found == {"photos": ["ä"]}
    assert asked[0].query == {"tag": "#selfie", "n": "2"}
    packed = reply(gzip.compress(json.dumps([1]).encode()), Content_Encoding="gzip")
    assert get(in_turn(packed), ask=get_json)[0] == [1]
    assert get(in_turn(reply(b"<html>")), ask=get_json)[0].reason == "does not answer with JSON"


def test_json_of_a_server_that_lags_is_asked_for_again():
    lag = reply({"error": {"code": "maxlag"}}, Retry_After="5")
    found, pauses, _ = get(in_turn(lag, lag, reply({"ok": 1})), ask=get_json)
    assert found == {"ok": 1}
    assert [5 <= pause <= 6 for pause in pauses] == [True, True]


def test_service_on_this_machine_is_known():
    assert all(
        map(fetching.on_loopback, ("http://127.0.0.1:3000", "http://localhost:1", "http://[::1]:1", "http://127.9.9.9"))
    )
    assert not any(
        map(fetching.on_loopback, ("https://mastodon.example", "http://127.0.0.1.example", "http://10.0.0.1"))
    )


NETS = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "0.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10"]
NETS += ["192.0.2.0/24", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32", "::/96", "::ffff:0:0/96"]
NETS += [
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001:db8::/32",
    "2001::/32",
    "2002::/16",
    "fc00::/7",
    "fe80::/10",
]
NETS += ["fec0::/10", "ff00::/8", "3fff::/20", "5f00::/16"]


@st.composite
def address_in(draw, nets):
    net = ipaddress.ip_network(draw(st.sampled_from(nets)))
    return str(net[draw(st.integers(0, net.num_addresses - 1))])


@given(address_in(NETS))
@example("0.0.0.0")
@example("::")
@example("::1")
@example("::ffff:8.8.8.8")
@example("64:ff9b::808:808")
@example("fe80::1%eth0")
@example("2606:4700::1%1")
def test_no_address_of_these_nets_is_public(address):
    assert not guard.is_public(address)


@given(st.ip_addresses())
@example(ipaddress.ip_address("1.1.1.1"))
@example(ipaddress.ip_address("2606:4700::1111"))
def test_addresses_of_everybody_are_public_and_stay_so_in_no_disguise(ip):
    nets = [ipaddress.ip_network(net) for net in NETS]
    if ip.version == 4:
        if ip.is_global and not any(ip in net for net in nets if net.version == 4) and str(ip)[:7] != "192.88.":
            assert guard.is_public(str(ip))
        for disguise in (f"::ffff:{ip}", f"::{ip}", f"64:ff9b::{ip}"):
            assert not guard.is_public(disguise)
        assert not guard.is_public(str(ipaddress.IPv6Address((0x2002 << 112) | (int(ip) << 80))))
    elif guard.is_public(str(ip)):
        assert ip.is_global and ip in ipaddress.ip_network("2000::/3")
    assert not (guard.is_public(str(ip)) and guard.is_loopback(str(ip)))


@given(st.text(max_size=40))
@example("127.1")
@example("0x7f000001")
@example("2130706433")
@example("")
def test_what_is_no_address_is_not_public(text):
    try:
        ipaddress.ip_address(text)
    except ValueError:
        assert not guard.is_public(text) and not guard.is_loopback(text)
