"""The exam: how far a world's scores can be trusted. In: scores, labels, facts; out: a report alone, no column.

Measured on the split `test`: people whom the network has never met, which is checked and not believed.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from deepselfie import audience, duplicates, subgroups
from deepselfie.baselines import baselines
from deepselfie.labels import same_person_or_picture
from deepselfie.layout import facts
from deepselfie.metrics import RESAMPLES, audience_rank, compare, measure, shuffled_accuracy
from deepselfie.stage import Report, run_stage
from deepselfie.texts import is_for_visitors
from deepselfie.world import World, people
from deepselfie.world import world as world_named

NEWEST = 0.2  # of the photos evaluated: the last fifth, as a network meets the future
FEWEST = 50  # photos of which a time is known, to speak of the newest
PICTURE = ("brightness", "face_share")  # what a rival may know of the picture
COLUMNS = ("id", "author", "likes", "label", "split", "score", *audience.COLUMNS)


def evaluate(world: World, *, seed: int = 0) -> Report:
    """details: `evaluation` (see metrics.measure), the same of the `newest` fifth, `leaks`, `shuffled`, `baselines`
    (see metrics.compare) and `subgroups`; none where no labelled and scored photo is set aside for the test."""

    def work(report: Report, progress) -> None:
        report.rows_in = len(world)
        if not {"label", "split", "score"} <= world.columns:
            report.dropped["without a label and a score"] = len(world)
            return
        posts = world.read(list(COLUMNS))
        test, train = (_rows(posts, split) for split in ("test", "train"))
        report.rows_out = len(test)
        report.dropped["not set aside for the test"] = len(world) - len(test)
        if not len(test):
            return
        seen, learned = _photos(world, posts, test), _photos(world, posts, train)
        scores = posts["score"].to_numpy()[test].astype(float)
        labels, people = seen["label"], seen["people"]
        rank = audience_rank(_number(posts["likes"])[test], seen["audience"][:, 0])
        both = len(np.unique(labels)) > 1  # else there is nothing to tell apart
        rivals = baselines(seen, learned if len(train) else None) if both else {}
        progress(1, 4)
        report.details = {
            "evaluation": measure(scores, labels, people, likes_rank=rank, seed=seed),
            "newest": _newest(posts["created_at"].to_numpy(), test, train, scores, labels, people, rank, seed),
            "leaks": leaks(world, posts, test),
            "shuffled": shuffled_accuracy(scores, labels, seed=seed),
            "baselines": compare(scores, rivals, labels, people, seed=seed) if rivals else {},
            "fitted_on": "the photos learned from" if len(train) else "other people's photos in the test",
        }
        progress(2, 4)
        report.details["subgroups"] = subgroups.subgroups(scores, labels, people, _facts(world, test), seed=seed)
        progress(4, 4)

    settings = (seed, RESAMPLES, NEWEST, PICTURE, subgroups.FEWEST, subgroups.LEVEL, subgroups.BINS)
    return run_stage(world, "evaluate", work, key_parts=settings, after=("faces", "labels", "train", "score"))


def leaks(world: World, posts: pa.Table, test: np.ndarray) -> list[dict]:
    """Ways in which an answer could have been known beforehand: `check`, and how often it is so (`found`), which
    should be 0; None where it cannot be seen from here."""
    author, ids, split = posts["author"].to_pylist(), posts["id"].to_pylist(), posts["split"].to_pylist()
    twins = world.read(["duplicate_of"])["duplicate_of"].to_pylist() if "duplicate_of" in world.columns else None
    found = {
        "people in two splits": _parted(same_person_or_picture(author, ids, [None] * len(ids)), split),
        "near-duplicates in two splits": twins
        and _parted(same_person_or_picture([None] * len(ids), ids, twins), split),
    }
    giver = world_named((world.report("score") or {}).get("details", {}).get("model") or world.name)
    training = giver.report("training-train") or giver.report("train") or {}
    origin = world_named(training.get("world") or giver.name)
    if origin == world:  # the split keeps them apart, unless it was drawn anew since
        again = (world.report("labels") or {}).get("finished_at", "") > training.get("finished_at", "")
        found["evaluated photos that may have been learned from"] = len(test) if again else 0
    else:
        known = origin.exists and "split" in origin.columns
        others = origin.read(["id", "author"], where="split IS NOT NULL") if known else None
        for name, of in (("photos", ids), ("people", author)):
            key = f"evaluated {name} that were learned from"
            column = "id" if name == "photos" else "author"
            found[key] = len({of[row] for row in test} & set(others[column].to_pylist()) - {None}) if known else None
        found["evaluated photos that look like one learned from"] = _alike(world, test, origin) if known else None
    return [{"check": check, "found": count} for check, count in found.items()]


def _parted(units: np.ndarray, split: list) -> int:
    """How many units have labelled photos in more than one split."""
    pairs = {(unit, name) for unit, name in zip(units.tolist(), split, strict=True) if name is not None}
    return len(pairs) - len({unit for unit, _ in pairs})


def _alike(world: World, test: np.ndarray, origin: World) -> int | None:
    """Photos of the test with a near-duplicate among those learned from; None without hashes to compare."""
    if not {"phash"} <= world.columns & origin.columns:
        return None
    learned = origin.read(["phash"], where="split IS NOT NULL")["phash"].drop_null().to_numpy()
    asked = world.take(test, ["phash"])["phash"].drop_null().to_numpy()
    both = np.concatenate([learned, asked]).view(np.uint64)
    first = duplicates.first_alike(both)[len(learned) :]
    return int(((first >= 0) & (first < len(learned))).sum())


def _rows(posts: pa.Table, split: str) -> np.ndarray:
    """int (M,): the labelled photos of a split; of the test those with a score."""
    label, score = (_number(posts[name]) for name in ("label", "score"))
    there = (posts["split"].to_numpy(zero_copy_only=False) == split) & ~np.isnan(label)
    return np.flatnonzero(there & np.isfinite(score) if split == "test" else there)


def _photos(world: World, posts: pa.Table, rows: np.ndarray) -> dict[str, np.ndarray]:
    """What the baselines look at, of these rows: `picture` (M, 2), `audience` (M, 5), `label` and `people` (M,)."""
    some = posts.take(pa.array(rows))
    measured = facts(world, ("attributes",), rows)
    unknown = np.zeros(len(rows), bool), np.full(len(rows), np.nan)
    picture = [np.where(known, values, np.nan) for known, values in (measured.get(n, unknown) for n in PICTURE)]
    return {
        "picture": np.stack(picture, axis=1),
        "audience": audience.filled(audience.audience(some)),
        "label": _number(some["label"]).astype(int),
        "people": people(some["author"].to_pylist(), some["id"].to_pylist()),
    }


def _newest(created: np.ndarray, test, train, scores, labels, people, rank, seed: int) -> dict | None:
    """The figures of the newest fifth, `since` a day, and the share of the photos learned from that are as new, None
    where they are not here; None where too few photos say when they were posted."""
    known = ~np.isnat(created[test])
    if known.sum() * NEWEST < FEWEST:
        return None
    since = np.sort(created[test][known])[int((1 - NEWEST) * known.sum())]
    new = known & (created[test] >= since)
    found = measure(scores[new], labels[new], people[new], likes_rank=rank[new], seed=seed)
    learned = float(np.mean(created[train] >= since)) if len(train) else None
    return {"since": str(since.astype("datetime64[D]")), "learned_as_new": learned} | found


def _facts(world: World, rows: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What groups can be told by: the facts that visitors meet, and the number of followers."""
    found = facts(world, ("attributes", "truth", "followers"), rows)
    return {key: pair for key, pair in found.items() if is_for_visitors(key, pair[1].dtype.kind == "f", found)}


def _number(column: pa.ChunkedArray) -> np.ndarray:
    return column.to_numpy(zero_copy_only=False).astype(float)
