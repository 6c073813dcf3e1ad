"""Warming up: after it, torch and the renderer are loaded, and nothing is left running."""

import subprocess
import sys

CODE = """
import sys
from deepselfie import warm
assert "torch" not in sys.modules and "numba" not in sys.modules
warm.warm_up().join()
assert "torch" in sys.modules and "deepselfie.demo.render" in sys.modules
"""


def test_what_a_visitor_would_wait_for_is_loaded():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
