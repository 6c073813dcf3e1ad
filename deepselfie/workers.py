"""Processes that work beside this one: one thread each, and gone when their parent is gone, even by kill -9."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread


def workers(count: int | None = None) -> ProcessPoolExecutor:
    """A pool of `count` processes, by default one a core. Whoever opens it closes it."""
    # Spawned: the threads of Lance and the locks of numba and OpenCV do not survive a fork.
    return ProcessPoolExecutor(count or os.cpu_count(), get_context("spawn"), initializer=_begin)


def _begin() -> None:
    import cv2  # in the worker alone; brings numpy with it, whose threads are limited next
    from threadpoolctl import threadpool_limits

    cv2.setNumThreads(1)
    threadpool_limits(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent_process().join()  # a parent that was killed cannot tell its workers
    os._exit(1)
