"""Accounts and ids as the cache keeps them: a text comes in, a short hash of it and of the cache's secret comes out.

It tells two texts apart and does not give either away.
"""

from __future__ import annotations

import hashlib
import os
import secrets

from deepselfie.world import cache_root


def salted(text: str) -> str:
    """16 hexadecimal digits, the same for the same text in the same cache."""
    return hashlib.sha256(_salt() + text.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _salt() -> bytes:
    """The cache folder's own secret, made once: without it nobody can try account names against the hashes."""
    path = cache_root() / ".salt"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        temporary = path.with_name(f".salt.{os.getpid()}")
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
        try:
            os.link(temporary, path)  # fails where another process was first
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_bytes()
