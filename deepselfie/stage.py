"""A stage of the pipeline: runs once for a state of its inputs, says what it did, and can be killed at any moment.

A stage is `def stage(world, *, ...) -> Report`. `run_stage` gives it its key, clock, progress bar and report.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tqdm import tqdm

from deepselfie.world import World, clear_parts, fingerprint

MAX_PROBLEMS = 1000  # listed one by one in a report; all are counted in `dropped`


@dataclass
class Report:
    """What a stage did: printed, saved as reports/<stage>.json and shown in the app."""

    stage: str
    world: str
    key: str = ""
    rows: int = 0  # rows of the table when the stage ended
    rows_in: int = 0
    rows_out: int = 0
    dropped: dict[str, int] = field(default_factory=dict)  # reason -> rows
    problems: list[dict] = field(default_factory=list)  # {"id" or "file": …, "reason": …}
    columns: list[str] = field(default_factory=list)
    seconds: float = 0.0
    finished_at: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    details: dict = field(default_factory=dict)
    nothing_to_do: bool = False

    def drop(self, reason: str, **where: object) -> None:
        """Counts a row that was left out, and lists it with its reason."""
        self.dropped[reason] = self.dropped.get(reason, 0) + 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append({**where, "reason": reason})

    def __str__(self) -> str:
        if self.nothing_to_do:
            return f"{self.stage}: nothing to do, {self.rows:,} rows are up to date"
        left = ", ".join(f"{n:,} {why}" for why, n in Counter(self.dropped).most_common())
        rate = self.rows_in / self.seconds if self.seconds > 0 else 0
        text = f"{self.stage}: {self.rows_in:,} in, {self.rows_out:,} out, {self.seconds:.1f} s ({rate:,.0f}/s)"
        return text + (f"; left out: {left}" if left else "")


def run_stage(
    world: World,
    stage: str,
    work: Callable[[Report, Callable[[int, int], None]], None],
    *,
    key_parts: tuple = (),
    after: tuple[str, ...] = (),
    files: tuple[Path, ...] = (),
) -> Report:
    """Runs `work(report, progress)` unless the saved report says the same inputs were done already.

    key_parts: the settings that the result depends on; after: the stages whose results it reads;
    files: what it leaves beside the table, without which it is not done.
    Work fills the report's rows_in, rows_out, columns, details; `progress(done, total)` moves the bar."""
    key = stage_key(world, key_parts, after)
    saved = world.report(stage)
    there = saved and set(saved["columns"]) <= world.columns and all(path.exists() for path in files)
    if there and saved["key"] == key and saved["rows"] == len(world):
        return Report(**{**saved, "nothing_to_do": True})
    report = Report(stage, world.name, key=key)
    clock = time.monotonic()
    with tqdm(desc=stage, unit=" photos", leave=False, dynamic_ncols=True) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        work(report, progress)
    report.rows = len(world)
    report.seconds = round(time.monotonic() - clock, 2)
    report.finished_at = datetime.now(UTC).isoformat(timespec="seconds")
    report.versions = _versions()
    world.save_report(stage, asdict(report))
    clear_parts(world, stage)
    return report


def stage_key(world: World, key_parts: tuple, after: tuple[str, ...]) -> str:
    """The fingerprint of a stage's settings and of the results it builds on."""
    upstream = [(s, (world.report(s) or {}).get("key")) for s in after]
    return fingerprint(key_parts, upstream)


def _versions() -> dict[str, str]:
    found = {}
    for package in ("torch", "timm", "pylance", "openTSNE", "scikit-learn"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
