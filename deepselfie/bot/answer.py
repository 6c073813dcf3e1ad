"""What the bot says, which is what the pages of the app say. In: encoded pictures and a world; out: an Answer."""

from collections.abc import Sequence

from deepselfie import cropped, texts, whatif, yours
from deepselfie.bot import Answer
from deepselfie.crop import best_crop
from deepselfie.errors import DeepselfieError
from deepselfie.score import Scorer
from deepselfie.world import World

LONGEST = 300  # graphemes of a post on Bluesky; Mastodon takes 500
MOST_BYTES = 950_000  # of a picture; Bluesky takes 1,000,000


def answer(pictures: Sequence[bytes | str], world: World, scorer: Scorer) -> Answer:
    """pictures: of one post, or why one could not be had."""
    if not pictures:
        return Answer("no picture", texts.POST_NO_PICTURE)
    photos, faults = {}, []  # photos: by their number in the post
    for number, data in enumerate(pictures, 1):
        try:
            if isinstance(data, str):
                raise DeepselfieError(f"{data.replace('its', 'The', 1)}.")
            photos[number] = yours.look(data)
        except DeepselfieError as error:
            faults.append(str(error))
    faces = {number: photo for number, photo in photos.items() if photo.faces}
    if not photos:
        return Answer("unreadable", f"Sorry, that went wrong. {faults[0]}"[:LONGEST])
    if not faces:
        return Answer("no face", texts.POST_NO_FACE)
    verdicts = yours.ranked(world, scorer.score([photo.image for photo in faces.values()]))
    best = yours.best_first(verdicts)[0]
    number, photo = list(faces.items())[best]
    crop = best_crop(photo.image, photo.faces, scorer)
    text = texts.post(verdicts[best], whatif.improvements(photo, scorer), crop)
    if len(pictures) > 1:
        text = texts.best_of(len(pictures), number, sure=len(yours.may_be_best(verdicts)) == 1) + text
    encoded = (cropped.jpeg(crop.image, quality) for quality in (95, 85, 70, 50, 30))
    picture = next(data for data in encoded if len(data) <= MOST_BYTES)
    return Answer("scored", text, picture, cropped.alt(cropped.Pair(photo.image, photo.faces, crop)))
