"""What uploaded photos get. In: their encoded bytes and a world; out: faces, score, rank, place, neighbours, the best.

All of it happens in memory: nothing of the photo is written, logged or kept here.
"""

from __future__ import annotations

import io
import re
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pi_heif
from PIL import Image

from deepselfie import embed, faces, layout, pictures
from deepselfie.errors import DeepselfieError
from deepselfie.world import World

pi_heif.register_heif_opener()

MAX_MEGABYTES = 20  # larger than any phone's JPEG
MAX_MEGAPIXELS = 50  # decoded these take 150 MB
MIN_SIDE = 32  # px: less shows no face
MAX_ASPECT = 8  # a panorama; a longer strip, shrunk, shows no face
MAX_SCANS = 100  # of a progressive JPEG, each of which is decoded over the whole picture: cameras write ten
SCAN = re.compile(rb"\xff\xda\0[\x08\x0a\x0c\x0e]")  # how each begins; by chance once in a thousand megabytes
SIDE = 1024  # px of the longer side at which a photo is kept, looked at and edited
FORMATS = {  # few decoders, all of them in daily use in browsers and phones: what is read, and its files' endings
    "JPEG": ("jpg", "jpeg"),
    "PNG": ("png",),
    "WEBP": ("webp",),
    "HEIF": ("heic", "heif"),
}
_one_at_a_time = threading.Lock()  # decoding: however many upload at once, one whole picture is in memory


@dataclass(frozen=True)
class Photo:
    """An upload, decoded. `image`: uint8 (H, W, 3), upright, longer side at most SIDE px; `faces`: as in the column,
    best first; `attributes`: as in the column."""

    image: np.ndarray
    faces: list[dict]
    attributes: dict

    @property
    def face(self) -> dict | None:
        """The main one."""
        return self.faces[0] if self.faces else None


@dataclass(frozen=True)
class Verdict:
    """What the network says of a photo, seen among the photos of one world.

    score, low, high: in [0, 1]; percentile: 0..100; rank: the place it would take in the order, of `n` photos;
    place: (x, y) in the units of `tsne`, None where the world has no map; neighbours: rows, nearest first."""

    score: float
    low: float
    high: float
    percentile: float
    rank: int
    n: int
    place: tuple[float, float] | None = None
    neighbours: list[int] = field(default_factory=list)


def file_types() -> list[str]:
    """Endings of the files that can be read here."""
    return [ending for endings in FORMATS.values() for ending in endings]


def look(data: bytes) -> Photo:
    """Decodes an upload and finds its faces. Raises DeepselfieError, in words for its owner, where that fails."""
    image = decoded(data)
    found = faces.detect([image])[0]
    return Photo(image, found, faces.measure(image, found))


def decoded(data: bytes) -> np.ndarray:
    """An upload -> uint8 (H, W, 3), upright, longer side at most SIDE px; of an animation its first picture.

    Raises DeepselfieError, in words for its owner, for what is no picture, broken, or too large, small or long."""
    if len(data) > MAX_MEGABYTES * 1_000_000:
        raise DeepselfieError(f"This file has over {MAX_MEGABYTES} MB. Please choose a smaller version of the photo.")
    width, height = _size(data)
    if width * height > MAX_MEGAPIXELS * 1_000_000:
        raise DeepselfieError(
            f"This picture has over {MAX_MEGAPIXELS} megapixels. Please choose a smaller version of it."
        )
    if min(width, height) < MIN_SIDE:
        raise DeepselfieError(f"This picture is too small: it takes at least {MIN_SIDE} pixels each way.")
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise DeepselfieError(
            f"This picture is a narrow strip, over {MAX_ASPECT} times as long as it is wide. Please cut out the face."
        )
    if sum(1 for _ in SCAN.finditer(data)) > MAX_SCANS:
        raise DeepselfieError("This JPEG is stored in far too many pieces. Please save it anew and try again.")
    with _one_at_a_time, warnings.catch_warnings(action="ignore"):
        return pictures.rgb(data, SIDE)


def _size(data: bytes) -> tuple[float, float]:
    """Width and height, of which the header tells; nothing is decoded."""
    try:
        with warnings.catch_warnings(action="ignore"):  # Pillow warns of large pictures: they are told so
            return Image.open(io.BytesIO(data), formats=list(FORMATS)).size
    except Image.DecompressionBombError:
        return np.inf, np.inf
    except Exception as error:  # Pillow's decoders raise many kinds on broken data
        kinds = ", ".join(endings[0] for endings in FORMATS.values())
        raise DeepselfieError(f"This file is not a picture that can be read here. Use one of: {kinds}.") from error


def judge(world: World, photo: Photo, scorer) -> Verdict:
    """Scores a photo and finds where it stands among the photos of the world.

    scorer: a score.Scorer; its network should be the one that scored the world, or there is no place on the map."""
    return judge_all(world, [photo], scorer)[0]


def judge_all(world: World, photos: Sequence[Photo], scorer) -> list[Verdict]:
    """As `judge`, of several photos at once."""
    scores = scorer.score([photo.image for photo in photos])
    verdicts = ranked(world, scores)
    try:
        places = [tuple(place) for place in embed.place(world, scores.fc7).tolist()]
        near = [embed.neighbours(world, fc7, k=12).tolist() for fc7 in scores.fc7]
    except DeepselfieError:  # no map, or one made from another network's activations
        return verdicts
    found = zip(verdicts, places, near, strict=True)
    return [replace(verdict, place=place, neighbours=rows) for verdict, place, rows in found]


def ranked(world: World, scores) -> list[Verdict]:
    """Where photos of these score.Scores stand in the order of the world, without their places on its map."""
    verdicts = []
    for score, low, high in zip(scores.score.tolist(), scores.low.tolist(), scores.high.tolist(), strict=True):
        rank, n = layout.rank_among(world, score)
        verdicts.append(Verdict(score, low, high, layout.percentile(world, score), rank, n))
    return verdicts


def best_first(verdicts: Sequence[Verdict]) -> list[int]:
    """The numbers of the photos, the highest score first."""
    return sorted(range(len(verdicts)), key=lambda i: -verdicts[i].score)


def may_be_best(verdicts: Sequence[Verdict]) -> list[int]:
    """The photo with the highest score, and all whose ranges overlap with its: between these it cannot be told."""
    order = best_first(verdicts)
    return [i for i in order if verdicts[i].high >= verdicts[order[0]].low] if order else []


def in_words(percentile: float) -> str:
    """A percentile as people say it: 'liked more than about 7 in 10 photos here'."""
    if percentile >= 99:
        return "among the top 1 % of the photos here"
    if percentile >= 90:
        return f"in the top {max(1, round(100 - percentile))} % of the photos here"
    if percentile <= 10:
        return "below most photos here: the network saw little of what this crowd tends to like"
    return f"ahead of about {round(percentile / 10)} in 10 photos here"
