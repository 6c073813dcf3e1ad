"""The neighbourhoods of the map: photos that lie close together on it, each neighbourhood with a short name.

In: `tsne`, and `attributes` and `truth` for the names. Out: `cluster`, the name of each photo's cluster, null for
photos between the clusters: "dark, close up", or "unnamed 3" where nothing measured sets a cluster apart.

Clusters are found on the map (2 dimensions), not in the 50 of the PCA: there the network's fc7 has hardly any gaps,
and on the demo world the best settings put a third of the photos into clusters, on the map two thirds. The borders
are no law of nature: 10,000 places drawn evenly at random make clusters of 40 % of them, too. What is not chance is
what a name says: it takes a difference that a random handful would not have.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from deepselfie import texts
from deepselfie.embed import vectors
from deepselfie.layout import facts
from deepselfie.lift import Difference, apart, traits
from deepselfie.stage import Report, run_stage
from deepselfie.world import World

SHARE, FEWEST, MOST = 0.015, 30, 40  # a cluster's share of the photos and number of them; how many clusters
SMOOTHING = 0.001  # of the photos are the neighbours that tell the density: single chance gaps do not split a cluster
EXACT_UP_TO = 30_000  # photos: 4 s, growing with the square; of more, a sample of as many is clustered
NEAR = 0.95  # quantile of the distances between nearest neighbours in a cluster: as near is inside
LONGEST = 28  # characters of a name, to fit on the map
CLEAR = 0.3  # standard deviations beyond chance: a name claims more than a figure; less tells like clusters apart
SECOND = 0.5  # of the strength of the first word that the second one needs
SEED = 0

# How the values of facets are called in a name; others go by the label of the facet ("brown hair colour")
WORDS: dict[str, dict[str | bool, str]] = {
    "faces": {"low": "alone", "high": "in company"},
    "face_share": {"low": "far away", "high": "close up"},
    "face_x": {"low": "face left", "high": "face right"},
    "face_y": {"low": "face high", "high": "face low"},
    "tilt": {"low": "leaning left", "high": "leaning right"},
    "forehead_cut": {True: "head cut off", False: ""},
    "brightness": {"low": "dark", "high": "bright"},
    "contrast": {"low": "flat", "high": "stark"},
    "saturation": {"low": "pale", "high": "colourful"},
    "warmth": {"low": "cool", "high": "warm"},
    "black_level": {"low": "deep blacks", "high": "faded"},
    "monochrome": {True: "black and white", False: ""},
    "border": {True: "framed", False: ""},
    "sharpness": {"low": "soft", "high": "sharp"},
    "noise": {"low": "smooth", "high": "grainy"},
    "truth.filter": {"none": "", "fade": "faded", "warm": "warm filter", "cool": "cool filter",
                     "xpro": "cross-processed", "bw": "black and white"},
    "truth.background": {"room": "indoors", "outdoor": "outdoors", "plain": "plain wall", "street": "in the street",
                         "bath": "in the bathroom", "beach": "at the beach", "car": "in a car", "night": "at night",
                         "cafe": "in a cafe", "gym": "in the gym", "club": "in a club", "mountain": "in the mountains",
                         "sunset": "at sunset"},
    "truth.light": {"shade": "in the shade", "window": "by a window", "sun": "in the sun", "warm": "lamplight",
                    "flash": "flash", "neon": "neon", "golden": "low sun", "dusk": "dusk"},
    "truth.shot": {"mirror": "in the mirror", "face": ""},
    "truth.hair_colour": {"black": "black hair", "dark brown": "dark hair", "brown": "brown hair", "grey": "grey hair",
                          "light brown": "light brown hair", "blond": "blond hair", "red": "red hair",
                          "platinum": "platinum hair", "pink": "pink hair", "blue": "blue hair"},
    "truth.hair": {"wavy": "wavy hair", "short": "short hair", "buzz": "buzz cut", "long": "straight long hair",
                   "curly": "curls", "curlyshort": "short curls", "quiff": "quiff", "pony": "ponytail",
                   "afro": "afro", "bob": "bob", "bangs": "bangs"},
    "truth.long_hair": {True: "long hair", False: "short hair"},
    "truth.female": {True: "women", False: "men"},
    "truth.expression": {"smile": "smiling", "grin": "grinning", "neutral": "serious", "smirk": "smirking",
                         "pout": "pouting", "surprise": "surprised", "wink": "winking"},
    "truth.glasses": {"none": "", "clear": "glasses", "sun": "sunglasses"},
    "truth.beard": {"none": "", "stubble": "stubble", "beard": "bearded"},
}  # fmt: skip


def clusters(world: World) -> Report:
    """Adds `cluster` (string): null for photos in no cluster, for all of them where the world has no map."""

    def work(report: Report, progress) -> None:
        known, places = vectors(world.read(["tsne"])["tsne"])
        rows = np.flatnonzero(known)
        found = find(places)
        seen = traits(facts(world, ("attributes", "truth"), rows))
        names = named([apart(seen, found == c) for c in range(found.max(initial=-1) + 1)])
        column = np.full(len(world), None, object)
        column[rows[found >= 0]] = np.array(names, object)[found[found >= 0]]
        world.set_columns(pa.table({"cluster": pa.array(column, pa.string())}))
        report.rows_in, report.rows_out, report.columns = len(world), int((found >= 0).sum()), ["cluster"]
        for reason, count in (("without a place", len(world) - len(rows)), ("in no cluster", int((found < 0).sum()))):
            if count:
                report.dropped[reason] = count
        sizes = np.bincount(found[found >= 0], minlength=len(names)).tolist()
        report.details = {"clusters": dict(zip(names, sizes, strict=True))}
        progress(len(world), len(world))

    settings = (SHARE, FEWEST, MOST, SMOOTHING, EXACT_UP_TO, NEAR, SEED)
    return run_stage(world, "clusters", work, key_parts=settings, after=("faces", "embed"))


def find(places: np.ndarray) -> np.ndarray:
    """places (N, 2) -> int64 (N,): the cluster of each, the largest cluster 0, or -1 for none."""
    n = len(places)
    sample = np.arange(n)
    if n > EXACT_UP_TO:
        sample = np.sort(np.random.default_rng(SEED).choice(n, EXACT_UP_TO, replace=False))
    smallest = max(FEWEST, round(SHARE * len(sample)))
    if len(sample) < 2 * smallest:
        return np.full(n, -1)
    from sklearn.cluster import HDBSCAN

    found = HDBSCAN(
        min_cluster_size=smallest,
        min_samples=max(5, round(SMOOTHING * len(sample))),
        cluster_selection_method="leaf",  # the finest: "eom" finds the map to be one continent and two islets
        copy=True,
    ).fit_predict(places[sample])
    if n > EXACT_UP_TO:
        found = _spread(places, sample, found)
    return _largest_first(found)


def _spread(places: np.ndarray, sample: np.ndarray, found: np.ndarray) -> np.ndarray:
    """The clusters of all photos, from those of a sample: each other photo joins its nearest sampled one, if near."""
    from scipy.spatial import cKDTree

    tree = cKDTree(places[sample])
    within = tree.query(places[sample], k=2)[0][:, 1]  # to the nearest other
    reach = np.array([np.quantile(within[found == c], NEAR) for c in range(found.max() + 1)] + [0.0])  # last: noise
    distance, nearest = tree.query(places)
    return np.where(distance <= reach[found[nearest]], found[nearest], -1)


def _largest_first(found: np.ndarray) -> np.ndarray:
    sizes = np.bincount(found[found >= 0], minlength=1)
    rank = np.argsort(np.argsort(-sizes, kind="stable"))
    return np.where((found >= 0) & (rank[found] < MOST), rank[found], -1)


def named(differences: list[list[Difference]]) -> list[str]:
    """A name for each cluster, from what sets it apart, strongest first; no two are the same.

    One word, or two where the second is nearly as strong or tells it from a cluster named before."""
    names: list[str] = []
    for number, found in enumerate(differences, start=1):
        said = [(one.strength, word) for one in found if (word := _word(one))]
        if not said or said[0][0] < CLEAR:
            names.append(f"unnamed {number}")
            continue
        (strength, first), others = said[0], said[1:]
        pairs = [f"{first}, {word}" for _, word in others if len(first) + len(word) + 2 <= LONGEST]
        two = bool(pairs) and others[0][0] >= max(CLEAR, SECOND * strength)
        tries = [*pairs, first] if two else [first, *pairs]
        tries += [f"{tries[0]} {i}" for i in range(2, MOST + 2)]
        names.append(next(name for name in tries if name not in names))
    return names


def _word(one: Difference) -> str:
    """How a difference is called in a name; "" for what makes no name, such as that few of these wear glasses."""
    if one.value in WORDS.get(one.key, ()):
        return WORDS[one.key][one.value]
    label = texts.facet_label(one.key).lower()
    word = label if one.value is True else f"no {label}" if one.value is False else f"{one.value} {label}"
    return word if len(word) <= LONGEST else ""
