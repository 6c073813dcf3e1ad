"""Makes the demo world small enough to ship: what can be rendered again from the ids is left out."""

from __future__ import annotations

from datetime import timedelta

import lance
import pyarrow as pa

from deepselfie.embed import compact
from deepselfie.stage import Report, run_stage
from deepselfie.world import World

LEFT_OUT = ("image", "phash", "standing")  # rendered again, or of use only before: nobody trains on these photos
MEASURED = ("quality",)  # the number of the truth that is worth its bytes: what the likes followed


def pack(world: World) -> Report:
    """Rewrites the table without LEFT_OUT and the numbers of the truth, and with fc7 in the dimensions of the map."""

    def work(report: Report, progress) -> None:
        if "fc7" in world.columns:
            compact(world)
        table = world.read([name for name in world.table.schema.names if name not in LEFT_OUT])
        table = table.set_column(table.schema.get_field_index("truth"), "truth", _said(table["truth"]))
        lance.write_dataset(table, str(world.path / "selfies.lance"), mode="overwrite")
        world.table.cleanup_old_versions(older_than=timedelta(0), delete_unverified=True)
        report.rows_in = report.rows_out = len(world)

    return run_stage(world, "pack", work, after=("atlas",))


def _said(truth: pa.ChunkedArray) -> pa.StructArray:
    """The truth without its numbers but MEASURED."""
    truth = truth.combine_chunks()
    fields = [f for f in truth.type if not pa.types.is_floating(f.type) or f.name in MEASURED]
    return pa.StructArray.from_arrays([truth.field(f.name) for f in fields], fields=fields, mask=truth.is_null())
