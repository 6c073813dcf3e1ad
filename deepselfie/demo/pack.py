"""Makes the demo world small enough to ship: pictures are left out, as they can be rendered again from their ids."""

from __future__ import annotations

from datetime import timedelta

import lance

from deepselfie.embed import compact
from deepselfie.stage import Report, run_stage
from deepselfie.world import World


def pack(world: World) -> Report:
    """Rewrites the table without `image` and with fc7 in the 50 dimensions that the map uses."""

    def work(report: Report, progress) -> None:
        if "fc7" in world.columns:
            compact(world)
        keep = [name for name in world.table.schema.names if name != "image"]
        lance.write_dataset(world.read(keep), str(world.path / "selfies.lance"), mode="overwrite")
        world.table.cleanup_old_versions(older_than=timedelta(0), delete_unverified=True)
        report.rows_in = report.rows_out = len(world)

    return run_stage(world, "pack", work, after=("atlas",))
