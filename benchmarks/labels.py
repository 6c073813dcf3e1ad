"""Which way from likes to labels is best, on the rendered crowd that was learned from, whose true quality is known.

    python -m benchmarks.labels                 prints the table
    python -m benchmarks.labels --keep demo     and keeps it as a report of the world `demo`, for its page

Agreement: how often a label is on the same side as the true quality; the ceiling: of labels that owe to nothing but
quality and the likes' luck. Learned: a linear head on the pooled features of the ImageNet backbone, fitted on each
way's labels (and on its standings) of four fifths of the people, ranks the photos of the last fifth, in five turns;
all heads rank the same photos. Intervals are bootstrapped over authors, those of ratios in pairs."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from deepselfie import models, pictures
from deepselfie.demo import law
from deepselfie.labels import WAYS, labels
from deepselfie.metrics import bootstrap, figures
from deepselfie.world import World, world

READ = ["id", "author", "followers", "likes", "tags", "created_at", "gathered_at", "duplicate_of", "faces"]
PENALTY = 3000.0  # of the ridge, on standardised features: taken by hand, the same for all ways
RESAMPLES = 1000


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--keep", metavar="WORLD", help="the world whose page is to show the table")
    keep = arguments.parse_args().keep
    crowd = world("demo-training")
    found = {way: labelled(crowd, way) for way in WAYS}  # (label, standing), (N,), NaN where unused
    quality, author = truth(crowd)
    known = np.any([~np.isnan(label) for label, _ in found.values()], axis=0)
    rows = np.flatnonzero(known)
    features, folds = backbone(crowd, rows), list(GroupKFold(5).split(rows, groups=author[rows]))
    ranked = {}
    for way, (label, standing) in found.items():
        for name, target in (("labels", label), ("standings", standing)):
            ranked[way, name] = learned(features, target[rows], folds)
    raters = [figures(scores, quality[rows] > 0, quality[rows]) for scores in ranked.values()]
    once = np.array([of(np.ones((1, len(rows))))["rank_correlation"][0] for of in raters])
    drawn = np.array([one["rank_correlation"] for one in bootstrap(raters, author[rows], resamples=RESAMPLES)])
    report = []
    print(f"{len(rows):,} photos of {len(np.unique(author[rows])):,} people; all heads rank the same photos")
    print("| labels | photos | agree with quality | of the ceiling | standing with quality | learned from labels "
          "| times the article's | learned from standings | times the article's labels |")  # fmt: skip
    print("|---" * 9 + "|")
    for i, (way, (label, standing)) in enumerate(found.items()):
        used = ~np.isnan(label)
        top = ceiling(quality[used])
        agreement = law.ceiling(quality[used], label[used])
        one = {"way": way, "photos": int(used.sum()), "agreement": agreement, "ceiling": top,
               "of_ceiling": (agreement - 0.5) / (top - 0.5),
               "standing": float(spearmanr(standing[used], quality[used]).statistic)}  # fmt: skip
        cells = [way, f"{one['photos']:,}", f"{agreement:.1%}", f"{one['of_ceiling']:.0%}", f"{one['standing']:.3f}"]
        for name, k in (("learned", 2 * i), ("learned_from_standings", 2 * i + 1)):
            one[name], one[name.replace("learned", "interval")] = float(once[k]), ends(drawn[k])
            one[name.replace("learned", "ratio")] = float(once[k] / once[0])
            one[name.replace("learned", "ratio_interval")] = ends(drawn[k] / drawn[0])
            cells += [span(once[k], drawn[k]), span(once[k] / once[0], drawn[k] / drawn[0])]
        report.append(one)
        print("| " + " | ".join(cells) + " |", flush=True)
    if keep:
        world(keep).save_report("ways", {"ways": report, "photos": len(rows)})


def labelled(crowd: World, way: str) -> tuple[np.ndarray, np.ndarray]:
    """Label and standing of each photo, float (N,), as the stage gives them to a copy of the world; NaN: not used."""
    with tempfile.TemporaryDirectory() as cache:
        copy = World(Path(cache) / "copy")
        copy.append(crowd.read(READ[:7]))
        copy.set_columns(crowd.read(READ[7:]))
        labels(copy, way=way)
        table = copy.read(["label", "standing"])
    return tuple(table[name].to_numpy(zero_copy_only=False).astype(float) for name in ("label", "standing"))


def truth(crowd: World) -> tuple[np.ndarray, np.ndarray]:
    """True quality, float (N,), and author, str (N,)."""
    table = crowd.read(["truth", "author"])
    return table["truth"].combine_chunks().field("quality").to_numpy(zero_copy_only=False), table["author"].to_numpy()


def ceiling(quality: np.ndarray) -> float:
    """How often labels that follow quality and the likes' luck alone agree with quality."""
    luck = np.random.default_rng(0).normal(size=(20, len(quality)))
    seen = quality + law.NOISE * luck
    return float(np.mean([law.ceiling(quality, one > np.median(one)) for one in seen]))


def backbone(crowd: World, rows: np.ndarray) -> np.ndarray:
    """float32 (M, F): what ImageNet's lite0 sees in these photos, before any layer that has learned from likes."""
    network = models.build("lite0")

    def look(part: np.ndarray) -> np.ndarray:
        squares = pictures.prepare(pictures.image_bytes(crowd, part), network.size)
        with torch.inference_mode():
            return network.rest(network.early(torch.from_numpy(squares))).flatten(1).numpy()

    with models.core_threads() as pool:
        return np.concatenate(list(pool.map(look, np.array_split(rows, len(rows) // 64 + 1))))


def learned(features: np.ndarray, target: np.ndarray, folds) -> np.ndarray:
    """float (M,): each photo's score by a head fitted on the targets of other people; NaN targets are left out."""
    scores = np.empty(len(target))
    for train, held in folds:
        train = train[~np.isnan(target[train])]
        head = make_pipeline(StandardScaler(), Ridge(PENALTY)).fit(features[train], target[train])
        scores[held] = head.predict(features[held])
    return scores


def ends(drawn: np.ndarray) -> list[float]:
    return np.quantile(drawn, [0.025, 0.975]).tolist()


def span(value: float, drawn: np.ndarray) -> str:
    low, high = ends(drawn)
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


if __name__ == "__main__":
    main()
