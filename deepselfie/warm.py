"""What a first visitor would have to wait for, done in the background as soon as the server runs."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

# A process of its own and of low priority: compiling the renderer must not slow down the first page.
DRAW_ONE = "import os; os.nice(10); from deepselfie.demo import render; render.render(0, 0, size=256)"


def warm_up() -> Thread:
    """Begins to fill the renderer's caches on disk, once a machine, and then to load torch. Returns the thread."""
    thread = Thread(target=_warm, name="warm-up", daemon=True)
    thread.start()
    return thread


def _warm() -> None:
    root = Path(__file__).resolve().parent.parent
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", DRAW_ONE], cwd=root, env=environment, check=False)
    importlib.import_module("deepselfie.demo.render")
    importlib.import_module("deepselfie.score")
