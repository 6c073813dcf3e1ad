"""Is the network as good, and as fair, for some photos as for the others? In: scores, labels, authors and any facts
about N photos; out: a row of figures with intervals for each group that the facts make.

`bias` is what the network says too much of a group: its mean score less its share of good photos, less the same of all
others. A group may well be liked less; the network is biased where it says so beyond what the likes say.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from scipy.stats import false_discovery_control, rankdata, t
from threadpoolctl import threadpool_limits

from deepselfie.metrics import BINS as CALIBRATION_BINS
from deepselfie.metrics import draws, equal_bins, interval

FEWEST, FEWEST_PEOPLE = 200, 30  # photos and authors: smaller groups tell of single people, and mostly chance
LEVEL = 0.05  # share of false ones among the biases found
BINS = 5  # of a number, with as many photos in each
FEW_VALUES = 6  # a number with no more values than these is its own group for each: one face, two faces
RESAMPLES = 500  # for the ECE, which has no simple standard error


def subgroups(scores, labels, authors, facts: dict[str, tuple[np.ndarray, np.ndarray]], *, seed: int = 0) -> dict:
    """`groups`, the most biased first; `suppressed`: how many groups were too small to be told; `level`.

    scores (N,) in [0, 1]; labels (N,) 1 or 0; facts: key -> (known: bool (N,), values (N,)), as layout.facts has them.
    Each group: `attribute`, `value` (of a choice or truth; [low, high] of a number), photos, authors, good, score,
    score_gap (to all others), bias, auc, ece, `intervals` of the last four, p of the bias, and `found`: the bias
    passes Benjamini and Hochberg's procedure (1995) at LEVEL over all groups. Intervals know photos of one author are
    alike: by the sandwich (Liang and Zeger 1986), that of the ECE by bootstrap."""
    scores, labels = np.asarray(scores, float), np.asarray(labels, float)
    people = np.unique(np.asarray(authors).astype(str), return_inverse=True)[1]
    times = np.concatenate(list(draws(np.arange(people.max() + 1), seed=seed, resamples=RESAMPLES)))  # (R, A)
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
        auc, auc_interval = ranking(scores[member], labels[member], people[member])
        ece, ece_interval = calibration(scores[member], labels[member], people[member], times)
        rows.append(
            {
                "attribute": attribute,
                "value": value,
                "photos": int(member.sum()),
                "authors": len(np.unique(people[member])),
                "good": float(labels[member].mean()),
                "score": float(scores[member].mean()),
                "score_gap": gap,
                "bias": bias,
                "auc": auc,
                "ece": ece,
                "intervals": {
                    "score_gap": gap_interval,
                    "bias": bias_interval,
                    "auc": auc_interval,
                    "ece": ece_interval,
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
    gap, fewest = float(means[0] - means[1]), min(len(np.unique(people[member])), len(np.unique(people[rest])))
    error, half = _sandwich(pull, people, fewest)
    p = 2 * t.sf(abs(gap) / error, max(fewest - 1, 1)) if error > 0 else 1.0
    return gap, [gap - half, gap + half], float(p)


def ranking(scores: np.ndarray, labels: np.ndarray, people: np.ndarray) -> tuple[float | None, list[float] | None]:
    """AUC and its 95 % interval, None where there are not both labels.

    A photo's pull on the AUC is the share of the other kind that it stands on the right side of (DeLong et al. 1988);
    the pulls of one person's photos are summed (Obuchowski 1997, "Nonparametric analysis of clustered ROC curves")."""
    good = labels == 1
    if good.all() or not good.any():
        return None, None
    rank = rankdata(scores)
    right = np.empty(len(scores))
    right[good] = (rank[good] - rankdata(scores[good])) / (~good).sum()
    right[~good] = 1 - (rank[~good] - rankdata(scores[~good])) / good.sum()
    auc = float(right[good].mean())
    _, half = _sandwich((right - auc) / np.where(good, good.sum(), (~good).sum()), people, len(np.unique(people)))
    return auc, [max(0.0, auc - half), min(1.0, auc + half)]


def calibration(
    scores: np.ndarray, labels: np.ndarray, people: np.ndarray, times: np.ndarray
) -> tuple[float, list[float]]:
    """ECE (see metrics.figures) and its 95 % interval; times: float32 (R, A), how often each person was drawn."""
    edges = equal_bins(len(scores), CALIBRATION_BINS)
    bins = np.empty(len(scores), int)
    bins[np.argsort(scores, kind="stable")] = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    excess = np.zeros((times.shape[1], len(edges) - 1), np.float32)  # (A, bins)
    np.add.at(excess, (people, bins), (scores - labels).astype(np.float32))
    there = np.unique(people)
    with threadpool_limits(1):  # several threads wait for each other longer than so small a product takes
        photos = times[:, there] @ np.bincount(people, minlength=len(excess))[there].astype(np.float32)
        drawn = np.abs(times[:, there] @ excess[there]).sum(1) / np.maximum(photos, 1)
    ece = float(np.abs(excess.sum(0)).sum() / len(scores))
    return ece, interval("ece", ece, drawn)


def _sandwich(pull: np.ndarray, people: np.ndarray, clusters: int) -> tuple[float, float]:
    """The standard error of an estimate from each photo's pull on it, and half of its 95 % interval."""
    freedom = max(clusters - 1, 1)
    error = float(np.sqrt(np.sum(np.bincount(people, pull) ** 2) * clusters / freedom))
    return error, float(t.ppf(0.975, freedom)) * error
