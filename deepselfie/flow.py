"""The pipeline: which stages there are, in which order, and `run`, which does what is missing, like make."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

from deepselfie.atlas import atlas
from deepselfie.card import CARD
from deepselfie.clusters import clusters
from deepselfie.cropped import find_examples
from deepselfie.demo import ids
from deepselfie.demo.gather import gather_demo
from deepselfie.demo.pack import pack
from deepselfie.demo.recovery import recovery
from deepselfie.distil import distil
from deepselfie.embed import embed
from deepselfie.evaluate import evaluate
from deepselfie.examples import examples
from deepselfie.export import version_of
from deepselfie.faces import faces
from deepselfie.findings import findings
from deepselfie.forget import forget, interrupted
from deepselfie.labels import labels
from deepselfie.layout import layout
from deepselfie.score import score
from deepselfie.stage import Report
from deepselfie.train import train
from deepselfie.world import World, world

STAGES: dict[str, Callable[..., Report]] = {
    "faces": faces,
    "labels": labels,
    "train": train,
    "score": score,
    "distil": distil,
    "evaluate": evaluate,
    "findings": findings,
    "embed": embed,
    "clusters": clusters,
    "layout": layout,
    "atlas": atlas,
}

ON_A_CLUSTER = ("faces", "score", "atlas")  # the stages that take an engine

SETTINGS = {
    "labels": ("way", "by_time", "followers", "max_tags", "min_age_days", "shares", "seed"),
    "train": ("architecture", "checkpoint", "epochs", "seed"),
    "distil": ("architecture", "epochs", "seed"),
    "embed": ("exact",),
    "atlas": ("shipped",),
}


def run(photos: World, *, engine: str = "local") -> Iterator[Report | str]:
    """Does all that is missing, in order; yields each stage's report, or why a stage was passed over.

    engine: "local" or "ray", for the stages ON_A_CLUSTER."""
    if interrupted(photos):
        yield forget(photos)
    for name, stage in STAGES.items():
        reason = _passed_over(photos, name)
        settings = _kept(photos, name) | ({"engine": engine} if name in ON_A_CLUSTER else {})
        yield f"{name}: passed over, {reason}" if reason else stage(photos, **settings)


def make_demo(*, n: int, training: int) -> Iterator[Report | str]:
    """The demo world from scratch: a crowd to learn from, and unseen selfies of other people, ranked.

    n, training: posts to gather, unseen and to learn from; about 85 of 100 show a face."""
    crowd, unseen = world("demo-training"), world("demo")
    yield gather_demo(crowd, n=training, seed=ids.TRAINING)
    yield faces(crowd)
    yield labels(crowd, shares=(0.88, 0.06, 0.06, 0.0))  # the unseen world is the test
    yield train(crowd)
    yield gather_demo(unseen, n=n, seed=ids.UNSEEN, with_famous=True)
    yield faces(unseen)
    yield labels(unseen, shares=(0.0, 0.0, 0.0, 1.0))
    shutil.copytree(crowd.model_path, unseen.model_path, dirs_exist_ok=True)
    for stage in ("import", "faces", "labels", "train"):
        unseen.save_report(f"training-{stage}", crowd.report(stage))
    yield score(unseen)
    yield evaluate(unseen)
    yield recovery(unseen)
    yield findings(unseen)
    yield embed(unseen)
    yield clusters(unseen)
    yield layout(unseen)
    yield atlas(unseen, shipped=True)
    examples(unseen)  # kept beside the model, so that a visitor need not wait for 128 renderings
    find_examples(unseen)
    yield pack(unseen)


def _kept(photos: World, stage: str) -> dict:
    """The settings under which this stage was last run: `run` mends what is missing, it does not change one's mind."""
    details = (photos.report(stage) or {}).get("details", {})
    kept = {name: details[name] for name in SETTINGS.get(stage, ()) if name in details}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}


def _passed_over(photos: World, stage: str) -> str:
    if stage == "labels" and photos.read(["likes"])["likes"].null_count == len(photos):
        return "there are no likes to learn from: the demo's model will score these photos"
    if stage in ("train", "evaluate") and "split" not in photos.columns:
        return "there are no labels"
    if stage == "train" and not photos.table.count_rows(filter="split = 'train'"):
        return "no photo is set aside for training"
    if stage == "distil" and not (photos.model_path / CARD).exists():
        return "there is no network of its own to learn from"
    if stage == "distil" and version_of(photos.model_path):
        return "the network itself is small enough for a browser"
    return ""
