"""Is the network as good, and as fair, for some photos as for the others? In: scores, labels, authors and any facts
about N photos; out: a row of figures with intervals for each group that the facts make.

`bias` is what the network says too much of a group: its mean score less its share of good photos, less the same of all
others. A group may well be liked less; the network is biased where it says so beyond what the likes say.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from scipy.stats import false_discovery_control, t

from deepselfie.metrics import measure

FEWEST, FEWEST_PEOPLE = 200, 30  # photos and authors: smaller groups tell of single people, and mostly chance
LEVEL = 0.05  # share of false ones among the biases found
BINS = 5  # of a number, with as many photos in each
FEW_VALUES = 6  # a number with no more values than these is its own group for each: one face, two faces
RESAMPLES = 500  # for AUC and ECE: a hundred groups take seconds


def subgroups(scores, labels, authors, facts: dict[str, tuple[np.ndarray, np.ndarray]], *, seed: int = 0) -> dict:
    """`groups`, the most biased first; `suppressed`: how many groups were too small to be told; `level`.

    scores (N,) in [0, 1]; labels (N,) 1 or 0; facts: key -> (known: bool (N,), values (N,)), as layout.facts has them.
    Each group: `attribute`, `value` (of a choice or truth; [low, high] of a number), photos, authors, good, score,
    score_gap (to all others), bias, auc, ece, `intervals` of the last four, p of the bias, and `found`: the bias
    passes Benjamini and Hochberg's procedure (1995) at LEVEL over all groups. Intervals know photos of one author are
    alike: those of the gaps by the sandwich (Liang and Zeger 1986), those of AUC and ECE by bootstrap."""
    scores, labels = np.asarray(scores, float), np.asarray(labels, float)
    people = np.unique(np.asarray(authors).astype(str), return_inverse=True)[1]
    rows, suppressed = [], 0
    for attribute, value, member, known in groups(facts):
        if member.sum() < FEWEST or len(np.unique(people[member])) < FEWEST_PEOPLE:
            suppressed += 1
            continue
        rest = known & ~member
        if not rest.any():
            continue
        gap, gap_interval, _ = difference(scores, member, rest, people)
        bias, bias_interval, p = difference(scores - labels, member, rest, people)
        own = measure(scores[member], labels[member], people[member], seed=seed, resamples=RESAMPLES)
        rows.append(
            {
                "attribute": attribute,
                "value": value,
                **{name: own[name] for name in ("photos", "authors", "good", "auc", "ece")},
                "score": float(scores[member].mean()),
                "score_gap": gap,
                "bias": bias,
                "intervals": {
                    "score_gap": gap_interval,
                    "bias": bias_interval,
                    **{name: own["intervals"][name] for name in ("auc", "ece")},
                },
                "p": p,
            }
        )
    adjusted = false_discovery_control([row["p"] for row in rows]) if rows else []
    for row, q in zip(rows, adjusted, strict=True):
        row["found"] = bool(q <= LEVEL)
    rows.sort(key=lambda row: (not row["found"], -abs(row["bias"])))
    return {"groups": rows, "suppressed": suppressed, "fewest": FEWEST, "level": LEVEL}


def groups(facts: dict) -> Iterator[tuple[str, object, np.ndarray, np.ndarray]]:
    """(key, value, members: bool (N,), known: bool (N,)) for each value of a choice and each fifth of a number."""
    for key, (known, values) in facts.items():
        each = np.unique(values[known])
        if len(each) < 2:
            continue
        if values.dtype.kind != "f":
            for value in each:
                yield key, value.item(), known & (values == value), known
        elif len(each) <= FEW_VALUES:
            for value in each:
                yield key, [float(value), float(value)], known & (values == value), known
        else:
            edges = np.unique(np.quantile(values[known], np.linspace(0, 1, BINS + 1)))
            place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
            for i, (low, high) in enumerate(pairwise(edges)):
                yield key, [float(low), float(high)], known & (place == i), known


def difference(
    values: np.ndarray, member: np.ndarray, rest: np.ndarray, people: np.ndarray
) -> tuple[float, list[float], float]:
    """Mean of `values` (N,) of the members less that of the rest, its 95 % interval, and p that there is none.

    people: int (N,) from 0; the errors of one person's photos are summed before they are squared."""
    means = values[member].mean(), values[rest].mean()
    pull = np.zeros(len(values))  # of each photo on the difference
    pull[member] = (values[member] - means[0]) / member.sum()
    pull[rest] = -(values[rest] - means[1]) / rest.sum()
    fewest = min(len(np.unique(people[member])), len(np.unique(people[rest])))
    error = np.sqrt(np.sum(np.bincount(people, pull) ** 2) * fewest / max(fewest - 1, 1))
    gap, half = float(means[0] - means[1]), float(t.ppf(0.975, max(fewest - 1, 1)) * error)
    p = 2 * t.sf(abs(gap) / error, max(fewest - 1, 1)) if error > 0 else 1.0
    return gap, [gap - half, gap + half], float(p)
