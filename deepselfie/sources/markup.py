"""Text with HTML in it, as networks give it, comes in; plain text comes out."""

from __future__ import annotations

import re
from html.parser import HTMLParser

APART = {"br", "p", "div", "li", "ul", "ol", "tr", "td", "th", "table", "dd", "dt", "h1", "h2", "h3"}
SILENT = {"script", "style"}


def plain(html: str) -> str:
    """Its words as a browser shows them, in one line: "<p>Me<br>#<span>nobot</span></p>" is "Me #nobot"."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return re.sub(r"\s+", " ", "".join(reader.words)).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attributes) -> None:
        self.silent += tag in SILENT
        if tag in APART:
            self.words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self.silent = max(0, self.silent - (tag in SILENT))
        if tag in APART:
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.words.append(data)
