"""A folder of images, nested or not, comes in; a Photo for each file comes out, in the order of their paths."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from deepselfie.errors import DeepselfieError
from deepselfie.sources import Photo

SUFFIXES = frozenset(".jpg .jpeg .jpe .jfif .png .webp .gif .bmp .tif .tiff .heic .heif .avif".split())
LITTER = frozenset({"__macosx", "thumbs.db", "desktop.ini"})  # what systems leave behind in folders


def photos(root: Path, *, named: bool = False) -> tuple[Iterator[Photo], int]:
    """The photos below `root` and how many files there are; files that are no images are yielded as problems.

    named: a photo in a subfolder is named after that folder, any other after its file."""
    files = list(walk(root))
    if not any(_may_be_image(file) for file in files):
        tables = [f.name for f in files if f.suffix.lower() in (".csv", ".tsv", ".parquet")]
        hint = f" There is {tables[0]}, though: give that file as PATH." if tables else ""
        raise DeepselfieError(f"There are no images in {root}.{hint}")
    return (_photo(file, root, named) for file in files), len(files)


def walk(root: Path) -> Iterator[Path]:
    """All files below a folder but hidden ones, sorted; links are followed, but no folder is entered twice."""
    entered = set()
    for folder, folders, files in os.walk(root, followlinks=True):
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in entered:
            folders.clear()
            continue
        entered.add((status.st_dev, status.st_ino))
        folders[:] = sorted(filter(_wanted, folders))
        yield from (Path(folder, file) for file in sorted(filter(_wanted, files)))


def pretty(stem: str) -> str:
    """A person's name from a file's: "grace_hopper-2" is Grace Hopper; "Jean-Luc Picard (3)" keeps its hyphen."""
    text = unicodedata.normalize("NFC", stem)
    text = re.sub(r"[\s._-]*\(?\d+\)?\s*$", "", text) or text
    separators = r"[\s_.]+" if re.search(r"[\s_.]", text.strip()) else r"[\s_.-]+"
    words = [word for word in re.split(separators, text) if word]
    return " ".join(_capital(word) for word in words) or text


def _photo(file: Path, root: Path, named: bool) -> Photo:
    # A file name that is no UTF-8 keeps its odd bytes as escapes.
    path = file.relative_to(root).as_posix().encode("utf-8", "backslashreplace").decode()
    if not _may_be_image(file):
        return Photo(path, None, problem="not an image")
    plain = PurePosixPath(path)
    name = pretty(plain.parent.name or plain.stem) if named else None
    return Photo(path, file, name=name)


def _may_be_image(file: Path) -> bool:
    return file.suffix.lower() in SUFFIXES or not file.suffix


def _wanted(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in LITTER


def _capital(word: str) -> str:
    """Words all in small letters begin with a capital, after each hyphen too; others are left as they are."""
    return "-".join(part[:1].upper() + part[1:] if part.islower() else part for part in word.split("-"))
