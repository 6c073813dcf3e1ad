"""What is to be seen in a demo picture: measured from projected geometry, drawn pixels and the finished picture.

Boxes are fractions of the picture, of the part that its edges and border leave to be seen. Angles are degrees.
Nothing here is what was asked for: a cut forehead is one that is cut, a dark picture is one that came out dark.
"""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
import pyarrow as pa
from numba import njit

from deepselfie.demo.camera import Camera, face_vertices, forehead_top
from deepselfie.demo.mesh import CLOTH, FRAME, PHONE, SKIN, body
from deepselfie.demo.raster import BEARD, HAIR

NOTHING, BODY, FACE, HEAD = 0, 1, 2, 3  # parts of people in the buffer of `parts`; HEAD: hair, hat, scalp, ears
SEEN = 0.4  # share of a face's outline that must be seen for it to count as a face
SMALLEST = 0.06  # height, of the picture's, below which nobody is recognised
LINES = 4  # noise is measured on every fourth line
MIDDLE_GREY = 0.18  # linear light of a picture that is exposed as cameras do it

# The fields of the column `truth`, the same for every picture. Null: a picture without people has no such thing.
TRUTH = pa.struct(
    [
        ("account", pa.int32()),
        ("subject", pa.string()),  # selfie; food, pet, landscape …: see faceless.py
        ("group", pa.int32()),  # people in front of the camera
        ("faces", pa.int32()),  # of them, whose face can be seen
        *((name, pa.float32()) for name in ("head_x", "head_y", "head_w", "head_h")),  # hair and hat included
        *((name, pa.float32()) for name in ("face_x", "face_y", "face_w", "face_h")),  # chin to hairline, ear to ear
        ("face_share", pa.float32()),  # height of the face / height of the picture
        ("forehead_cut", pa.bool_()),  # the picture's upper edge runs below the hairline
        *((name, pa.float32()) for name in ("tilt", "yaw", "pitch")),  # tilt: clockwise
        ("exposure", pa.float32()),  # EV of the picture's mean light against middle grey
        ("saturation", pa.float32()),  # 0 grey .. 1 pure colours, weighted by light
        ("noise", pa.float32()),  # standard deviation of luma 0..1 that is owed to the sensor
        *((name, pa.string()) for name in ("filter", "border", "background", "light", "shot", "hair")),
        ("long_hair", pa.bool_()),
        ("hair_colour", pa.string()),
        ("female", pa.bool_()),
        *((name, pa.float32()) for name in ("tone", "age")),
        *((name, pa.string()) for name in ("expression", "glasses", "headwear", "clothes", "beard")),
        ("quality", pa.float32()),  # see law.py
    ]
)


@lru_cache(maxsize=1)
def landmarks() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Vertex numbers of the face, of the middle of the hairline, of both eyes and of the lips."""
    template = body()
    eyes = np.concatenate([template.left_eye, template.right_eye])
    return face_vertices(), forehead_top(), eyes, np.where(template.lip > 0.5)[0]


@njit(cache=True)
def parts(number, triangles, material, place):
    """uint8 (H, W): which part of a person each pixel shows, from the raster's buffer of triangle numbers.

    triangles (M, 3), material (M,), place (N, 3): where each vertex is on the template."""
    height, width = number.shape
    out = np.zeros((height, width), np.uint8)
    for row in range(height):
        for column in range(width):
            t = number[row, column]
            if t == HAIR:
                out[row, column] = HEAD
            elif t == BEARD:
                out[row, column] = FACE
            elif t >= 0:
                m, centre = material[t], np.zeros(3)
                for corner in triangles[t]:
                    for c in range(3):
                        centre[c] += place[corner, c] / 3
                x, y, z = abs(centre[0]), centre[1], centre[2]
                if m in (PHONE, CLOTH) or x > 1.9:
                    out[row, column] = BODY
                elif m != SKIN and m <= FRAME:
                    out[row, column] = FACE  # eyes, teeth, glasses
                elif m == SKIN and (6.1 if z > 0.9 else 6.6) < y < 7.93 and z > 0.35 and x < 0.95:
                    out[row, column] = FACE
                else:
                    out[row, column] = HEAD if y > 6.6 else BODY
    return out


def boxes(points: list[np.ndarray], owner: np.ndarray, part: np.ndarray, window: tuple) -> dict:
    """Where the head and the face of the first person are, and how many faces can be seen.

    points: for each person (N, 3), the template's vertices in the picture; owner, part: (side, side), who and what
    each pixel shows; window: x0, y0, x1, y1, the part of the picture inside its border."""
    face, hairline, eyes, lips = landmarks()
    x0, y0, x1, y1 = window
    side = len(part)
    left, top, right, bottom = extent(points[0][face], window)
    ys, xs = np.nonzero((owner == 0) & (part >= FACE))
    ys, xs = (ys + 0.5) / side, (xs + 0.5) / side
    chin = points[0][face][:, 1].max()
    ours = (ys <= chin) & (ys >= y0) & (xs >= x0) & (xs <= x1)
    half = 0.5 / side
    head = (left, top, right, bottom)
    if ours.any():
        head = (xs[ours].min() - half, ys[ours].min() - half, xs[ours].max() + half, min(max(chin, y0), y1))
    up = points[0][eyes, :2].mean(0) - points[0][lips, :2].mean(0)
    return {
        "faces": sum(seen(p, i, owner, part, window) for i, p in enumerate(points)),
        **{f"head_{k}": float(v) for k, v in zip("xywh", corner_and_size(head), strict=True)},
        **{f"face_{k}": float(v) for k, v in zip("xywh", corner_and_size((left, top, right, bottom)), strict=True)},
        "face_share": float(bottom - top),
        "forehead_cut": bool(points[0][hairline, 1].mean() < y0),
        "tilt": math.degrees(math.atan2(up[0], -up[1])),
    }


def extent(points: np.ndarray, window: tuple) -> tuple[float, float, float, float]:
    """x0, y0, x1, y1 of points, as far as the window shows them."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    x0, y0, x1, y1 = window
    return (*np.clip([low[0], low[1]], (x0, y0), (x1, y1)), *np.clip([high[0], high[1]], (x0, y0), (x1, y1)))


def corner_and_size(edges: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = edges
    return x0, y0, x1 - x0, y1 - y0


def seen(points: np.ndarray, person: int, owner: np.ndarray, part: np.ndarray, window: tuple) -> bool:
    """Whether enough of a person's face is in the picture and not behind others, hair or hands."""
    side = len(part)
    outline = cv2.convexHull(points[landmarks()[0], :2].astype(np.float32))
    y, x = np.nonzero((owner == person) & (part == FACE))
    x, y = (x + 0.5) / side, (y + 0.5) / side
    shown = (x > window[0]) & (x < window[2]) & (y > window[1]) & (y < window[3])
    if not shown.any() or np.ptp(y[shown]) < SMALLEST:
        return False
    return bool(shown.sum() / side**2 > SEEN * cv2.contourArea(outline))


def turned(view: Camera) -> dict:
    """yaw and pitch of the head of a person who is seen through this camera."""
    x, y, z = -view.rotation[2]
    return {"yaw": math.degrees(math.atan2(x, z)), "pitch": math.degrees(math.asin(np.clip(y, -1, 1)))}


def photometry(image: np.ndarray, noiseless: np.ndarray, window: tuple) -> dict:
    """exposure, saturation and noise of a finished picture, uint8 (side, side, 3), inside its border.

    noiseless (side / LINES, side, 3): every LINES-th line of the same picture from a sensor without noise."""
    side = len(image)
    x0, y0, x1, y1 = (round(edge * side) for edge in window)
    inner = np.ascontiguousarray(image[y0:y1, x0:x1], np.float32) / 255
    high, low = inner.max(2), inner.min(2)
    linear = float((inner**2.2 @ np.array([0.2126, 0.7152, 0.0722], np.float32)).mean())
    lines = np.arange(0, side, LINES)
    shown = (lines >= y0) & (lines < y1)
    both = image[lines[shown], x0:x1].astype(np.float32), noiseless[shown, x0:x1].astype(np.float32)
    grain = (both[0] - both[1]) @ np.array([0.299, 0.587, 0.114], np.float32) / 255
    return {
        "exposure": math.log2((linear + 1e-3) / MIDDLE_GREY),
        "saturation": float((high - low).sum() / (high.sum() + 1e-3)),
        "noise": float(grain.std()),
    }
