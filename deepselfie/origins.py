"""Where the photos of a world were posted: ids come in, and the addresses of their posts come out, or are forgotten.

An address names the account, which the table must not: it is kept apart, in `gather/origins.sqlite` beside the table,
readable by its owner alone, for two uses: to read likes again when they have settled, and to notice that a post was
deleted. Without the file a world works as before, only neither is possible any more.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

from deepselfie.world import World


def remember(world: World, origins: Iterable[tuple[str, str]]) -> None:
    """Keeps (id, address) pairs; those known already are left as they are."""
    with _open(world) as file:
        file.executemany("INSERT OR IGNORE INTO origin VALUES (?, ?)", origins)


def known(world: World) -> dict[str, str]:
    """id -> address of all photos whose address is known."""
    if not _path(world).exists():
        return {}
    with _open(world) as file:
        return dict(file.execute("SELECT id, address FROM origin ORDER BY rowid"))


def forget(world: World, ids: Iterable[str]) -> None:
    """Removes addresses for good: what they took in the file is overwritten."""
    if _path(world).exists():
        with _open(world) as file:
            file.executemany("DELETE FROM origin WHERE id = ?", ((id,) for id in ids))


def keep_only(world: World, ids: Iterable[str]) -> None:
    """Forgets the addresses of photos that did not make it into the table."""
    if others := known(world).keys() - set(ids):
        forget(world, others)


def _path(world: World):
    return world.path / "gather" / "origins.sqlite"


@contextmanager
def _open(world: World) -> Iterator[sqlite3.Connection]:
    """The file, made where it is not there; all that is done within is kept at the end, or nothing."""
    path = _path(world)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    with closing(sqlite3.connect(path, timeout=60)) as connection, connection:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("CREATE TABLE IF NOT EXISTS origin (id TEXT PRIMARY KEY, address TEXT NOT NULL)")
        yield connection
