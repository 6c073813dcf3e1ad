"""The controls of the page of crops, and what it remembers: crops of the world for all, of an upload for its owner."""

from __future__ import annotations

import streamlit as st

from deepselfie import credits, cropped, pictures, texts, transformer, yours
from deepselfie.components.explore import ask_for_photo, held, held_scorer, looked, model_of, once
from deepselfie.crop import best_crop
from deepselfie.errors import DeepselfieError
from deepselfie.layout import order
from deepselfie.models import Network, fuse
from deepselfie.world import World, world

WAYS = SEARCH, UPRIGHT, TURNED = "Search", "Spatial transformer", "… and turned"


def own_or_theirs(chosen: World) -> yours.Photo | None:
    """A photo that the visitor gives, or one of the world; None while there is none."""
    whose = st.segmented_control("Of", ["My photo", "One of these"], default="My photo", required=True, key="whose")
    try:
        if whose == "My photo":
            data = ask_for_photo()
            return None if data is None else looked(data)
        rows = order(chosen)
        number = st.number_input("Its number, from the best", 1, len(rows), (len(rows) + 1) // 2, key="number")
        row = int(rows[number - 1])
        return once("photo", (chosen.name, row), lambda: yours.look(pictures.picture(chosen, row, cropped.SIDE)[0]))
    except DeepselfieError as error:
        st.error(str(error), icon="🙈")
        return None


def choose_way() -> str:
    """How the visitor wants a crop to be found: one of WAYS."""
    return st.segmented_control("Found by", WAYS, default=WAYS[0], required=True, key="found-by", help=texts.CROP_WAYS)


def best_of(chosen: World, photo: yours.Photo, rude: bool, way: str) -> cropped.Pair:
    """The best crop of a photo, found once a session; way: of WAYS."""

    def find() -> cropped.Pair:
        scorer, network = held_scorer(chosen), held(chosen, _fused)
        with st.spinner("Trying hundreds of crops …"):
            if way == SEARCH:
                found = best_crop(photo.image, photo.faces, scorer, rude, network)
            else:
                found = transformer.best_crop(photo.image, photo.faces, scorer, network, rude, affine=way == TURNED)
        return cropped.Pair(photo.image, photo.faces, found)

    return once(f"crop-{rude}-{way}", (photo.image.tobytes(), chosen.name), find)


def show(chosen: World, found: list[cropped.Pair]) -> None:
    """Pairs of photos of the world, and whose they are, where that is known."""
    st.html(cropped.pairs(found) + credits.listed(chosen, [pair.row for pair in found]))


def examples(chosen: World, rude: bool = False) -> list[cropped.Pair]:
    """Photos drawn from the world with their best crops, made when first asked for; says how far it is."""
    held_scorer(chosen)
    rows, found = cropped.drawn(chosen), []
    progress = st.progress(0.0, "Trying hundreds of crops of each photo …")
    for number, row in enumerate(rows, 1):
        found.append(_example(chosen.name, row, rude, (chosen.table.version, model_of(chosen))))
        progress.progress(number / len(rows), f"{number} of {len(rows)} photos are done …")
    progress.empty()
    return found


@st.cache_data(max_entries=64, show_spinner=False)
def _example(name: str, row: int, rude: bool, versions: tuple) -> cropped.Pair:
    chosen = world(name)
    return cropped.example(chosen, row, held_scorer(chosen), rude, held(chosen, _fused))


def _fused(network: Network, card: dict) -> Network:
    return fuse(network)
