"""Effects with honest intervals. In: numbers of photos and who posted them; out: estimates, intervals, what is found.

Photos of one person resemble each other, so everything here draws anew authors, not photos (the pairs cluster
bootstrap: Cameron, Gelbach & Miller 2008, section 3.2). An interval is the estimate ± t · the bootstrap's standard
error, and the p-value is that of the same t: the two never disagree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.stats import false_discovery_control, t
from threadpoolctl import threadpool_limits

DRAWS = 500  # the standard error is then right within 3 %
CHUNK = 100  # draws at a time, so that their counts stay small
FALSE = 0.05  # of what is called found, at most this share is expected to be false (Benjamini & Hochberg 1995)
RIDGE = 0.1  # a fraction of one photo's weight: keeps the fit finite where a trait and the labels never disagree

# many small products: two threads of BLAS wait for each other six times longer than one takes
alone = threadpool_limits.wrap(limits=1, user_api="blas")


@dataclass(frozen=True, eq=False)
class Estimates:
    """K effects: `value` (K,), and `draws` (B, K), what they were for B crowds of authors drawn anew; `authors`."""

    value: np.ndarray
    draws: np.ndarray
    authors: int

    @property
    def interval(self) -> tuple[np.ndarray, np.ndarray]:
        """low (K,) and high (K,) of the 95 % intervals."""
        half = t.ppf(0.975, self._freedom) * self._error
        return self.value - half, self.value + half

    @property
    def p(self) -> np.ndarray:
        """(K,): how often as much would be seen, either way, were there no effect."""
        error = np.maximum(self._error, 1e-12)
        return 2 * t.sf(np.abs(self.value) / error, self._freedom)

    def minus(self, other: Estimates) -> Estimates:
        """The differences, of estimates made of the same draws of authors (same crowd, same seed)."""
        return Estimates(self.value - other.value, self.draws - other.draws, min(self.authors, other.authors))

    @property
    def _error(self) -> np.ndarray:
        return self.draws.std(axis=0, ddof=1)

    @property
    def _freedom(self) -> int:
        return max(self.authors - 1, 1)


@alone
def regression(
    x: np.ndarray,
    y: np.ndarray,
    authors: np.ndarray,
    *,
    logistic: bool,
    crowd: int | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Estimates:
    """What one more of each column of x (N, K) does to y (N,), all columns taken together, so that they are told apart.

    logistic: y is 0 or 1, and effects are in logits. authors: int (N,) from 0 to below `crowd`. Each draw is one Newton
    step from the fit (Moulton & Zeger 1991): for least squares that is the exact refit."""
    x = np.column_stack([np.ones(len(x)), x])  # (N, 1 + K)
    pull = RIDGE * np.eye(x.shape[1])
    pull[0, 0] = 0
    fit = np.zeros(x.shape[1])
    for _ in range(25 if logistic else 1):
        rest, weight = _residual(x, y, fit, logistic)
        step = np.linalg.solve((x * weight[:, None]).T @ x + pull, x.T @ rest - pull @ fit)
        fit = fit + step
        if np.abs(step).max() < 1e-8:
            break
    rest, weight = _residual(x, y, fit, logistic)
    upper = np.triu_indices(x.shape[1])
    of = _by_author(authors, crowd)  # (A, N)
    slope = of @ (x * rest[:, None])  # (A, 1 + K)
    curve = of @ (x[:, upper[0]] * x[:, upper[1]] * weight[:, None])  # (A, (1 + K)(2 + K) / 2)
    drawn = []
    for counts in _counts(of.shape[0], draws, seed):
        bend = np.zeros((len(counts), *pull.shape))
        bend[:, upper[0], upper[1]] = bend[:, upper[1], upper[0]] = counts @ curve
        step = np.linalg.solve(bend + pull + 1e-9 * np.eye(len(pull)), (counts @ slope - pull @ fit)[..., None])
        drawn.append(fit + step[..., 0])
    return Estimates(fit[1:], np.concatenate(drawn)[:, 1:], len(np.unique(authors)))


@alone
def means(
    x: np.ndarray, authors: np.ndarray, *, crowd: int | None = None, draws: int = DRAWS, seed: int = 0
) -> Estimates:
    """The mean of each column of x (N, K), NaN for what is not known; authors: int (N,) from 0 to below `crowd`."""
    known, of = np.isfinite(x), _by_author(authors, crowd)
    total, count = of @ np.where(known, x, 0.0), of @ known.astype(float)  # (A, K) each
    drawn = [(counts @ total) / np.maximum(counts @ count, 1) for counts in _counts(of.shape[0], draws, seed)]
    value = total.sum(axis=0) / np.maximum(count.sum(axis=0), 1)
    return Estimates(value, np.concatenate(drawn), int((count.max(axis=1) > 0).sum()))


def found(p: np.ndarray) -> np.ndarray:
    """bool (K,): which of K effects are found when all are looked at together, at a false discovery rate of FALSE."""
    return false_discovery_control(p) <= FALSE if len(p) else np.zeros(0, bool)


def percentile_points(effect: np.ndarray | float, logits: np.ndarray) -> np.ndarray | float:
    """How far up (or down) the ranking an effect in logits moves the median photo, -50..50; logits (N,): of all."""
    logits = np.sort(logits)
    return 100 * np.searchsorted(logits, np.median(logits) + np.asarray(effect), "right") / len(logits) - 50


def _residual(x: np.ndarray, y: np.ndarray, fit: np.ndarray, logistic: bool) -> tuple[np.ndarray, np.ndarray]:
    """y less what is expected (N,), and the weight of each photo (N,)."""
    expected = x @ fit
    if not logistic:
        return y - expected, np.ones(len(y))
    expected = 1 / (1 + np.exp(-np.clip(expected, -30, 30)))
    return y - expected, np.maximum(expected * (1 - expected), 1e-9)


def _by_author(authors: np.ndarray, crowd: int | None) -> sparse.csr_array:
    """(A, N): summing the rows of photos over each author."""
    n = len(authors)
    return sparse.csr_array((np.ones(n), (authors, np.arange(n))), shape=(crowd or int(authors.max(initial=0)) + 1, n))


def _counts(authors: int, draws: int, seed: int):
    """How often each author is drawn, (CHUNK, A) at a time; the same for the same number of authors and seed."""
    rng = np.random.default_rng(seed)
    for first in range(0, draws, CHUNK):
        many = min(CHUNK, draws - first)
        drawn = rng.integers(authors, size=(many, authors)) + authors * np.arange(many)[:, None]
        yield np.bincount(drawn.ravel(), minlength=many * authors).reshape(many, authors).astype(float)
