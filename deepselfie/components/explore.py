"""What several pages share beside the image map: facets, a held scorer, an upload, its place on the map.

Everything here is Streamlit; what it shows is computed elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st

from deepselfie import strip, texts, yours
from deepselfie.answers import visitors_facets
from deepselfie.components.imagemap import Mark
from deepselfie.errors import DeepselfieError
from deepselfie.layout import Facet
from deepselfie.world import World

if TYPE_CHECKING:
    from deepselfie.models import Network

Held = TypeVar("Held")


def choose_subgroup(world: World) -> dict[str, tuple | bool | str]:
    """Controls for the facets that the visitor picks, all kept in the URL; returns `where` for layout.gallery."""
    known = {facet.key: facet for facet in visitors_facets(world)}
    picked = st.multiselect(
        "Only photos with", list(known), format_func=texts.facet_label, key="by", bind="query-params",
        placeholder="choose one thing or several",
    )  # fmt: skip
    where = {}
    for key, column in zip(picked, st.columns(3) * len(picked), strict=False):
        with column:
            wanted = _facet(known[key])
        if wanted is not None:
            where[key] = wanted
    return where


def _facet(facet: Facet) -> tuple | bool | str | None:
    """One control; None where it does not narrow anything."""
    label, key = texts.facet_label(facet.key), f"only-{facet.key}"
    if facet.kind == "number":
        whole = facet.low == round(facet.low) and facet.high == round(facet.high) and facet.high - facet.low <= 50
        low, high = (int(facet.low), int(facet.high)) if whole else (facet.low, facet.high)
        step = 1 if whole else (high - low) / 100
        form = "percent" if texts.facet_unit(facet.key) == "%" else None
        chosen = st.slider(label, low, high, (low, high), step, form, key=key, bind="query-params")
        return None if chosen == (low, high) else chosen
    counts = {("yes" if value else "no") if facet.kind == "yes_no" else value: n for value, n in facet.values}
    chosen = st.selectbox(
        label, list(counts), index=None, placeholder="any", key=key, bind="query-params",
        help=", ".join(f"{value}: {n:,}" for value, n in counts.items()),
    )  # fmt: skip
    return chosen if chosen is None or facet.kind == "choice" else chosen == "yes"


def held_scorer(world: World):
    """The Scorer of the network that scored this world, one for all visitors. Raises DeepselfieError without one."""
    return _scorer(*model_of(world))


def held(world: World, make: Callable[[Network, dict], Held]) -> Held:
    """What `make` makes of the network that scored this world and of its card, once for all visitors.

    Each `make` gets a network of its own: hooks that one sets would see what goes through another's."""
    return _held(*model_of(world), f"{make.__module__}.{make.__qualname__}", make)


def model_of(world: World) -> tuple[str, int]:
    """The folder of the model, and what tells it from an older one there. Raises DeepselfieError without one."""
    from deepselfie.score import default_model

    folder = default_model(world).model_path
    if not (folder / "card.json").exists():
        raise DeepselfieError(
            "There is no trained network here yet, so nothing can be scored. Make one with: python -m deepselfie demo"
        )
    return str(folder), (folder / "card.json").stat().st_mtime_ns


@st.cache_resource(max_entries=2, show_spinner="Waking the network …")
def _scorer(folder: str, version: int):
    from deepselfie.batching import SharedScorer

    return SharedScorer(folder)


@st.cache_resource(max_entries=6, show_spinner="Waking the network …")
def _held(folder: str, version: int, name: str, _make: Callable):
    from deepselfie import models

    return _make(*models.load(Path(folder)))


def ask_for_photo() -> bytes | None:
    """The bytes of a photo that the visitor uploads or takes; the camera starts only when asked."""
    how = st.segmented_control("Your photo", ["Upload", "Camera"], default="Upload", required=True, key="how")
    if how == "Camera":
        given = st.camera_input("Take a photo")
    else:
        given = st.file_uploader(
            f"A photo from this device, up to {yours.MAX_MEGABYTES} MB",
            type=yours.file_types(),
            max_upload_size=yours.MAX_MEGABYTES,
        )
    return given.getvalue() if given else None


def once(name: str, depends_on: tuple, make: Callable[[], Any]) -> Any:
    """What `make` returns, remembered in this visitor's session alone while `depends_on` stays the same."""
    key = hashlib.sha256(b"\0".join(p if isinstance(p, bytes) else str(p).encode() for p in depends_on)).digest()
    if st.session_state.get(name, (None,))[0] != key:
        st.session_state[name] = key, make()
    return st.session_state[name][1]


def looked(data: bytes) -> yours.Photo:
    """yours.look, once per upload and session."""
    return once("photo", (data,), lambda: yours.look(data))


def judged(world: World, data: bytes, photo: yours.Photo) -> yours.Verdict:
    """yours.judge by the world's held scorer, once per upload, world and session."""
    return once("verdict", (data, world.name), lambda: yours.judge(world, photo, held_scorer(world)))


def mark_of(photo: yours.Photo, verdict: yours.Verdict) -> Mark:
    """An upload that has a place, for the image map."""
    x, y = verdict.place
    image = strip.data_url(photo.image, 128)
    return {"x": x, "y": y, "rank": verdict.rank, "image": image, "neighbours": verdict.neighbours}


def ask_where_i_land(world: World) -> Mark | None:
    """A button beside the map for a photo of the visitor's own; returns it with its place once it is given."""
    with st.popover("Where do I land?", icon="📍"):
        st.caption(texts.LAND)
        data = ask_for_photo()
        if data is None:
            return None
        try:
            photo = looked(data)
            verdict = judged(world, data, photo)
        except DeepselfieError as error:
            st.error(str(error), icon="🙈")
            return None
        st.markdown(texts.verdict(verdict) if verdict.place else texts.NO_PLACE)
    return mark_of(photo, verdict) if verdict.place else None
