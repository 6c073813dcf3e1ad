"""The demo world's gather stage: renders selfies of nobody and the posts that carry them."""

from __future__ import annotations

import hashlib

import imagehash
import numpy as np
import pyarrow as pa
from PIL import Image

from deepselfie import duplicates
from deepselfie.demo import accounts, famous, ids, law
from deepselfie.demo.truth import TRUTH
from deepselfie.stage import Report, run_stage
from deepselfie.workers import workers
from deepselfie.world import SCHEMA, World

CHUNK = 20 * accounts.BLOCK  # posts a commit: half a minute's work at most is lost by a kill


def gather_demo(world: World, *, n: int, seed: int, with_famous: bool = False) -> Report:
    """Gathers posts until the world has `n` of them (and the famous ones after them), with all cores; marks copies.

    Not all of them show a face: faceless.SHARE. Every picture is a pure function of (seed, index), so a killed run
    goes on where it stopped. Raises as World.check_can_grow."""
    shots = [(seed, index) for index in range(n)]
    if with_famous:
        shots += famous.shots()

    def work(report: Report, progress) -> None:
        there = set(world.read(["id"])["id"].to_pylist()) if world.exists else set()
        todo = [shot for shot in shots if ids.id_of(*shot) not in there]
        if todo:
            world.check_can_grow()
        with workers() as pool:
            for first in range(0, len(todo), CHUNK):
                # A process draws whole accounts, and so each person's body once.
                rows = list(pool.map(draw, todo[first : first + CHUNK], chunksize=accounts.BLOCK))
                world.append(_table(rows))
                progress(first + len(rows), len(todo))
        copies = duplicates.mark(world)
        report.rows_in = report.rows_out = len(todo)
        report.columns = ["id", "truth", "duplicate_of"]
        report.details = {
            "source": "demo",
            "seed": seed,
            "people": "rendered: nobody real",
            "near_duplicates": copies,
        }

    return run_stage(world, "import", work, key_parts=("demo", seed, n, with_famous))


def draw(shot: tuple[int, int]) -> dict:
    """One row of a demo world: the picture, its post and its truth."""
    from deepselfie.demo import render

    seed, index = shot
    character = famous.character(seed, index)
    image, truth = render.render(seed, index, size=ids.SIZE, overrides=famous.overrides(seed, index))
    post = law.post(truth, seed, index)
    return {
        "id": ids.id_of(seed, index),
        "image": render.encode(image),
        "width": ids.SIZE,
        "height": ids.SIZE,
        "phash": int.from_bytes(np.packbits(imagehash.phash(Image.fromarray(image)).hash).tobytes(), signed=True),
        "author": hashlib.sha256(post.account.encode()).hexdigest()[:16],
        # Famous people have no audience here: they are ranked, never learned from.
        "followers": None if character else post.followers,
        "likes": None if character else post.likes,
        "tags": post.tags,
        "created_at": post.created_at,
        "gathered_at": law.GATHERED_AT,
        "licence": "CC0-1.0",
        "credit": "rendered by deepselfie from MakeHuman's CC0 mesh",
        "name": character.name if character else None,
        "truth": truth,
    }


def _table(rows: list[dict]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=pa.schema([*SCHEMA, pa.field("truth", TRUTH)]))
