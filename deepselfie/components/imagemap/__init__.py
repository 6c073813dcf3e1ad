"""The image map: draws many photos of a world in the browser, and says which one is selected.

In: a world with an atlas, a layout, and which ranks to show. Out: the selected row. Photos and positions are fetched
by the browser from the routes of serve.py; through Streamlit goes only a small JSON.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Literal, TypedDict

import numpy as np
import streamlit as st

from deepselfie import serve
from deepselfie.atlas import on_map
from deepselfie.errors import DeepselfieError
from deepselfie.layout import order
from deepselfie.world import World

# The script comes from our own route, cached for good; Streamlit only carries these lines.
LOADER = """
let module;
export default async function (component) {
  module ??= import(new URL(component.data.module, document.baseURI).href);
  return (await module).default(component);
}
"""
INLINE_RANKS = 700  # as base64 4 kB; longer lists get an address of their own
LABELS = {
    "continuum": "Wall of {n} photos from best to worst.",
    "tsne": "Map of {n} photos, similar ones side by side.",
    "gallery": "Gallery of {n} photos.",
}
KEYS = " Arrow keys go from photo to photo, plus and minus zoom, 0 shows all, Escape lets go."
_component = st.components.v2.component(
    "deepselfie_imagemap", js=LOADER, css=(Path(__file__).parent / "imagemap.css").read_text()
)


class Mark(TypedDict):
    """One more photo, not of the world: where it stands on the map and in the order, and the picture itself."""

    x: float  # in the units of `tsne`, as embed.place returns them
    y: float
    rank: int  # the place that its score would have in the order
    image: str  # data: URL, some 128 px


def image_map(
    world: World,
    *,
    layout: Literal["continuum", "tsne", "gallery"],
    ranks: list[int] | None = None,
    captions: dict[int, str] | None = None,
    blurred: bool = False,
    thumb: int | None = None,
    height: int = 640,
    selected: int | None = None,
    mark: Mark | None = None,
    key: str,
) -> int | None:
    """Shows photos and returns the row of the selected one, or None.

    layout: "continuum", the wall row by row from best to worst; "tsne", each at its place on the map; "gallery", the
    given ranks in that order. ranks: which photos, all by default. captions: rank -> a short text under the photo
    (gallery). blurred: unreadable until the visitor asks to see. thumb: CSS px of a gallery's photo. height: CSS px.
    selected: a row to select, say from the URL; the visitor's own choice holds until this changes.
    key: unique in the app; the view (place and zoom) is remembered under it."""
    version = serve.atlas_version(world)
    if version is None:
        raise DeepselfieError(f"World '{world.name}' has no thumbnails yet. Run: python -m deepselfie run {world.name}")
    current = _held(key, selected)
    data = {
        "module": serve.component_url("imagemap"),
        "world": world.name,
        "version": version,
        "key": key,
        "layout": layout,
        "label": LABELS[layout].format(n=len(order(world)) if ranks is None else len(ranks)) + KEYS,
        "ranks": None if ranks is None else _ranks(ranks),
        "captions": captions,
        "blurred": blurred,
        "thumb": thumb,
        "height": height,
        "selected": current,
        "mark": None if mark is None else _on_the_map(world, mark),
    }
    result = _component(key=key, data=data, on_picked_change=lambda: None)
    if result.picked is not None:
        current = result.picked["row"]
        st.session_state[f"{key}.held"] = (selected, current)
    return current


def _held(key: str, given: int | None) -> int | None:
    """What is selected: what the page gives where that has changed, else what the visitor picked since."""
    last, current = st.session_state.get(f"{key}.held", (None, None))
    if given != last:
        current = given
    st.session_state[f"{key}.held"] = (given, current)
    return current


def _ranks(ranks: list[int]) -> str:
    """base64 of int32, or the address where the browser finds them."""
    data = np.asarray(ranks, "<i4").tobytes()
    return base64.b64encode(data).decode() if len(ranks) <= INLINE_RANKS else serve.ranks_url(data)


def _on_the_map(world: World, mark: Mark) -> dict:
    x, y = on_map(world, np.array([[mark["x"], mark["y"]]]))[0]
    return {**mark, "x": float(x), "y": float(y)}
