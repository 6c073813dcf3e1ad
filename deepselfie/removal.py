"""Rows of a world's table go: their numbers come in, a table without them comes out, and files without their bytes.

No other process may be writing to the table meanwhile.
"""

from __future__ import annotations

from datetime import timedelta

import lance
from lance.fragment import write_fragments

from deepselfie.bucket import plainly
from deepselfie.world import World

BATCH = 256  # rows in memory at once, with their pictures


def remove(world: World, rows: list[int]) -> None:
    """Removes rows; those behind them move up. Their bytes are in the files until `purge`."""
    table = world.table
    if rows:
        with plainly(table.uri):
            address = table.to_table(columns=["id"], with_row_address=True)["_rowaddr"].take(rows).to_pylist()
            table.delete(f"_rowaddr IN ({', '.join(map(str, address))})")  # by id, the table's log would name them


def purge(world: World) -> None:
    """Takes removed rows and replaced columns out of the table's files, and removes the files of older versions.

    Only parts of the table that hold any are written anew, each in its place: Lance's own compaction would put them
    behind the others."""
    table, anew = world.table, []
    current = _numbers(table.lance_schema.fields())
    with plainly(table.uri):
        for part in table.get_fragments():
            replaced = {field for file in part.metadata.files for field in file.fields} - current
            if part.num_deletions or replaced:
                rows = part.scanner(batch_size=BATCH).to_reader()
                [new] = write_fragments(rows, table, mode="append", max_rows_per_file=part.physical_rows)
                new.id = part.fragment_id
                anew.append(new)
        if anew:
            change = lance.LanceOperation.Update(updated_fragments=anew, fields_modified=[])
            table = lance.LanceDataset.commit(table, change, read_version=table.version)
        table.cleanup_old_versions(older_than=timedelta(0), delete_unverified=True)


def _numbers(fields: list) -> set[int]:
    """The numbers that Lance has for these fields and all that is within them."""
    return {number for field in fields for number in (field.id(), *_numbers(field.children()))}
