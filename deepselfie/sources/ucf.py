"""The UCF Selfie data set comes in (`selfie_dataset.txt` beside `images/`); a Photo for each of its lines comes out.

Its popularity score is no count of likes: it goes into a column of its own, as do its 36 attributes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from deepselfie.sources import Photo

TABLE = "selfie_dataset.txt"
ATTRIBUTES = (
    "partial_faces is_female baby child teenager youth middle_age senior white black asian oval_face round_face "
    "heart_face smiling mouth_open frowning wearing_glasses wearing_sunglasses wearing_lipstick tongue_out duck_face "
    "black_hair blond_hair brown_hair red_hair curly_hair straight_hair braid_hair showing_cellphone using_earphone "
    "using_mirror braces wearing_hat harsh_lighting dim_lighting"
).split()
UCF = pa.struct([(name, pa.int8()) for name in ATTRIBUTES])  # 1 yes, -1 no, 0 unclear


def photos(root: Path) -> tuple[Iterator[Photo], int]:
    """The photos of the data set unpacked at `root`, in the order of its lines, and their number."""
    lines = (root / TABLE).read_text("utf-8", "replace").splitlines()
    numbered = [(number, line.split()) for number, line in enumerate(lines, 1) if line.strip()]
    return (_photo(root, number, cells) for number, cells in numbered), len(numbered)


def _photo(root: Path, number: int, cells: list[str]) -> Photo:
    place, name = f"{TABLE}:{number}", cells[0].removesuffix(".jpg")
    if len(cells) != 2 + len(ATTRIBUTES):
        return Photo(name, None, place, problem=f"not {2 + len(ATTRIBUTES)} columns")
    try:
        popularity, attributes = float(cells[1]), [int(float(cell)) for cell in cells[2:]]
    except (ValueError, OverflowError):
        return Photo(name, None, place, problem="a column that is no number")
    if not math.isfinite(popularity) or not set(attributes) <= {-1, 0, 1}:
        return Photo(name, None, place, problem="an attribute that is not 1, -1 or 0, or no popularity")
    extra = {
        "popularity": pa.scalar(popularity, pa.float32()),
        "ucf": pa.scalar(dict(zip(ATTRIBUTES, attributes, strict=True)), UCF),
    }
    return Photo(name, root / "images" / f"{name}.jpg", place, extra=extra)
