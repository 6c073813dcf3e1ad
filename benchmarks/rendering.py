"""Pictures a second of the demo renderer at 96 px with one and two processes, and seconds for one of 256 px.

    python -m benchmarks.rendering

Processor time is told as well: on a machine with other work it says more than the clock.
"""

from __future__ import annotations

import time

from deepselfie.demo import accounts, ids, render
from deepselfie.workers import workers

N = 5 * accounts.BLOCK  # posts a process draws
LARGE = 20


def some(first: int, count: int = N, size: int = ids.SIZE) -> float:
    """Draws and encodes pictures; returns the seconds of processor time."""
    start = time.process_time()
    for index in range(first, first + count):
        render.encode(render.render(ids.TRAINING, index, size)[0])
    return time.process_time() - start


def main() -> None:
    for processes in (1, 2):
        with workers(processes) as pool:
            list(pool.map(some, [0] * processes, [4] * processes))  # loads the body, compiles
            start = time.perf_counter()
            busy = sum(pool.map(some, [10 * N * (k + 1) for k in range(processes)]))
            rate, each = processes * N / (time.perf_counter() - start), busy / processes / N
            print(f"{ids.SIZE} px, {processes} process(es): {rate:.1f} pictures/s, {1000 * each:.0f} ms of a core each")
    with workers(1) as pool:
        pool.submit(some, 0, 4, 256).result()
        start = time.perf_counter()
        busy = pool.submit(some, 0, LARGE, 256).result() / LARGE
        print(f"256 px: {(time.perf_counter() - start) / LARGE:.2f} s a picture, {1000 * busy:.0f} ms of a core")


if __name__ == "__main__":
    main()
