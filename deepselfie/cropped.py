"""What the page of crops shows. In: photos and what was found for them; out: pairs as HTML, and a sentence.

Example photos are drawn from the world by lot, so that nobody has picked those that flatter the method. Where their
best crops are is kept in `crops.json` beside the table: to search for them takes ten seconds, to show them one.
"""

from __future__ import annotations

import base64
import html
import io
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from deepselfie import pictures, strip
from deepselfie.crop import (
    APART,
    CLIMB,
    CONFIDENCE,
    COVER,
    FINALISTS,
    FRESH,
    GUESSED,
    KEPT,
    RUDEST,
    SMALLEST,
    TOP,
    VIEWS,
    Crop,
    best_crop,
    cut,
    kept,
)
from deepselfie.score import Scorer
from deepselfie.summary import percent
from deepselfie.texts import signed
from deepselfie.world import World, fingerprint, read_json, write_json

if TYPE_CHECKING:
    from deepselfie.models import Network

SIDE = 384  # px at which examples are drawn and shown
LOT = 8  # examples tried: about ten seconds on two cores
CROPS = "crops.json"
# what a crop that was found depends on
SEARCH = (
    SIDE, KEPT, SMALLEST, RUDEST, COVER, CLIMB, GUESSED, TOP, FINALISTS, APART, VIEWS, FRESH, CONFIDENCE,
)  # fmt: skip
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


def find_examples(world: World) -> None:
    """Searches for the crops of all examples beforehand, so that no visitor has to wait for it."""
    from deepselfie import models  # torch, which to show them does not need

    scorer, network = Scorer(world.model_path), models.fuse(models.load(world.model_path)[0])
    for rude in (False, True):
        for row in drawn(world):
            example(world, row, scorer, rude, network)


def example(world: World, row: int, scorer: Scorer, rude: bool = False, network: Network | None = None) -> Pair:
    """The photo of a row, and its best crop. Raises DeepselfieError where it has no picture."""
    image = pictures.rgb(pictures.picture(world, row, SIDE)[0])
    known = [name for name in ("id", "faces") if name in world.columns]
    photo = world.take([row], known).to_pylist()[0]
    faces = photo.get("faces") or []
    key, name = fingerprint(scorer.card["weights"], scorer.card["calibration"], SEARCH), f"{photo['id']} {rude}"
    if told := _found(world, key).get(name):
        box = tuple(told["box"])
        found = Crop(box, cut(image, box), told["before"], told["after"], tuple(told["gain"]))
    else:
        found = best_crop(image, faces, scorer, rude, network)
        told = {"box": found.box, "before": found.before, "after": found.after, "gain": found.gain}
        with suppress(OSError):  # of a world that cannot be written to, it is searched for each time
            write_json(world.path / CROPS, {"key": key, "crops": _found(world, key) | {name: told}})
    return Pair(image, faces, found, row)


def _found(world: World, key: str) -> dict[str, dict]:
    """What was found by a search of this key: "ID False", or "ID True" for a rude one -> box, before, after, gain."""
    saved = read_json(world.path / CROPS) or {}
    return saved["crops"] if saved.get("key") == key else {}


def pairs(found: list[Pair]) -> str:
    """Before and after, side by side, the frame drawn into the photo; several pairs beside each other."""
    return f'{STYLE}<div class="ds-crops">{"".join(map(_pair, found))}</div>'


def _pair(pair: Pair) -> str:
    crop, (height, width) = pair.crop, pair.image.shape[:2]
    left, upper, right, lower = crop.box
    corners = crop.corners or ((left, upper), (right, upper), (right, lower), (left, lower))
    frame = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    shade = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" preserveAspectRatio="none">'
        f'<path fill-opacity=".45" fill-rule="evenodd" d="M0,0H{width}V{height}H0Z M{frame}Z"/>'
        f'<polygon points="{frame}" fill="none" stroke="#fff" stroke-width="2" vector-effect="non-scaling-stroke"/>'
        "</svg>"
    )
    shade = f"data:image/svg+xml;base64,{base64.b64encode(shade.encode()).decode()}"  # Streamlit takes SVG out of HTML
    photo, part = (html.escape(strip.data_url(image, SIDE)) for image in (pair.image, crop.image))
    verdict = "" if crop.better else ": keep the original"
    return (
        f'<div class="ds-crop"><figure><div><img src="{photo}" alt="Before"><img src="{shade}" alt=""></div>'
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
.ds-crop img + img { position: absolute; inset: 0; height: 100%; }
.ds-crop figcaption { font-size: .85rem; opacity: .8; padding-top: 4px; }
</style>"""
