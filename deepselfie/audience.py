"""Who could have seen a post, and when: what likes owe to anything but the picture. In: a post's columns; out: numbers.

NaN where a post does not say.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

COLUMNS = ("followers", "tags", "created_at", "gathered_at")  # what is read
SECOND = np.timedelta64(1, "s")


def audience(posts: pa.Table) -> np.ndarray:
    """float (N, 5): log of followers, number of tags, hour (0..24, UTC), weekday (0..6, Monday 0), age in days."""
    followers = posts["followers"].to_numpy(zero_copy_only=False).astype(float)
    created, gathered = (posts[name].to_numpy(zero_copy_only=False) for name in COLUMNS[2:])
    seconds = (created - np.datetime64(0, "s")) / SECOND
    days = seconds / 86_400  # 1 January 1970 was a Thursday
    return np.stack(
        [
            np.log1p(followers),
            [len(tags or ()) for tags in posts["tags"].to_pylist()],
            seconds / 3600 % 24,
            np.floor(days + 3) % 7,
            (gathered - created) / SECOND / 86_400,
        ],
        axis=1,
    )


def filled(audience: np.ndarray) -> np.ndarray:
    """The same with 0 for what no post says: boosted trees bear single unknown values, not a column of them."""
    return np.where(np.isnan(audience).all(axis=0), 0.0, audience)
