"""The datasheet of a world, in plain words: what its photos are, where they come from, what is missing, what for.

In: the world's table and reports; out: sections of questions and answers, after T. Gebru et al., "Datasheets for
Datasets" (2021), and Markdown of them.
"""

from __future__ import annotations

from deepselfie import texts
from deepselfie.summary import learned, model_world
from deepselfie.world import World

RENDERED = "demo:"  # how the ids of rendered photos begin


def datasheet(photos: World) -> dict[str, dict[str, str]]:
    """section -> question -> answer; questions that this world's reports do not answer are left out."""
    table = photos.table
    ids = photos.take([0], ["id"])["id"].to_pylist() if len(photos) else []
    rendered = bool(ids) and ids[0].startswith(RENDERED)
    labels = learned(photos, "labels") or {}
    sheet = {
        "What the data are": {
            "Photos": _photos(photos),
            "People": texts.DATASHEET["rendered people" if rendered else "real people"],
            "Beside each photo": _columns(table.schema.names),
            "Labels": _labels(labels),
        },
        "How they were gathered": {
            "From where": texts.DATASHEET["rendered source" if rendered else "real source"],
            "When": _when(photos),
            "What was left out": _left_out(photos),
            "Who is who": texts.DATASHEET["authors"],
        },
        "What is missing": {
            "Values that are not known": _missing(photos),
            "What likes cannot say": texts.DATASHEET["likes"],
            "Whom it stands for": texts.DATASHEET["rendered crowd" if rendered else "real crowd"],
        },
        "What it is for": {
            "For": texts.DATASHEET["for"],
            "Not for": texts.DATASHEET["not for"],
            "Scored by": f"the network of world {model_world(photos).name}; its model card says what it learned from",
        },
    }
    return {name: {asked: told for asked, told in section.items() if told} for name, section in sheet.items()}


def markdown(sheet: dict[str, dict[str, str]], title: str) -> str:
    """The datasheet as Markdown."""
    lines = [f"# {title}"]
    for section, answers in sheet.items():
        lines += ["", f"**{section}**", "", *(f"- {question}: {answer}" for question, answer in answers.items())]
    return "\n".join(lines) + "\n"


def _photos(photos: World) -> str:
    text = f"{len(photos):,}"
    if "author" in photos.columns:
        authors = photos.read(["author"])["author"]
        people = len(authors.unique()) - bool(authors.null_count)
        text += f" of {people:,} accounts" if people else ""
    if "score" in photos.columns:
        text += f"; {photos.table.count_rows(filter='score IS NOT NULL'):,} show a face and have a score"
    return text


def _columns(names: list[str]) -> str:
    said = {name: text for name, text in texts.COLUMNS.items() if name in names}
    return ", ".join(said.values())


def _labels(report: dict) -> str:
    details = report.get("details") or {}
    if not details:
        return "none: nobody has told good from bad here"
    return (
        f"{details['good']:,} good and {details['bad']:,} bad, told by likes alone "
        f"(in the world that the network learned from)"
    )


def _when(photos: World) -> str:
    created = photos.read(["created_at"])["created_at"].drop_null()
    if not len(created):
        return "nobody knows: the photos say nothing of it"
    days = created.to_numpy().astype("datetime64[D]")
    return f"posted from {days.min()} to {days.max()}"


def _left_out(photos: World) -> str:
    found = {}
    for stage in ("import", "faces", "labels"):
        for reason, n in ((photos.report(stage) or {}).get("dropped") or {}).items():
            found[reason] = max(n, found.get(reason, 0))
    return ", ".join(f"{n:,} {reason}" for reason, n in found.items() if n) or "nothing"


def _missing(photos: World) -> str:
    names = [name for name in ("likes", "followers", "author", "created_at", "licence") if name in photos.columns]
    table = photos.read(names)
    missing = {name: table[name].null_count for name in names}
    return ", ".join(f"{texts.COLUMNS[name]} of {n:,} photos" for name, n in missing.items() if n) or "none"
