"""Training examples: what the network was shown as good and as bad. In: the model's card, or the world's own labels;
out: 64 photos of each, as data: URLs."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from deepselfie import pictures
from deepselfie.layout import order
from deepselfie.strip import data_url, thumbnails
from deepselfie.summary import card, model_world
from deepselfie.world import World, read_json, write_json

HOW_MANY = 64  # a kind: eight rows of eight, as in the article
SIDE = 64  # px


def examples(world: World) -> dict[str, list[str]]:
    """{"Good examples": [URL, …], "Bad examples": […]}; empty where nothing was labelled.

    Those of a model are made once and kept beside it, for its training photos may be elsewhere, or have to be drawn."""
    owner = model_world(world)
    ids = (card(world) or {}).get("examples")
    if not ids:
        return _labelled(world)
    kept = owner.model_path / "examples.json"
    found = read_json(kept)
    if not found or found.get("ids") != ids:
        found = {"ids": ids, **{kind: _by_id(owner, ids[kind]) for kind in ("good", "bad")}}
        if not found["good"] + found["bad"]:
            return _labelled(world)
        with suppress(OSError):  # beside a read-only model they are made anew each time
            write_json(kept, found)
    return {"Good examples": found["good"], "Bad examples": found["bad"]}


def _by_id(owner: World, ids: list[str]) -> list[str]:
    """Photos by id, from the world or drawn again; those that are nowhere are left out."""
    rows = {id: owner.row(id) for id in ids} if owner.exists and "image" in owner.columns else {}
    urls = []
    for id in ids[:HOW_MANY]:
        row = rows.get(id)
        data = pictures.rendered(id, 96) if row is None else pictures.image_bytes(owner, [row])[0]
        if data:
            urls.append(data_url(pictures.square(data, SIDE)))
    return urls


def _labelled(world: World) -> dict[str, list[str]]:
    """A seeded draw of this world's own labelled photos."""
    if not {"label", "score"} <= world.columns or not (world.path / "atlas" / "atlas.json").exists():
        return {}
    label = world.take(order(world), ["label"])["label"].to_numpy(zero_copy_only=False).astype(float)
    lot = np.random.default_rng(0).permutation(len(label))
    found = {
        name: thumbnails(world, np.sort(lot[label[lot] == value][:HOW_MANY]))
        for name, value in (("Good examples", 1), ("Bad examples", 0))
    }
    return found if all(found.values()) else {}
