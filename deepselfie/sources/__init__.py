"""Where photos come from: each source yields `Photo`s, and `gather` alone writes them into a world's table."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa
from tqdm import tqdm

from deepselfie import duplicates, origins
from deepselfie.errors import DeepselfieError
from deepselfie.salted import salted
from deepselfie.sources.clean import Picture
from deepselfie.sources.photo import Photo, Reached
from deepselfie.sources.reading import NotNow, read
from deepselfie.stage import MAX_PROBLEMS, Report
from deepselfie.world import SCHEMA, World, fingerprint

CHUNK_ROWS, CHUNK_BYTES = 256, 128_000_000  # one commit: seconds of work at most lost to a kill, bounded memory
CHUNK_SECONDS = 5  # a commit at least so often, where photos come slowly
WORTH_A_POOL = 32  # photos; fewer are read faster than processes start
FORGOTTEN = "forgotten, as somebody asked"
FIELDS = ("likes", "followers", "tags", "created_at", "url", "licence", "credit", "name")


def import_photos(world: World, path: Path | str, *, named: bool = False, mapping: dict | None = None) -> Report:
    """Imports a folder, a table or the UCF Selfie data set into a world; raises DeepselfieError for anything else."""
    source, photos, total = open_source(path, named=named, mapping=mapping)
    return gather(world, photos, source=source, total=total)


def open_source(
    path: Path | str, *, named: bool = False, mapping: dict[str, str] | None = None
) -> tuple[str, Iterator[Photo], int]:
    """Name, photos and their number of whatever lies at `path`.

    named: take each photo's `name` from its file or folder; mapping: our field -> the table's column."""
    from deepselfie.sources import folder, table, ucf

    path = Path(path).expanduser()
    if not path.exists():
        raise DeepselfieError(f"There is nothing at {path}. Give a folder of photos, or a .csv, .tsv or .parquet file.")
    if path.is_dir() or path.name == ucf.TABLE:
        if mapping:
            raise DeepselfieError("--map is for tables: give the .csv, .tsv or .parquet file itself as PATH.")
        if path.name == ucf.TABLE or (path / ucf.TABLE).is_file():
            return "ucf", *ucf.photos(path if path.is_dir() else path.parent)
        return _source_name(path), *folder.photos(path, named=named)
    if path.suffix.lower() in table.SUFFIXES:
        return _source_name(path), *table.photos(path, mapping=mapping or {}, named=named)
    raise DeepselfieError(
        f"{path} is neither a folder nor a table. Give a folder of photos, or a .csv, .tsv or .parquet file."
    )


def gather(
    world: World,
    photos: Iterable[Photo | Reached],
    *,
    source: str,
    total: int | None,
    room: int | None = None,
    left_out: dict[str, int] | None = None,
    reached: Callable[[object, dict[str, int]], None] = lambda at, left_out: None,
) -> Report:
    """Writes photos into the world: checked, stripped of metadata, near-duplicates marked.

    Photos whose id is in the table already are left as they are, so a killed or repeated import goes on where it
    stopped. The saved report sums up the last import of each source.
    room: photos to add at most. For a source that does not begin anew, left_out: reason -> photos, so far; reached:
    called with what a Reached holds, and the new left_out, once all photos before it are written; not where some of
    them could not be fetched now: the source is to offer them again."""
    world.check_can_grow()
    clock = time.monotonic()
    report = Report("import", world.name, key=fingerprint("import", duplicates.DISTANCE, *_refreshed(world)))
    report.dropped = dict(left_out or {})
    present = set(world.read(["id"])["id"].to_pylist()) if world.exists else set()
    before, forgotten, seen = len(present), world.forgotten, set()
    later: Counter[str] = Counter()  # of `dropped`, what the next run may find after all
    missed = False  # some of them since the last Reached
    chunk = _Chunk(world, reached)

    with tqdm(desc="import", unit=" photos", total=total, leave=False, dynamic_ncols=True) as bar:

        def new() -> Iterator[Photo | Reached]:
            for photo in photos:
                if isinstance(photo, Reached):
                    yield photo
                    continue
                bar.update()
                id = f"{source}:{photo.id}"
                if photo.origin and id in seen:
                    continue
                report.rows_in += 1
                if forgotten and salted(id) in forgotten:  # counted, not listed
                    report.dropped[FORGOTTEN] = report.dropped.get(FORGOTTEN, 0) + 1
                elif photo.problem or id in seen:
                    report.drop(photo.problem or "listed twice", file=photo.place or photo.id)
                elif id in present:
                    report.rows_out += 1
                else:
                    yield photo
                if photo.origin or not photo.problem:
                    seen.add(id)

        reading = read(new(), pool=total is None or total > WORTH_A_POOL)
        try:
            for photo, picture in reading:
                if isinstance(photo, Reached):
                    if not missed:
                        chunk.reached(photo.at, dict(Counter(report.dropped) - later))
                    missed = False
                elif isinstance(picture, str):
                    report.drop(picture, file=photo.place or photo.id)
                    if isinstance(picture, NotNow):
                        later[picture] += 1
                        missed = True
                else:
                    report.rows_out += 1
                    chunk.add(_row(photo, picture, source), photo.origin)
                if room is not None and chunk.added == room:
                    break
        finally:
            chunk.write()  # what is there is kept, also where the source fails
            reading.close()
    if not world.exists:
        why = ", ".join(f"{n:,} × {reason}" for reason, n in report.dropped.items()) or "there was none"
        remedy = " Give a folder or table of JPEG, PNG or WebP files." if left_out is None else ""
        raise DeepselfieError(f"No photo could be imported ({why}).{remedy}")
    if left_out is not None:
        report.rows_out = world.table.count_rows(f"starts_with(id, '{source}:')")
        report.rows_in = report.rows_out + sum(report.dropped.values())
    copies = duplicates.mark(world)
    report.seconds = round(time.monotonic() - clock, 2)
    return _save(world, report, source, added=len(world) - before, copies=copies)


class _Chunk:
    """Rows that wait to be written in one commit, and how far the source will have come by it."""

    def __init__(self, world: World, reached: Callable[[object, dict], None]) -> None:
        self.world, self.tell, self.added = world, reached, 0
        self._empty()

    def _empty(self) -> None:
        self.rows, self.origins, self.size, self.marks, self.since = [], [], 0, [], time.monotonic()

    def add(self, row: dict, origin: str | None) -> None:
        self.rows.append(row)
        self.origins += [(row["id"], origin)] if origin else []
        self.size += len(row["image"])
        self.added += 1
        if len(self.rows) == CHUNK_ROWS or self.size > CHUNK_BYTES or self._is_old():
            self.write()

    def reached(self, at: object, left_out: dict[str, int]) -> None:
        self.marks.append((at, left_out))
        if not self.rows or self._is_old():
            self.write()

    def _is_old(self) -> bool:
        return time.monotonic() - self.since > CHUNK_SECONDS

    def write(self) -> None:
        if self.origins:  # first: a photo in the table whose origin is not known could never be looked at again
            origins.remember(self.world, self.origins)
        if self.rows:
            _append(self.world, self.rows)
        for mark in self.marks:
            self.tell(*mark)
        self._empty()


def _save(world: World, report: Report, source: str, *, added: int, copies: int) -> Report:
    """Saves the report of all sources so far, each as of its last import; returns that of this import."""
    report.rows = len(world)
    report.columns = sorted(set(SCHEMA.names) | {"duplicate_of"})
    report.finished_at = datetime.now(UTC).isoformat(timespec="seconds")
    report.versions = {package: version(package) for package in ("Pillow", "ImageHash", "pylance")}
    report.details = {"source": source, "added": added, "near_duplicates": copies}
    if refreshed := _refreshed(world):
        report.details["refreshed_at"] = refreshed[0]
    report.nothing_to_do = added == 0 and not report.dropped
    of_source = ("rows_in", "rows_out", "dropped", "problems", "seconds", "finished_at")
    sources = ((world.report("import") or {}).get("details") or {}).get("sources", {})
    sources[source] = {key: getattr(report, key) for key in of_source}
    merged = Report(**{**asdict(report), "nothing_to_do": False, "dropped": {}, "problems": []})
    merged.rows_in, merged.rows_out, merged.seconds = (
        sum(entry[key] for entry in sources.values()) for key in ("rows_in", "rows_out", "seconds")
    )
    for entry in sources.values():
        merged.problems = (merged.problems + entry["problems"])[:MAX_PROBLEMS]
        for reason, count in entry["dropped"].items():
            merged.dropped[reason] = merged.dropped.get(reason, 0) + count
    merged.details["sources"] = sources
    world.save_report("import", asdict(merged))
    return report


def _refreshed(world: World) -> list[str]:
    """When likes were last read anew, if ever: stages that learned from the old ones are to be done again."""
    details = (world.report("import") or {}).get("details") or {}
    return [details["refreshed_at"]] if "refreshed_at" in details else []


def _row(photo: Photo, picture: Picture, source: str) -> dict:
    known = {key: getattr(photo, key) for key in FIELDS} | photo.extra
    return {
        "id": f"{source}:{photo.id}",
        "image": picture.image,
        "width": picture.width,
        "height": picture.height,
        "phash": picture.phash,
        "author": salted(photo.author) if photo.author else None,
        "gathered_at": datetime.now(UTC),
        **known,
    }


def _append(world: World, rows: list[dict]) -> None:
    extra = {name: value.type for row in rows for name, value in row.items() if isinstance(value, pa.Scalar)}
    schema = pa.schema([*SCHEMA, *extra.items()])
    if world.exists and (missing := [f for f in schema if f.name not in world.columns]):
        world.table.add_columns(pa.schema(missing))  # null for the photos of other sources
    columns = {f.name: _column([row.get(f.name) for row in rows], f.type) for f in schema}
    world.append(pa.table(columns, schema=schema))


def _column(values: list, type: pa.DataType) -> pa.Array:
    return pa.array([v.as_py() if isinstance(v, pa.Scalar) else v for v in values], type)


def _source_name(path: Path) -> str:
    """A name that tells two folders called `photos` apart: its letters, and a hash of where it lies."""
    resolved = path.resolve()
    word = re.sub(r"[^a-z0-9]+", "-", resolved.stem.lower()).strip("-") or "photos"
    return f"{word}-{hashlib.sha256(os.fsencode(resolved)).hexdigest()[:4]}"
