"""What a photo is like, beside the photos of a world, and what such traits do to its score. In: its measured facts;
out: rows of tables.

What a trait did is its effect in the world's findings (all traits taken together, in logits) times how far this photo
is from the average one: a straight line through a crowd, not an experiment on this photo.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logit

from deepselfie import advice, layout, texts
from deepselfie.crowd import TRAITS, Trait
from deepselfie.effects import percentile_points
from deepselfie.world import World

CLIPPED = 3.0  # standard deviations: beyond, hardly any photo tells where the line leads
THIRD = 2 / 3  # a number counts as "much" in the upper third of a world, as "little" in the lower
DID = "what it did to the score"
UNSEEN = "not looked for: nobody's is guessed from a picture"


def measured(world: World, attributes: dict) -> list[dict[str, str]]:
    """A row for each measured fact: its value, how many photos of the world have less, and what it did to the score."""
    effects, known = _effects(world, attributes), layout.columns_of(world)
    rows = []
    for key, value in _known(attributes).items():
        row = {"what": texts.facet_label(key), "in your photo": texts.in_unit(value, texts.facet_unit(key))}
        row["among the photos here"] = _beside(value, known[key]) if key in known else "–"
        if effects is not None:
            row[DID] = effects.get(key, "–")
        rows.append(row)
    return rows


def advised(world: World, attributes: dict) -> list[dict[str, str]]:
    """The article's advice, a row each: whether this photo follows it, and what was found of it in this world."""
    found, rows = advice.told(world), []
    tested = advice.article(found) if found else [{}] * len(advice.ARTICLE)
    for one, test in zip(advice.ARTICLE, tested, strict=True):
        words = one.words[0].lower() + one.words[1:]
        row = {"the article, 2015": f"{'Do' if one.do else 'Do not'}: {words}"}
        row["your photo"] = _followed(world, one, attributes)
        if found:
            row["in this network's eyes"] = test[advice.COLUMNS["scores"]]
        rows.append(row)
    return rows


def _effects(world: World, attributes: dict) -> dict[str, str] | None:
    """Fact -> what the traits made of it did to the score, in words; None where nothing has been found out."""
    found = advice.told(world)
    if found is None:
        return None
    scores = np.clip(world.take(layout.order(world), ["score"])["score"].to_numpy().astype(float), 1e-6, 1 - 1e-6)
    logits, moved, sure = logit(scores), {}, set()
    for name, one in found["traits"].items():
        place = _place(world, TRAITS[name], attributes) if name in TRAITS and "scores" in one else None
        if place is None:
            continue
        key, value, crowd = place
        far = np.clip((value - crowd.mean()) / one["spread"], -CLIPPED, CLIPPED)
        moved.setdefault(key, 0.0)
        if one["scores"]["found"]:
            moved[key] += one["scores"]["effect"] * far
            sure.add(key)
    return {
        key: f"{texts.signed(float(percentile_points(effect, logits)))} points" if key in sure else "nothing measurable"
        for key, effect in moved.items()
    }


def _followed(world: World, one: advice.Advice, attributes: dict) -> str:
    """✓ or ✗ and the measured value; of a number the outer third of the world counts."""
    place = _place(world, TRAITS[one.trait], attributes)
    if place is None:
        return UNSEEN if TRAITS[one.trait].reads[0].startswith("truth.") else "cannot be told"
    key, value, crowd = place
    if isinstance(attributes[key], bool):
        does = bool(value) is (one.sign > 0)
    else:
        does = _share_below(one.sign * value, one.sign * crowd) >= THIRD
    said = texts.in_unit(attributes[key], texts.facet_unit(key))
    return f"{'✓' if does is one.do else '✗'} {texts.facet_label(key).lower()}: {said}"


def _place(world: World, trait: Trait, attributes: dict) -> tuple[str, float, np.ndarray] | None:
    """The fact that a trait is made of here, the trait's value in this photo and in the world's; None if unknown."""
    photo, known = _known(attributes), layout.columns_of(world)
    key = next((key for key in trait.reads if key in photo and key in known), None)
    if key is None or not known[key][0].any():
        return None
    has, values = known[key]
    return key, float(trait.made(np.array(photo[key]))), trait.made(values[has]).astype(float)


def _known(attributes: dict) -> dict:
    return {key: value for key, value in attributes.items() if value is not None and value == value}


def _share_below(value: float, crowd: np.ndarray) -> float:
    """Of the crowd, 0..1; of equals half."""
    return float((crowd < value).mean() + (crowd == value).mean() / 2)


def _beside(value: float | bool, known: tuple[np.ndarray, np.ndarray]) -> str:
    has, values = known
    if isinstance(value, bool):
        share = float((values[has] == value).mean())
        return f"as in {texts.in_unit(share, '%')}"
    return f"more than in {texts.in_unit(_share_below(value, values[has]), '%')}"
