"""Workers: single-threaded, in their own processes, and ended by the death of their parent."""

import os
import signal
import subprocess
import sys
import time

from deepselfie.workers import workers

PARENT = """
import os, sys
from deepselfie.workers import workers
if __name__ == "__main__":
    print(workers(1).submit(os.getpid).result(), flush=True)
    sys.stdin.read()
"""


def threads():
    import cv2

    return cv2.getNumThreads()


def test_they_are_other_processes_of_one_thread():
    with workers(1) as pool:
        assert pool.submit(os.getpid).result() != os.getpid()
        assert pool.submit(threads).result() == 1


def test_they_end_when_their_parent_is_killed(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    parent = subprocess.Popen([sys.executable, str(script)], env=environment, **pipes)
    worker = int(parent.stdout.readline())
    os.kill(worker, 0)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    for _ in range(200):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError("the worker lives on")
