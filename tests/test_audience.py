"""The circumstances of a post: hour, weekday and age as the calendar has them, and the unknown left unknown."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from deepselfie.audience import audience, filled


def test_hour_weekday_and_age_agree_with_the_calendar():
    rng = np.random.default_rng(0)
    created = [datetime.fromtimestamp(int(s), UTC) for s in rng.integers(0, 2**31, 50)]
    gathered = datetime(2040, 1, 1, tzinfo=UTC)
    when = pa.timestamp("us", "UTC")
    found = audience(
        pa.table(
            {
                "followers": pa.array(range(50), pa.int64()),
                "tags": [["a"] * (i % 4) or None for i in range(50)],
                "created_at": pa.array(created, when),
                "gathered_at": pa.array([gathered] * 50, when),
            }
        )
    )
    assert np.allclose(found[:, 0], np.log1p(np.arange(50))) and np.array_equal(found[:, 1], np.arange(50) % 4)
    assert np.allclose(found[:, 2], [c.hour + c.minute / 60 + c.second / 3600 for c in created])
    assert np.array_equal(found[:, 3], [c.weekday() for c in created])
    assert np.allclose(found[:, 4], [(gathered - c).total_seconds() / 86_400 for c in created])


def test_what_one_post_does_not_say_is_unknown_and_what_none_says_is_nothing():
    when = pa.timestamp("us", "UTC")
    some = pa.table(
        {
            "followers": pa.array([None, None], pa.int64()),
            "tags": pa.array([None, ["x"]], pa.list_(pa.string())),
            "created_at": pa.array([None, datetime(2026, 1, 1, tzinfo=UTC)], when),
            "gathered_at": pa.array([datetime(2026, 2, 1, tzinfo=UTC)] * 2, when),
        }
    )
    found = audience(some)
    assert np.isnan(found[:, 0]).all() and np.isnan(found[0, 2:]).all() and np.isfinite(found[1, 2:]).all()
    assert (filled(found)[:, 0] == 0).all() and np.isnan(filled(found)[0, 2])
