"""Interventions: photos edited and scored again, each beside what it is compared with. In: pictures; out: logits.

What an edit does to the score of the same photo is cause and effect, though only for the network's eyes.
"""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy.special import logit

from deepselfie import pictures
from deepselfie.attributes import shrunk
from deepselfie.edits import EDITS, PLACEBOS
from deepselfie.errors import DeepselfieError
from deepselfie.score import Scorer
from deepselfie.world import World, write_atomically

ALL = {**EDITS, **PLACEBOS}
JOBS = [(name, level) for name, edit in ALL.items() for level in edit.levels]  # (J,)
BATCH = 25  # photos edited and scored at a time: 1,500 pictures, and what a kill may cost


def last(name: str) -> int:
    """The number of the job that is an edit at its last level."""
    return JOBS.index((name, ALL[name].levels[-1]))


def edited_logits(
    world: World, rows: np.ndarray, faces: list[dict], scorer: Scorer, *, key: str, progress
) -> np.ndarray:
    """(M, J, 2): the calibrated logit without and with each of JOBS, of the photos of M rows; NaN as in `rescored`.

    faces: the main one of each. What is done lies in parts/findings/ under `key`, so that a killed run goes on."""
    folder, done = world.parts("findings") / key, []
    with ThreadPoolExecutor(2) as pool:  # OpenCV and Pillow work without the interpreter's lock
        for first in range(0, len(rows), BATCH):
            part, photos = folder / f"{first}.npy", slice(first, first + BATCH)
            if not part.exists():
                data, out = pictures.image_bytes(world, rows[photos]), io.BytesIO()
                np.save(out, rescored(data, faces[photos], scorer, pool))
                write_atomically(part, out.getvalue())
            done.append(np.load(part, allow_pickle=False))
            progress(min(first + BATCH, len(rows)), len(rows))
    return np.concatenate(done)


def rescored(data: list[bytes | None], faces: list[dict], scorer: Scorer, pool: ThreadPoolExecutor) -> np.ndarray:
    """(M, J, 2): logits of pictures without and with each of JOBS; NaN for no picture, and where both are the same."""
    made = list(pool.map(lambda pair: _versions(*pair, scorer.size), zip(data, faces, strict=True)))
    squares = [square for each, _ in made for square in each]
    logits = np.full((len(data), len(JOBS), 2), np.nan)
    if not squares:
        return logits
    _, raw = scorer.look(np.stack(squares))
    chance = np.clip(scorer.calibrated(raw).astype(float), 1e-6, 1 - 1e-6)
    all_logits, first = logit(chance), 0
    for photo, (each, pairs) in enumerate(made):
        if each:
            logits[photo] = all_logits[first + pairs]
            logits[photo, pairs[:, 0] == pairs[:, 1]] = np.nan
        first += len(each)
    return logits


def _versions(data: bytes | None, face: dict, size: int) -> tuple[list[np.ndarray], np.ndarray]:
    """All different pictures that JOBS make of one, as squares, and (J, 2) which of them are without and with each."""
    try:
        image = shrunk(pictures.rgb(data)) if data else None
    except DeepselfieError:
        image = None
    if image is None:
        return [], np.zeros((len(JOBS), 2), int)
    squares, places = [], {}

    def place(picture: np.ndarray) -> int:
        key = picture.tobytes()
        if key not in places:
            places[key] = len(squares)
            squares.append(pictures.square(picture, size))
        return places[key]

    pairs = []
    for name, level in JOBS:
        edit = ALL[name]
        pairs.append((place(edit.compared_with(image, level, face)), place(edit.edited(image, level, face))))
    return squares, np.array(pairs)
