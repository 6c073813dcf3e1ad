"""A world: one collection of photos, and everything known about them.

A world is a folder `cache/<name>/` around ONE Lance table, `selfies.lance`: a row a photo. Rows are only ever
appended, so a row keeps its number, until somebody asks that a photo be forgotten: the rows behind it move up, and
`forget` sees to all that goes by row numbers. Each stage adds columns (the field dictionary is SCHEMA).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

import lance
import numpy as np
import pyarrow as pa

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
    def exists(self) -> bool:
        # A write killed before its first commit leaves a folder without a version.
        return any((self.path / "selfies.lance" / "_versions").glob("*.manifest"))

    @property
    def table(self) -> lance.LanceDataset:
        """The latest version of the table. Raises DeepselfieError where the world has no photos yet."""
        if not self.exists:
            known = ", ".join(world_names()) or "none yet"
            raise DeepselfieError(
                f"There is no world '{self.name}' in {self.path.parent} (there are: {known}). "
                f"Make it with: python -m deepselfie import FOLDER --world {self.name}"
            )
        return lance.dataset(str(self.path / "selfies.lance"))

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
        return table.to_table(columns=columns, filter=where)

    def take(self, rows, columns: list[str]) -> pa.Table:
        """Columns of the rows with these numbers, in the order asked for."""
        return self.table.take(list(map(int, rows)), columns=columns)

    def row(self, id: str) -> int | None:
        """The number of the row with this id, or None."""
        return _rows(str(self.path), self.table.version).get(id)

    def append(self, photos: pa.Table) -> None:
        """Adds photos in one atomic commit; columns not given are null. Raises as `check_can_grow`."""
        self.path.mkdir(parents=True, exist_ok=True)
        mode = "append" if self.exists else "create"
        self.check_can_grow()
        full = photos if mode == "append" else _with_all_columns(photos)
        lance.write_dataset(full, str(self.path / "selfies.lance"), mode=mode)

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
        if old:
            table.drop_columns(old)
        self.table.add_columns(columns.combine_chunks().to_reader())

    def remove(self, rows: list[int]) -> None:
        """Removes rows, and whatever the table's files still hold of rows that were removed or columns replaced.

        Only the parts of the table that held them are written anew. No other process may be writing to the table."""
        if rows:
            address = self.table.to_table(columns=["id"], with_row_address=True)["_rowaddr"].take(rows).to_pylist()
            self.table.delete(f"_rowaddr IN ({', '.join(map(str, address))})")  # by id, its log would name them
        whole = [part.fragment_id for part in self.table.get_fragments() if not part.num_deletions]
        self.table.optimize.compact_files(materialize_deletions_threshold=0.0, excluded_fragment_ids=whole)
        self.table.cleanup_old_versions(older_than=timedelta(0), delete_unverified=True)

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
    """Names of all worlds that have photos; the demo world first."""
    root = cache_root()
    names = [p.parent.name for p in root.glob("*/selfies.lance") if World(p.parent).exists]
    return sorted(names, key=lambda n: (n != "demo", n))


def fingerprint(*parts: object) -> str:
    """A short hash of everything a result depends on (JSON-able parts)."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def add_rowwise(
    world: World,
    stage: str,
    reads: list[str],
    compute: Callable[[pa.Table], pa.Table],
    *,
    key: str,
    batch_size: int = 512,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Adds the columns that `compute` makes of each batch of rows, and returns how many rows were computed.

    Survives kill -9: finished batches lie in `parts/<stage>/` under `key` until all are committed at once.
    Rows appended since the last run are computed alone, if `key` is unchanged."""
    total = len(world)
    last = world.report(stage) or {}
    start = int(last.get("rows", 0)) if last.get("key") == key else 0
    if start > total or not set(last.get("columns", ["?"])) <= world.columns:
        start = 0
    if start == total and total:
        return 0
    folder = world.parts(stage) / f"{key}-{start}"
    for other in world.parts(stage).glob("*"):
        if other != folder:  # made under other settings
            shutil.rmtree(other)
    folder.mkdir(parents=True, exist_ok=True)
    table, pieces = world.table, []
    for first in range(start, total, batch_size):
        rows = range(first, min(first + batch_size, total))
        part = folder / f"{first}-{len(rows)}.arrow"
        if not part.exists():
            batch = compute(table.take(list(rows), columns=reads))
            assert batch.num_rows == len(rows), stage
            with pa.OSFile(str(part) + ".tmp", "wb") as file, pa.ipc.new_file(file, batch.schema) as writer:
                writer.write_table(batch)
            os.replace(str(part) + ".tmp", part)
        pieces.append(pa.ipc.open_file(pa.memory_map(str(part))).read_all())
        progress(rows.stop - start, total - start)
    if not pieces:
        return 0
    new = pa.concat_tables(pieces)
    if start:
        new = pa.concat_tables([world.read(new.column_names).slice(0, start), new])
    world.set_columns(new)
    return total - start


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
def _rows(path: str, version: int) -> dict[str, int]:
    ids = lance.dataset(f"{path}/selfies.lance", version=version).to_table(columns=["id"])["id"].to_pylist()
    return {id: row for row, id in enumerate(ids)}
