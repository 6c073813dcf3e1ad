"""What one uploaded photo gets. In: its encoded bytes and a world; out: faces, score, rank, place and neighbours.

All of it happens in memory: nothing of the photo is written, logged or kept here.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from deepselfie import embed, faces, layout, pictures
from deepselfie.errors import DeepselfieError
from deepselfie.world import World

MAX_MEGABYTES = 20  # larger than any phone's JPEG
MAX_MEGAPIXELS = 50  # decoded these take 150 MB for each visitor who uploads at the same time
MIN_SIDE = 32  # px: less shows no face
LOOK_SIDE = 1024  # px of the longer side at which faces are looked for and attributes measured
FORMATS = ("JPEG", "PNG", "WEBP")  # few decoders, all of them hardened by daily use in browsers
EXTRA = {"HEIF": "heic"}  # of iPhones: only where a decoder for it is installed


@dataclass(frozen=True)
class Photo:
    """An upload, decoded. `image`: uint8 (H, W, 3), upright; `faces`: as in the column, best first."""

    image: np.ndarray
    faces: list[dict]
    attributes: dict


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
    Image.init()
    return ["jpg", "jpeg", "png", "webp", *(ending for kind, ending in EXTRA.items() if kind in Image.OPEN)]


def look(data: bytes) -> Photo:
    """Decodes an upload and finds its faces. Raises DeepselfieError, in words for its owner, where that fails."""
    if len(data) > MAX_MEGABYTES * 1_000_000:
        raise DeepselfieError(f"This file has over {MAX_MEGABYTES} MB. Please choose a smaller version of the photo.")
    try:
        with warnings.catch_warnings(action="ignore"):  # Pillow warns of large pictures: they are told so below
            header = Image.open(io.BytesIO(data), formats=[*FORMATS, *(kind for kind in EXTRA if kind in Image.OPEN)])
        pixels = header.width * header.height
    except Image.DecompressionBombError:
        pixels = np.inf
    except Exception as error:  # Pillow's decoders raise many kinds on broken data
        kinds = ", ".join(sorted({t for t in file_types() if t != "jpeg"}))
        raise DeepselfieError(f"This file is not a picture that can be read here. Use one of: {kinds}.") from error
    if pixels > MAX_MEGAPIXELS * 1_000_000:
        raise DeepselfieError(
            f"This picture has over {MAX_MEGAPIXELS} megapixels. Please choose a smaller version of it."
        )
    image = pictures.rgb(data)
    if min(image.shape[:2]) < MIN_SIDE:
        raise DeepselfieError(f"This picture is too small: it takes at least {MIN_SIDE} pixels each way.")
    shrunk = Image.fromarray(image)
    shrunk.thumbnail((LOOK_SIDE, LOOK_SIDE), Image.Resampling.LANCZOS)
    small = np.asarray(shrunk)
    found = faces.detect([small])[0]
    return Photo(image, found, faces.measure(small, found))


def judge(world: World, photo: Photo, scorer) -> Verdict:
    """Scores a photo and finds where it stands among the photos of the world.

    scorer: a score.Scorer; its network should be the one that scored the world, or there is no place on the map."""
    scores = scorer.score([photo.image])
    score = float(scores.score[0])
    known = world.take(layout.order(world), ["score"])["score"].to_numpy()  # falling
    rank = int(np.searchsorted(-known, -score, side="left"))
    try:
        x, y = embed.place(world, scores.fc7)[0].tolist()
        place, near = (x, y), embed.neighbours(world, scores.fc7[0], k=12).tolist()
    except DeepselfieError:  # no map, or one made from another network's activations
        place, near = None, []
    percentile = layout.percentile(world, score)
    low, high = float(scores.low[0]), float(scores.high[0])
    return Verdict(score, low, high, percentile, rank, len(known), place, near)


def in_words(percentile: float) -> str:
    """A percentile as people say it: 'liked more than about 7 in 10 photos here'."""
    if percentile >= 99:
        return "among the top 1 % of the photos here"
    if percentile >= 90:
        return f"in the top {max(1, round(100 - percentile))} % of the photos here"
    if percentile <= 10:
        return "below most photos here: the network saw little of what this crowd tends to like"
    return f"ahead of about {round(percentile / 10)} in 10 photos here"
