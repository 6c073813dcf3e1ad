"""Drawing from a table of shares."""

from __future__ import annotations

import numpy as np


def pick(rng: np.random.Generator, table: dict[str, float]) -> str:
    names = list(table)
    shares = np.array([table[n] for n in names])
    return names[min(int(np.searchsorted(np.cumsum(shares / shares.sum()), rng.random(), "right")), len(names) - 1)]
