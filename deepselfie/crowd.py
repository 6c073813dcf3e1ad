"""The photos that findings are made of. In: a world's facts, labels and scores; out: traits on one scale, and a Crowd.

A trait is what a photo may have more of (a number), or may have (a yes): the measured facts, put so that "more" means
something, and of what the data itself says of people only what it carries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.special import logit

from deepselfie.errors import DeepselfieError
from deepselfie.layout import facts
from deepselfie.world import World, people

PRESENT = 20  # photos that must have a yes, and that must have a no, for it to be a trait
SPREAD = 0.1  # of the spread in all photos, that a number must have among some of them


@dataclass(frozen=True)
class Trait:
    """What a photo may have more of, or have: the facts it is made of, how, what it is called, and its edit."""

    label: str
    reads: tuple[str, ...]  # facts, of which the first that the world has is taken
    made: Callable[[np.ndarray], np.ndarray] = lambda value: value
    edit: str | None = None


TRAITS: dict[str, Trait] = {
    "brightness": Trait("Brighter", ("brightness",), edit="brightness"),
    "contrast": Trait("More contrast", ("contrast",), edit="contrast"),
    "saturation": Trait("Stronger colours", ("saturation",), edit="saturation"),
    "warmth": Trait("Warmer colours", ("warmth",)),
    "monochrome": Trait("Black and white", ("monochrome",), edit="monochrome"),
    "faded": Trait("Faded blacks", ("black_level",), edit="fade"),
    "border": Trait("A border", ("border",), edit="border"),
    "face_share": Trait("A larger face", ("face_share",), edit="tighter"),
    "face_third": Trait(
        "Face not a third of the height", ("face_share",), lambda share: np.abs(np.log(3 * np.maximum(share, 0.02)))
    ),
    "forehead_cut": Trait("Forehead cut off", ("forehead_cut",), edit="forehead_cut"),
    "lean": Trait("Head tilted", ("tilt",), lambda degrees: np.minimum(np.abs(degrees), 45), edit="tilt"),
    "aside": Trait("Face off the middle", ("face_x",), lambda x: np.abs(x - 0.5)),
    "face_y": Trait("Face lower down", ("face_y",)),
    "company": Trait("More people in it", ("faces",), lambda faces: np.minimum(faces - 1, 4)),
    "sharpness": Trait("Crisper", ("sharpness",), lambda value: np.log(value + 0.01)),
    "noise": Trait("More grain", ("noise",), lambda value: np.log(value + 0.001)),
    # only where the data carries it
    "long_hair": Trait("Long hair", ("truth.long_hair",)),
    "female": Trait("Labelled female", ("truth.female", "ucf.is_female"), lambda value: value > 0),
}


# name -> (trait, what photos with it are called, what those without), for rules that may hold for some alone
SUBGROUPS: dict[str, tuple[str, str, str]] = {
    "hair": ("long_hair", "long hair", "short hair"),
    "company": ("company", "groups", "one person"),
    "monochrome": ("monochrome", "black and white", "in colour"),
    "female": ("female", "labelled female", "labelled male"),
}


@dataclass(frozen=True, eq=False)
class Crowd:
    """The N photos that are known well enough: rows of the table, what they are like, what became of them.

    traits: name -> values (N,), bool or float64; x: (N, K) of `names`, numbers in standard deviations, centred;
    labels: (N,) 1, 0, NaN; logits: (N,) of the score; authors: (N,) from 0; unseen: (N,) not trained on."""

    rows: np.ndarray
    ids: list[str]
    traits: dict[str, np.ndarray]
    names: list[str]
    x: np.ndarray
    spreads: dict[str, float]
    labels: np.ndarray
    logits: np.ndarray
    authors: np.ndarray
    unseen: np.ndarray
    faces: list[dict]


def read(world: World) -> Crowd:
    """Photos with a face, a score, and all facts that most have. Raises DeepselfieError where scores are missing."""
    columns = [c for c in ("id", "author", "label", "split", "score", "faces") if c in world.columns]
    if not {"score", "faces", "attributes"} <= world.columns:
        raise DeepselfieError(
            f"World '{world.name}' has no scores, or no faces and facts, to find rules in. "
            f"Run: python -m deepselfie run {world.name}"
        )
    table = world.read(columns)
    score = table["score"].to_numpy()  # null becomes NaN
    faces = table["faces"].combine_chunks()
    several = np.nan_to_num(faces.value_lengths().to_numpy(zero_copy_only=False).astype(float))
    rows = np.flatnonzero(np.isfinite(score) & (several > 0))
    traits, known = _traits(facts(world, ("attributes", "truth", "ucf"), rows))
    rows, traits = rows[known], {name: values[known] for name, values in traits.items()}
    names, x, spreads = _design(traits)
    table = table.take(pa.array(rows))
    chance = np.clip(table["score"].to_numpy().astype(float), 1e-6, 1 - 1e-6)
    ids = table["id"].to_pylist()
    author = table["author"].to_pylist() if "author" in columns else [None] * len(ids)
    _, authors = np.unique(people(author, ids), return_inverse=True)
    missing = pa.nulls(len(ids))
    labels = (table["label"] if "label" in columns else missing).to_numpy(zero_copy_only=False).astype(float)
    split = np.array((table["split"] if "split" in columns else missing).to_pylist(), object)
    boxes = [found[0] for found in table["faces"].to_pylist()]
    logits = logit(chance)
    return Crowd(rows, ids, traits, names, x, spreads, labels, logits, authors, split != "train", boxes)


def _traits(known_facts: dict[str, tuple[np.ndarray, np.ndarray]]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """name -> values (N,) of each trait that at least half of the photos have, and (N,) which photos have all of them.

    A fact that fewer have, such as tilts where they cannot be measured, is no trait here."""
    everywhere, traits = np.ones(len(next(iter(known_facts.values()))[0]), bool), {}
    for name, trait in TRAITS.items():
        fact = next((known_facts[key] for key in trait.reads if key in known_facts), None)
        if fact is None or fact[0].mean() < 0.5:
            continue
        traits[name] = trait.made(np.where(fact[0], fact[1], fact[1].dtype.type(0)))
        everywhere &= fact[0]
    return traits, everywhere


def varies(values: np.ndarray, spread: float = 0.0) -> bool:
    """Whether photos differ enough in a trait; spread: the standard deviation of a number in all photos."""
    if values.dtype == bool:
        return min(values.sum(), (~values).sum()) >= PRESENT
    return len(values) > 0 and values.std() > SPREAD * spread


def _design(traits: dict[str, np.ndarray]) -> tuple[list[str], np.ndarray, dict[str, float]]:
    """Names of the traits in which photos differ, x (N, K), and what one more in x is, in the trait's unit."""
    spreads = {
        name: 1.0 if values.dtype == bool else float(values.std()) for name, values in traits.items() if varies(values)
    }
    columns = [(traits[name] - traits[name].mean()) / spread for name, spread in spreads.items()]
    return list(spreads), np.column_stack(columns) if columns else np.zeros((0, 0)), spreads
