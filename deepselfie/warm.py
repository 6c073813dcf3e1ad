"""What a first visitor would wait for longest, done once beside the server: `python -m deepselfie.warm`.

Parses and compiles the demo's renderer into its caches on disk, and reads torch's files once, so that they are at hand.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path


def warm_up() -> subprocess.Popen:
    """Begins to warm up in a process of its own: imports in the server's would hold up its first pages."""
    root = Path(__file__).resolve().parent.parent
    return subprocess.Popen([sys.executable, "-m", "deepselfie.warm"], cwd=root)


def main() -> None:
    if hasattr(os, "nice"):
        os.nice(10)
    importlib.import_module("deepselfie.demo.render").render(0, 0, size=256)
    importlib.import_module("deepselfie.score")


if __name__ == "__main__":
    main()
