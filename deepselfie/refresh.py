"""Posts are looked at again: a world's photos from Bluesky come in; out come their settled likes, and some photos go.

Likes of a post that was younger than SETTLED when it was gathered say little. Once it is older they are read again,
with the author's followers, and `gathered_at` says when. All posts are looked at: what was deleted meanwhile, labelled,
or belongs to somebody who has opted out since, is forgotten for good.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

import lance
import numpy as np
import pyarrow as pa
from tqdm import tqdm

from deepselfie import duplicates, origins
from deepselfie.bucket import plainly
from deepselfie.errors import DeepselfieError
from deepselfie.forget import forget
from deepselfie.sources import bluesky
from deepselfie.sources.optout import OptOuts
from deepselfie.sources.xrpc import Service
from deepselfie.stage import Report
from deepselfie.world import SCHEMA, World, fingerprint

SETTLED = timedelta(days=31)  # as in labels: a post that old gets hardly any more likes
CHUNK = 1000  # posts, whose likes are written in one commit: a kill loses a few minutes
FEW = 25  # posts that may be gone at once, however few there are: an account of one's own was closed
DELETED = "deleted by its author, or by moderation"


@dataclass
class Known:
    """A post of which the world has pictures. due: its likes are to be read again."""

    ids: list[str]
    due: bool = False


def refresh(world: World, *, service: str | None = None) -> Report:
    """Reads likes again and forgets what is to go. Raises as Service.ask and forget, and DeepselfieError where the
    service no longer shows most of the posts: then it is more likely that the service is wrong, and nothing goes."""
    clock, network, report = time.monotonic(), Service(service), Report("refresh", world.name)
    posts = known_posts(world, now=datetime.now(UTC))
    uris = sorted(posts, key=lambda uri: not posts[uri].due)  # these first
    read_again, gone = 0, {}
    with tqdm(desc="refresh", unit=" posts", total=len(uris), leave=False, dynamic_ncols=True) as bar:
        for first in range(0, len(uris), CHUNK):
            rows = []
            for start in range(first, min(first + CHUNK, len(uris)), bluesky.TOGETHER):
                some = uris[start : min(start + bluesky.TOGETHER, first + CHUNK)]
                _look(network, some, posts, rows, gone)
                bar.update(len(some))
            if rows:
                replace(world, pa.Table.from_pylist(rows, pa.schema([SCHEMA.field(name) for name in rows[0]])))
                read_again += len(rows)
    missing = sum(reason == DELETED for reason in gone.values())
    if missing > FEW and 2 * missing > len(uris):
        raise DeepselfieError(
            f"{network.url} shows {missing:,} of {len(uris):,} posts no longer. It is more likely that it is wrong "
            "than that all were deleted, so nothing was removed. Try again another day."
        )
    for uri, reason in gone.items():
        report.dropped[reason] = report.dropped.get(reason, 0) + len(posts[uri].ids)
    if gone:
        forget(world, ids=[id for uri in gone for id in posts[uri].ids])
    report.rows_in = sum(len(post.ids) for post in posts.values())
    report.rows_out = report.rows_in - sum(report.dropped.values())
    report.rows, report.details = len(world), {"read_again": read_again}
    report.nothing_to_do = not (read_again or report.dropped)
    report.seconds = round(time.monotonic() - clock, 2)
    report.finished_at = datetime.now(UTC).isoformat(timespec="seconds")
    world.save_report("refresh", asdict(report))
    if read_again:
        _tell_stages(world, report.finished_at)
    return report


def known_posts(world: World, *, now: datetime) -> dict[str, Known]:
    """URI -> what the world has of it, of all posts whose address is known."""
    addresses = origins.known(world)
    posts: dict[str, Known] = {}
    for row in world.read(["id", "created_at", "gathered_at"], where="starts_with(id, 'bluesky:')").to_pylist():
        if address := addresses.get(row["id"]):
            post = posts.setdefault(address, Known([]))
            post.ids.append(row["id"])
            post.due |= row["gathered_at"] - row["created_at"] < SETTLED <= now - row["created_at"]
    return posts


def _look(network: Service, uris: list[str], posts: dict[str, Known], rows: list[dict], gone: dict[str, str]) -> None:
    """Asks for some posts, at most bluesky.TOGETHER; adds to rows what they have now, and to gone why they must go."""
    shown, readable = set(), {}
    for view in network.ask("app.bsky.feed.getPosts", uris=uris).get("posts") or []:
        try:
            post = bluesky.read_view(view)
            readable[post.uri] = post
        except bluesky.Malformed:
            shown.add(view.get("uri") if isinstance(view, dict) else None)
    profiles = bluesky.ask_profiles(network, {post.author for post in readable.values()})
    opt_outs, now = OptOuts(), datetime.now(UTC)
    for uri in uris:
        post = readable.get(uri)
        if post is None:
            if uri not in shown:
                gone[uri] = DELETED
            continue
        profile = profiles.get(post.author)
        if reason := profile and bluesky.left_out(post, profile, opt_outs):
            gone[uri] = reason
        elif profile and posts[uri].due:
            numbers = {"likes": post.likes, "followers": profile.get("followersCount"), "gathered_at": now}
            rows += [{"id": id} | numbers for id in posts[uri].ids]


def replace(world: World, rows: pa.Table) -> None:
    """Writes other values into rows of the table, found by their `id`, in one commit and in their places.

    Lance's own update and merge put changed rows at the end of the table."""
    table = world.table
    with plainly(table.uri):
        there = table.to_table(columns=["id"], with_row_address=True)
        fragment_of = dict(zip(there["id"].to_pylist(), (there["_rowaddr"].to_numpy() >> 32).tolist(), strict=True))
        fragments = np.array([fragment_of[id] for id in rows["id"].to_pylist()])
        changed, fields = [], set()
        for fragment in np.unique(fragments):
            new = rows.filter(pa.array(fragments == fragment))
            metadata, modified = table.get_fragment(int(fragment)).update_columns(new, left_on="id", right_on="id")
            changed.append(metadata)
            fields.update(modified)
        change = lance.LanceOperation.Update(updated_fragments=changed, fields_modified=sorted(fields))
        lance.LanceDataset.commit(table, change, read_version=table.version)


def _tell_stages(world: World, refreshed_at: str) -> None:
    """Labels made of the old likes are out of date: the key that they go by is another one."""
    if report := world.report("import"):
        report["details"]["refreshed_at"] = refreshed_at
        report["key"] = fingerprint("import", duplicates.DISTANCE, refreshed_at)
        world.save_report("import", report)
