"""Names of demo selfies: `demo:<seed>:<index>` says all that is needed to draw one again."""

from __future__ import annotations

SIZE = 96  # px at which the pictures of a demo world are stored
RENDERER = 3  # raise when the renderer draws other pictures: kept ones are then drawn anew
TRAINING, UNSEEN, FAMOUS = 1, 2, 3  # seeds: other seeds are other people


def id_of(seed: int, index: int) -> str:
    return f"demo:{seed}:{index}"


def parse(id: str) -> tuple[int, int] | None:
    """(seed, index) of a demo selfie's id; None for the id of any other photo."""
    source, _, rest = id.partition(":")
    seed, _, index = rest.partition(":")
    return (int(seed), int(index)) if source == "demo" and seed.isdigit() and index.isdigit() else None
