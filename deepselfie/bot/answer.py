"""What the bot says, which is what the pages of the app say. In: encoded pictures and a world; out: an Answer."""

from __future__ import annotations

from collections.abc import Sequence

from deepselfie import cropped, sharecard, whatif, yours
from deepselfie.bot import Answer
from deepselfie.crop import Crop, best_crop
from deepselfie.errors import DeepselfieError
from deepselfie.models import Network
from deepselfie.score import Scorer
from deepselfie.summary import percent
from deepselfie.texts import signed
from deepselfie.world import World

LONGEST = 300  # graphemes of a post on Bluesky; Mastodon takes 500
MOST_BYTES = 950_000  # of a picture; Bluesky takes 1,000,000
NO_FACE = "I found no face in this, and I know nothing but selfies. Do try me with another picture!"
NO_PICTURE = (
    "Hi! Mention me with a selfie, or below one, and I guess how well it would do for likes, among photos I know. "
    "Reply “stop” and I leave you alone for good."
)


def answer(pictures: Sequence[bytes | DeepselfieError], world: World, scorer: Scorer, network: Network) -> Answer:
    """pictures: of one post, or why one could not be had; network: the scorer's own, for the search of crops."""
    if not pictures:
        return Answer("no picture", NO_PICTURE)
    photos, faults = {}, []  # photos: by their number in the post
    for number, data in enumerate(pictures, 1):
        try:
            if isinstance(data, DeepselfieError):
                raise data
            photos[number] = yours.look(data)
        except DeepselfieError as error:
            faults.append(str(error))
    if not photos:
        return Answer("unreadable", f"Sorry, that went wrong. {faults[0]}"[:LONGEST])
    faces = {number: photo for number, photo in photos.items() if photo.faces}
    if not faces:
        return Answer("no face", NO_FACE)
    verdicts = yours.judge_all(world, list(faces.values()), scorer)
    best = yours.best_first(verdicts)[0]
    number, photo = list(faces.items())[best]
    crop = best_crop(photo.image, photo.faces, scorer, network=network)
    text = in_words(verdicts[best], whatif.improvements(photo, scorer), crop)
    if len(pictures) > 1:
        does = "does" if len(yours.may_be_best(verdicts)) == 1 else "might do"
        text = f"Of these {len(pictures)}, number {number} {does} best. {text}"
    encoded = (cropped.jpeg(crop.image, quality) for quality in (95, 85, 70, 50, 30))
    picture = next(data for data in encoded if len(data) <= MOST_BYTES)
    return Answer("scored", text, picture, cropped.alt(cropped.Pair(photo.image, photo.faces, crop)))


def in_words(verdict: yours.Verdict, tips: Sequence[whatif.Improvement], crop: Crop) -> str:
    """The score with its range and percentile, one tip, the crop, and what a score is."""
    score, low, high = (percent(share, 0) for share in (verdict.score, verdict.low, verdict.high))
    standing = yours.in_words(verdict.percentile).partition(":")[0].replace("photos here", "photos I know")
    tip = f"{tips[0].said}, {signed(100 * tips[0].gain)} points" if tips else "none, no edit would raise it measurably"
    gain = f"{signed(100 * crop.gain[1])} points" if crop.better else "no better than yours"
    return (
        f"Score {score}; framed a hair differently, anything from {low} to {high}. It is {standing}. "
        f"Tip: {tip[0].lower()}{tip[1:]}. Best crop, below: {gain}. {sharecard.HONEST}"
    )
