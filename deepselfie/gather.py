"""Gathering from a network: a source's name and a hashtag come in, photos of its posts end up in a world.

How far a source has come stands in `gather/<source>.json` beside the table, saved whenever the photos up to there are
written: a run killed at any moment goes on from there, and a second run searches only what is new. There are no
accounts in it; where each photo was posted is kept in `origins`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from deepselfie import origins, sources
from deepselfie.errors import DeepselfieError
from deepselfie.sources import Photo, Reached
from deepselfie.stage import Report
from deepselfie.world import World, read_json, write_json

SETTLING = timedelta(minutes=10)  # a search may not know of the newest posts yet: the last minutes are searched again


def gather_bluesky(
    world: World,
    *,
    tag: str,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
    live: str | None = None,
    service: str | None = None,
) -> Report:
    """Gathers pictures of Bluesky posts with the hashtag `tag` (without #), newest first.

    since, until: UTC, by default the last bluesky.DAYS days; limit: stop when the world has so many photos of this
    source; live: the address of a Jetstream, to take posts as they are made instead; service: as Service.
    Raises as Service.ask, and DeepselfieError where there is nothing to be had."""
    from deepselfie.sources import bluesky, jetstream, windows
    from deepselfie.sources.xrpc import Service

    network, now = Service(service), datetime.now(UTC).replace(microsecond=0)
    span = since or now - timedelta(days=bluesky.DAYS), min(until or now, now)
    if span[0] >= span[1]:
        raise DeepselfieError(f"There is no time to search from {span[0]:%Y-%m-%d %H:%M} to {span[1]:%Y-%m-%d %H:%M}.")

    def begin(so_far: dict) -> tuple[Iterable[Photo | Reached], Callable[[object], dict]]:
        if live:
            photos = jetstream.photos(network, tag=tag, cursor=so_far.get("cursor"), url=live)
            return photos, lambda cursor: {"cursor": cursor}
        done = [tuple(map(datetime.fromisoformat, pair)) for pair in so_far.get("done", [])]

        def searched(day: windows.Span) -> dict:
            done[:] = windows.joined([*done, (day[0], min(day[1], now - SETTLING))])
            return {"done": [[start.isoformat(), end.isoformat()] for start, end in done]}

        newest_first = reversed(windows.left(span, done))
        return bluesky.photos(network, tag=tag, spans=newest_first), searched

    return _go_on(world, "bluesky", tag.casefold(), begin, limit)


def gather_mastodon(
    world: World,
    *,
    service: str,
    tag: str,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> Report:
    """Gathers pictures of posts with a hashtag that a Mastodon server knows of. It begins with the newest each time;
    what is there already is not fetched again. limit as in `gather_bluesky`. Raises as mastodon.photos."""
    from deepselfie.sources import mastodon

    room = _room(world, "mastodon", limit)
    photos = [] if room == 0 else mastodon.photos(service, tag=tag, since=since, until=until)
    return sources.gather(world, photos, source="mastodon", total=None, room=room)


def gather_commons(world: World, *, category: str, service: str | None = None, limit: int | None = None) -> Report:
    """Gathers a category's free pictures, with names and credits. Raises as commons.photos."""
    from deepselfie.sources import commons

    room = _room(world, "commons", limit)
    photos = [] if room == 0 else commons.photos(category, service=service or commons.SERVICE)
    return sources.gather(world, photos, source="commons", total=None, room=room)


def _room(world: World, source: str, limit: int | None) -> int | None:
    """Photos of this source that may still be added; None for any number."""
    there = world.table.count_rows(f"starts_with(id, '{source}:')") if world.exists else 0
    return None if limit is None else max(0, limit - there)


def _go_on(
    world: World,
    source: str,
    what: str,
    begin: Callable[[dict], tuple[Iterable[Photo | Reached], Callable[[object], dict]]],
    limit: int | None,
) -> Report:
    """Gathers from where the last run came to.

    begin: what was saved of `what` -> the photos from there on, and what to save of a Reached."""
    path = world.path / "gather" / f"{source}.json"
    saved = read_json(path) or {"left_out": {}, "so_far": {}}
    so_far = saved["so_far"].setdefault(what, {})
    photos, come_to = begin(so_far)

    def reached(at: object, left_out: dict[str, int]) -> None:
        so_far.update(come_to(at))
        write_json(path, saved | {"left_out": left_out})

    room = _room(world, source, limit)
    report = sources.gather(
        world,
        [] if room == 0 else photos,
        source=source,
        total=None,
        room=room,
        left_out=saved["left_out"],
        reached=reached,
    )
    origins.keep_only(world, world.read(["id"])["id"].to_pylist())  # a killed run noted some that were not written
    return report
