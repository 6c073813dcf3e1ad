"""Measured facts of a picture: uint8 (H, W, 3) RGB and its face boxes in, one struct of numbers and booleans out.

Nothing here is learnt: each fact is a few lines of arithmetic. All are taken from the picture shrunk so that its
longer side is at most SIDE px, so that photos of different cameras compare. Luma is 0.299 R + 0.587 G + 0.114 B, 0..1.
"""

from __future__ import annotations

import cv2
import numpy as np
import pyarrow as pa

SIDE = 256  # px; facts of a picture as people see it in a feed, not of its last pixel
FLAT = 1 / 255  # contrast below which there is nothing to be sharp

ATTRIBUTES = pa.struct(
    [
        ("faces", pa.int16()),
        ("face_share", pa.float32()),
        ("face_x", pa.float32()),
        ("face_y", pa.float32()),
        ("tilt", pa.float32()),
        ("forehead_cut", pa.bool_()),
        ("brightness", pa.float32()),
        ("contrast", pa.float32()),
        ("saturation", pa.float32()),
        ("warmth", pa.float32()),
        ("black_level", pa.float32()),
        ("monochrome", pa.bool_()),
        ("border", pa.bool_()),
        ("sharpness", pa.float32()),
        ("noise", pa.float32()),
    ]
)

# name -> (how people call it, unit: "%" of 0..1, "°", "" a plain number, "yes/no")
LABELS: dict[str, tuple[str, str]] = {
    "faces": ("People", ""),
    "face_share": ("Face size", "%"),
    "face_x": ("Face from the left", "%"),
    "face_y": ("Face from the top", "%"),
    "tilt": ("Head tilt", "°"),
    "forehead_cut": ("Forehead cut off", "yes/no"),
    "brightness": ("Brightness", "%"),
    "contrast": ("Contrast", "%"),
    "saturation": ("Colourfulness", "%"),
    "warmth": ("Warm colours", "%"),
    "black_level": ("Faded blacks", "%"),
    "monochrome": ("Black and white", "yes/no"),
    "border": ("Border", "yes/no"),
    "sharpness": ("Sharpness", ""),
    "noise": ("Grain", "%"),
}


def measure(image: np.ndarray, faces: list[dict]) -> dict:
    """All attributes of uint8 (H, W, 3) RGB as {name: value}, None where one cannot be measured.

    faces: boxes as faces.detect gives them, the main face first; an empty list leaves the face's facts None."""
    small = shrunk(image)
    luma = luma_of(small)
    main = faces[0] if faces else None
    return {
        "faces": len(faces),
        "face_share": face_share(main) if main else None,
        "face_x": face_centre(main)[0] if main else None,
        "face_y": face_centre(main)[1] if main else None,
        "tilt": main.get("tilt") if main else None,
        "forehead_cut": forehead_cut(main) if main else None,
        "brightness": brightness(luma),
        "contrast": contrast(luma),
        "saturation": saturation(small),
        "warmth": warmth(small),
        "black_level": black_level(luma),
        "monochrome": monochrome(small),
        "border": border(luma),
        "sharpness": sharpness(luma),
        "noise": noise(luma),
    }


def shrunk(image: np.ndarray) -> np.ndarray:
    """The picture with its longer side at most SIDE px."""
    height, width = image.shape[:2]
    scale = SIDE / max(height, width)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def luma_of(image: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) RGB to float32 (H, W) luma, 0 black .. 1 white."""
    return cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY).astype(np.float32) / 255


def face_share(face: dict) -> float:
    """Height of the face / height of the picture, 0..1."""
    return face["h"]


def face_centre(face: dict) -> tuple[float, float]:
    """Centre of the face in fractions of width (0 left) and height (0 top)."""
    return face["x"] + face["w"] / 2, face["y"] + face["h"] / 2


HEAD_ABOVE = 0.16  # of the box's height, from its top to the top of the head; docs/detectors.md has the agreement


def forehead_cut(face: dict) -> bool:
    """Whether the top of the head, estimated from the face box, lies above the picture's upper edge."""
    return face["y"] - HEAD_ABOVE * face["h"] < 0


def brightness(luma: np.ndarray) -> float:
    """Mean luma, 0..1."""
    return float(luma.mean())


def contrast(luma: np.ndarray) -> float:
    """Standard deviation of luma, 0..0.5."""
    return float(luma.std())


def saturation(image: np.ndarray) -> float:
    """Mean of HSV's saturation, (max − min) / max of the channels, 0 grey .. 1 pure colours."""
    high, low = image.max(2).astype(np.float32), image.min(2).astype(np.float32)
    return float(((high - low) / np.maximum(high, 1)).mean())


def warmth(image: np.ndarray) -> float:
    """Mean red minus mean blue, −1 blue .. 1 red."""
    return float((image[..., 0].mean() - image[..., 2].mean()) / 255)


def black_level(luma: np.ndarray) -> float:
    """The 2nd percentile of luma, 0..1: faded pictures have no black and are high."""
    return float(np.percentile(luma, 2))


def monochrome(image: np.ndarray) -> bool:
    """Whether 99 % of the pixels have channels that differ by at most 12 of 255 (JPEG shifts greys a little)."""
    return bool(np.percentile(image.max(2) - image.min(2), 99) <= 12)


def border(luma: np.ndarray) -> bool:
    """Whether an even white or black frame runs along two opposite sides, with a step to the picture inside."""
    return _framed(luma) or _framed(luma.T)


def _framed(luma: np.ndarray) -> bool:
    """A frame along the first and the last line."""
    even = luma.std(1) < 0.04
    for colour in (0.0, 1.0):
        frame = even & (np.abs(luma.mean(1) - colour) < 0.06)
        if _ends_in_step(luma, frame, colour) and _ends_in_step(luma[::-1], frame[::-1], colour):
            return True
    return False


def _ends_in_step(luma: np.ndarray, frame: np.ndarray, colour: float) -> bool:
    """The frame is at most a quarter of the picture, and two lines on (one may be half covered) it is over."""
    if not frame[0] or frame.all():
        return False
    thickness = int(np.argmin(frame))
    if thickness > len(frame) / 4 or thickness + 1 >= len(frame):
        return False
    return bool(np.abs(luma[thickness + 1] - colour).mean() > 0.1)


def sharpness(luma: np.ndarray) -> float | None:
    """Variance of the Laplacian / variance of luma, 0 soft .. about 5 crisp (noise counts too); None: flat."""
    if luma.std() < FLAT:
        return None
    return float(cv2.Laplacian(luma, cv2.CV_32F).var() / luma.var())


_NOISE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6


def noise(luma: np.ndarray) -> float | None:
    """Standard deviation of the pixel noise, in luma 0..1, by the median of Immerkær's mask, which edges hardly move.

    None where the picture is under 3 px wide or high."""
    if min(luma.shape) < 3:
        return None
    return float(1.4826 * np.median(np.abs(cv2.filter2D(luma, cv2.CV_32F, _NOISE)[1:-1, 1:-1])))
