"""The neighbourhoods of a world: crowds of photos alike in fc7, each with a short name that is written on the map.

In: `fc7`, and `attributes` and `truth` for the names. Out: `cluster`, the name of each photo's cluster, null for
photos in none: "dark, close up", or "unnamed 3" where nothing measured sets a cluster apart from all and from others.

Clusters are the peaks that HDBSCAN finds in the density of the first principal components of fc7. They are not sought
on the map: t-SNE makes clumps, of evenly drawn places too. Most photos are in no cluster, and that is right: what the
network sees changes smoothly from photo to photo, and a name for everyone would draw borders where there are none.
For the same reason a peak counts only if it rises above its foot by more than chance may do: one Gaussian as wide as
the demo's fc7 has none in 10 of 12 draws, where HDBSCAN alone finds two or three peaks in most.
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

COMPONENTS = 3  # of the PCA: in 2, ridges of one Gaussian pass for clusters; from 4 on, real crowds thin out, too
SHARE, FEWEST, MOST = 0.005, 30, 30  # a cluster's share of the photos and number of them; how many clusters
NEIGHBOURS, FEWEST_NEIGHBOURS = 0.003, 30  # share of the photos that tells the density at a place, and number of them
BY_CHANCE = 2.5  # standard errors that the peak of a cluster is above its foot: seldom so in a Gaussian of 10,000
EXACT_UP_TO = 50_000  # photos: 13 s of CPU, growing with the square; of more, a sample of as many is clustered
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
                   "afro": "afro", "bob": "bob", "bangs": "bangs", "bun": "bun", "braids": "braids",
                   "plaits": "plaits", "coily": "coils", "sidepart": "side parting", "crop": "cropped hair",
                   "pixie": "pixie cut", "bald": "bald", "hijab": "hijab"},
    "truth.long_hair": {True: "long hair", False: "short hair"},
    "truth.female": {True: "women", False: "men"},
    "truth.expression": {"smile": "smiling", "grin": "grinning", "neutral": "serious", "smirk": "smirking",
                         "pout": "pouting", "surprise": "surprised", "wink": "winking"},
    "truth.glasses": {"none": "", "clear": "glasses", "sun": "sunglasses"},
    "truth.headwear": {"none": "", "beanie": "beanies", "cap": "caps", "sunhat": "sun hats", "hijab": "hijab"},
    "truth.clothes": {"tee": "T-shirts", "tank": "tank tops", "straps": "strap tops", "shirt": "shirts",
                      "hoodie": "hoodies", "jacket": "jackets", "sweater": "sweaters"},
    "truth.subject": {"selfie": "", "food": "food", "pet": "pets", "landscape": "landscapes", "text": "words",
                      "things": "things laid out"},
    "truth.beard": {"none": "", "stubble": "stubble", "beard": "bearded"},
}  # fmt: skip


def clusters(world: World) -> Report:
    """Adds `cluster` (string): null for photos in no cluster, as most are, and for those without fc7."""

    def work(report: Report, progress) -> None:
        known, fc7 = vectors(world.read(["fc7"])["fc7"])
        finite = np.isfinite(fc7).all(axis=1)
        rows = np.flatnonzero(known)[finite]
        found = find(principal(fc7[finite]))
        seen = traits(facts(world, ("attributes", "truth"), rows))
        names = named([apart(seen, found == c) for c in range(found.max(initial=-1) + 1)])
        column = np.full(len(world), None, object)
        column[rows[found >= 0]] = np.array(names, object)[found[found >= 0]]
        world.set_columns(pa.table({"cluster": pa.array(column, pa.string())}))
        report.rows_in, report.rows_out, report.columns = len(world), int((found >= 0).sum()), ["cluster"]
        alone = int((found < 0).sum())
        for reason, count in (("without fc7", len(world) - len(rows)), ("between the clusters", alone)):
            if count:
                report.dropped[reason] = count
        sizes = np.bincount(found[found >= 0], minlength=len(names)).tolist()
        report.details = {"clusters": dict(zip(names, sizes, strict=True))}
        progress(len(world), len(world))

    settings = (COMPONENTS, SHARE, FEWEST, MOST, NEIGHBOURS, FEWEST_NEIGHBOURS, BY_CHANCE, EXACT_UP_TO, NEAR, SEED)
    return run_stage(world, "clusters", work, key_parts=settings, after=("faces", "score"))


def principal(fc7: np.ndarray) -> np.ndarray:
    """fc7 (N, D) -> (N, C): the first principal components, C <= 3. Those of a compact world's coordinates are they."""
    from sklearn.decomposition import PCA

    if not len(fc7):
        return np.zeros((0, COMPONENTS), np.float32)
    with np.errstate(invalid="ignore"):  # photos all alike have no variance to share out
        return PCA(min(COMPONENTS, *fc7.shape), random_state=SEED).fit_transform(fc7)


def find(points: np.ndarray) -> np.ndarray:
    """points (N, C) -> int64 (N,): the cluster of each, the largest cluster 0, or -1 for none."""
    n = len(points)
    sample = np.arange(n)
    if n > EXACT_UP_TO:
        sample = np.sort(np.random.default_rng(SEED).choice(n, EXACT_UP_TO, replace=False))
    smallest = max(FEWEST, round(SHARE * len(sample)))
    if len(sample) < 2 * smallest:
        return np.full(n, -1)
    from sklearn.cluster import HDBSCAN

    neighbours = max(FEWEST_NEIGHBOURS, round(NEIGHBOURS * len(sample)))
    found = HDBSCAN(
        min_cluster_size=smallest,
        min_samples=neighbours,
        cluster_selection_method="leaf",  # the single peaks: "eom" takes nearly all photos for one cluster
        copy=True,
    ).fit_predict(points[sample])
    heights = _heights(points[sample], found, neighbours)
    found[~np.isin(found, np.flatnonzero(heights > BY_CHANCE))] = -1
    if n > EXACT_UP_TO:
        found = _spread(points, sample, found)
    return _largest_first(found)


def _heights(points: np.ndarray, found: np.ndarray, neighbours: int) -> np.ndarray:
    """For each cluster, by how many standard errors the density at its peak is above that at its foot.

    m neighbours within a distance r give a density ~ 1 / r^C, its logarithm with a standard error of 1 / sqrt(m)."""
    from scipy.spatial import cKDTree

    r = cKDTree(points).query(points, k=[neighbours])[0][:, 0]
    r = np.maximum(r, np.finfo(np.float32).tiny)  # 0 among as many copies of a photo
    within = [r[found == c] for c in range(found.max() + 1)]
    rises = np.array([np.log(one.max() / one.min()) for one in within])
    return rises * points.shape[1] / np.sqrt(2 / neighbours)


def _spread(points: np.ndarray, sample: np.ndarray, found: np.ndarray) -> np.ndarray:
    """The clusters of all photos, from those of a sample: each other photo joins its nearest sampled one, if near."""
    from scipy.spatial import cKDTree

    tree = cKDTree(points[sample])
    within = tree.query(points[sample], k=2)[0][:, 1]  # to the nearest other
    reach = np.zeros(found.max() + 2)  # the last: noise
    for c in np.unique(found[found >= 0]):
        reach[c] = np.quantile(within[found == c], NEAR)
    distance, nearest = tree.query(points)
    return np.where(distance <= reach[found[nearest]], found[nearest], -1)


def _largest_first(found: np.ndarray) -> np.ndarray:
    sizes = np.bincount(found[found >= 0], minlength=1)
    rank = np.argsort(np.argsort(-sizes, kind="stable"))
    return np.where((found >= 0) & (rank[found] < MOST), rank[found], -1)


def named(differences: list[list[Difference]]) -> list[str]:
    """A name for each cluster, from what sets it apart, strongest first; no two are the same.

    One word, or two where the second is nearly as strong or tells it from a cluster named before. The clusters that
    are furthest apart choose first; one that is left without a name of its own is unnamed."""
    names = [f"unnamed {number}" for number in range(1, len(differences) + 1)]
    sayings = [[(one.strength, word) for one in found if (word := _word(one))] for found in differences]
    clear = [c for c, said in enumerate(sayings) if said and said[0][0] >= CLEAR]
    for c in sorted(clear, key=lambda c: -sayings[c][0][0]):
        (strength, first), *others = sayings[c]
        pairs = [f"{first}, {word}" for _, word in others if len(first) + len(word) + 2 <= LONGEST]
        two = bool(pairs) and others[0][0] >= max(CLEAR, SECOND * strength)
        tries = [*pairs, first] if two else [first, *pairs]
        names[c] = next((name for name in tries if name not in names), names[c])
    return names


def _word(one: Difference) -> str:
    """How a difference is called in a name; "" for what makes no name, such as that few of these wear glasses."""
    if one.value in WORDS.get(one.key, ()):
        return WORDS[one.key][one.value]
    label = texts.facet_label(one.key).lower()
    word = label if one.value is True else f"no {label}" if one.value is False else f"{one.value} {label}"
    return word if len(word) <= LONGEST else ""
