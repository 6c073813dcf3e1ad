"""Where photos come from: each source yields `Photo`s, and `gather` alone writes them into a world's table."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import pyarrow as pa
from tqdm import tqdm

from deepselfie import duplicates
from deepselfie.errors import DeepselfieError
from deepselfie.sources.clean import Picture, clean
from deepselfie.stage import MAX_PROBLEMS, Report
from deepselfie.workers import workers
from deepselfie.world import SCHEMA, World, cache_root, fingerprint

CHUNK_ROWS, CHUNK_BYTES = 256, 128_000_000  # one commit: seconds of work at most lost to a kill, bounded memory
IN_FLIGHT = 32  # photos handed to the readers at once: keeps them busy, at most 1.6 GB
READERS = min(8, max(2, os.cpu_count() or 2))  # two at least, so that reading and decoding overlap
WORTH_A_POOL = 32  # photos; fewer are read faster than processes start
FIELDS = ("likes", "followers", "tags", "created_at", "url", "licence", "credit", "name")


@dataclass
class Photo:
    """A photo as a source offers it: its own id there, where its bytes are, and what is known of it."""

    id: str
    data: Path | bytes | None  # None only where there is a problem
    place: str = ""  # "likes.csv:7" or a file: what a person would look for
    likes: int | None = None
    followers: int | None = None
    tags: list[str] | None = None
    created_at: datetime | None = None  # UTC
    author: str | None = None  # the account itself; only its salted hash is stored
    name: str | None = None
    url: str | None = None
    licence: str | None = None
    credit: str | None = None
    extra: dict[str, pa.Scalar] = field(default_factory=dict)  # columns that only this source has
    problem: str | None = None  # why the source cannot offer it after all


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


def gather(world: World, photos: Iterable[Photo], *, source: str, total: int | None) -> Report:
    """Writes photos into the world: checked, stripped of metadata, near-duplicates marked.

    Photos whose id is in the table already are left as they are, so a killed or repeated import goes on where it
    stopped. The saved report sums up the last import of each source."""
    world.check_can_grow()
    clock = time.monotonic()
    report = Report("import", world.name, key=fingerprint("import", duplicates.DISTANCE))
    present = set(world.read(["id"])["id"].to_pylist()) if world.exists else set()
    before, salt, seen, chunk, size = len(present), _salt(), set(), [], 0

    with tqdm(desc="import", unit=" photos", total=total, leave=False, dynamic_ncols=True) as bar:

        def new() -> Iterator[Photo]:
            for photo in photos:
                bar.update()
                report.rows_in += 1
                id = f"{source}:{photo.id}"
                if photo.problem or id in seen:
                    report.drop(photo.problem or "listed twice", file=photo.place or photo.id)
                elif id in present:
                    report.rows_out += 1
                else:
                    yield photo
                if not photo.problem:
                    seen.add(id)

        for photo, picture in _read(new(), pool=total is None or total > WORTH_A_POOL):
            if isinstance(picture, str):
                report.drop(picture, file=photo.place or photo.id)
                continue
            report.rows_out += 1
            chunk.append(_row(photo, picture, source, salt))
            size += len(picture.image)
            if len(chunk) == CHUNK_ROWS or size > CHUNK_BYTES:
                _append(world, chunk)
                chunk, size = [], 0
    if chunk:
        _append(world, chunk)
    if not world.exists:
        why = ", ".join(f"{n:,} × {reason}" for reason, n in report.dropped.items()) or "there was none"
        raise DeepselfieError(f"No photo could be imported ({why}). Give a folder or table of JPEG, PNG or WebP files.")
    copies = duplicates.mark(world)
    report.seconds = round(time.monotonic() - clock, 2)
    return _save(world, report, source, added=len(world) - before, copies=copies)


def _save(world: World, report: Report, source: str, *, added: int, copies: int) -> Report:
    """Saves the report of all sources so far, each as of its last import; returns that of this import."""
    report.rows = len(world)
    report.columns = sorted(set(SCHEMA.names) | {"duplicate_of"})
    report.finished_at = datetime.now(UTC).isoformat(timespec="seconds")
    report.versions = {package: version(package) for package in ("Pillow", "ImageHash", "pylance")}
    report.details = {"source": source, "added": added, "near_duplicates": copies}
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


def _read(photos: Iterator[Photo], *, pool: bool) -> Iterator[tuple[Photo, Picture | str]]:
    """Cleans photos in the order given, in processes of their own if `pool`."""
    if not pool:
        yield from ((photo, clean(photo.data)) for photo in photos)
        return
    readers = workers(READERS)
    try:
        while batch := list(islice(photos, IN_FLIGHT)):
            try:
                pictures = list(readers.map(clean, [photo.data for photo in batch]))
            except BrokenProcessPool:  # a photo crashed its decoder, and with it the whole batch
                readers.shutdown()
                readers = workers(READERS)
                pictures = _one_by_one(batch)
            yield from zip(batch, pictures, strict=True)
    finally:
        readers.shutdown(wait=True, cancel_futures=True)


def _one_by_one(photos: list[Photo]) -> list[Picture | str]:
    """Cleans photos of which some crash the process that decodes them."""
    pictures, reader = [], workers(1)
    for photo in photos:
        try:
            pictures.append(reader.submit(clean, photo.data).result())
        except BrokenProcessPool:
            pictures.append("crashes the image decoder")
            reader = workers(1)
    reader.shutdown()
    return pictures


def _row(photo: Photo, picture: Picture, source: str, salt: bytes) -> dict:
    author = None
    if photo.author:
        author = hashlib.sha256(salt + photo.author.encode("utf-8", "backslashreplace")).hexdigest()[:16]
    known = {key: getattr(photo, key) for key in FIELDS} | photo.extra
    return {
        "id": f"{source}:{photo.id}",
        "image": picture.image,
        "width": picture.width,
        "height": picture.height,
        "phash": picture.phash,
        "author": author,
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


def _salt() -> bytes:
    """The cache folder's own secret, made once: without it nobody can try account names against the hashes."""
    path = cache_root() / ".salt"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        temporary = path.with_name(f".salt.{os.getpid()}")
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
        try:
            os.link(temporary, path)  # fails where another process was first
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_bytes()
