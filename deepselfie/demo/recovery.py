"""What a network has found of the likes law: each planted do and don't, and what it is worth in the network's score.

In: `truth` and `score` of a demo world that still has the numbers of its truth. Out: a report alone.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import spearmanr

from deepselfie.demo import law
from deepselfie.demo.truth import TRUTH
from deepselfie.stage import Report, run_stage
from deepselfie.world import World

PRESENT = 0.05  # raw quality by which an effect is taken to be there


def recovery(world: World) -> Report:
    """details: for each effect the share of selfies that have it, what it was planted to add to quality there, and what
    it adds in the network's eyes, in the same units; and the rank correlation of the two over the effects."""

    def work(report: Report, progress) -> None:
        fields = {field.name for field in world.table.schema.field("truth").type}
        if not fields >= {field.name for field in TRUTH}:
            report.dropped["packed without the numbers of the truth"] = len(world)
            return
        rows = world.read(["truth", "score"], where="score is not null").to_pylist()
        selfies = [row for row in rows if row["truth"]["subject"] == "selfie"]
        score = np.clip([row["score"] for row in selfies], 1e-6, 1 - 1e-6)
        terms = [law.effects(row["truth"]) for row in selfies]
        report.rows_in, report.rows_out = len(rows), len(selfies)
        report.details = recovered(
            list(terms[0]), np.array([list(t.values()) for t in terms]), np.log(score / (1 - score))
        )
        progress(len(rows), len(rows))

    return run_stage(world, "recovery", work, after=("score",))


def recovered(names: list[str], planted: np.ndarray, logit: np.ndarray) -> dict:
    """planted: float (N, K), what each of K effects adds to the quality of N photos; logit (N,): of their scores.

    Least squares tell the effects apart; the logit is put on the scale of quality, for only their proportions are the
    network's to find."""
    known = np.ptp(planted, axis=0) > 0  # an effect that no photo has cannot be found
    terms, names = planted[:, known], [name for name, one in zip(names, known, strict=True) if one]
    centred, quality = terms - terms.mean(axis=0), planted.sum(axis=1)
    scaled = (logit - logit.mean()) * (quality.std() / (logit.std() or 1.0))
    worth = np.linalg.lstsq(centred, scaled, rcond=None)[0]  # 1: as much as planted
    here = np.abs(terms) > PRESENT
    size = np.array([terms[h, k].mean() - terms[~h, k].mean() if 0 < h.sum() < len(h) else np.ptp(terms[:, k])
                     for k, h in enumerate(here.T)])  # fmt: skip
    rows = [
        {
            "effect": name,
            "share": round(float(h.mean()), 4),
            "planted": round(float(s), 3),
            "found": round(float(w * s), 3),
        }
        for name, h, s, w in zip(names, here.T, size, worth, strict=True)
    ]
    order = spearmanr(size, worth * size).statistic if len(names) > 1 else float("nan")
    return {"effects": rows, "same_sign": int((worth > 0).sum()), "order": round(float(order), 3)}
