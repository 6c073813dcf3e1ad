"""A world: one collection of photos, and everything known about them.

A world is a folder `cache/<name>/` around ONE Lance table, a row a photo: `selfies.lance` in the folder, or in an
object store, at the address that `table.json` tells. Rows are only ever appended, so a row keeps its number, until
somebody asks that a photo be forgotten: the rows behind it move up, and `forget` sees to all that goes by row numbers.
Each stage adds columns (the field dictionary is SCHEMA).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import lance
import numpy as np
import pyarrow as pa

from deepselfie import bucket
from deepselfie.errors import DeepselfieError

FACE = pa.struct([(k, pa.float32()) for k in ("x", "y", "w", "h", "confidence")])

# The columns of a photo as it was gathered; the stages' own columns are declared beside each stage.
SCHEMA = pa.schema(
    [
        ("id", pa.string()),  # <source>:<source's own id>
        ("image", pa.large_binary()),  # encoded bytes as received, without EXIF
        ("width", pa.int32()),  # px, after EXIF orientation
        ("height", pa.int32()),
        ("phash", pa.int64()),  # 64-bit perceptual hash
        ("author", pa.string()),  # salted hash of the account
        ("followers", pa.int64()),
        ("likes", pa.int64()),
        ("tags", pa.list_(pa.string())),
        ("created_at", pa.timestamp("us", tz="UTC")),
        ("gathered_at", pa.timestamp("us", tz="UTC")),
        ("url", pa.string()),
        ("licence", pa.string()),
        ("credit", pa.string()),
        ("name", pa.string()),  # only for named sets, such as famous selfies
    ]
)


def cache_root() -> Path:
    """The folder that holds all worlds: $DEEPSELFIE_CACHE, or cache/ beside app.py."""
    return Path(os.environ.get("DEEPSELFIE_CACHE") or Path(__file__).resolve().parent.parent / "cache")


@dataclass(frozen=True)
class World:
    """A handle on `cache/<name>/`; holds no state but the path, so it is cheap and safe to make anew."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def location(self) -> str:
        """Where the table lies: its path, or its address in an object store."""
        noted = read_json(self.path / "table.json")
        return noted["uri"] if noted else str(self.path / "selfies.lance")

    @property
    def exists(self) -> bool:
        location = self.location
        if bucket.is_address(location):
            return bucket.opened(location) is not None
        # A write killed before its first commit leaves a folder without a version.
        return any((self.path / "selfies.lance" / "_versions").glob("*.manifest"))

    @property
    def table(self) -> lance.LanceDataset:
        """The latest version of the table. Raises DeepselfieError where the world has no photos yet."""
        location = self.location
        if bucket.is_address(location):
            table = bucket.opened(location)
        else:
            table = lance.dataset(location) if self.exists else None
        if table is None:
            known = ", ".join(world_names()) or "none yet"
            raise DeepselfieError(
                f"There is no world '{self.name}' in {self.path.parent} (there are: {known}). "
                f"Make it with: python -m deepselfie import FOLDER --world {self.name}"
            )
        return table

    @property
    def columns(self) -> set[str]:
        return set(self.table.schema.names)

    def __len__(self) -> int:
        return self.table.count_rows() if self.exists else 0

    def read(self, columns: list[str], where: str | None = None) -> pa.Table:
        """Columns of all rows in row order (or of the rows that match the SQL filter `where`).

        Raises DeepselfieError where a column is missing, naming the stage that adds it."""
        table = self.table
        missing = [c for c in columns if c not in table.schema.names]
        if missing:
            raise DeepselfieError(
                f"World '{self.name}' has no column {', '.join(missing)} yet. Run: python -m deepselfie run {self.name}"
            )
        with bucket.plainly(table.uri):
            return table.to_table(columns=columns, filter=where)

    def take(self, rows, columns: list[str]) -> pa.Table:
        """Columns of the rows with these numbers, in the order asked for."""
        table = self.table
        with bucket.plainly(table.uri):
            return table.take(list(map(int, rows)), columns=columns)

    def row(self, id: str) -> int | None:
        """The number of the row with this id, or None."""
        return _rows(self.location, self.table.version).get(id)

    def place_table(self, uri: str) -> None:
        """Has the table of this world lie in an object store, at s3://bucket/path/NAME.lance, photos in it or not.

        Raises DeepselfieError where the store cannot be reached, or the world has its photos elsewhere."""
        bucket.check_address(uri)
        location = self.location
        if location == uri:
            return
        if bucket.is_address(location) or self.exists:
            raise DeepselfieError(f"World '{self.name}' has its photos in {location}. Take another name for {uri}.")
        bucket.opened(uri)  # or says why not
        write_json(self.path / "table.json", {"uri": uri})

    def append(self, photos: pa.Table) -> None:
        """Adds photos in one atomic commit; columns not given are null. Raises as `check_can_grow`."""
        self.path.mkdir(parents=True, exist_ok=True)
        mode = "append" if self.exists else "create"
        self.check_can_grow()
        full = photos if mode == "append" else _with_all_columns(photos)
        location = self.location
        with bucket.plainly(location):
            lance.write_dataset(full, location, mode=mode, storage_options=bucket.options(location))

    def check_can_grow(self) -> None:
        """Raises DeepselfieError for the packed demo world, which has no place for pictures any more."""
        if self.exists and "image" not in self.columns:
            raise DeepselfieError(
                f"World '{self.name}' is packed without its pictures, so it cannot grow. "
                f"Use another world, or move {self.path} away and make it anew."
            )

    def set_columns(self, columns: pa.Table) -> None:
        """Adds columns (a value for every row, in row order), in place of any of the same name."""
        table = self.table
        if columns.num_rows != table.count_rows():
            raise ValueError(f"{columns.num_rows} values for {table.count_rows()} rows")
        old = [c for c in columns.column_names if c in table.schema.names]
        with bucket.plainly(table.uri):
            if old:
                table.drop_columns(old)
            self.table.add_columns(columns.to_reader())  # in pieces: parts on disk are not read whole

    @property
    def forgotten(self) -> set[str]:
        """Salted hashes of the ids of photos that were here and are not to come back."""
        path = self.path / "forgotten.txt"
        return set(path.read_text().split()) if path.exists() else set()

    @property
    def gathered(self) -> int:
        """How many photos were ever here: it grows with each that comes, and stays when one is forgotten."""
        return len(self) + len(self.forgotten)

    def report(self, stage: str) -> dict | None:
        """The saved report of a stage, or None where the stage has not ended yet."""
        return read_json(self.path / "reports" / f"{stage}.json")

    def save_report(self, stage: str, report: dict) -> None:
        write_json(self.path / "reports" / f"{stage}.json", report)

    @property
    def model_path(self) -> Path:
        return self.path / "model"

    def parts(self, stage: str) -> Path:
        """Where a stage keeps what it has computed but not committed."""
        return self.path / "parts" / stage


def world(name: str) -> World:
    """The world of this name, there or not. Raises DeepselfieError for a name that cannot be a folder."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", name):
        raise DeepselfieError(f"'{name}' cannot name a world: use letters, digits, '-', '_' and '.'.")
    return World(cache_root() / name)


def world_names() -> list[str]:
    """Names of all worlds that have photos; the demo world first. Object stores are not asked: that may take long."""
    root = cache_root()
    names = {path.parent.name for path in root.glob("*/table.json")}
    names |= {
        p.parent.name for p in root.glob("*/selfies.lance") if p.parent.name not in names and World(p.parent).exists
    }
    return sorted(names, key=lambda n: (n != "demo", n))


def fingerprint(*parts: object) -> str:
    """A short hash of everything a result depends on (JSON-able parts)."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


Made = TypeVar("Made")


def here(
    compute: Callable[[pa.Table], Made], table: lance.LanceDataset, reads: list[str], batches: Sequence[Sequence[int]]
) -> Iterator[tuple[int, Made]]:
    """The engine of one machine: (the batch's number, what `compute` makes of its rows), one batch after the other."""
    for number, rows in enumerate(batches):
        with bucket.plainly(table.uri):
            batch = table.take(list(rows), columns=reads)
        yield number, compute(batch)


def add_rowwise(
    world: World,
    stage: str,
    reads: list[str],
    compute: Callable[[pa.Table], pa.Table],
    *,
    key: str,
    batch_size: int = 512,
    progress: Callable[[int, int], None] = lambda done, total: None,
    engine: Callable[..., Iterator[tuple[int, pa.Table]]] = here,
) -> int:
    """Adds the columns that `compute` makes of each batch of rows, and returns how many rows were computed.

    Survives kill -9: finished batches lie in `parts/<stage>/` under `key` until all are committed at once.
    Rows appended since the last run are computed alone, if `key` is unchanged. engine: `here`, or another that gives
    the same answers, in any order (`deepselfie.engine`)."""
    table = world.table
    total = table.count_rows()
    last = world.report(stage) or {}
    start = int(last.get("rows", 0)) if last.get("key") == key else 0
    if start > total or not set(last.get("columns", ["?"])) <= world.columns:
        start = 0
    if start == total:
        return 0
    folder = world.parts(stage) / f"{key}-{start}"
    for other in world.parts(stage).glob("*"):
        if other != folder:  # made under other settings
            shutil.rmtree(other)
    folder.mkdir(parents=True, exist_ok=True)
    batches = [range(first, min(first + batch_size, total)) for first in range(start, total, batch_size)]
    parts = {rows: folder / f"{rows.start}-{len(rows)}.arrow" for rows in batches}
    missing = [rows for rows in batches if not parts[rows].exists()]
    done = total - start - sum(map(len, missing))
    for number, batch in engine(compute, table, reads, missing):
        rows = missing[number]
        assert batch.num_rows == len(rows), stage
        _write_part(parts[rows], batch)
        done += len(rows)
        progress(done, total - start)
    if len(world) != total:
        raise DeepselfieError(
            f"Photos came into world '{world.name}' while the stage {stage} was at work. Nothing is lost: "
            "run the same command again, once nobody adds photos."
        )
    new = pa.concat_tables([pa.ipc.open_file(pa.memory_map(str(parts[rows]))).read_all() for rows in batches])
    if start:
        new = pa.concat_tables([world.read(new.column_names).slice(0, start), new])
    world.set_columns(new)
    return total - start


def _write_part(path: Path, batch: pa.Table) -> None:
    """As an Arrow file, which can be read without a copy in memory; under its name only once it is whole."""
    temporary = path.with_suffix(".tmp")
    with pa.OSFile(str(temporary), "wb") as file, pa.ipc.new_file(file, batch.schema) as writer:
        writer.write_table(batch)
    os.replace(temporary, path)


def clear_parts(world: World, stage: str) -> None:
    """Forgets a stage's uncommitted work: call it once the stage's report is saved."""
    shutil.rmtree(world.parts(stage), ignore_errors=True)


def people(authors: list[str | None], ids: list[str]) -> np.ndarray:
    """str (N,): whose each photo is; nobody's is its own author's."""
    return np.array([author or id for author, id in zip(authors, ids, strict=True)])


def write_atomically(path: Path, data: bytes) -> None:
    """Writes to a temporary name beside `path`, then renames: readers see the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")  # two visitors may ask at once
    temporary.write_bytes(data)
    os.replace(temporary, path)


def write_json(path: Path, value: object) -> None:
    write_atomically(path, json.dumps(value, indent=1, default=str).encode())


def read_json(path: Path) -> dict | None:
    """The JSON file's content, or None where there is no such file."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None


def _with_all_columns(photos: pa.Table) -> pa.Table:
    for field in SCHEMA:
        if field.name not in photos.column_names:
            photos = photos.append_column(field, pa.nulls(len(photos), field.type))
    return photos


@lru_cache(maxsize=8)
def _rows(location: str, version: int) -> dict[str, int]:
    table = lance.dataset(location, version=version, storage_options=bucket.options(location))
    ids = table.to_table(columns=["id"])["id"].to_pylist()
    return {id: row for row, id in enumerate(ids)}
