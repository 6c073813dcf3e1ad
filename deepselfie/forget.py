"""Forgetting: ids of photos, or accounts, come in; all that a world keeps of them goes, for good.

What goes: the rows with pictures, features and scores, thumbnails and order (made anew without them, if they were
there), unfinished work of stages, mentions in reports and beside the model, addresses of posts. An account is put on
the list of those whom the gatherer leaves out; hashes of the ids keep photos from coming back. What many photos gave
together stays as it is: the others' places on the map, scores and labels, findings, and the weights of a network,
which is told.

Steps are in an order in which a kill leaves nothing wrong: what shows the photos goes first, then the rows, then what
names them. `forgetting.json` holds what is to be done until it is; the next `forget` or `run` finishes it.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from bisect import bisect_left
from collections.abc import Iterable
from datetime import UTC, datetime

from deepselfie import duplicates, origins
from deepselfie.atlas import atlas
from deepselfie.cropped import CROPS
from deepselfie.errors import DeepselfieError
from deepselfie.labels import SPLITS
from deepselfie.layout import layout
from deepselfie.removal import purge, remove
from deepselfie.salted import salted
from deepselfie.sources.optout import OptOuts
from deepselfie.stage import Report
from deepselfie.world import World, cache_root, read_json, write_atomically, write_json

PENDING = "forgetting.json"
HASH = re.compile("[0-9a-f]{16}")  # of an account, as in the table
CARD, EXAMPLES = "card.json", "examples.json"  # beside the model: ids and pictures of some that it learned from


def forget(world: World, *, ids: Iterable[str] = (), authors: Iterable[str] = ()) -> Report:
    """Forgets these photos and all by these accounts, and finishes what a killed run began; no stage may be running.

    ids: as in the table; authors: accounts as their source knows them, or their hashes in the table.
    details: `by`, how many photos each author had; `learned`, how many the world's network learned from; `alike`,
    the ids of photos still here that look the same as one of these; `again`, ids that were forgotten before.
    Raises DeepselfieError for an id that never was here, and for a world packed without its pictures."""
    clock, report = time.monotonic(), Report("forget", world.name)
    if "image" not in world.columns:
        raise DeepselfieError(
            f"World '{world.name}' is packed: its pictures are drawn from their ids whenever they are asked for, so "
            "there is nothing to forget of them. Forget photos in a world that was imported or gathered."
        )
    report.details = {"by": {}, "learned": 0, "alike": [], "again": []}
    if begun := interrupted(world):
        _carry_out(world, begun, report)
    plan = _plan(world, list(ids), list(authors), report)
    _leave_out([author for author in authors if not HASH.fullmatch(author)])
    if plan["ids"]:
        write_json(world.path / PENDING, plan)
        _carry_out(world, plan, report)
    report.rows, report.nothing_to_do = len(world), not report.rows_out
    report.seconds = round(time.monotonic() - clock, 2)
    return report


def interrupted(world: World) -> dict | None:
    """What a killed run was about to do, or None."""
    return read_json(world.path / PENDING)


def _plan(world: World, ids: list[str], authors: list[str], report: Report) -> dict:
    """All that has to be known before anything is gone: what is asked for is worked out once, and done until done."""
    names = ["id", "author", *(c for c in ("label", "split", "duplicate_of") if c in world.columns)]
    photos = world.read(names).to_pydict()
    row_of = {id: row for row, id in enumerate(photos["id"])}
    before = world.forgotten
    strange = [id for id in ids if id not in row_of and salted(id) not in before]
    if strange:
        raise DeepselfieError(
            f"World '{world.name}' never had a photo '{strange[0]}'. Ids are as in its table: the card of a photo in "
            f"the app shows its id, and --author finds all photos of an account. Nothing was forgotten."
        )
    report.details["again"] += [id for id in ids if id not in row_of]
    gone = {id for id in ids if id in row_of}
    for author in authors:
        hashes = {author, salted(author), salted(author.removeprefix("@"))}
        theirs = {id for id, who in zip(photos["id"], photos["author"], strict=True) if who in hashes}
        report.details["by"][author] = len(theirs)
        gone |= theirs
    rows = sorted(row_of[id] for id in gone)
    twins = photos.get("duplicate_of", [None] * len(row_of))
    alike = {id for id, twin in zip(photos["id"], twins, strict=True) if twin in gone} | {twins[row] for row in rows}
    learned = 0
    if world.report("train") and "split" in photos:
        learned = sum(photos["split"][row] in SPLITS[:-1] and photos["label"][row] is not None for row in rows)
    reports = {path.stem: read_json(path) for path in _reports(world)}
    return {
        "ids": sorted(gone),
        "alike": sorted(alike - gone - {None}),
        "learned": learned,
        "rows": {stage: n - bisect_left(rows, n) for stage, saved in reports.items() if (n := saved.get("rows"))},
        "layout": (world.path / "atlas" / "order.npy").exists(),
        "atlas": (world.path / "atlas" / "atlas.json").exists(),
    }


def _leave_out(authors: list[str]) -> None:
    """Puts accounts on optout.txt, if they are not there."""
    path, known = cache_root() / "optout.txt", OptOuts()
    if new := [author for author in authors if not known.reason(author)]:
        there = path.read_text("utf-8-sig") if path.exists() else ""
        there += "" if there.endswith("\n") or not there else "\n"
        lines = "".join(f"{author}  # forgotten on {datetime.now(UTC):%Y-%m-%d}\n" for author in new)
        write_atomically(path, (there + lines).encode())


def _carry_out(world: World, plan: dict, report: Report) -> None:
    gone = set(plan["ids"])
    for folder in ("atlas", "parts"):
        shutil.rmtree(world.path / folder, ignore_errors=True)
    hashes = sorted(world.forgotten | {salted(id) for id in gone})
    write_atomically(world.path / "forgotten.txt", "".join(f"{one}\n" for one in hashes).encode())
    for path in _reports(world):  # before the rows go: a stage that believes in too few rows computes some again
        if path.stem in plan["rows"]:
            write_json(path, read_json(path) | {"rows": plan["rows"][path.stem]})
    remove(world, [row for row, id in enumerate(world.read(["id"])["id"].to_pylist()) if id in gone])
    if plan["alike"] and "duplicate_of" in world.columns:
        duplicates.mark(world)
    purge(world)
    (world.path / CROPS).unlink(missing_ok=True)
    origins.forget(world, gone)
    _clear_mentions(world, gone, learned=plan["learned"])
    if plan["layout"]:
        layout(world)
    if plan["atlas"]:
        atlas(world, shipped=bool(((world.report("atlas") or {}).get("details") or {}).get("shipped")))
    (world.path / PENDING).unlink()
    report.rows_in += len(gone)
    report.rows_out += len(gone)
    report.details["learned"] += plan["learned"]
    report.details["alike"] += plan["alike"]


def _clear_mentions(world: World, gone: set[str], *, learned: int) -> None:
    """Takes the ids out of reports and model; what told of them, or learned from them, is to be made anew by `run`."""
    names = gone | {id.partition(":")[2] for id in gone}  # an import lists files
    for path in _reports(world):
        saved = read_json(path)
        cleared = _without(saved, names, world)
        told = any(id in json.dumps(saved.get("details"), ensure_ascii=False) for id in gone)
        if told or (path.stem in ("train", "distil") and learned):
            cleared["key"] = ""  # no stage has this key
        if cleared != saved:
            write_json(path, cleared)
    card, kept = world.model_path / CARD, world.model_path / EXAMPLES
    if (saved := read_json(card)) and (cleared := _without(saved, gone, world)) != saved:
        kept.unlink(missing_ok=True)
        write_json(card, cleared)


def _without(value, names: set[str], world: World):
    """JSON without the list items that are, or are about, one of these; `row` beside an `id` says where it is now."""
    if isinstance(value, list):
        about = [
            {v.get("id"), v.get("file")} if isinstance(v, dict) else {v} if isinstance(v, str) else () for v in value
        ]
        return [_without(v, names, world) for v, a in zip(value, about, strict=True) if names.isdisjoint(a)]
    if not isinstance(value, dict):
        return value
    cleared = {key: _without(item, names, world) for key, item in value.items()}
    if "row" in value and "id" in value:
        cleared["row"] = world.row(value["id"])
    return cleared


def _reports(world: World) -> list:
    """The files of the reports on this world; training-* tell of another one."""
    return [path for path in (world.path / "reports").glob("*.json") if not path.stem.startswith("training-")]
