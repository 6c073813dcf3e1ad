"""A model's folder as it lies on disk. In: the folder; out: its card, and the bytes of the weights that the card names.

Without torch, which takes two seconds to load and which not everybody needs who scores.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from deepselfie.errors import DeepselfieError

WEIGHTS, CARD = "weights.safetensors", "card.json"
AGAIN = "Train it again, or copy the model folder anew."


def read_model(folder: Path) -> tuple[dict, bytes]:
    """Card and weights. Raises DeepselfieError naming the file that is missing, broken, or not the other's."""
    try:
        card = json.loads((folder / CARD).read_bytes())
        card |= {"architecture": str(card["architecture"]), "size": int(card["size"]), "fc7": int(card["fc7"])}
    except FileNotFoundError as error:
        raise DeepselfieError(f"There is no model in {folder} ({CARD} is missing). {AGAIN}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DeepselfieError(f"{folder / CARD} is broken ({error}). {AGAIN}") from error
    try:
        data = (folder / WEIGHTS).read_bytes()
    except FileNotFoundError as error:
        raise DeepselfieError(f"{folder / WEIGHTS} is missing. {AGAIN}") from error
    if hashlib.sha256(data).hexdigest() != card.get("weights"):
        raise DeepselfieError(f"{folder / WEIGHTS} is broken, or not the one that {CARD} tells of. {AGAIN}")
    return card, data
