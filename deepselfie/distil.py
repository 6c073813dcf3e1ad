"""Distillation (Hinton et al., 2015): a small network learns to say what a large one says. In: a scored world; out:
`model/student/`, for the mirror, where the world's own network is too large for a browser.

It needs no likes and no labels, only photos that the large one has scored. A tenth of their people are kept apart: how
far the two agree on photos of theirs stands in the student's card, and a student that does not is not used.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from scipy.special import expit
from scipy.stats import spearmanr

from deepselfie import models, train
from deepselfie.card import CARD
from deepselfie.errors import DeepselfieError
from deepselfie.stage import Report, run_stage
from deepselfie.training_set import FEWEST, Examples, decoded
from deepselfie.world import World, people, read_json

STUDENT = "student"  # the folder, inside the teacher's
EPOCHS = 8  # what a teacher says has no noise in it: more is learned from each photo than from its likes
MOST = 20_000  # photos, by lot: from 4,600 a student's order agrees with its teacher's by 0.98
KEPT_APART = 0.1  # of the people
ALIKE = 0.95  # Spearman's rank correlation with the teacher, from which a student is used


def student_of(folder: Path) -> Path | None:
    """The folder of the student of the model in `folder`; None without one, or one of another teacher, or unlike it."""
    teacher, student = read_json(folder / CARD) or {}, read_json(folder / STUDENT / CARD) or {}
    fits = student.get("teacher") == teacher.get("weights") and student.get("rank_correlation", 0) >= ALIKE
    return folder / STUDENT if fits and teacher else None


def distil(world: World, *, architecture: str = models.DEFAULT, epochs: int = EPOCHS, seed: int = 0) -> Report:
    """Trains a student of the world's own network on the photos that it has scored. Needs the stage `score`.

    architecture: see `architectures.parts`. Raises DeepselfieError where there is no network, or too few scores."""
    card = read_json(world.model_path / CARD)
    if not card:
        raise DeepselfieError(
            f"World '{world.name}' has no network of its own to learn from. Make one with: "
            f"python -m deepselfie train {world.name}"
        )

    def work(report: Report, progress) -> None:
        torch.manual_seed(seed)
        network = models.build(architecture)
        examples = _scored(world, report, network.size, seed)
        so_far = world.parts("distil") / f"{report.key}.safetensors"
        with models.core_threads() as pool:
            train.fit(network, examples, so_far, epochs=epochs, seed=seed, progress=progress, pool=pool)
            for parameter in network.parameters():
                parameter.data = parameter.data.half().float()  # as saved: what is measured here is what will be used
            apart = examples.of("validation")
            told = expit(train.logits(network, examples.pictures, apart, pool))
        report.rows_out = len(examples.of("train"))
        report.details = {
            "architecture": architecture,
            "epochs": epochs,
            "seed": seed,
            "teacher": card["architecture"],
            "photos": len(apart),
            "rank_correlation": round(float(spearmanr(told, examples.aim[apart]).statistic), 4),
            "difference": round(float(np.abs(told - examples.aim[apart]).mean()), 4),
        }
        own = {name: report.details[name] for name in ("rank_correlation", "difference", "photos")}
        scale = {"slope": 1.0, "intercept": 0.0, "error": card["calibration"].get("error", 0.0)}
        models.save(network, world.model_path / STUDENT, {"teacher": card["weights"], "calibration": scale} | own)

    settings = (architecture, epochs, seed, MOST, KEPT_APART, card["weights"], card["calibration"])
    files = (world.model_path / STUDENT / CARD,)
    return run_stage(world, "distil", work, key_parts=settings, after=("score",), files=files)


def _scored(world: World, report: Report, size: int, seed: int) -> Examples:
    """The world's photos with their scores to aim at; people, not photos, are dealt to `train` and `validation`."""
    if "score" not in world.columns:
        raise DeepselfieError(
            f"World '{world.name}' has no scores yet. Make them with: python -m deepselfie score {world.name}"
        )
    known = [name for name in ("author",) if name in world.columns]
    table = world.read(["id", "score", *known])
    ids, score = table["id"].to_numpy(), table["score"].to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(np.isfinite(score))
    rows = np.sort(np.random.default_rng([seed, 2]).permutation(rows)[:MOST])
    report.rows_in = len(rows)
    if len(rows) < FEWEST:
        raise DeepselfieError(f"World '{world.name}' has {len(rows)} scores to learn from: it takes {FEWEST}.")
    squares, readable = decoded(world, rows, size, world.parts("distil") / "pictures", report.key)
    for row in rows[~readable]:
        report.drop("picture cannot be read", id=ids[row])
    used, rows = np.flatnonzero(readable), rows[readable]
    authors = table["author"].to_pylist() if known else [None] * len(ids)
    author = people(authors, ids.tolist())[rows]
    names = np.unique(author)
    apart = np.random.default_rng([seed, 3]).permutation(names)[: max(1, round(KEPT_APART * len(names)))]
    split = np.where(np.isin(author, apart), "validation", "train")
    aim = score[rows].astype(np.float32)
    return Examples(squares if len(used) == len(squares) else squares[used], np.float32(aim >= 0.5), aim, split, author)
