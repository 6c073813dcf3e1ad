"""The arithmetic of a benchmark: what it says of figures that are known."""

from benchmarks.flow import Measured, table


def told(few: Measured, many: Measured, stage: str = "score") -> str:
    return "\n".join(table({stage: few}, {stage: many}, 1000, 10_000))


def test_what_grows_in_proportion_is_not_complained_of():
    lines = told(Measured(10, 20, 500_000_000, 3_000_000), Measured(100, 200, 501_000_000, 30_000_000))
    assert "| score | 100 | 100 | 20.00 | 1.00 | 500 | 501 | 0.11 | 3.00 | 1.00 |" in lines
    assert "in proportion" in lines and "score:" not in lines


def test_what_grows_faster_than_the_world_or_holds_it_is_named():
    few = Measured(10, 20, 500_000_000, 3_000_000)
    assert "score: takes 3.00 times" in told(few, Measured(100, 600, 500_000_000, 30_000_000))
    assert "score: holds 10.0 kB of each photo, MORE than expected" in told(few, Measured(100, 200, 590_000_000, 1))
    assert "holds 10.0 kB of each photo, as expected" in told(few, Measured(100, 200, 590_000_000, 1), "embed")
