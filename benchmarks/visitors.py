"""Twenty visitors at once on this machine: how long each waits for a verdict on an upload, and for a slider's answer.

    python -m benchmarks.visitors [--visitors 20] [--slides 10]

Each visitor is a thread of one server, as in the app, and does what the page does, without a pause: decode a phone's
photo of 12 megapixels, find faces, score it with its range, place it, try all single edits; then move sliders. One
`SharedScorer` serves all. The rival: one `Scorer` behind its lock, each in turn. Memory: what the process grew by.
"""

from __future__ import annotations

import argparse
import io
import resource
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from deepselfie import pictures, whatif, yours
from deepselfie.batching import SharedScorer
from deepselfie.demo import ids
from deepselfie.score import Scorer
from deepselfie.world import World, world

SIZE = 4032, 3024  # px of a phone's photo


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--visitors", type=int, default=20)
    arguments.add_argument("--slides", type=int, default=10)
    asked = arguments.parse_args()
    print("| scorer | alone | verdict s, median (slowest) | edits s | slide s, median / 95 % (slowest) | MB more |")
    print("|---|---|---|---|---|---|")
    for name, kind in (("shared by all", SharedScorer), ("each in turn", Scorer)):
        with ProcessPoolExecutor(1, get_context("spawn")) as apart:  # or the second would find the first's memory
            print(f"| {name} | {apart.submit(measured, kind, asked.visitors, asked.slides).result()} |", flush=True)


def measured(kind: type[Scorer], visitors: int, slides: int) -> str:
    """The cells of a line: what visitors alone and all at once wait for."""
    demo, uploads = world("demo"), [upload(i) for i in range(visitors)]
    scorer = kind(demo.model_path)
    visit(demo, uploads[0], scorer, 1)  # what is loaded once
    alone = visit(demo, uploads[0], scorer, slides)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    waits = together([lambda data=data: visit(demo, data, scorer, slides) for data in uploads])
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    verdict, edits = np.array([[wait[0], wait[1]] for wait in waits]).T
    slid = np.concatenate([wait[2] for wait in waits])
    return (
        f"{alone[0]:.2f}, {alone[1]:.2f}, {np.median(alone[2]):.3f} "
        f"| {np.median(verdict):.1f} ({verdict.max():.1f}) | {np.median(edits):.1f} ({edits.max():.1f}) "
        f"| {np.median(slid):.2f} / {np.quantile(slid, 0.95):.2f} ({slid.max():.2f}) | {more:.0f}"
    )


def upload(number: int) -> bytes:
    """The bytes of a phone's photo of somebody of the demo world."""
    shown = Image.fromarray(pictures.rgb(pictures.rendered(ids.id_of(ids.UNSEEN, number), 384)))
    out = io.BytesIO()
    shown.resize(SIZE, Image.Resampling.BICUBIC).save(out, "JPEG", quality=90)
    return out.getvalue()


def visit(demo: World, data: bytes, scorer: Scorer, slides: int) -> tuple[float, float, list[float]]:
    """Seconds until the verdict, until the edits that would help, and of each move of a slider."""
    clock = time.perf_counter()
    photo = yours.look(data)
    yours.judge_all(demo, [photo], scorer)
    verdict = time.perf_counter()
    whatif.improvements(photo, scorer)
    edits, waits = time.perf_counter(), []
    for amount in np.linspace(*whatif.bounds("brightness"), slides):
        moved = time.perf_counter()
        scorer.score([whatif.edited(photo, {"brightness": float(amount), "tilt": 3.0})])
        waits.append(time.perf_counter() - moved)
    return verdict - clock, edits - verdict, waits


def together(jobs: list[Callable]) -> list:
    """What the jobs return, each in a thread of its own, all begun at once."""
    results, gate = [None] * len(jobs), threading.Barrier(len(jobs))

    def work(i: int) -> None:
        gate.wait()
        results[i] = jobs[i]()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


if __name__ == "__main__":
    main()
