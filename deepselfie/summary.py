"""A world in numbers and plain words. In: the reports of its stages and the model's card; out: what the pages say.

Whatever is missing is left out: a world may have no likes, no labels, or another world's model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepselfie.world import World, read_json, world

CHANCE = 0.5
SAID = {  # what each stage does, in a few words
    "import": "take in the photos",
    "faces": "find the faces",
    "labels": "label by likes",
    "train": "train the network",
    "score": "score every photo",
    "distil": "teach a small network for the mirror",
    "evaluate": "measure how far to trust the scores",
    "findings": "find what makes a good selfie",
    "embed": "place them on the map",
    "clusters": "find where photos crowd in fc7",
    "layout": "put them in order and on a grid",
    "atlas": "make thumbnails",
}

TERMS = {  # entries of a model card that are names in the field
    "fc7": "Numbers in fc7",
    "auc": "AUC",
    "ece": "Calibration error (ECE)",
    "brier": "Brier score",
    "log_loss": "Log-loss",
    "size": "Looks at (px)",
}

SPLIT = {  # what each part of the labelled photos is for
    "train": "learning",
    "validation": "choosing when to stop",
    "calibration": "making scores honest",
    "test": "the exam",
}


@dataclass(frozen=True)
class Accuracy:
    """Share of labels told right on photos never trained on, its 95 % interval, and the best anybody could reach."""

    value: float
    low: float
    high: float
    ceiling: float | None = None
    photos: int | None = None

    def __str__(self) -> str:
        return f"{percent(self.value)} (95 % interval {percent(self.low)} to {percent(self.high)})"


def percent(share: float, digits: int = 1) -> str:
    """A share as people read it, with a space that does not break."""
    return f"{100 * share:.{digits}f}\u00a0%"


def model_world(photos: World) -> World:
    """The world whose model scored these photos: its own, or the demo's."""
    return photos if (photos.model_path / "card.json").exists() else world("demo")


def card(photos: World) -> dict | None:
    """The model card of the network that scored these photos, or None where there is none."""
    return read_json(model_world(photos).model_path / "card.json")


def learned(photos: World, stage: str) -> dict | None:
    """The report of "import", "faces", "labels" or "train" on the photos that the network learned from."""
    own = model_world(photos)
    return own.report(f"training-{stage}") or own.report(stage)


def exam(photos: World) -> tuple[World, dict]:
    """What the stage evaluate found, on these photos or else on those of the world whose model scored them, and where.

    {} where nothing was measured."""
    for owner in (photos, model_world(photos)):
        for stage in ("evaluate", "score"):  # as of worlds scored before evaluating was a stage of its own
            details = (owner.report(stage) or {}).get("details") or {}
            if details.get("evaluation"):
                return owner, details
    return photos, {}


def evaluation(photos: World) -> dict:
    """The figures of metrics.measure on photos never trained on; {} where nothing was measured."""
    return exam(photos)[1].get("evaluation", {})


def accuracy(photos: World) -> Accuracy | None:
    """The measured accuracy, or None where no labels were set aside to measure it on."""
    measured_on, details = exam(photos)
    if not details:
        return None
    found = details["evaluation"]
    value = found["accuracy"]
    low, high = (found.get("intervals") or {}).get("accuracy") or found.get("interval") or (value, value)
    return Accuracy(value, low, high, found.get("ceiling") or ceiling(measured_on), found.get("photos"))


def ceiling(photos: World) -> float | None:
    """The best accuracy possible on a demo world's labels, from the true qualities; None for real photos."""
    if not photos.exists or not {"truth", "label"} <= photos.columns:
        return None
    table = photos.read(["truth", "label"], where="label is not null")
    if "quality" not in [f.name for f in table.schema.field("truth").type] or len(table) < 100:
        return None
    from deepselfie.demo import law

    quality = table["truth"].combine_chunks().field("quality").to_numpy(zero_copy_only=False)
    return law.ceiling(quality, np.asarray(table["label"]))


def curves(photos: World) -> dict | None:
    """The arguments of figures.training_curves: log-loss over epochs and the epoch that was kept."""
    details = (learned(photos, "train") or {}).get("details") or {}
    return details.get("curves") and {"curves": details["curves"], "best": details.get("best_epoch")}


def calibration(photos: World) -> dict | None:
    """The arguments of figures.calibration: for each bin what was predicted, what was seen, and of how many photos."""
    return evaluation(photos).get("calibration")


def steps(photos: World) -> list[tuple[str, str]]:
    """The story in five steps, (title, text), with this world's numbers where its reports have them."""
    labels, training = learned(photos, "labels") or {}, learned(photos, "train") or {}
    details = labels.get("details") or {}
    gathered = labels.get("rows") or (learned(photos, "import") or {}).get("rows")
    faceless = labels.get("dropped", {}).get("no face", 0)
    measured = accuracy(photos)
    ranked = photos.table.count_rows(filter="score is not null") if "score" in photos.columns else 0
    epochs = (training.get("details") or {}).get("epochs")
    return [
        (
            "Gather",
            (f"{gathered:,} posts" if gathered else "Posts")
            + ": a photo each, its likes, and how many people it could have reached.",
        ),
        (
            "Keep the selfies",
            "A detector looks for faces: "
            + (f"{gathered - faceless:,} of them show one." if gathered else "only photos that show one stay."),
        ),
        (
            "Label by likes",
            "Likes alone would crown whoever has the most followers. So each post is only compared with posts of like "
            f"audience: the better liked half is *good*{_number(details.get('good'))}, the other half *bad*"
            f"{_number(details.get('bad'))}.",
        ),
        (
            "Train a ConvNet",
            f"It sees nothing but pixels and labels{f', {epochs} times over' if isinstance(epochs, int) else ''}."
            + (f" On photos new to it, it is right in {percent(measured.value)}." if measured else ""),
        ),
        ("Rank them all", f"Then it scores {ranked:,} photos{_met(photos)}, and here they are, in order."),
    ]


def _met(photos: World) -> str:
    """Whether the network that scored these photos has learned from some of them, in words."""
    if model_world(photos) == photos and "split" in photos.columns:
        seen = photos.table.count_rows(filter="split = 'train'")
        if seen:
            return f" ({seen:,} of them it had learned from)"
    return " that it never met"


def recovered(photos: World) -> list[dict]:
    """A row for each effect planted in the likes of a demo world: what it is worth there, and in the network's eyes."""
    found = ((photos.report("recovery") or {}).get("details") or {}).get("effects", [])
    return [
        {
            "in the picture": one["effect"],
            "of the selfies": percent(one["share"], 0 if one["share"] >= 0.1 else 1),
            "planted": f"{one['planted']:+.2f}".replace("-", "\u2212"),
            "found": f"{one['found']:+.2f}".replace("-", "\u2212"),
        }
        for one in sorted(found, key=lambda one: -one["planted"])
    ]


def stages(photos: World) -> list[dict]:
    """A row for each stage that has run: what it does, photos in and out, what was left out and why, seconds."""
    rows = []
    learned_elsewhere = photos.report("training-labels") is not None
    for stage, said in SAID.items():
        for name in ([f"training-{stage}"] if learned_elsewhere else []) + [stage]:
            report = photos.report(name)
            if report:
                left = ", ".join(f"{n:,} {why}" for why, n in report.get("dropped", {}).items() if n)
                rows.append(
                    {
                        "step": said + (" (the photos learned from)" if name != stage else ""),
                        "in": f"{report.get('rows_in') or 0:,}",
                        "out": f"{report.get('rows_out') or 0:,}",
                        "left out": left or "nothing",
                        "seconds": f"{report.get('seconds') or 0:,.0f}",
                    }
                )
    return rows


def label_rules(photos: World) -> list[str]:
    """The rules by which good and bad were told apart, each a sentence with its number."""
    details = (learned(photos, "labels") or {}).get("details") or {}
    if not details:
        return []
    low, high = details["followers"]
    used = ", ".join(f"{n:,} for {SPLIT[name]}" for name, n in details["split"].items() if n)
    return [
        f"Posts from accounts with {low:,} to {high:,} followers: below, a few friends decide, above, fame does.",
        f"At most {details['max_tags']} tags, and at least {details['min_age_days']} days old, so that likes settled.",
        *_compared(details),
        f"{details['good']:,} good and {details['bad']:,} bad of {details['authors']:,} people: {used}. "
        "Nobody is in two of these parts, so the network cannot pass by knowing a face.",
    ]


def _compared(details: dict) -> list[str]:
    """With what a post was compared, by the way that the labels were made."""
    if details.get("way") == "pairs":
        return [
            "A post is compared with the other posts of its own account: better than most of them is good. Single "
            "posts, and those in the very middle, are not used."
        ]
    if details.get("way") == "residual":
        return [
            "A regression on followers, tags, hour, weekday and age tells how many likes to expect (it explains "
            f"{percent(details['explained'], 0)} of their spread among people it has not met).",
            "The half of the posts with the most likes beyond that is good, the other half bad.",
        ]
    return [
        "Audience is the number of followers, plus a little for each tag"
        + (f" ({100 * details['tag_bonus']:.1f} % more a tag)." if details.get("tag_bonus") else "."),
        f"Sorted by audience and cut into {details['groups']:,} groups of {details['group_size']}: in each, the better "
        "liked half is good and the other half bad. Ties fall by lot.",
    ]


def card_markdown(found: dict, title: str) -> str:
    """A model card as Markdown: its plain entries first, then a list for each section."""
    sections = {name: value for name, value in found.items() if isinstance(value, dict)}
    plain = {name: value for name, value in found.items() if name not in sections and name != "weights"}  # a hash
    lines = [f"# {title}", "", *_list(plain)]
    for name, section in sections.items():
        if inside := _list(section):
            lines += ["", f"**{_name(name)}**", "", *inside]
    return "\n".join(lines) + "\n"


def _list(entries: dict) -> list[str]:
    """The entries as lines of a list; those that are no number, text or short list of such are left out."""
    plain, intervals = (str, int, float), entries.get("intervals", {})
    return [
        f"- {_name(name)}: {_plain(value)}"
        + (f" (95\u00a0% interval {' to '.join(map(_plain, intervals[name]))})" if intervals.get(name) else "")
        for name, value in entries.items()
        if isinstance(value, plain)
        or (isinstance(value, list) and 0 < len(value) <= 12 and isinstance(value[0], plain))
    ]


def _name(key: str) -> str:
    return TERMS.get(key) or key.replace("_", " ").capitalize()


def _plain(value) -> str:
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _number(n: int | None) -> str:
    return "" if n is None else f" ({n:,})"
