"""Whose photos are: a world's rows come in, and out comes who made them, under which licence, and where they are from.

A credit may end with the address of its licence, in brackets, as the source commons writes it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from deepselfie.world import World

COLUMNS = ("name", "credit", "licence", "url")
FEW = 3  # names that are listed, of photos with one credit


def short(credit: str | None, licence: str | None) -> str:
    """One line without addresses, such as a tooltip's: "Ann Lee, Wikimedia Commons · CC BY-SA 4.0"; "" for unknown."""
    return " · ".join(filter(None, [_parts(credit)[0], licence]))


def listed(world: World, rows: Sequence[int]) -> str:
    """A line of HTML for each credit among these rows, with links to source and licence; "" where none is known."""
    known = [column for column in COLUMNS if column in world.columns]
    photos = [dict.fromkeys(COLUMNS) | photo for photo in world.take(rows, known).to_pylist()] if known else []
    groups: dict[tuple, list[str | None]] = {}
    for photo in photos:
        groups.setdefault((photo["credit"], photo["licence"], photo["url"]), []).append(photo["name"])
    lines = [_line(names, *source) for source, names in groups.items() if any(source)]
    return f"<ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>" if lines else ""


def _line(names: list[str | None], credit: str | None, licence: str | None, url: str | None) -> str:
    words, terms = _parts(credit)
    who = ", ".join(filter(None, names)) if len(names) <= FEW else f"{len(names):,} photos"
    made = _linked(words or ("source" if _is_web(url) else ""), url)
    said = " · ".join(filter(None, [made, _linked(licence or ("licence" if terms else ""), terms)]))
    return f"{escape(who)}: {said}" if who else said


def _parts(credit: str | None) -> tuple[str, str]:
    """The words of a credit, and the address of its licence; each may be empty."""
    return re.fullmatch(r"(?s)(.*?)\s*(?:\((https?://[^\s()]+)\))?", credit or "").groups(default="")


def _is_web(url: str | None) -> bool:
    return bool(re.match(r"https?://", url or "", re.IGNORECASE))


def _linked(words: str, url: str | None) -> str:
    return f'<a href="{escape(url)}" target="_blank">{escape(words)}</a>' if words and _is_web(url) else escape(words)
