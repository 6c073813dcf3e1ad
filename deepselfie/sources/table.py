"""A CSV, TSV or Parquet file comes in, a row a photo; Photos come out, and rows with a bad cell as problems.

The image is a path relative to the table's folder, the encoded bytes, or both in a struct as Hugging Face writes it.
Rows are named as a spreadsheet shows them in a CSV (the header is row 1), and counted from 1 in a Parquet file.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from deepselfie.errors import DeepselfieError
from deepselfie.sources import Photo
from deepselfie.sources.folder import pretty

SUFFIXES = (".csv", ".tsv", ".parquet")
BATCH = 64  # rows of a Parquet file in memory at once: they may hold whole photos
LONGEST_CELL = 10_000_000  # characters: a caption may be long, a file without line ends is not a table

# Column names that are understood unasked, in order of preference: lower case, "_" for spaces and hyphens.
ALIASES = {
    "image": "image image_path image_file img photo picture file_name filename file_path filepath path file "
    "image_bytes bytes",
    "likes": "likes like_count likes_count n_likes num_likes favourites favorites favourites_count favorite_count",
    "followers": "followers follower_count followers_count n_followers num_followers",
    "tags": "tags hashtags tag keywords",
    "created_at": "created_at created date timestamp posted_at taken_at time datetime published_at",
    "author": "author user username user_name user_id author_id account owner handle",
    "name": "name full_name",
    "id": "id post_id photo_id image_id shortcode",
    "licence": "licence license",
    "credit": "credit attribution",
    "url": "url link permalink post_url image_url",
}


class BadCell(Exception):
    """What is wrong with a cell, in words for the report."""


def photos(file: Path, *, mapping: dict[str, str], named: bool = False) -> tuple[Iterator[Photo], int]:
    """The photos of a table and the number of its rows.

    mapping: our field -> the table's column; raises DeepselfieError for fields and columns that there are not."""
    names, rows, total = _parquet(file) if file.suffix.lower() == ".parquet" else _csv(file)
    columns = choose_columns(names, mapping, file)
    return (_photo(file, number, row, columns, named) for number, row in rows(list(columns.values()))), total


def choose_columns(names: list[str], mapping: dict[str, str], file: Path) -> dict[str, str]:
    """Field -> column: as mapped, else by the names that are understood unasked."""
    chosen = {}
    there = f"Its columns are: {', '.join(names)}."
    for field, column in mapping.items():
        canonical = next((f for f, known in ALIASES.items() if field in known.split()), None)
        if canonical is None:
            raise DeepselfieError(f"'{field}' is no field to map a column to. The fields are: {', '.join(ALIASES)}.")
        if column not in names:
            raise DeepselfieError(f"{file.name} has no column '{column}' to map to {field}. {there}")
        chosen[canonical] = column
    plain = {re.sub(r"[\s-]+", "_", name.strip().lower()): name for name in reversed(names)}
    for field, known in ALIASES.items():
        for alias in known.split():
            if field not in chosen and alias in plain and plain[alias] not in chosen.values():
                chosen[field] = plain[alias]
    if "image" not in chosen:
        raise DeepselfieError(f"{file.name} has no column with an image. {there} Say which one: --map image=COLUMN")
    return chosen


def _csv(file: Path):
    csv.field_size_limit(LONGEST_CELL)
    delimiter = "\t"
    if file.suffix.lower() == ".csv":
        with open(file, encoding="utf-8-sig", errors="replace", newline="") as lines:
            header = lines.readline(LONGEST_CELL)
        delimiter = max(",;\t", key=header.count)

    def records() -> Iterator[list[str]]:
        with open(file, encoding="utf-8-sig", errors="replace", newline="") as lines:
            reader = csv.reader(lines, delimiter=delimiter)
            try:
                yield from reader
            except csv.Error as error:
                raise DeepselfieError(
                    f"{file.name}, line {reader.line_num}, cannot be read as a table ({error}). "
                    "Save it as a CSV in UTF-8, or as Parquet."
                ) from error

    names = next(records(), None)
    if not names:
        raise DeepselfieError(f"{file.name} is empty. Its first line must name the columns.")

    def rows(columns: list[str]) -> Iterator[tuple[int, dict]]:
        places = {column: names.index(column) for column in columns}
        for number, record in enumerate(records(), 1):
            if number > 1 and record:
                yield number, {c: record[i] if i < len(record) else None for c, i in places.items()}

    return names, rows, sum(1 for record in records() if record) - 1


def _parquet(file: Path):
    try:
        opened = pq.ParquetFile(file, memory_map=True)
    except (pa.ArrowException, OSError) as error:
        raise DeepselfieError(f"{file.name} is not a readable Parquet file ({error}).") from error

    def rows(columns: list[str]) -> Iterator[tuple[int, dict]]:
        number = 0
        try:
            for batch in opened.iter_batches(batch_size=BATCH, columns=columns):
                cells = {n: _microseconds(batch.column(n)).to_pylist() for n in batch.schema.names}
                for i in range(batch.num_rows):
                    number += 1
                    yield number, {column: cells[column][i] for column in columns}
        except (pa.ArrowException, OSError) as error:
            raise DeepselfieError(f"{file.name} cannot be read after row {number} ({error}).") from error

    return opened.schema_arrow.names, rows, opened.metadata.num_rows


def _microseconds(column: pa.Array) -> pa.Array:
    """Nanosecond times as Python can hold them."""
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        return column.cast(pa.timestamp("us", column.type.tz), safe=False)
    return column


def _photo(file: Path, number: int, row: dict, columns: dict[str, str], named: bool) -> Photo:
    place = f"{file.name}:{number}"
    cells = {field: row[column] for field, column in columns.items()}
    photo = Photo(f"row-{number}", None, place)
    try:
        path = _place_image(photo, cells["image"], file.parent)
        photo.id = _text(cells.get("id")) or photo.id
        photo.likes, photo.followers = _count(cells, "likes"), _count(cells, "followers")
        photo.tags = _tags(cells.get("tags"))
        photo.created_at = _time(cells.get("created_at"))
        for field in ("author", "name", "url", "licence", "credit"):
            setattr(photo, field, _text(cells.get(field)))
        if named and path and not photo.name:
            photo.name = pretty(Path(path).stem)
    except BadCell as reason:
        photo.problem = str(reason)
    return photo


def _place_image(photo: Photo, cell: object, folder: Path) -> str | None:
    """Sets where the photo's bytes are; a path is the photo's id too. Returns the path, if there is one."""
    path = None
    if isinstance(cell, dict):
        path, cell = cell.get("path"), cell.get("bytes") or cell.get("path")
    if isinstance(cell, bytes):
        photo.data = cell
        return path
    path = _text(cell)
    if path is None:
        raise BadCell("no image")
    if re.match(r"[a-z]+://", path, re.IGNORECASE):
        raise BadCell("the image is a link: download it first, nothing is fetched here")
    photo.id, photo.data = path.replace("\\", "/").removeprefix("./"), folder / path
    try:
        if not photo.data.exists():
            photo.data = folder / photo.id  # written on Windows
    except (OSError, ValueError):  # no path at all: too long, or with a zero byte
        raise BadCell("file not found") from None
    return path


def _text(cell: object) -> str | None:
    if isinstance(cell, float) and cell.is_integer():  # pandas makes numbers with gaps floats
        cell = int(cell)
    text = "" if cell is None or cell != cell else str(cell).strip()
    return text or None


def _count(cells: dict, field: str) -> int | None:
    """A count that may be written 12, "12", 12.0 or "1,234"."""
    text = _text(cells.get(field))
    if text is None or text.lower() in ("nan", "null", "none", "na"):
        return None
    try:
        number = float(re.sub(r"(?<=\d),(?=\d{3}\b)", "", text))
    except ValueError:
        raise BadCell(f"{field} is not a number") from None
    if not math.isfinite(number) or number != int(number) or number >= 2**53:
        raise BadCell(f"{field} is not a whole number")
    if number < 0:
        raise BadCell(f"{field} is negative")
    return int(number)


def _tags(cell: object) -> list[str] | None:
    if cell is None or cell != cell:
        return None
    words = cell if isinstance(cell, list) else re.split(r"[\s,;]+", str(cell))
    return [tag for word in words if word is not None and (tag := str(word).strip(" \t#[]'\""))]


def _time(cell: object) -> datetime | None:
    """A time in UTC from a date, an ISO text (UTC where it names no zone) or seconds or milliseconds since 1970."""
    text = cell.isoformat() if isinstance(cell, date) else _text(cell)  # a datetime is a date
    if text is None:
        return None
    try:
        if re.fullmatch(r"\d{9,}(\.\d+)?", text):
            seconds = float(text)
            return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
        moment = datetime.fromisoformat(text.removesuffix(" UTC"))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise BadCell("created_at is not a readable date") from None
