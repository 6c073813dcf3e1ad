"""Edits: one thing about a picture changed, and nothing else. uint8 (H, W, 3) RGB in, a new one of the same shape out.

Any size from 16 px; an amount of 0 is the picture itself. `face` is a box as faces.detect gives it, in fractions of
the picture. Some edits cannot help changing a second thing: `Edit.control` makes a picture in which that alone has
changed, and it is this that the edited picture is compared with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from deepselfie.attributes import HEAD_ABOVE

GAMMA = 2.2  # of sRGB, about: a stop of light is 2 ** (1 / 2.2) in the numbers of a picture
PALE = 0.7 * 255  # what a faded picture fades to: the light grey of old prints
LUMA = np.array([0.299, 0.587, 0.114])
WIDEST_FRAME = 0.3  # of the shorter side: a border leaves something to see
CLOSEST = 0.1  # of the side that a crop leaves at least
START = 0.3  # of each side cut off, where widening starts: a finished photo has nothing beyond its edges to show


def brightness(image: np.ndarray, stops: float) -> np.ndarray:
    """As if exposed `stops` longer (twice the light a stop); what grows brighter than white is white."""
    return _toned(image, np.arange(256) * 2 ** (stops / GAMMA))


def contrast(image: np.ndarray, share: float) -> np.ndarray:
    """Tones `share` (-1..) farther from the picture's own mean luma."""
    middle = float(cv2.mean(image)[:3] @ LUMA)
    return _toned(image, middle + (np.arange(256) - middle) * (1 + share))


def fade(image: np.ndarray, share: float) -> np.ndarray:
    """Mixed with a light grey by `share` (0..1): blacks are lifted, colours pale, as many filters do."""
    return _toned(image, np.arange(256) * (1 - share) + PALE * share)


def saturation(image: np.ndarray, share: float) -> np.ndarray:
    """Colours `share` (-1..) farther from grey of the same luma."""
    return cv2.transform(image, (1 + share) * np.eye(3) - share * np.tile(LUMA, (3, 1)))


def monochrome(image: np.ndarray, share: float) -> np.ndarray:
    """`share` (0..1) of the way to black and white."""
    return saturation(image, -share)


def border(image: np.ndarray, width: float) -> np.ndarray:
    """A white frame over the edges, `width` of the shorter side wide."""
    px = round(min(width, WIDEST_FRAME) * min(image.shape[:2]))
    if px <= 0:
        return image
    framed = np.full_like(image, 255)
    framed[px:-px, px:-px] = image[px:-px, px:-px]
    return framed


def crop(image: np.ndarray, share: float, face: dict | None = None) -> np.ndarray:
    """`share` of each side cut off, around the face as far as the picture reaches, and enlarged to the old size."""
    keep = 1 - min(share, 1 - CLOSEST)
    x, y = (face["x"] + face["w"] / 2, face["y"] + face["h"] / 2) if face else (0.5, 0.5)
    return _seen(image, *np.clip((x, y), keep / 2, 1 - keep / 2), keep)


def wider(image: np.ndarray, share: float, face: dict | None = None) -> np.ndarray:
    """From a crop of START back towards the full frame, by `share` (0..START) of each side; 0 is that crop."""
    return crop(image, max(START - share, 0), face)


def forehead_cut(image: np.ndarray, depth: float, face: dict | None) -> np.ndarray:
    """Cropped so that the upper edge runs `depth` of the head's height below its top.

    The picture itself where no face is known, or the head's top is not in it anyway."""
    return _below(image, depth, face) if depth > 0 else image


def tilt(image: np.ndarray, degrees: float) -> np.ndarray:
    """Turned clockwise, and enlarged so far that no empty corner shows."""
    return _seen(image, 0.5, 0.5, _inside(image, degrees), degrees)


def reencoded(image: np.ndarray, quality: int = 90) -> np.ndarray:
    """Written as JPEG and read again: a placebo."""
    _, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])


def shifted(image: np.ndarray, pixels: int = 1) -> np.ndarray:
    """Moved to the right, its left edge drawn out: a placebo."""
    return np.pad(image[:, : -int(pixels)], ((0, 0), (int(pixels), 0), (0, 0)), mode="edge")


@dataclass(frozen=True)
class Edit:
    """What can be changed, and how far. `levels`: five amounts, the last the one that findings are told at."""

    change: Callable[..., np.ndarray]
    levels: tuple[float, ...]
    unit: str  # "%" of 0..1, or what is written behind the number
    label: str
    with_face: bool = False  # whether `change` and `control` want the face
    control: Callable[..., np.ndarray] | None = None  # None: the picture as it is

    def edited(self, image: np.ndarray, amount: float, face: dict | None = None) -> np.ndarray:
        return self._made(self.change, image, amount, face)

    def compared_with(self, image: np.ndarray, amount: float, face: dict | None = None) -> np.ndarray:
        return image if self.control is None else self._made(self.control, image, amount, face)

    def _made(self, make: Callable[..., np.ndarray], image, amount: float, face: dict | None) -> np.ndarray:
        return make(image, amount, face) if self.with_face else make(image, amount)

    def said(self, amount: float) -> str:
        """An amount as people read it: "+1 stops", "30 %"."""
        sign = "+" if min(self.levels) < 0 else ""
        value = round(100 * amount) if self.unit == "%" else amount
        number = f"{value:{sign}g}".replace("-", "\u2212")
        return f"{number}{'' if self.unit == '°' else chr(0xA0)}{self.unit}"


EDITS: dict[str, Edit] = {
    "brightness": Edit(brightness, (-2, -1, -0.5, 0.5, 1), "stops", "Brighter"),
    "contrast": Edit(contrast, (-0.5, -0.25, 0.25, 0.5, 0.75), "%", "More contrast"),
    "saturation": Edit(saturation, (-0.5, -0.25, 0.25, 0.5, 0.75), "%", "Stronger colours"),
    "monochrome": Edit(monochrome, (0.2, 0.4, 0.6, 0.8, 1.0), "%", "Black and white"),
    "fade": Edit(fade, (0.1, 0.2, 0.3, 0.4, 0.5), "%", "Faded"),
    "border": Edit(border, (0.02, 0.04, 0.06, 0.08, 0.1), "%", "White border"),
    "tighter": Edit(crop, (0.06, 0.12, 0.18, 0.24, 0.3), "%", "Cropped tighter", with_face=True),
    "wider": Edit(
        wider,
        (0.06, 0.12, 0.18, 0.24, 0.3),
        "%",
        "Cropped wider",
        with_face=True,
        control=lambda i, _, f: wider(i, 0, f),
    ),
    # compared with a frame of the same size from the head's top on: a cut is a frame that was held too low
    "forehead_cut": Edit(
        forehead_cut,
        (0.06, 0.12, 0.18, 0.24, 0.3),
        "%",
        "Framed lower, forehead cut",
        with_face=True,
        control=lambda i, depth, f: _below(i, depth, f, cut=False),
    ),
    # compared with the same enlargement, upright
    "tilt": Edit(
        tilt, (3, 6, 9, 12, 15), "°", "Tilted", control=lambda i, degrees: _seen(i, 0.5, 0.5, _inside(i, degrees))
    ),
}

PLACEBOS: dict[str, Edit] = {
    "reencoded": Edit(reencoded, (90,), "quality", "Placebo: saved as JPEG once more"),
    "shifted": Edit(shifted, (1,), "px", "Placebo: moved by one pixel"),
}


def _toned(image: np.ndarray, tones: np.ndarray) -> np.ndarray:
    """Each value v of each channel becomes tones[v], (256,)."""
    return cv2.LUT(image, np.clip(np.rint(tones), 0, 255).astype(np.uint8))


def _below(image: np.ndarray, depth: float, face: dict | None, cut: bool = True) -> np.ndarray:
    """The part of the picture from `depth` of the head below its top, with the picture's aspect, enlarged.

    cut=False: a part of the same size, from the head's top on."""
    top = face["y"] - HEAD_ABOVE * face["h"] if face else 0
    if top <= 0:
        return image
    keep = max(1 - top - depth * (1 + HEAD_ABOVE) * face["h"], CLOSEST)
    x = np.clip(face["x"] + face["w"] / 2, keep / 2, 1 - keep / 2)
    return _seen(image, x, 1 - keep / 2 if cut else min(top, 1 - keep) + keep / 2, keep)


def _inside(image: np.ndarray, degrees: float) -> float:
    """The share of each side that a turned frame of the same aspect may have and still lie inside the picture."""
    height, width = image.shape[:2]
    long = max(height, width) / min(height, width)
    turn = np.radians(abs(degrees))
    return 1 / (np.cos(turn) + long * np.sin(turn))


def _seen(image: np.ndarray, x: float, y: float, keep: float, degrees: float = 0.0) -> np.ndarray:
    """What a frame of `keep` of each side around (x, y), fractions, sees, turned clockwise, at the picture's size."""
    if keep >= 1 and degrees == 0:
        return image
    height, width = image.shape[:2]
    cos, sin = keep * np.cos(np.radians(degrees)), keep * np.sin(np.radians(degrees))
    turn = np.array([[cos, sin], [-sin, cos]])  # from the new picture to the old; y points down
    origin = np.array([x * width, y * height]) - turn @ [width / 2, height / 2]
    origin += turn @ [0.5, 0.5] - 0.5  # a pixel's number names its corner, its colour is that of its centre
    matrix = np.column_stack([turn, origin])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(image, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
