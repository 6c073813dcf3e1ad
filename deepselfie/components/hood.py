"""The controls of the page Under the hood: a photo to follow, sheets to choose a tile from, a search for nine photos.

Everything here is Streamlit; what it shows is computed and drawn in `hood` and `hood_drawing`.
"""

from __future__ import annotations

import threading

import numpy as np
import streamlit as st

from deepselfie import hood, hood_drawing, models, pictures, strip, texts
from deepselfie.components.explore import ask_for_photo, held, looked, once
from deepselfie.errors import DeepselfieError
from deepselfie.layout import identity, order
from deepselfie.world import World

SAMPLE = 400  # photos among which the nine are looked for: rendered and looked at in some seconds, once a world
AT_ONCE = 25  # of them between two looks at whether the visitor wants something else
WORLDS, YOURS = "From this world", "Yours"
SHEET = """
<div class="sheet" tabindex="0" role="group">
  <img alt=""><i></i>
</div>
"""
SHEET_CSS = """
.sheet { position: relative; cursor: pointer; line-height: 0; }
.sheet img { width: 100%; image-rendering: pixelated; }
.sheet i { position: absolute; box-sizing: border-box; border: 2px solid #fff; border-radius: 3px; pointer-events: none;
  box-shadow: 0 0 0 3px var(--st-primary-color, #d6336c); z-index: 1; }
"""
SHEET_JS = """
export default function ({ data, parentElement, setTriggerValue }) {
  const sheet = parentElement.querySelector(".sheet"), frame = sheet.querySelector("i");
  const { columns, count, label } = data, rows = Math.ceil(count / columns);
  sheet.querySelector("img").src = data.image;
  sheet.style.maxWidth = data.width + "px";
  sheet.setAttribute("aria-label", label);
  let chosen = data.chosen;
  const mark = () => Object.assign(frame.style, {
    left: 100 * (chosen % columns) / columns + "%", width: 100 / columns + "%",
    top: 100 * Math.floor(chosen / columns) / rows + "%", height: 100 / rows + "%",
  });
  const choose = (index) => {
    if (index < 0 || index >= count || index === chosen) return;
    chosen = index;
    mark();
    setTriggerValue("tile", index);
  };
  sheet.onclick = (event) => {
    const box = sheet.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / box.width * columns);
    const row = Math.floor((event.clientY - box.top) / box.height * rows);
    if (column >= 0 && column < columns) choose(row * columns + column);
  };
  sheet.onkeydown = (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (!way) return;
    event.preventDefault();
    choose(chosen + way);
  };
  mark();
}
"""
_searching = threading.Lock()  # visitors who come together look through the same photos, each once
_sheet = st.components.v2.component("deepselfie_sheet", html=SHEET, css=SHEET_CSS, js=SHEET_JS)


def fused_network(world: World) -> tuple[models.Network, dict]:
    """The network that scored this world, fused, and its card, held once per process. Raises DeepselfieError."""
    return held(world, _fused)


def _fused(network: models.Network, card: dict) -> tuple[models.Network, dict]:
    return models.fuse(network), card


def ask_for_square(world: World, size: int) -> np.ndarray | None:
    """A photo of the world or the visitor's own, uint8 (size, size, 3) as the network sees it; None until there is one.

    Raises DeepselfieError for what is no picture."""
    whose = st.segmented_control("Photo", [WORLDS, YOURS], default=WORLDS, required=True, key="whose")
    if whose == YOURS:
        data = ask_for_photo()
        if data is None:
            return None
        photo = looked(data)
        if not photo.faces:
            st.caption(texts.HOOD_NO_FACE)
        return pictures.prepare([photo.image], size)[0]
    ranks = order(world)
    rank = 1
    if len(ranks) > 1:
        rank = st.slider("Its place in the order (1 is the best)", 1, len(ranks), 1, key="place", bind="query-params")
    (image,) = pictures.image_bytes(world, [ranks[rank - 1]])
    if image is None:
        raise DeepselfieError(f"Number {rank} of this world has no picture. Choose another one.")
    return pictures.prepare([image], size)[0]


def followed(network: models.Network, card: dict, square: np.ndarray) -> hood.Flow:
    """hood.flow, once per photo, model and session: kept in memory, and for this visitor alone."""
    return once("flow", (square.tobytes(), card.get("weights")), lambda: hood.flow(network, square))


def choose_tile(tiles: list[np.ndarray], what: str, chosen: int, key: str, width: int = 900) -> int:
    """A sheet of tiles, of which one is chosen by a click, arrow keys or its number; returns its index.

    what: "map", "filter"; chosen: the one met; width: CSS px at most."""

    def clicked() -> None:
        st.session_state[number] = int(st.session_state[key].tile) + 1

    number = f"{key}-number"
    st.session_state[number] = st.session_state.get(number, chosen + 1)  # set anew, or a box that comes back shows 1
    index = st.number_input(f"Which {what} (1 to {len(tiles):,})", 1, len(tiles), key=number) - 1
    data = {
        "image": hood_drawing.png(hood_drawing.sheet(tiles)),
        "columns": hood_drawing.columns_for(len(tiles)),
        "count": len(tiles),
        "chosen": index,
        "width": width,
        "label": f"{len(tiles):,} {what}s, number {index + 1} is chosen. Arrow keys choose another.",
    }
    _sheet(key=key, data=data, on_tile_change=clicked)
    return index


def show_maps(stages: list[hood.Stage], square: np.ndarray):
    """Stage by stage the sheet of all maps, and one of them over the photo; returns stage, map and room for photos."""
    number = st.segmented_control(
        f"Stage (1 to {len(stages)})", range(1, len(stages) + 1), default=1, required=True, key="stage"
    )
    maps = stages[number - 1].maps  # (C, H, W)
    count, height, width = maps.shape
    st.markdown(f"**Stage {number}**: {stages[number - 1].name}; {count:,} maps of {height} × {width} numbers.")
    left, right = st.columns([3, 2], gap="large")
    with left:
        channel = choose_tile(hood_drawing.map_tiles(maps), "map", int(maps.std((1, 2)).argmax()), f"maps-{number}")
    values = maps[channel]
    right.image(hood_drawing.over(square, values), width="stretch")
    right.caption(texts.HOOD_OVER.format(channel + 1, values.min(), values.mean(), values.max()))
    return number - 1, channel, right.empty()


def nine_photos(world: World, network: models.Network, card: dict, stage: int, channel: int, place) -> None:
    """Draws into `place` the nine photos whose map has the greatest mean, better ones while more are looked at."""
    rows = order(world)
    rows = np.random.default_rng(0).permutation(rows)[:SAMPLE]
    known = _known(world.name, identity(world), card.get("weights"))
    for first in range(0, len(rows), AT_ONCE):
        if first not in known:
            if known:
                _draw_nine(world, known, stage, channel, place, len(rows))
            with _searching:
                if first not in known:  # another visitor may have looked meanwhile
                    known[first] = _means(world, network, rows[first : first + AT_ONCE])
    _draw_nine(world, known, stage, channel, place, len(rows))


@st.cache_resource(max_entries=4, show_spinner=False)
def _known(world: str, version: tuple[int, int, int], weights: str) -> dict[int, tuple[np.ndarray, list[np.ndarray]]]:
    """Of each AT_ONCE photos looked at, by the first's number: their rows, and the means of all maps of each stage."""
    return {}


def _means(world: World, network: models.Network, rows: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    squares = [pictures.try_square(image, network.size) for image in pictures.image_bytes(world, rows)]
    readable = [i for i, square in enumerate(squares) if square is not None]
    if not readable:
        return rows[:0], []
    return rows[readable], hood.means(network, np.stack([squares[i] for i in readable]))


def _draw_nine(world: World, known: dict, stage: int, channel: int, place, sample: int) -> None:
    looked_at = [(rows, means) for rows, means in list(known.values()) if len(rows)]
    if not looked_at:
        return
    best, seen = hood.strongest(looked_at, stage, channel, 9), sum(len(rows) for rows, _ in looked_at)
    urls = [strip.data_url(pictures.rgb(image), 128) for image in pictures.image_bytes(world, best)]
    more = f"; {sample:,} are to be" if len(known) * AT_ONCE < sample else ""
    with place.container():
        st.html(hood_drawing.nine(urls, f"Photos with the strongest map {channel + 1}"))
        st.caption(f"{texts.HOOD_NINE} {seen:,} photos of this world, drawn by lot, were looked at{more}.")
