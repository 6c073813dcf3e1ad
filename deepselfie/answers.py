"""What the server says about photos: the facts of one, what can be known of all, and what sets a choice of them apart.

In: a world and what the browser asks. Out: plain values, ready for JSON, and arrays. Ranks count from 0, the best;
what people read or write (a search for #12, the column of a CSV) counts from 1.
"""

from __future__ import annotations

import csv
import io
import re
from functools import lru_cache
from pathlib import Path

import numpy as np

from deepselfie import embed, layout, lift, texts
from deepselfie.errors import DeepselfieError
from deepselfie.world import World

NEIGHBOURS = 10
FIRST = {"label": 0, "cluster": 1}  # facets that come before the measured ones
FOUND = 20  # photos that a search may find: more than fit under a search box
LONGEST_SEARCH = 200  # characters


def photo(world: World, row: int) -> dict:
    """row, id, score, percentile, rank, name, credit, licence, url, cluster, attributes, measured, truth, neighbours;
    None for what is not known. url: the page it is from; measured: [label, value in words] of each attribute."""
    known = ("id", "score", "name", "credit", "licence", "url", "cluster", "attributes", "truth")
    facts = {"row": row, "rank": None} | dict.fromkeys(known)
    facts |= world.take([row], [c for c in known if c in world.columns]).to_pylist()[0]
    facts |= {"percentile": None, "neighbours": [], "measured": texts.measured_facts(facts["attributes"] or {})}
    try:
        facts["rank"] = layout.rank_of(world, row)
        if facts["score"] is not None:
            facts["percentile"] = layout.percentile(world, facts["score"])
        if "fc7" in world.columns:
            facts["neighbours"] = embed.neighbours(world, row, k=NEIGHBOURS).tolist()
    except DeepselfieError:
        pass  # a stage that has not run yet: what is known is told
    return facts


def visitors_facets(world: World) -> list[layout.Facet]:
    """The facets of a world that visitors meet."""
    found = layout.facets(world)
    keys = [facet.key for facet in found]
    return [facet for facet in found if texts.is_for_visitors(facet.key, facet.kind == "number", keys)]


def facets(world: World) -> list[dict]:
    """What photos of this world can be filtered and coloured by: key, label, kind, unit, count, low, high, values.

    Score, label and cluster come first. kind: "number" (low and high are its ends), "yes_no" or "choice" (values:
    [value, number of photos], the most frequent first). Raises DeepselfieError where there is no order yet."""
    shown = sorted(visitors_facets(world), key=lambda facet: FIRST.get(facet.key, len(FIRST)))
    _, _, score = _list(world)
    if len(score):
        shown.insert(0, layout.Facet("score", "number", len(score), float(score.min()), float(score.max())))
    return [
        {
            "key": facet.key,
            "label": texts.facet_label(facet.key),
            "kind": facet.kind,
            "unit": texts.facet_unit(facet.key),
            "count": facet.count,
            "low": facet.low,
            "high": facet.high,
            "values": [list(pair) for pair in facet.values],
        }
        for facet in shown
    ]


def values(world: World, key: str) -> np.ndarray | None:
    """float32 (N,), in rank order, NaN where unknown: a number, 0 or 1, or for a choice the place of the value among
    the facet's `values`. None for a key that is no facet."""
    facet = next((facet for facet in facets(world) if facet["key"] == key), None)
    if facet is None:
        return None
    if key == "score":
        return _list(world)[2]
    known, column = layout.columns_of(world)[key]
    if facet["kind"] == "choice":
        numbers = np.full(len(column), np.nan, np.float32)
        for place, (value, _) in enumerate(facet["values"]):
            numbers[column == value] = place
    else:
        numbers = column.astype(np.float32)
    numbers[~known] = np.nan
    return numbers


def apart(world: World, ranks: np.ndarray) -> dict:
    """n, average (the mean score), and in `apart` key, label and text of what sets these photos apart from all."""
    ranks = np.unique(ranks)
    found = lift.apart(_traits(world), ranks)
    average = float(_list(world)[2][ranks].mean()) if len(ranks) else None
    said = [{"key": one.key, "label": one.label, "text": one.text} for one in found]
    return {"n": len(ranks), "average": average, "apart": said}


def ids_csv(world: World, ranks: np.ndarray) -> str:
    """CSV with the columns rank (1 the best), id and score, in the order asked for."""
    (ids, _, score), out = _list(world), io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("rank", "id", "score"))
    writer.writerows((rank + 1, ids[rank], f"{score[rank]:.6f}") for rank in ranks.tolist())
    return out.getvalue()


def find(world: World, text: str) -> list[dict]:
    """At most FOUND photos with a rank, as row, rank, id, name: the one of this id, then the one of this rank (12 or
    #12), then names that hold the text, ids that start with it, ids that hold it; capitals do not matter."""
    wanted = text.strip()[:LONGEST_SEARCH].casefold()
    if not wanted:
        return []
    (ids, names, _), rows = _list(world), layout.order(world)
    place = re.fullmatch(r"#?\s*([0-9]{1,9})", wanted)

    def how_well(rank: int, id: str, name: str | None) -> int | None:
        id = id.casefold()
        if id == wanted:
            return 0
        if place and rank == int(place[1]) - 1:
            return 1
        if name and wanted in name.casefold():
            return 2
        at = id.find(wanted)
        return None if at < 0 else 3 if at == 0 else 4

    matches = ((how_well(rank, id, name), rank) for rank, (id, name) in enumerate(zip(ids, names, strict=True)))
    best = sorted(match for match in matches if match[0] is not None)[:FOUND]
    return [{"row": int(rows[r]), "rank": r, "id": ids[r], "name": names[r]} for _, r in best]


def _traits(world: World) -> lift.Traits:
    return _cached_traits(world.path, *layout.identity(world))


@lru_cache(maxsize=4)
def _cached_traits(path: Path, *identity: int) -> lift.Traits:
    return lift.traits(layout.columns_of(World(path)))


def _list(world: World) -> tuple[list[str], list[str | None], np.ndarray]:
    """ids, names and scores (float32), each (N,) in rank order."""
    return _cached_list(world.path, *layout.identity(world))


@lru_cache(maxsize=4)
def _cached_list(path: Path, *identity: int) -> tuple[list[str], list[str | None], np.ndarray]:
    world = World(path)
    table = world.read([c for c in ("id", "name", "score") if c in world.columns]).take(layout.order(world))
    names = table["name"].to_pylist() if "name" in table.column_names else [None] * len(table)
    return table["id"].to_pylist(), names, table["score"].to_numpy().astype(np.float32)
