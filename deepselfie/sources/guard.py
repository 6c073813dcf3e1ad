"""Where the network may be reached: a host's name comes in, a connection to a public address of it comes out.

A name is looked up once, every address found is checked, and the connection goes to the very address that was checked:
a name that answers differently the second time (DNS rebinding) gains nothing. TLS still asks for the name.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

import httpcore

from deepselfie.errors import DeepselfieError

IPV6_UNICAST = ipaddress.ip_network("2000::/3")  # outside: mapped IPv4, NAT64, loopback, local, multicast
NOT_PUBLIC = [
    ipaddress.ip_network(net)
    for net in (
        "100.64.0.0/10",  # shared by a provider's customers; the others below hide or carry IPv4, or are for books
        "192.88.99.0/24",
        "2001::/23",
        "2002::/16",
        "3fff::/20",
    )
]
T = TypeVar("T")
_deadline: ContextVar[float] = ContextVar("deadline", default=float("inf"))  # time.monotonic(), s


class Refused(DeepselfieError):
    """What lies at an address is not taken; `reason` says why in a few words, without the address."""

    def __init__(self, reason: str, address: str = "") -> None:
        super().__init__(f"{address}: {reason}" if address else reason)
        self.reason = reason


class Unreachable(Refused):
    """Not to be had now, after all patience; later it may be."""


def is_public(address: str) -> bool:
    """True for an IP address anybody on the internet has for themselves: not private, local, shared, reserved,
    multicast, nor an IPv6 address that stands for an IPv4 one. False for what is no address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if ip.version == 6 and (ip.scope_id or ip not in IPV6_UNICAST):
        return False
    return (
        ip.is_global and not ip.is_multicast and not any(ip in net for net in NOT_PUBLIC if net.version == ip.version)
    )


def is_loopback(address: str) -> bool:
    """True for 127.0.0.0/8 and ::1."""
    try:
        return ipaddress.ip_address(address).is_loopback and "::ffff:" not in address.lower()
    except ValueError:
        return False


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """All that is sent and received within takes at most so long, or Unreachable is raised, however it trickles."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


class GuardedBackend(httpcore.NetworkBackend):
    """Connects httpcore to public addresses (`public`) and to this machine (`loopback`) only.

    Raises Refused where the name has any other address."""

    def __init__(self, *, public: bool, loopback: bool) -> None:
        self.public, self.loopback = public, loopback

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None) -> httpcore.NetworkStream:
        addresses = _addresses(host, port)
        for address in addresses:
            if is_public(address):
                if not self.public:
                    raise Refused("is not encrypted (http)")
            elif not (self.loopback and is_loopback(address)):
                raise Refused("leads to an address that is not public")
        for address in addresses[:-1]:
            try:
                return self._connect(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return self._connect(addresses[-1], port, timeout, local_address, socket_options)

    def _connect(self, address, port, timeout, local_address, socket_options) -> httpcore.NetworkStream:
        backend = httpcore.SyncBackend()
        return _Timed(
            _timed(lambda left: backend.connect_tcp(address, port, left, local_address, socket_options), timeout)
        )


class _Timed(httpcore.NetworkStream):
    """A connection under the time limit of whoever reads from it."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self.stream = stream

    def read(self, max_bytes, timeout=None) -> bytes:
        return _timed(lambda left: self.stream.read(max_bytes, left), timeout)

    def write(self, buffer, timeout=None) -> None:
        _timed(lambda left: self.stream.write(buffer, left), timeout)

    def start_tls(self, ssl_context, server_hostname=None, timeout=None) -> httpcore.NetworkStream:
        return _Timed(_timed(lambda left: self.stream.start_tls(ssl_context, server_hostname, left), timeout))

    def close(self) -> None:
        self.stream.close()

    def get_extra_info(self, info):
        return self.stream.get_extra_info(info)


def _timed(call: Callable[[float], T], timeout: float | None) -> T:
    left = _deadline.get() - time.monotonic()
    if left > 0:
        try:
            return call(left if timeout is None else min(timeout, left))
        except httpcore.TimeoutException:
            if time.monotonic() < _deadline.get():
                raise
    raise Unreachable("takes too long")


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label that is empty or too long
        raise Refused("has no possible host name") from error
    except OSError as error:
        raise httpcore.ConnectError("its host is not found") from error
    return list(dict.fromkeys(entry[4][0] for entry in found))
