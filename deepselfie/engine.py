"""Engines: who computes the batches of a stage, the cores of this machine or a Ray cluster.

In: a table, batches of row numbers, and a function of a batch, the very same for each engine. Out: what it made of
each. To a cluster only row numbers are sent: its machines read the photos from the table by its address, so they need
the folder it lies in, or the keys of its object store, and the same deepselfie. Nothing is written here: the caller
keeps each answer as it comes, so a killed run goes on, and a batch that is computed twice is kept once.
"""

from __future__ import annotations

import os
import pickle
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from itertools import islice
from urllib.parse import urlsplit

import lance
import numpy as np
import pyarrow as pa

from deepselfie import bucket
from deepselfie.errors import DeepselfieError
from deepselfie.world import Made, here

PACKAGE = "ray[data]==2.60.0"
IN_FLIGHT = 2  # batches handed to a worker: one is computed, one waits
KEPT = "What is done is kept: run the same command again to go on."
REACHED = 5.0  # s within which a cluster's first machine answers; Ray alone would try for minutes

Engine = Callable[..., Iterator[tuple[int, Made]]]


def engine(name: str, *, whole_machines: bool = False) -> Engine:
    """`here` for "local"; for "ray" the cluster at $RAY_ADDRESS, or one of this machine's cores alone.

    whole_machines: the function uses all cores of a machine by itself, so each gets one worker, not one a core."""
    return here if name == "local" else partial(by_ray, whole_machines=whole_machines)


def threads(
    compute: Callable[[pa.Table], Made], table: lance.LanceDataset, reads: list[str], batches: Sequence[Sequence[int]]
) -> Iterator[tuple[int, Made]]:
    """As `here`, on all cores: for what lets go of the interpreter while it works."""

    def one(number: int) -> tuple[int, Made]:
        ((_, made),) = here(compute, table, reads, [batches[number]])
        return number, made

    return in_threads(one, range(len(batches)))


def in_threads(work: Callable, items: Iterable) -> Iterator:
    """work(item) of each item, in their order, on all cores and only a few ahead, which bounds the memory.

    Threads, not processes: Pillow lets go of the interpreter while it decodes, scales and encodes."""
    cores, items = os.cpu_count() or 1, iter(items)
    with ThreadPoolExecutor(cores) as pool:
        begun = deque(pool.submit(work, item) for item in islice(items, 2 * cores))
        while begun:
            yield begun.popleft().result()
            begun.extend(pool.submit(work, item) for item in islice(items, 1))


def by_ray(
    compute: Callable[[pa.Table], Made],
    table: lance.LanceDataset,
    reads: list[str],
    batches: Sequence[Sequence[int]],
    *,
    whole_machines: bool = False,
) -> Iterator[tuple[int, Made]]:
    """(the batch's number, what `compute` makes of its rows), as the machines bring them, in no order.

    compute: can be pickled. A machine that dies has its batches computed by others. Raises DeepselfieError where the
    cluster cannot be joined or gives up."""
    if not batches:
        return
    ray = _joined()
    machines = [node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]]
    machines = [int(cores) for cores in machines if cores >= 1]
    if not machines:
        raise DeepselfieError("No machine of the Ray cluster lends a core. Start one with: ray start --address=…")
    cores = min(machines) if whole_machines else 1
    count = min(len(batches), sum(n // cores for n in machines))
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False  # the stage has its own
    items = [{"number": number, "rows": pickle.dumps(rows)} for number, rows in enumerate(batches)]
    location = table.uri if bucket.is_address(table.uri) else os.path.abspath(table.uri)
    answers = ray.data.from_items(items, override_num_blocks=len(items)).map_batches(
        _Worker,
        fn_constructor_args=(compute, location, table.version, reads, not whole_machines),
        batch_size=1,
        num_cpus=cores,
        # From 1: where a machine is gone, the workers that are left must be able to make room for its own.
        compute=ray.data.ActorPoolStrategy(
            min_size=1, max_size=count, initial_size=count, max_tasks_in_flight_per_actor=IN_FLIGHT
        ),
    )
    try:
        for answer in answers.iter_rows():
            if answer["problem"]:
                raise DeepselfieError(f"{answer['problem']}. {KEPT}")
            yield answer["number"], pickle.loads(answer["made"])
    except ray.exceptions.RayError as error:
        raise DeepselfieError(f"The Ray cluster gave up: {_last_line(error)} {KEPT}") from error


class _Worker:
    """A process on some machine of the cluster, which reads its rows from the table by itself."""

    def __init__(
        self,
        compute: Callable[[pa.Table], Made],
        location: str,
        version: int,
        reads: list[str],
        one_core: bool,
    ):
        self.compute, self.location, self.version, self.reads = compute, location, version, reads
        if one_core:
            import cv2

            cv2.setNumThreads(1)

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, list]:
        (rows,), made, problem = map(pickle.loads, batch["rows"]), b"", ""
        try:
            ((_, answer),) = here(self.compute, self.table, self.reads, [rows])
            made = pickle.dumps(answer)
        except Exception as error:  # told as it is: Ray would wrap it in pages of its own
            problem = f"Machine {socket.gethostname()}: {type(error).__name__}: {error}"
        return {"number": batch["number"], "made": [made], "problem": [problem]}

    @cached_property
    def table(self) -> lance.LanceDataset:
        with bucket.plainly(self.location):
            return lance.dataset(self.location, version=self.version, storage_options=bucket.options(self.location))


def _joined():
    """The module ray, in the cluster at $RAY_ADDRESS, or in one that begins and ends with this process."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # or it would tell its makers
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise DeepselfieError(
            f"--engine ray takes a package that is not installed here: pip install '{PACKAGE}'"
        ) from error
    if ray.is_initialized():
        return ray
    address = os.environ.get("RAY_ADDRESS")
    if address and address not in ("auto", "local"):
        _knock(address)
    alone = {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}  # nobody else on the network may use it
    try:
        ray.init(address or "local", log_to_driver=False, logging_level="ERROR", **({} if address else alone))
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise DeepselfieError(f"The Ray cluster at '{address or 'this machine'}': {_last_line(error)}") from error
    return ray


def _knock(address: str) -> None:
    """Raises DeepselfieError where nobody answers at an address of a cluster, host:port."""
    at = urlsplit(address if "://" in address else f"//{address}")
    try:
        socket.create_connection((at.hostname, at.port), REACHED).close()
    except (OSError, TypeError, ValueError) as error:
        raise DeepselfieError(
            f"No Ray cluster answers at RAY_ADDRESS={address} ({error}). Start one there with: ray start --head; "
            "or unset RAY_ADDRESS to use this machine alone."
        ) from error


def _last_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()
