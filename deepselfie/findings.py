"""What makes a good selfie here. In: measured facts, labels, scores, and the network; out: a report of effects.

Three questions that are easily taken for one are kept apart, for each trait of a picture: do photos that have it get
more likes (`labels`)? Do they get higher scores (`scores`)? And does a score change when nothing but this is changed
in the pixels (`edits`)? Only the last is about cause, and only about the network's.

Effects are in logits of a good label, all traits taken together; a number's is that of one standard deviation more, a
yes's is that against no.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from deepselfie import crowd as crowds
from deepselfie.crowd import PRESENT, SUBGROUPS, TRAITS, Crowd, varies
from deepselfie.edits import EDITS, PLACEBOS
from deepselfie.effects import Estimates, found, means, percentile_points, regression
from deepselfie.interventions import JOBS, edited_logits, last
from deepselfie.score import Scorer, default_model
from deepselfie.stage import Report, run_stage
from deepselfie.world import World

SAMPLE = 800  # photos that are edited: enough that halves of them tell a rule of long hair from one of short
SMALLEST = 200  # photos of which anything is said: an author may be known in fewer
SEED = 0
RULES = 6  # of each subgroup: those that differ most
ALWAYS_TOLD = {("hair", "forehead_cut")}  # the article's own example


def findings(world: World) -> Report:
    """details: photos, authors, traits, edits, subgroups, examples, see `details`; no column is added.

    Where fewer than SMALLEST photos have a face and a score, the report says so, and nothing else is found."""
    giver = default_model(world)

    def work(report: Report, progress) -> None:
        crowd = crowds.read(world)
        report.rows_in, report.rows_out = len(world), len(crowd.rows)
        if len(crowd.rows) < SMALLEST:
            report.dropped[f"of {SMALLEST} photos with a face and a score that it takes"] = len(crowd.rows)
            return
        sample = np.sort(np.random.default_rng(SEED).permutation(len(crowd.rows))[:SAMPLE])
        faces = [crowd.faces[photo] for photo in sample]
        scorer = Scorer(giver.model_path)
        logits = edited_logits(world, crowd.rows[sample], faces, scorer, key=report.key, progress=progress)
        report.details = details(crowd, sample, logits)

    edits = [(name, edit.levels) for name, edit in {**EDITS, **PLACEBOS}.items()]
    settings = (edits, list(TRAITS), SAMPLE, SMALLEST, SEED)
    return run_stage(world, "findings", work, key_parts=settings, after=("labels", "score"))


def details(crowd: Crowd, sample: np.ndarray, logits: np.ndarray) -> dict:
    """traits: for each its label, spread and its effects on `labels` and `scores`; edits: for each the effect at each
    level, and the name of its trait; an effect is {n, effect, low, high (logits), points: of the three, p, found}."""
    labelled, unseen = np.isfinite(crowd.labels), crowd.unseen
    if unseen.sum() < SMALLEST:  # scores of photos learned from are better than nothing, where there are no others
        unseen = np.ones(len(unseen), bool)
    columns = {"labels": (labelled, crowd.labels, True), "scores": (unseen, crowd.logits, False)}
    columns = {name: which for name, which in columns.items() if which[0].sum() >= SMALLEST}
    columns = {name: which for name, which in columns.items() if np.ptp(which[1][which[0]]) > 0}
    traits = {
        name: {"label": TRAITS[name].label, "spread": crowd.spreads[name], "edit": TRAITS[name].edit}
        for name in crowd.names
    }
    for column, (which, y, logistic) in columns.items():
        fit = regression(crowd.x[which], y[which], crowd.authors[which], logistic=logistic, seed=SEED)
        for name, effect in zip(crowd.names, _told(fit, int(which.sum()), crowd.logits, found(fit.p)), strict=True):
            traits[name][column] = effect
    change = logits[..., 1] - logits[..., 0]  # (M, J)
    authors = crowd.authors[sample]
    return {
        "photos": len(crowd.rows),
        "authors": int(crowd.authors.max()) + 1,
        "labelled": int(labelled.sum()),
        "sample": len(sample),
        "traits": traits,
        "edits": _edits(change, authors, crowd.logits),
        "subgroups": _subgroups(crowd, sample, change, columns),
        "examples": _examples(crowd, sample, logits),
    }


def _told(fit: Estimates, n: int | np.ndarray, logits: np.ndarray, is_found: np.ndarray) -> list[dict]:
    """The effects as a report holds them; points: what each, and the ends of its interval, move a median photo."""
    low, high = fit.interval
    three = np.stack([fit.value, low, high], axis=1)  # (K, 3)
    points = percentile_points(three, logits)
    counts = np.broadcast_to(n, len(three))
    return [
        {
            "n": int(count),
            "effect": round(float(logit[0]), 4),
            "low": round(float(logit[1]), 4),
            "high": round(float(logit[2]), 4),
            "points": [round(float(point), 2) for point in moved],
            "p": float(f"{p:.3g}"),
            "found": bool(yes),
        }
        for count, logit, moved, p, yes in zip(counts, three, points, fit.p, is_found, strict=True)
    ]


def _edits(change: np.ndarray, authors: np.ndarray, logits: np.ndarray) -> dict:
    """What is told of each edit and placebo, its levels in order.

    Found is what an interval tells from 0 and from the placebos (more than the most that saving a file anew may do),
    of what Benjamini and Hochberg find among all levels of all edits."""
    fit, n = means(change, authors, seed=SEED), np.isfinite(change).sum(axis=0)
    low, high = fit.interval
    placebos = np.array([name in PLACEBOS for name, _ in JOBS])
    floor = np.maximum(np.abs(low), np.abs(high))[placebos].max()
    sure = np.zeros(len(JOBS), bool)
    sure[~placebos] = found(fit.p[~placebos])
    told_apart = (low * high > 0) & (np.abs(fit.value) > floor) & (n >= PRESENT)
    effects = _told(fit, n, logits, sure & told_apart)
    table = {}
    for (name, level), effect in zip(JOBS, effects, strict=True):
        edit = {**EDITS, **PLACEBOS}[name]
        one = table.setdefault(name, {"label": edit.label, "placebo": name in PLACEBOS, "levels": []})
        one["levels"].append({"level": level, "said": edit.said(level), **effect})
    return table


def _subgroups(crowd: Crowd, sample: np.ndarray, change: np.ndarray, columns: dict) -> dict:
    """Whether a rule holds for some as for others: for each of SUBGROUPS its two names, sizes, and rules.

    A rule: its column, and the effect for `yes`, for `no`, and the difference of the two. Told are the RULES largest of
    the differences found among all that were looked at, and ALWAYS_TOLD; of fewer than SMALLEST photos nothing is."""
    told, looked = {}, []
    for key, (trait, yes, no) in SUBGROUPS.items():
        if trait not in crowd.traits:
            continue
        inside = crowd.traits[trait] > 0
        told[key] = {"names": [yes, no], "photos": [int(inside.sum()), int((~inside).sum())], "rules": []}
        for column, (which, y, logistic) in columns.items():
            looked += _associations(key, crowd, column, y, logistic, (which & inside, which & ~inside))
        looked += _interventions(key, crowd, sample, change, inside[sample])
    differs = found(np.array([rule["difference"]["p"] for _, rule in looked]))
    for (_, rule), yes in zip(looked, differs, strict=True):
        rule["difference"]["found"] = bool(yes)
    looked.sort(key=lambda pair: -abs(pair[1]["difference"]["effect"]))
    for key, rule in looked:
        rules = told[key]["rules"]
        if (key, rule["rule"]) in ALWAYS_TOLD or (rule["difference"]["found"] and len(rules) < RULES):
            rules.append(rule)
    return told


def _associations(key: str, crowd: Crowd, column: str, y: np.ndarray, logistic: bool, sides: tuple) -> list:
    """(key, rule) of each trait in which the photos of both sides (bool (N,) each) differ."""
    names = [name for name in crowd.names if all(varies(crowd.traits[name][s], crowd.spreads[name]) for s in sides)]
    n = [int(side.sum()) for side in sides]
    if min(n) < SMALLEST or not names:
        return []
    x, many = crowd.x[:, [crowd.names.index(name) for name in names]], int(crowd.authors.max()) + 1
    fits = [regression(x[s], y[s], crowd.authors[s], logistic=logistic, crowd=many, seed=SEED) for s in sides]
    return _compared(key, column, names, fits, n, crowd.logits)


def _interventions(key: str, crowd: Crowd, sample: np.ndarray, change: np.ndarray, here: np.ndarray) -> list:
    """(key, rule) of each edit at its last level that changes enough photos of both sides; here: bool (M,)."""
    change = change[:, [last(name) for name in EDITS]]
    n = np.stack([np.isfinite(change[s]).sum(axis=0) for s in (here, ~here)])  # (2, E)
    enough = n.min(axis=0) >= SMALLEST
    names = [name for name, yes in zip(EDITS, enough, strict=True) if yes]
    if not names:
        return []
    authors, many = crowd.authors[sample], int(crowd.authors.max()) + 1
    fits = [means(change[s][:, enough], authors[s], crowd=many, seed=SEED) for s in (here, ~here)]
    return _compared(key, "edits", names, fits, n[:, enough], crowd.logits)


def _compared(key: str, column: str, names: list[str], fits: list[Estimates], n, logits: np.ndarray) -> list:
    difference = fits[0].minus(fits[1])
    effects = [
        *(_told(fit, count, logits, found(fit.p)) for fit, count in zip(fits, n, strict=True)),
        _told(difference, np.add(*n), logits, np.zeros(len(names), bool)),
    ]
    return [
        (key, {"rule": name, "column": column, "yes": yes, "no": no, "difference": between})
        for name, yes, no, between in zip(names, *effects, strict=True)
    ]


def _examples(crowd: Crowd, sample: np.ndarray, logits: np.ndarray) -> list[dict]:
    """For each edit at its last level the photo that it changes most as it does photos on average, each another one."""
    chosen, free = [], np.ones(len(sample), bool)
    for name, edit in EDITS.items():
        pair = logits[:, last(name)]  # (M, 2)
        change = pair[:, 1] - pair[:, 0]
        if not np.isfinite(change[free]).any():
            continue
        photo = int(np.nanargmin(np.where(free, np.abs(change - np.nanmean(change)), np.nan)))
        free[photo] = False
        before, after = (round(float(expit(logit)), 4) for logit in pair[photo])
        row = sample[photo]
        where = {"row": int(crowd.rows[row]), "id": crowd.ids[row]}
        chosen.append({"edit": name, "level": edit.levels[-1], **where, "before": before, "after": after})
    return chosen
