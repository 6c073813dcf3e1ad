"""What sets some photos of a world apart from all of them: in which measured facts they differ, and how much.

In: the columns of a world (as layout makes them) and a set of its photos. Out: the facts in which the set differs,
strongest first, in words with figures. A number and a share (of photos with a border, say) are put on one scale: the
set's mean less the mean of all, in standard deviations of all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepselfie import texts
from deepselfie.layout import MAX_VALUES

PRIOR = 10  # photos like all others that a set is thought to hold besides its own: a small one must be far apart
BY_CHANCE = 3  # standard errors that are taken off a difference: one set in 700 differs by more in any one thing
WEAKEST = 0.2  # standard deviations beyond chance: what differs by less, nobody sees
REPEATS = 0.7  # correlation above which one thing says what another has said


@dataclass(frozen=True, eq=False)
class Traits:
    """The facts of N photos on one scale: T traits, each a number, a truth, or one value of a choice."""

    keys: tuple[str, ...]  # T facet keys
    values: tuple[bool | str | None, ...]  # T; None: a number, True: yes, else the value of a choice
    z: np.ndarray  # float32 (N, T): in standard deviations from the mean of all, 0 where unknown
    known: np.ndarray  # bool (N, T)
    mean: np.ndarray  # (T,), in the unit of the fact
    sd: np.ndarray  # (T,)


@dataclass(frozen=True)
class Difference:
    """One thing that sets photos apart: `value` is "high" or "low", yes or no, or the choice that is frequent here."""

    key: str
    value: bool | str
    strength: float  # standard deviations beyond what chance may do
    label: str
    text: str  # "Brightness: low, 31 % on average, 52 % in all"


def traits(columns: dict[str, tuple[np.ndarray, np.ndarray]]) -> Traits:
    """The traits of all photos that visitors may meet: columns as layout has them, key -> (known, values), (N,) each.

    Left out are things alike in all photos and `cluster`, which names a set of photos instead of describing it."""
    keys, values, facts, knowns = [], [], [], []
    for key, (known, column) in columns.items():
        if key == "cluster" or not texts.is_for_visitors(key, column.dtype.kind == "f", columns) or not known.any():
            continue
        if column.dtype.kind == "f":
            each = [(None, column)]
        elif column.dtype == bool:
            each = [(True, column)]
        else:
            choices = np.unique(column[known])
            each = [(str(value), column == value) for value in choices] if len(choices) <= MAX_VALUES else []
        for value, fact in each:
            if np.ptp(fact[known].astype(float)) > 0:
                keys.append(key), values.append(value), facts.append(fact), knowns.append(known)
    if not keys:
        return Traits((), (), np.zeros((0, 0), np.float32), np.zeros((0, 0), bool), np.zeros(0), np.zeros(0))
    known = np.stack(knowns, axis=1)  # (N, T)
    z, mean, sd = np.zeros(known.shape, np.float32), np.zeros(len(keys)), np.zeros(len(keys))
    for t, fact in enumerate(facts):
        at = known[:, t]
        mean[t], sd[t] = fact[at].mean(), fact[at].std()
        z[at, t] = (fact[at] - mean[t]) / sd[t]
    return Traits(tuple(keys), tuple(values), z, known, mean, sd)


def apart(of: Traits, members: np.ndarray, k: int = 6) -> list[Difference]:
    """At most k differences of some photos, strongest first; none where they may well be a random handful.

    members: bool (N,), or their numbers among the N photos. One difference a key, and none that repeats a stronger
    one (a filter "bw" beside "black and white")."""
    if not of.keys or not len(members):
        return []
    n = of.known[members].sum(axis=0)  # (T,)
    d = of.z[members].sum(axis=0) / np.maximum(n, 1)
    left = 1 - n / of.known.sum(axis=0)  # a set that is nearly all photos cannot differ by chance either
    strength = np.abs(d) * n / (n + PRIOR) - BY_CHANCE * np.sqrt(left / np.maximum(n, 1))
    found: list[int] = []
    for t in np.argsort(-strength, kind="stable"):
        if len(found) == k or strength[t] < WEAKEST:
            break
        if isinstance(of.values[t], str) and d[t] < 0:  # "few at the beach": of many choices that says nothing
            continue
        if not any(_repeats(of, t, other) for other in found):
            found.append(t)
    return [_difference(of, t, d[t], strength[t]) for t in found]


def _repeats(of: Traits, one: int, other: int) -> bool:
    if of.keys[one] == of.keys[other]:
        return True
    return abs(float(of.z[:, one] @ of.z[:, other])) / len(of.z) > REPEATS


def _difference(of: Traits, t: int, d: float, strength: float) -> Difference:
    key, value, high = of.keys[t], of.values[t], bool(d > 0)
    here, everywhere = of.mean[t] + d * of.sd[t], of.mean[t]
    label = texts.facet_label(key)
    if value is None:
        word, unit = ("high" if high else "low"), texts.facet_unit(key)
        figures = f"{texts.in_unit(here, unit)} on average, {texts.in_unit(everywhere, unit)} in all"
        return Difference(key, word, float(strength), label, f"{label}: {texts.how_much(key, high)}, {figures}")
    figures = f"{texts.in_unit(max(here, 0.0), '%')} here, {texts.in_unit(everywhere, '%')} of all"
    if value is True:
        return Difference(key, high, float(strength), label, f"{label}: {figures}")
    return Difference(key, value, float(strength), label, f"{label}: {value}, {figures}")
