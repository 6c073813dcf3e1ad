"""How well the shipped network tells good from bad on people it has never seen, beside the rivals.

    python -m benchmarks.accuracy            the scores as shipped
    python -m benchmarks.accuracy --again N  renders N of the photos and scores them again first

The rivals: a coin, the article's own figure, and one who knows the true quality (nobody can do better)."""

from __future__ import annotations

import argparse

import numpy as np
from scipy.stats import spearmanr

from deepselfie import pictures
from deepselfie.demo import ids, law
from deepselfie.metrics import audience_rank, measure, shuffled_accuracy
from deepselfie.world import world

ARTICLE = 0.60  # A. Karpathy 2015: "about 60 %" on validation


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--again", type=int, default=0, metavar="N")
    again = arguments.parse_args().again
    demo = world("demo")
    rows = demo.read(["id", "author", "label", "score", "likes", "followers", "truth"], where="label is not null")
    rows = rows.filter(rows["score"].is_valid())
    rows = rows.slice(0, again or len(rows))
    score = rows["score"].to_numpy()
    if again:
        from deepselfie.score import Scorer

        fresh = Scorer(demo.model_path).score([pictures.rendered(id, ids.SIZE) for id in rows["id"].to_pylist()])
        print(f"scored again: at most {np.abs(fresh.score - score).max():.4f} from the shipped scores")
        score = fresh.score
    label = rows["label"].to_numpy()
    quality = np.array([truth["quality"] for truth in rows["truth"].to_pylist()])
    rank = audience_rank(rows["likes"].to_numpy(), rows["followers"].to_numpy())
    found = measure(score, label, rows["author"].to_numpy(), likes_rank=rank)
    ceiling = law.ceiling(quality, label)
    low, high = found["intervals"]["accuracy"]
    print(f"{found['photos']:,} photos of {found['authors']:,} people that the network never saw")
    print("| | accuracy | of what can be known |\n|---|---|---|")
    for name, value in (
        ("a coin", 0.5),
        ("labels dealt out anew", shuffled_accuracy(score, label)["mean"]),
        ("the article", ARTICLE),
        (f"deepselfie (95 % interval {low:.1%} to {high:.1%})", found["accuracy"]),
        ("knowing the true quality: the ceiling", ceiling),
    ):
        print(f"| {name} | {value:.1%} | {round((value - 0.5) / (ceiling - 0.5), 2) + 0.0:.0%} |")
    print(f"rank correlation of score with true quality {spearmanr(score, quality).statistic:.3f}, ", end="")
    print(f"with likes within groups of like audience {found['rank_correlation']:.3f}")
    print(f"AUC {found['auc']:.3f}, log-loss {found['log_loss']:.3f}, calibration error {found['ece']:.3f}")


if __name__ == "__main__":
    main()
