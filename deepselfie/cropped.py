"""What the page of crops shows. In: photos and what was found for them; out: pairs as HTML, and a sentence.

Example photos are drawn from the world by lot, so that nobody has picked those that flatter the method.
"""

from __future__ import annotations

import html
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from deepselfie import pictures, strip
from deepselfie.crop import Crop, best_crop, kept
from deepselfie.models import Network
from deepselfie.score import Scorer
from deepselfie.summary import percent
from deepselfie.texts import signed
from deepselfie.world import World

SIDE = 384  # px at which examples are drawn and shown
LOT = 8  # examples tried: about ten seconds on two cores
GONE = 0.5  # of a face's box: with less of it in the frame, people say that it was cut out


@dataclass(frozen=True, eq=False)
class Pair:
    """A photo, uint8 (H, W, 3), its faces, its best crop, and its row in a world, None for a visitor's own."""

    image: np.ndarray
    faces: list[dict]
    crop: Crop
    row: int | None = None

    @property
    def gone(self) -> bool:
        """Whether the crop has cut somebody out."""
        sides = [*self.image.shape[1::-1]] * 2
        box = [at / side for at, side in zip(self.crop.box, sides, strict=True)]
        return any(kept(box, face) < GONE for face in self.faces)


def drawn(world: World, seed: int = 0) -> list[int]:
    """LOT rows, by lot, of photos with a score."""
    scored = np.flatnonzero(np.isfinite(world.read(["score"])["score"].to_numpy(zero_copy_only=False)))
    return np.random.default_rng(seed).permutation(scored)[:LOT].tolist()


def example(world: World, row: int, scorer: Scorer, rude: bool = False, network: Network | None = None) -> Pair:
    """The photo of a row, and its best crop. Raises DeepselfieError where it has no picture."""
    image = pictures.rgb(pictures.picture(world, row, SIDE)[0])
    faces = (world.take([row], ["faces"])["faces"][0].as_py() or []) if "faces" in world.columns else []
    return Pair(image, faces, best_crop(image, faces, scorer, rude, network), row)


def pairs(found: list[Pair]) -> str:
    """Before and after, side by side, the frame drawn into the photo; several pairs beside each other."""
    return f'{STYLE}<div class="ds-crops">{"".join(map(_pair, found))}</div>'


def _pair(pair: Pair) -> str:
    crop, (height, width) = pair.crop, pair.image.shape[:2]
    left, upper, right, lower = crop.box
    frame = (
        f"left:{100 * left / width:.2f}%; top:{100 * upper / height:.2f}%; "
        f"width:{100 * (right - left) / width:.2f}%; height:{100 * (lower - upper) / height:.2f}%"
    )
    photo, part = (html.escape(strip.data_url(image, SIDE)) for image in (pair.image, crop.image))
    verdict = "" if crop.better else ": keep the original"
    return (
        f'<div class="ds-crop"><figure><div><img src="{photo}" alt="Before"><i style="{frame}"></i></div>'
        f"<figcaption>score {percent(crop.before, 0)}</figcaption></figure>"
        f'<figure><div><img src="{part}" alt="After"></div>'
        f"<figcaption>score {percent(crop.after, 0)}{verdict}</figcaption></figure></div>"
    )


def in_words(crop: Crop) -> str:
    """What is said of a crop."""
    low, mean, high = (signed(100 * gain) for gain in crop.gain)
    if not crop.better:
        return (
            "**Keep the original.** The best crop that was found changes the score by "
            f"{mean} points ({low} to {high}): no improvement that could be told from none."
        )
    return (
        f"**Crop it like this:** {mean} points ({low} to {high}), from {percent(crop.before, 0)} to "
        f"{percent(crop.after, 0)}."
    )


def alt(pair: Pair) -> str:
    """What the picture of a crop shows, for who cannot see it."""
    (height, width), (left, upper, right, lower) = pair.image.shape[:2], pair.crop.box
    faces = "one face" if len(pair.faces) == 1 else f"{len(pair.faces)} faces"
    return (
        f"The best crop that a program found in a photo with {faces}: from {percent(left / width, 0)} to "
        f"{percent(right / width, 0)} of its width and from {percent(upper / height, 0)} to "
        f"{percent(lower / height, 0)} of its height."
    )


def jpeg(image: np.ndarray, quality: int = 95) -> bytes:
    """uint8 (H, W, 3), encoded in memory, to take away; it carries no EXIF."""
    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG", quality=quality, subsampling=0)
    return out.getvalue()


STYLE = """<style>
.ds-crops { display: grid; gap: 18px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); }
.ds-crop { display: flex; gap: 6px; max-width: 760px; }
.ds-crop figure { flex: 1 1 0; min-width: 0; margin: 0; }
.ds-crop figure > div { position: relative; overflow: hidden; border-radius: 8px; }
.ds-crop img { width: 100%; display: block; }
.ds-crop i { position: absolute; outline: 2px solid #fff; border-radius: 2px;
  box-shadow: 0 0 0 2000px rgb(0 0 0 / .45); }
.ds-crop figcaption { font-size: .85rem; opacity: .8; padding-top: 4px; }
</style>"""
