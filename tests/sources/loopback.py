"""A server on loopback that answers byte for byte what a test wants, truth or lie, and notes what it was asked."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_string
from email.message import Message
from urllib.parse import parse_qs, urlsplit


@dataclass
class Asked:
    """A request: path, query (the last value of each), headers."""

    path: str
    query: dict[str, str]
    headers: Message


@dataclass
class Server:
    """url: where it listens; asked: all requests so far; names: the TLS server names asked for."""

    url: str
    asked: list[Asked] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


Answer = Callable[[Asked, socket.socket], "bytes | None"]


@contextmanager
def serve(answer: Answer, *, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Runs a server; `answer` gets a request and its connection, sends what it likes, and returns what is left to send.

    A connection is closed after one answer."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}")
    if tls:
        tls.sni_callback = lambda connection, name, context: server.names.append(name)

    def one(connection: socket.socket) -> None:
        try:
            if tls:
                connection = tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as lines:
                target = lines.readline().split()[1].decode()
                head = "".join(iter(lambda: lines.readline().decode().rstrip("\r\n") + "\n", "\n"))
                query = {key: values[-1] for key, values in parse_qs(urlsplit(target).query).items()}
                asked = Asked(urlsplit(target).path, query, message_from_string(head))
                server.asked.append(asked)
                connection.sendall(answer(asked, connection) or b"")
        except (OSError, IndexError):  # the client has gone
            connection.close()

    def all() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:  # closed: the test is over
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=all, daemon=True).start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def reply(body: bytes | dict | list, status: int = 200, **headers: str) -> bytes:
    """A whole answer; a header's `_` stands for `-`."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    all = {"Content-Length": str(len(body)), "Connection": "close"} | {
        k.replace("_", "-"): v for k, v in headers.items()
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in all.items() if value)
    return f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + body
