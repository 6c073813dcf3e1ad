"""Spans of time, for a search that goes through them: what is asked for and what was done come in, what is left out.

A span is (from, to) in UTC, the first included and the last not. Sorted, and apart from each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

Span = tuple[datetime, datetime]


def left(span: Span, done: list[Span]) -> list[Span]:
    """The parts of a span that no done one covers, in order of time."""
    gaps, at = [], span[0]
    for start, end in done:
        if start > at:
            gaps.append((at, min(start, span[1])))
        at = max(at, end)
        if at >= span[1]:
            return [gap for gap in gaps if gap[0] < gap[1]]
    return [gap for gap in [*gaps, (at, span[1])] if gap[0] < gap[1]]


def joined(spans: list[Span]) -> list[Span]:
    """The same moments in as few spans as can be."""
    result: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def days(span: Span) -> Iterator[Span]:
    """A span cut at each midnight, the newest day first."""
    start, end = span
    while end > start:
        midnight = (end - timedelta(microseconds=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        yield max(start, midnight), end
        end = midnight
