"""What several pages share around the image map: the selected photo in the URL, facets, a held scorer, an upload.

Everything here is Streamlit; what it shows is computed elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import streamlit as st

from deepselfie.attributes import LABELS
from deepselfie.components.imagemap import image_map
from deepselfie.errors import DeepselfieError
from deepselfie.layout import Facet, facets
from deepselfie.world import World
from deepselfie.yours import MAX_MEGABYTES, file_types

NOT_FOR_VISITORS = {"split", "name", "truth.account"}


@st.fragment
def explore(world: World, *, key: str, **view) -> None:
    """An image map (`view`: its arguments) whose selected photo is in the URL as ?photo=ROW. Reruns alone."""
    asked = st.query_params.get("photo", "")
    row = image_map(world, key=key, selected=int(asked) if asked.isdecimal() else None, **view)
    if row is None:
        st.query_params.pop("photo", None)
    elif str(row) != asked:
        st.query_params["photo"] = str(row)


def choose_subgroup(world: World) -> dict[str, tuple | bool | str]:
    """Controls for the facets that the visitor picks, all kept in the URL; returns `where` for layout.gallery."""
    known = {facet.key: facet for facet in facets(world) if facet.key not in NOT_FOR_VISITORS}
    picked = st.multiselect(
        "Only photos with", list(known), format_func=facet_label, key="by", bind="query-params",
        placeholder="choose one thing or several",
    )  # fmt: skip
    where = {}
    for key, column in zip(picked, st.columns(3) * len(picked), strict=False):
        with column:
            wanted = _facet(known[key])
        if wanted is not None:
            where[key] = wanted
    return where


def facet_label(key: str) -> str:
    """The name of a facet as visitors read it."""
    if key == "label":
        return "Labelled good by likes"
    return LABELS[key][0] if key in LABELS else key.removeprefix("truth.").replace("_", " ").capitalize()


def _facet(facet: Facet) -> tuple | bool | str | None:
    """One control; None where it does not narrow anything."""
    label, key = facet_label(facet.key), f"only-{facet.key}"
    if facet.kind == "number":
        whole = facet.low == round(facet.low) and facet.high == round(facet.high) and facet.high - facet.low <= 50
        low, high = (int(facet.low), int(facet.high)) if whole else (facet.low, facet.high)
        step = 1 if whole else (high - low) / 100
        form = "percent" if LABELS.get(facet.key, ("", ""))[1] == "%" else None
        chosen = st.slider(label, low, high, (low, high), step, form, key=key, bind="query-params")
        return None if chosen == (low, high) else chosen
    counts = {("yes" if value else "no") if facet.kind == "yes_no" else value: n for value, n in facet.values}
    chosen = st.selectbox(
        label, list(counts), index=None, placeholder="any", key=key, bind="query-params",
        help=", ".join(f"{value}: {n:,}" for value, n in counts.items()),
    )  # fmt: skip
    return chosen if chosen is None or facet.kind == "choice" else chosen == "yes"


def held_scorer(world: World):
    """The Scorer of the network that scored this world, held once per process. Raises DeepselfieError without one."""
    from deepselfie.score import default_model

    folder = default_model(world).model_path
    if not (folder / "card.json").exists():
        raise DeepselfieError(
            "There is no trained network here yet, so nothing can be scored. Make one with: python -m deepselfie demo"
        )
    return _scorer(str(folder), (folder / "card.json").stat().st_mtime_ns)


@st.cache_resource(max_entries=2, show_spinner="Waking the network …")
def _scorer(folder: str, version: int):
    from deepselfie.score import Scorer

    return Scorer(folder)


def ask_for_photo() -> bytes | None:
    """The bytes of a photo that the visitor uploads or takes; the camera starts only when asked."""
    how = st.segmented_control("Your photo", ["Upload", "Camera"], default="Upload", required=True, key="how")
    if how == "Camera":
        given = st.camera_input("Take a photo")
    else:
        given = st.file_uploader(
            f"A photo from this device, up to {MAX_MEGABYTES} MB", type=file_types(), max_upload_size=MAX_MEGABYTES
        )
    return given.getvalue() if given else None


def once(name: str, depends_on: tuple, make: Callable[[], Any]) -> Any:
    """What `make` returns, remembered in this visitor's session alone while `depends_on` stays the same."""
    key = hashlib.sha256(b"\0".join(p if isinstance(p, bytes) else str(p).encode() for p in depends_on)).digest()
    if st.session_state.get(name, (None,))[0] != key:
        st.session_state[name] = key, make()
    return st.session_state[name][1]
