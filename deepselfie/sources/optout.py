"""Who does not want to be gathered: an account's names and what it says of itself come in, the reason comes out.

`optout.txt` in the cache folder is our own list: a handle, DID, @user@server or address a line, # begins a comment.
"""

from __future__ import annotations

import re
from pathlib import Path

from deepselfie.world import cache_root

BOT = re.compile(r"\b(no)?bot\b", re.IGNORECASE)
WORDS = re.compile(r"(?<![\w&])#(nobots?|noindex|noai|noimageai)(?!\w)", re.IGNORECASE)


def is_bot(about: str) -> bool:
    """Whether an account says of itself that it is one, or wants none."""
    return bool(BOT.search(about))


class OptOuts:
    """The list as it stands now (empty where there is no file), and the words in a profile that mean no."""

    def __init__(self, path: Path | None = None) -> None:
        path = path or cache_root() / "optout.txt"
        lines = path.read_text("utf-8-sig").splitlines() if path.exists() else []
        entries = (re.sub(r"(^|\s)#.*", "", line) for line in lines)
        self.names = frozenset(known_as(entry) for entry in entries if entry.strip())

    def reason(self, *names: str | None, about: str = "") -> str | None:
        """Why an account or photo of these names and addresses must be left out; None where nothing is against it.

        about: what the account says of itself, as plain text."""
        if any(known_as(name) in self.names for name in names if name):
            return "is on our opt-out list"
        said = WORDS.search(about)
        return f"says #{said[1].lower()} in its profile" if said else None


def known_as(name: str) -> str:
    """One spelling for all of an account's: @Ann@Example.org and https://example.org/@ann are ann@example.org.

    The address of a post stands for the account that made it."""
    name = re.sub(r"[?#].*", "", name.strip().casefold())
    name = re.sub(r"^(https?://(www\.)?|acct:)", "", name).strip("/@")
    if profile := re.match(r"(?:bsky\.app/profile/|at://)([^/]+)", name):
        return profile[1]
    if profile := re.match(r"([^/@]+)/(?:@|users/)([^/@]+)(?:@([^/@]+))?(?=/|$)", name):
        return f"{profile[2]}@{profile[3] or profile[1]}"
    return name
