"""What a source offers: photos, and between them how far it has come; or mentions of an account, with photos nearby."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow as pa


@dataclass
class Photo:
    """A photo as a source offers it: its own id there, where its bytes are, and what is known of it."""

    id: str
    data: Path | bytes | Callable[[], bytes] | None  # to be called, it fetches; None only where there is a problem
    place: str = ""  # "likes.csv:7" or a file: what a person would look for
    likes: int | None = None
    followers: int | None = None
    tags: list[str] | None = None
    created_at: datetime | None = None  # UTC
    author: str | None = None  # the account itself; only its salted hash is stored
    name: str | None = None
    url: str | None = None
    licence: str | None = None
    credit: str | None = None
    extra: dict[str, pa.Scalar] = field(default_factory=dict)  # columns that only this source has
    problem: str | None = None  # why the source cannot offer it after all
    origin: str | None = (
        None  # where it was posted on a network, which may offer it twice: for `origins`, not the table
    )


@dataclass(frozen=True)
class Reached:
    """Stands between the photos of a source that can go on from here: what it needs for that."""

    at: object


@dataclass(frozen=True)
class Mention:
    """A post that mentions an account, or replies to it. at: time.time() of when it was there; shut: why it is to be
    left without an answer, "" for most; post: as the network has it.

    near: the photos of the post, of the one that it quotes, and of the one that it replies to, a list for each with
    any; what must be left alone, or is gone, comes with the reason. The author's own may be hidden from strangers."""

    uri: str
    author: str
    at: float
    text: str
    shut: str
    near: Callable[[], Iterator[list[Photo]]]
    post: dict
