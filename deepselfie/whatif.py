"""What if the photo were brighter, tighter, upright? In: a photo and amounts of edits; out: the edited photo, and the
single edits that would raise its score most.

Edits are those of edits.py. "Wider" is not among them: a finished photo has nothing beyond its edges to show.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.stats import t

from deepselfie import pictures
from deepselfie.edits import EDITS, PLACEBOS
from deepselfie.score import Scorer
from deepselfie.yours import Photo

# in the order in which they are made: the face is where it was found, and a border goes around all the rest
SLIDERS = ("tighter", "tilt", "brightness", "contrast", "saturation", "monochrome", "fade", "border")
TRIED = (*SLIDERS, "forehead_cut")
SHOWN = 512  # px of the pictures that are shown
FINE = 2.5  # times the network's square: px at which edits are tried; finer, they change a score by 0.005 at most
TOLD = 3
FALSE = 0.05  # the chance that an edit is told of where none of them does anything
QUALITIES = (95, 92, 88, 85, 80, 75)  # of JPEG: placebos, as apps save photos
SHIFTS = (0.003, 0.006, 0.009, 0.012, 0.015, 0.018)  # of the width: placebos, less than training taught it to shrug off
_turns = threading.Semaphore(os.cpu_count() or 1)  # a fifth of a second of a core each: scores come first


@dataclass(frozen=True)
class Improvement:
    """An edit at one level: by how much it raises the score (0..1), and the edited photo, uint8 (H, W, 3)."""

    edit: str
    amount: float
    gain: float
    image: np.ndarray

    @property
    def said(self) -> str:
        """What it is: "Brighter, +1 stops"."""
        return f"{EDITS[self.edit].label}, {EDITS[self.edit].said(self.amount)}"


def amounts(edit: str) -> tuple[float, ...]:
    """The amounts at which an edit is tried; a tilt either way."""
    levels = EDITS[edit].levels
    return (*(-level for level in levels[::-1]), *levels) if edit == "tilt" else levels


def bounds(edit: str) -> tuple[float, float]:
    """The least and the largest amount of an edit; 0, the photo as it is, lies between."""
    return float(min(0, *amounts(edit))), float(max(0, *amounts(edit)))


def edited(photo: Photo, wanted: dict[str, float]) -> np.ndarray:
    """The photo, at SHOWN px, with several edits at once: uint8 (H, W, 3). wanted: name of SLIDERS -> amount."""
    image = _shrunk(photo.image, SHOWN)
    for edit in SLIDERS:
        if wanted.get(edit):
            image = EDITS[edit].edited(image, wanted[edit], photo.face)
    return image


def improvements(photo: Photo, scorer: Scorer) -> list[Improvement]:
    """The up to TOLD edits, each at its best level, that raise the score most; none where none would, measurably.

    Measurable is what placebos do not do: with s the root mean square of what they change in the logit, an edit counts
    beyond s times the quantile of Student's t that one of all the levels passes by chance at FALSE (Bonferroni)."""
    with _turns:
        return _improvements(_shrunk(photo.image, SHOWN), photo.face, scorer)


def _improvements(shown: np.ndarray, face: dict | None, scorer: Scorer) -> list[Improvement]:
    image = _shrunk(shown, round(FINE * scorer.size))
    jobs = [(edit, amount) for edit in TRIED for amount in amounts(edit)]
    placebos = [PLACEBOS["reencoded"].edited(image, quality) for quality in QUALITIES]
    placebos += [PLACEBOS["shifted"].edited(image, max(1, round(share * image.shape[1]))) for share in SHIFTS]
    squares = [pictures.square(one, scorer.size) for one in (image, *placebos)]
    for edit, amount in jobs:  # one by one: together the edited pictures would take 50 MB
        squares.append(pictures.square(EDITS[edit].edited(image, amount, face), scorer.size))
    _, logits = scorer.look(np.stack(squares))
    chances, first = scorer.calibrated(logits), 1 + len(placebos)
    change = logits - logits[0]
    noise = np.sqrt(np.mean(change[1:first] ** 2))
    floor = noise * t.ppf(1 - FALSE / len(jobs), len(placebos))
    found: dict[str, Improvement] = {}
    for i in np.argsort(-change[first:]):
        edit, amount = jobs[i]
        if change[first + i] <= floor or len(found) == TOLD:
            break
        if edit not in found:
            picture = EDITS[edit].edited(shown, amount, face)
            found[edit] = Improvement(edit, amount, float(chances[first + i] - chances[0]), picture)
    return list(found.values())


def _shrunk(image: np.ndarray, side: int) -> np.ndarray:
    """The picture with its longer side at most `side` px."""
    scale = side / max(image.shape[:2])
    return image if scale >= 1 else cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
