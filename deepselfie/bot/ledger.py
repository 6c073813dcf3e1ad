"""What became of each mention, in SQLite, so that it outlives any crash. Salted hashes: no names, texts or pictures.

A mention is open until its outcome is known. All before `since` are closed: the cursor moves only after the replies.
"""

import sqlite3
import time
from pathlib import Path

import numpy as np

from deepselfie.salted import salted
from deepselfie.sources.photo import Mention

RECENT = 3600  # s over which latency is told
SCHEMA = """
CREATE TABLE IF NOT EXISTS mentions (key TEXT PRIMARY KEY, author TEXT, at REAL, tries INTEGER DEFAULT 0, outcome TEXT,
    replied INTEGER DEFAULT 0, closed_at REAL);
CREATE INDEX IF NOT EXISTS by_author ON mentions (author); CREATE INDEX IF NOT EXISTS by_time ON mentions (at);
CREATE INDEX IF NOT EXISTS by_outcome ON mentions (outcome, at);
"""


class Ledger:
    def __init__(self, path: Path | str):
        """path: a file's, made where it is not there, or ":memory:"."""
        self._db = sqlite3.connect(path, isolation_level=None)  # each statement is committed at once
        self._db.create_function("salted", 1, salted)
        self._db.executescript(SCHEMA)
        self._ask("INSERT OR IGNORE INTO mentions (key, at, outcome) VALUES ('', ?, 'begun')", time.time())

    @property
    def since(self) -> float:
        """time.time() at which the oldest open mention was there, or, with none open, the newest."""
        oldest, newest = "SELECT min(at) FROM mentions WHERE outcome IS NULL", "SELECT max(at) FROM mentions"
        return self._ask(f"SELECT coalesce(({oldest}), ({newest}))")[0][0]

    def still_open(self, mentions: list[Mention]) -> list[Mention]:
        """Notes new mentions; returns those that are open, what failed more than once last. mentions: oldest first."""
        query = "INSERT OR IGNORE INTO mentions (key, author, at) VALUES (salted(?), salted(?), ?)"
        self._db.executemany(query, [(one.uri, one.author, one.at) for one in mentions])
        tries = dict(self._ask("SELECT key, tries FROM mentions WHERE outcome IS NULL"))
        there = [one for one in mentions if salted(one.uri) in tries]
        return sorted(there, key=lambda one: max(1, tries[salted(one.uri)]))  # a restart costs nobody their place

    def begin(self, mention: Mention) -> int:
        """Counts a try, before it: a picture that takes the process down is not tried for ever."""
        query = "UPDATE mentions SET tries = tries + 1 WHERE key = salted(?) RETURNING tries"
        return self._ask(query, mention.uri)[0][0]

    def close(self, mention: Mention, outcome: str, replied: bool = False) -> None:
        query = "UPDATE mentions SET outcome = ?, replied = ?, closed_at = ? WHERE key = salted(?)"
        self._ask(query, outcome, replied, time.time(), mention.uri)

    def ever(self, author: str, outcome: str) -> bool:
        """Whether any mention of theirs ended so."""
        return bool(self._ask("SELECT 1 FROM mentions WHERE author = salted(?) AND outcome = ?", author, outcome))

    def queue(self, mention: Mention) -> tuple[float, int]:
        """When its author was last replied to (time.time(), 0 for never), and how many of theirs wait before it."""
        query = """SELECT coalesce(max(closed_at) FILTER (WHERE replied), 0),
            count(*) FILTER (WHERE outcome IS NULL AND at < ?) FROM mentions WHERE author = salted(?)"""
        return self._ask(query, mention.at, mention.author)[0]

    def health(self) -> dict:
        """Counts: mentions, replies, outcomes; p50, p95: s from mention to reply in the last hour, or None."""
        rows = self._ask("SELECT outcome, count(*), sum(replied) FROM mentions WHERE author NOT NULL GROUP BY outcome")
        since = time.time() - RECENT
        seconds = self._ask("SELECT closed_at - at FROM mentions WHERE replied AND closed_at > ?", since)
        p50, p95 = np.percentile(seconds, [50, 95]).round(2).tolist() if seconds else (None, None)
        counts = {"mentions": sum(row[1] for row in rows), "replies": sum(row[2] for row in rows)}
        return counts | {"p50": p50, "p95": p95, "outcomes": {name or "open": count for name, count, _ in rows}}

    def _ask(self, query: str, *values) -> list[tuple]:
        return self._db.execute(query, values).fetchall()
