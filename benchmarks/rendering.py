"""Pictures a second of the demo renderer at 96 px with one and two processes, and seconds for one of 256 px."""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from deepselfie.demo import render

N = 120


def some(first: int) -> int:
    for index in range(first, first + N):
        render.encode(render.render(1, index, 96)[0])
    return N


def main() -> None:
    for processes in (1, 2):
        with ProcessPoolExecutor(processes) as pool:
            list(pool.map(some, [0] * processes))  # loads the body, compiles
            start = time.perf_counter()
            done = sum(pool.map(some, [1000 * (k + 1) for k in range(processes)]))
            print(f"96 px, {processes} process(es): {done / (time.perf_counter() - start):.1f} pictures/s")
    render.render(1, 0, 256)
    start = time.perf_counter()
    for index in range(10):
        render.render(1, index, 256)
    print(f"256 px: {(time.perf_counter() - start) / 10:.2f} s a picture")


if __name__ == "__main__":
    main()
