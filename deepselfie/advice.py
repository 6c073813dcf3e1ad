"""What the findings of a world come to. In: the report of the stage `findings`; out: sentences, tables and pictures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from deepselfie import layout, pictures, strip
from deepselfie.crowd import SUBGROUPS, TRAITS
from deepselfie.edits import EDITS
from deepselfie.summary import percent
from deepselfie.texts import signed
from deepselfie.world import World

COLUMNS = {"labels": "likes", "scores": "scores", "edits": "edited photos"}
SIDE = 256  # px of the pictures before and after
BEST = 12  # photos of each subgroup
FIRST = 4  # effects each way that a sentence names: the plot has all


@dataclass(frozen=True)
class Advice:
    """One of the article's: in our words, whether it is a do; the trait (sign -1: less of it) and the edit's level."""

    words: str
    do: bool
    trait: str
    sign: int = 1
    edit: str | None = None
    level: int = -1


ARTICLE = (  # A. Karpathy, 2015: what he read off the best and the worst that his network had ranked
    Advice("Be female", True, "female"),
    Advice("Let the face fill a third of the picture", True, "face_third", -1),
    Advice("Cut off the forehead", True, "forehead_cut", 1, "forehead_cut"),
    Advice("Show long hair", True, "long_hair"),
    Advice("Strong colours, the face above all", True, "saturation", 1, "saturation"),
    Advice("A filter: black and white", True, "monochrome", 1, "monochrome"),
    Advice("A filter: faded", True, "faded", 1, "fade"),
    Advice("Add a border", True, "border", 1, "border"),
    Advice("Take it in the dark", False, "brightness", -1, "brightness", 0),
    Advice("Let the head fill the frame", False, "face_share", 1, "tighter"),
    Advice("Bring company", False, "company"),
)


def told(world: World) -> dict | None:
    """The details of the report, or None where the stage has not run, or found too few photos to say anything."""
    found = (world.report("findings") or {}).get("details") or {}
    return found if found.get("traits") else None


def in_short(found: dict) -> list[str]:
    """What the findings come to, a sentence a column, with the largest effects each way."""
    traits = list(found["traits"].values())
    said = []
    for column, more, less in (
        ("labels", "comes with more likes than luck", "with fewer"),
        ("scores", "the network ranks higher", "lower"),
    ):
        known = [(one["label"], one[column]) for one in traits if column in one]
        if known:
            said.append(_sentence(known, more, less))
    edits = [(edit["label"], edit["levels"][-1]) for edit in found["edits"].values() if not edit["placebo"]]
    return [*said, _sentence(edits, "lifts the score of the very same photo", "lowers it")]


def _sentence(known: list[tuple[str, dict]], more: str, less: str) -> str:
    ordered = sorted(known, key=lambda pair: -abs(pair[1]["effect"]))
    up, down = ([(n, e) for n, e in ordered if e["found"] and (e["effect"] > 0) is way] for way in (True, False))
    none = [name for name, effect in ordered if not effect["found"]]
    parts = [
        f"**What {more}:** {_listed(up)}",
        f"**{less}:** {_listed(down)}",
        *([f"no measurable effect: {', '.join(map(_lower, none))}"] if none else []),
    ]
    return "; ".join(parts) + "."


def _listed(effects: list[tuple[str, dict]]) -> str:
    return ", ".join(f"{_lower(name)} ({signed(effect['points'][0])})" for name, effect in effects[:FIRST]) or "nothing"


def forest(found: dict) -> list[dict]:
    """A row a trait, then a row for each edit that is no trait's, and the placebos: label and its effect, if any, in
    each of COLUMNS; the one that scores like best comes first."""
    edits, rows = found["edits"], []
    for one in found["traits"].values():
        row = {"label": one["label"], "labels": one.get("labels"), "scores": one.get("scores"), "edits": None}
        if one["edit"]:
            row["edits"] = _at_last_level(edits[one["edit"]])
        rows.append(row)
    rows.sort(key=lambda row: -((row["scores"] or row["labels"] or {"effect": 0})["effect"]))
    of_traits = {one["edit"] for one in found["traits"].values()}
    others = sorted((edit for name, edit in edits.items() if name not in of_traits), key=lambda edit: edit["placebo"])
    return rows + [{"label": e["label"], "labels": None, "scores": None, "edits": _at_last_level(e)} for e in others]


def _at_last_level(edit: dict) -> dict:
    last = edit["levels"][-1]
    return last | {"said": f"{edit['label']}, {last['said']}"}


def cards(world: World, found: dict) -> list[dict]:
    """For each edit its label, levels, and the HTML of a photo before and after; the edit that moves most is first."""
    examples = {example["edit"]: example for example in found["examples"]}
    edits = [(name, edit) for name, edit in found["edits"].items() if not edit["placebo"]]
    edits.sort(key=lambda pair: -abs(pair[1]["levels"][-1]["effect"]))
    return [
        {"label": edit["label"], "levels": edit["levels"], "pair": _pair(world, examples[name])}
        for name, edit in edits
        if name in examples
    ]


def _pair(world: World, example: dict) -> str:
    urls = _before_and_after(world, *(example[name] for name in ("id", "row", "edit", "level")))
    figures = "".join(
        f'<figure><img src="{url}" alt="{when}"><figcaption>score {percent(score)}</figcaption></figure>'
        for url, when, score in zip(urls, ("Before", "After"), (example["before"], example["after"]), strict=True)
    )
    return f'{STYLE}<div class="ds-pair">{figures}</div>'


@lru_cache(maxsize=64)
def _before_and_after(world: World, id: str, row: int, edit: str, level: float) -> tuple[str, str]:
    image = pictures.rgb(pictures.picture(world, row, SIDE)[0])
    faces = world.take([row], ["faces"])["faces"][0].as_py()
    main = faces[0] if faces else None
    made = EDITS[edit].compared_with(image, level, main), EDITS[edit].edited(image, level, main)
    return tuple(strip.data_url(one, SIDE) for one in made)


STYLE = """<style>
.ds-pair { display: flex; gap: 4px; }
.ds-pair figure { flex: 1 1 0; min-width: 0; margin: 0; }
.ds-pair img { width: 100%; display: block; border-radius: 6px; outline: 1px solid rgb(128 128 128 / .35); }
.ds-pair figcaption { font-size: .8rem; opacity: .75; padding-top: 2px; }
</style>"""


def subgroups(world: World, found: dict) -> list[dict]:
    """Each subgroup: names of its two sides, photos, the ranks of the best of both (where they can be told from the
    world's facets), and `rules`, a table of how much a rule is worth to either."""
    shown = []
    for key, group in found["subgroups"].items():
        yes, no = group["names"]
        table = [
            {
                "rule": EDITS[rule["rule"]].label if rule["column"] == "edits" else TRAITS[rule["rule"]].label,
                "seen in": COLUMNS[rule["column"]],
                yes: _points(rule["yes"]),
                no: _points(rule["no"]),
                "differ?": "yes" if rule["difference"]["found"] else "cannot be told",
            }
            for rule in group["rules"]
        ]
        shown.append({"names": [yes, no], "photos": group["photos"], "best": _best(world, key), "rules": table})
    return shown


def _best(world: World, key: str) -> list[list[int]]:
    """The ranks of the best of both sides; empty where the gallery knows no such filter."""
    columns = layout.columns_of(world)
    fact = next((fact for fact in TRAITS[SUBGROUPS[key][0]].reads if fact in columns), None)
    if fact is None:
        return [[], []]
    sides = (True, False) if columns[fact][1].dtype == bool else ((2, None), (1, 1))  # the only number: of faces
    return [layout.gallery(world, where={fact: side}, first=BEST).tolist() for side in sides]


def article(found: dict) -> list[dict]:
    """The article's advice beside what was found here, a row each: agreed to, contradicted, or no measurable effect."""
    rows = []
    for one in ARTICLE:
        trait = found["traits"].get(one.trait, {})
        effects = [trait.get(column) for column in ("labels", "scores")]
        effects = [effect and (_turned(effect) if one.sign < 0 else effect) for effect in effects]
        effects.append(found["edits"][one.edit]["levels"][one.level] if one.edit else None)
        cells = zip(COLUMNS.values(), (_verdict(effect, one.do) for effect in effects), strict=True)
        rows.append({"the article, 2015": f"{'Do' if one.do else 'Do not'}: {_lower(one.words)}", **dict(cells)})
    return rows


def _turned(effect: dict) -> dict:
    """The effect of less of it."""
    value, low, high = effect["points"]
    return effect | {"effect": -effect["effect"], "points": [-value, -high, -low]}


def _verdict(effect: dict | None, do: bool) -> str:
    if effect is None:
        return "\u2013"
    if not effect["found"]:
        return f"no measurable effect, {_points(effect)}"
    return f"{'✓' if (effect['effect'] > 0) is do else '✗'} {_points(effect)}"


def _points(effect: dict) -> str:
    value, low, high = effect["points"]
    return f"{signed(value)} ({signed(low)} to {signed(high)})"


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]
