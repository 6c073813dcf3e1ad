"""How good scores are. In: scores, labels and authors of photos never trained on; out: figures with honest intervals.

Plain numpy: nothing here knows of networks or worlds. Each figure is written once, as a function of the photos'
weights: weights of 1 give the figure, and how often each author was drawn gives its bootstrap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression

RESAMPLES = 2000  # the ends of a 95 % interval then wobble by less than a tenth of its width
AT_ONCE = 10  # resamples: 10 x 42,000 weights of 4 bytes stay in the processor's cache
BINS = 10  # of equal mass: each point of the calibration curve stands on as many photos
BETTER = {"accuracy": 1, "auc": 1, "log_loss": -1, "brier": -1}  # 1: the more the better; ECE flatters a constant

Figures = Callable[[np.ndarray], dict[str, np.ndarray]]  # weights (R, N) -> each figure (R,)


def measure(scores, labels, authors, *, likes_rank=None, seed: int = 0, resamples: int = RESAMPLES) -> dict:
    """All figures of a set of photos with their 95 % `intervals`, JSON-able; None for what cannot be told.

    scores: (N,) in [0, 1]; labels: (N,) 1 or 0; authors: (N,) anything; likes_rank: (N,), see `audience_rank`.
    Raises ValueError where N is 0."""
    scores, labels = np.asarray(scores, float), np.asarray(labels, int)
    if not len(scores) == len(labels) == len(authors) > 0:
        raise ValueError(f"{len(scores)} scores, {len(labels)} labels and {len(authors)} authors")
    of = figures(scores, labels, likes_rank)
    found = {name: float(value[0]) for name, value in of(np.ones((1, len(scores)))).items()}
    drawn = bootstrap([of], authors, seed=seed, resamples=resamples)[0]
    curve = calibration_curve(scores, labels)
    return {
        **{name: value if np.isfinite(value) else None for name, value in found.items()},
        "intervals": {name: interval(name, value, drawn[name]) for name, value in found.items()},
        "good": float(labels.mean()),
        "photos": len(scores),
        "authors": len(np.unique(np.asarray(authors).astype(str))),
        "calibration": {name: values.tolist() for name, values in curve.items()},
    }


def compare(ours, rivals: dict[str, np.ndarray], labels, authors, *, seed: int = 0) -> dict[str, dict]:
    """For each rival and figure of BETTER: its `value`, by how much ours is better (`gain`), the `interval` of that
    gain, and a `verdict`: better or worse only where the interval excludes 0, else "not told apart".

    ours and each rival: scores (N,) of the same photos. Paired: all are measured on the same draws of authors."""
    raters = [figures(scores, labels) for scores in (ours, *rivals.values())]
    once = [of(np.ones((1, len(labels)))) for of in raters]
    drawn = bootstrap(raters, authors, seed=seed)
    found = {}
    for i, rival in enumerate(rivals, 1):
        found[rival] = {}
        for name, sign in BETTER.items():
            low, high = _quantiles(sign * (drawn[0][name] - drawn[i][name]))
            verdict = "better" if low > 0 else "worse" if high < 0 else "not told apart"
            gain = float(sign * (once[0][name][0] - once[i][name][0]))
            found[rival][name] = {
                "value": float(once[i][name][0]), "gain": gain, "interval": [low, high], "verdict": verdict
            }  # fmt: skip
    return found


def figures(scores, labels, likes_rank=None) -> Figures:
    """accuracy, auc, log_loss (nats), brier, ece, and rank_correlation if likes_rank is given, of weighted photos.

    Photos are sorted once: for each draw of weights, ranks and bins are then running sums (AUC as in Mann and
    Whitney 1947, ties half; Spearman's correlation from middle ranks). ECE has bins that hold as many photos each."""
    order = np.argsort(scores, kind="stable")
    score, good = np.asarray(scores, float)[order], np.asarray(labels)[order] == 1
    right = ((score >= 0.5) == good).astype(np.float32)
    loss, excess = _loss(score, good), (score - good).astype(np.float32)
    bins, ties, is_good = equal_bins(len(score), BINS)[:-1], _ties(score), good.astype(np.float32)
    if likes_rank is not None:
        rank = np.asarray(likes_rank)[order]
        by_likes = np.argsort(rank, kind="stable")
        back, likes_ties = np.argsort(by_likes), _ties(rank[by_likes])

    def of(weights: np.ndarray) -> dict[str, np.ndarray]:
        w = weights[:, order]  # (R, N), by rising score
        liked = w * is_good
        total, good_weight = w.sum(1), liked.sum(1)
        with np.errstate(invalid="ignore", divide="ignore"):
            found = {
                "accuracy": _sum(w, right) / total,
                "auc": _sum(liked, _middle(w - liked, ties)) / (good_weight * (total - good_weight)),
                "log_loss": _sum(w, loss) / total,
                "brier": _sum(w, excess**2) / total,
                "ece": np.abs(np.add.reduceat(w * excess, bins, axis=1)).sum(1) / total,
            }
            if likes_rank is not None:
                x = _middle(w, ties) / total[:, None] - 0.5  # (R, N) in -0.5..0.5, of mean 0
                y = (_middle(w[:, by_likes], likes_ties) / total[:, None] - 0.5)[:, back]
                wx, wy = w * x, w * y
                found["rank_correlation"] = _sum(wx, y) / np.sqrt(_sum(wx, x) * _sum(wy, y))
        return found

    return of


def bootstrap(raters: list[Figures], authors, *, seed: int = 0, resamples: int = RESAMPLES) -> list[dict]:
    """For each rater its figures in `resamples` bootstrap samples, (resamples,) each; the samples are the same for all.

    Photos of one author resemble each other, so it is authors, not photos, that are drawn anew (a cluster bootstrap,
    Field and Welsh 2007, "Bootstrapping clustered data")."""
    parts = [[of(weights) for of in raters] for weights in draws(authors, seed=seed, resamples=resamples)]
    return [
        {name: np.concatenate([part[i][name] for part in parts]) for name in parts[0][i]} for i in range(len(raters))
    ]


def draws(authors, *, seed: int = 0, resamples: int = RESAMPLES) -> Iterator[np.ndarray]:
    """Blocks of float32 (R, N), `resamples` in all: how often each photo is in a sample of as many authors."""
    _, who = np.unique(np.asarray(authors).astype(str), return_inverse=True)
    people, rng = who.max() + 1, np.random.default_rng(seed)
    for first in range(0, resamples, AT_ONCE):
        rows = min(AT_ONCE, resamples - first)
        drawn = rng.integers(people, size=(rows, people)) + people * np.arange(rows)[:, None]
        times = np.bincount(drawn.ravel(), minlength=rows * people).reshape(rows, people)
        yield times.astype(np.float32)[:, who]


def author_interval(values, authors, *, seed: int = 0) -> list[float]:
    """The 95 % interval [low, high] of the mean of `values` (N,), bootstrapped over authors."""
    values = np.asarray(values, np.float32)
    means = [weights @ values / weights.sum(1) for weights in draws(authors, seed=seed)]
    return _quantiles(np.concatenate(means))


def log_loss(scores, labels) -> float:
    """Mean negative log-likelihood in nats; ln 2 = 0.693 is a coin's."""
    return float(np.mean(_loss(np.asarray(scores, float), np.asarray(labels) == 1)))


def calibration_curve(scores, labels, bins: int = BINS) -> dict[str, np.ndarray]:
    """`predicted` (mean score), `observed` (share of good) and `count` of bins that hold the same number of photos."""
    order, edges = np.argsort(scores, kind="stable"), equal_bins(len(scores), bins)
    count = np.diff(edges)
    predicted, observed = (
        np.add.reduceat(np.asarray(values, float)[order], edges[:-1]) / count for values in (scores, labels)
    )
    return {"predicted": predicted, "observed": observed, "count": count}


def calibration_error(scores, labels, bins: int = BINS) -> float:
    """The mean distance of the calibration curve from the diagonal (ECE), in units of score."""
    curve = calibration_curve(scores, labels, bins)
    return float(np.average(np.abs(curve["predicted"] - curve["observed"]), weights=curve["count"]))


def calibrate(logit: np.ndarray, label: np.ndarray) -> tuple[float, float]:
    """Platt scaling: the slope (> 0) and intercept by which sigmoid(slope * logit + intercept) fits the labels best.

    Where there are not both labels, (1, 0); where the logit knows nothing, a slope of almost nothing."""
    if len(np.unique(label)) < 2:
        return 1.0, 0.0
    fit = LogisticRegression(C=1e6).fit(np.asarray(logit, float)[:, None], label)
    slope, intercept = float(fit.coef_[0, 0]), float(fit.intercept_[0])
    if slope <= 0:  # calibrating must not turn the order around
        return 1e-3, float(np.log(np.mean(label) / (1 - np.mean(label))))
    return slope, intercept


def audience_rank(likes: np.ndarray, audience: np.ndarray, group: int = 100) -> np.ndarray:
    """float (N,) in (0, 1]: the rank of a post's likes among about `group` posts of like audience."""
    order = np.argsort(-np.asarray(audience, float), kind="stable")
    rank = np.empty(len(order))
    for part in np.array_split(order, max(1, len(order) // group)):
        rank[part] = rankdata(np.asarray(likes)[part]) / max(len(part), 1)
    return rank


def shuffled_accuracy(scores: np.ndarray, labels: np.ndarray, *, rounds: int = 1000, seed: int = 0) -> dict:
    """What the same scores reach on labels dealt out anew: the accuracy of knowing nothing.

    `mean` and `highest` over the rounds; `p`: the share of rounds at least as good as the true labels."""
    guess, labels = np.asarray(scores) >= 0.5, np.asarray(labels) == 1
    rng = np.random.default_rng(seed)
    # How many of the photos guessed good get a good label, when the labels fall by lot
    both = rng.hypergeometric(labels.sum(), (~labels).sum(), guess.sum(), size=rounds)
    dealt = (len(labels) - labels.sum() - guess.sum() + 2 * both) / len(labels)
    better = int(np.sum(dealt >= np.mean(guess == labels)))
    return {"mean": float(dealt.mean()), "highest": float(dealt.max()), "p": (better + 1) / (rounds + 1)}


def _loss(score: np.ndarray, good: np.ndarray) -> np.ndarray:
    score = np.clip(score, 1e-7, 1 - 1e-7)
    return -np.where(good, np.log(score), np.log1p(-score))


def equal_bins(n: int, bins: int) -> np.ndarray:
    """The edges of at most `bins` bins of n sorted photos, with as many in each, and one more in the first ones."""
    bins = min(bins, n)
    return np.concatenate([[0], np.cumsum(np.full(bins, n // bins) + (np.arange(bins) < n % bins))])


def _sum(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """float64 (R,): weighted sums of values (N,) or (R, N)."""
    return np.einsum("rn,rn->r" if values.ndim == 2 else "rn,n->r", weights, values, dtype=float)


def _ties(values: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """For sorted values (N,) where the run of equal ones that each is in begins, and ends; None where all differ."""
    if np.all(values[1:] > values[:-1]):
        return None
    return np.searchsorted(values, values, "left"), np.searchsorted(values, values, "right")


def _middle(weights: np.ndarray, ties: tuple[np.ndarray, np.ndarray] | None) -> np.ndarray:
    """(R, N): the weight of what is below each of the sorted photos, and half of the weight of its equals.

    float32 is exact here: weights are whole numbers, and sums stay below 2 to the 24th."""
    running = np.cumsum(weights, axis=1)
    if ties is None:
        return running - weights / 2
    running = np.pad(running, ((0, 0), (1, 0)))
    return (running[:, ties[0]] + running[:, ties[1]]) / 2


def interval(name: str, value: float, drawn: np.ndarray) -> list[float] | None:
    """The 95 % interval by percentiles; that of the ECE is turned around its value.

    Chance in the bins adds to an ECE and never takes away, twice so in a draw: turned around, the bias cancels
    (the basic bootstrap, Davison and Hinkley 1997, section 5.2)."""
    if not np.isfinite(value):
        return None
    low, high = _quantiles(drawn)
    return [max(0.0, 2 * value - high), max(0.0, 2 * value - low)] if name == "ece" else [low, high]


def _quantiles(drawn: np.ndarray) -> list[float]:
    return np.nanquantile(drawn, [0.025, 0.975]).tolist()
