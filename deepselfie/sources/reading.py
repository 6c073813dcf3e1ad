"""Photos come in, as a source offers them; with each comes out its picture, checked and stripped, or why there is none.

Pictures on a network are fetched by threads, a few at once, and all are decoded by processes: one that crashes its
decoder takes no other with it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from deepselfie.errors import DeepselfieError
from deepselfie.sources.clean import Picture, clean
from deepselfie.sources.guard import Refused, Unreachable
from deepselfie.sources.photo import Photo, Reached
from deepselfie.workers import workers

IN_FLIGHT = 32  # photos handed to the readers at once: keeps them busy, at most 1.6 GB
FETCHERS = 8  # pictures that are fetched at once
READERS = min(8, max(2, os.cpu_count() or 2))  # two at least, so that reading and decoding overlap


def read(photos: Iterator[Photo | Reached], *, pool: bool) -> Iterator[tuple[Photo | Reached, Picture | str]]:
    """Fetches and cleans photos in the order given, in processes of their own if `pool`; hands a Reached on."""
    readers, fetchers = workers(READERS) if pool else None, ThreadPoolExecutor(FETCHERS)
    try:
        for batch in _batches(photos):
            mark = [batch.pop()] if isinstance(batch[-1], Reached) else []
            found = list(fetchers.map(fetched, batch))
            try:
                pictures = _clean_all(found, readers)
            except BrokenProcessPool:  # a photo crashed its decoder, and with it the whole batch
                readers.shutdown()
                readers = workers(READERS)
                pictures = _one_by_one(found)
            yield from zip(batch, pictures, strict=True)
            yield from ((reached, "") for reached in mark)
    finally:
        fetchers.shutdown(wait=True, cancel_futures=True)
        if readers:
            readers.shutdown(wait=True, cancel_futures=True)


def _batches(photos: Iterator[Photo | Reached]) -> Iterator[list[Photo | Reached]]:
    """IN_FLIGHT photos each, or those up to and with a Reached: who waits for the next photo may wait long."""
    batch, failure = [], None
    try:
        for photo in photos:
            batch.append(photo)
            if len(batch) == IN_FLIGHT or isinstance(photo, Reached):
                yield batch
                batch = []
    except DeepselfieError as error:  # of the source; what it gave before is good
        failure = error
    if batch:
        yield batch
    if failure:
        raise failure


class NotNow(str):
    """Why a picture is not to be had now."""


def fetched(photo: Photo) -> Path | bytes | str:
    """Where a photo's bytes are, fetched if need be; or, as text, why they are not to be had."""
    try:
        return photo.data() if callable(photo.data) else photo.data
    except Unreachable as error:
        return NotNow(f"its picture {error.reason}")
    except Refused as error:
        return f"its picture {error.reason}"


def _clean_all(found: list[Path | bytes | str], readers: Executor | None) -> list[Picture | str]:
    there = [data for data in found if not isinstance(data, str)]
    cleaned = iter(readers.map(clean, there) if readers else map(clean, there))
    return [data if isinstance(data, str) else next(cleaned) for data in found]


def _one_by_one(found: list[Path | bytes | str]) -> list[Picture | str]:
    """Cleans photos of which some crash the process that decodes them."""
    pictures, reader = [], workers(1)
    for data in found:
        try:
            pictures += _clean_all([data], reader)
        except BrokenProcessPool:
            pictures.append("crashes the image decoder")
            reader = workers(1)
    reader.shutdown()
    return pictures
