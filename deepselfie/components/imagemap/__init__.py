"""The image map: draws every photo of a world in the browser, in every layout.

In: a world with an atlas, the layouts offered, and which ranks to show. The browser fetches photos and positions from
the routes of serve.py and keeps what is seen in the page's address; through Streamlit goes only a small JSON. The
script is TypeScript in src/, built to built/ by `npm run build` in this folder (npm ci first).
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Literal, TypedDict

import numpy as np
import streamlit as st

from deepselfie import serve
from deepselfie.atlas import on_map, read_atlas
from deepselfie.layout import order, rank_of
from deepselfie.world import World

Layout = Literal["continuum", "tsne", "snapped", "gallery", "named"]

# The script comes from our own route, cached for good; Streamlit only carries these lines.
LOADER = """
let module;
export default async function (component) {
  module ??= import(new URL(component.data.module, document.baseURI).href);
  return (await module).default(component);
}
"""
ON_MAP = ("tsne", "snapped")  # layouts that take a map
INLINE_RANKS = 700  # as base64 4 kB; longer lists get an address of their own
LABELS = {
    "continuum": "Wall of {n} photos from best to worst.",
    "tsne": "Map of {n} photos, similar ones side by side.",
    "snapped": "Grid of {n} photos, similar ones side by side.",
    "gallery": "Gallery of {n} photos.",
    "named": "Ranking of {n} photos with names.",
}
KEYS = " Arrow keys go from photo to photo, plus and minus zoom, 0 shows all, slash searches, Escape lets go."
CSS = (Path(__file__).parent / "built" / "imagemap.css").read_text()
# a text of one line Streamlit would take for the name of a file
_component = st.components.v2.component("deepselfie_imagemap", js=LOADER, css=CSS.replace("}", "}\n"))


class Mark(TypedDict):
    """One more photo, not of the world: where it stands on the map and in the order, the picture, and those like it."""

    x: float  # in the units of `tsne`, as embed.place returns them
    y: float
    rank: int  # the place that its score would have in the order
    image: str  # data: URL, some 128 px
    neighbours: list[int]  # rows


def image_map(
    world: World,
    *,
    layouts: list[Layout],
    ranks: list[int] | None = None,
    captions: dict[int, str] | None = None,
    blurred: bool = False,
    thumb: int | None = None,
    height: int = 640,
    mark: Mark | None = None,
    tools: bool = True,
    linked: bool = True,
    key: str,
) -> None:
    """Shows photos.

    layouts: those offered, the first is the one met: "continuum", the wall row by row from best to worst; "tsne", each
    at its place on the map; "snapped", the map on a grid; "gallery", the given ranks in that order; "named", with
    captions. Those on the map are left out where the world has none. ranks: which photos, all by default. captions:
    rank -> a short text under the photo. blurred: unreadable until the visitor asks to see. thumb: CSS px of a
    gallery's photo. height: CSS px. mark: the visitor's own photo.
    tools: colours, lasso and search. linked: what is seen is kept in the page's address (for one map of a page).
    key: unique in the app; the view (place and zoom) is remembered under it."""
    layouts = [layout for layout in layouts if layout not in ON_MAP or "tsne" in world.columns]
    n = len(order(world)) if ranks is None else len(ranks)
    data = {
        "module": serve.component_url("imagemap"),
        "world": world.name,
        "version": read_atlas(world)["version"],
        "key": key,
        "layouts": layouts,
        "label": LABELS[layouts[0]].format(n=f"{n:,}") + KEYS,
        "ranks": None if ranks is None else _ranks(ranks),
        "captions": captions,
        "blurred": blurred,
        "thumb": thumb,
        "height": height,
        "mark": None if mark is None else _on_the_map(world, mark),
        "tools": tools,
        "linked": linked,
    }
    _component(key=key, data=data)


def _ranks(ranks: list[int]) -> str:
    """base64 of int32, or the address where the browser finds them."""
    data = np.asarray(ranks, "<i4").tobytes()
    return base64.b64encode(data).decode() if len(ranks) <= INLINE_RANKS else serve.ranks_url(data)


def _on_the_map(world: World, mark: Mark) -> dict:
    x, y = on_map(world, np.array([[mark["x"], mark["y"]]]))[0]
    near = [rank_of(world, row) for row in mark["neighbours"]]
    return {**mark, "x": float(x), "y": float(y), "neighbours": [rank for rank in near if rank is not None]}
