"""The frame of every page: its title, the choice of the world, one look, and a word where the world lacks something."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from deepselfie.errors import DeepselfieError
from deepselfie.world import World, world, world_names

FOLDER = Path(__file__).resolve().parents[2] / "pages"
PAGES = (  # settled, in the order of the menu: file, title, icon; the file's name is the address, with - for _
    ("start", "Start", "🤳"),
    ("continuum", "The continuum", "🌈"),
    ("best_and_worst", "Best and worst", "🏆"),
    ("famous", "Famous selfies", "⭐"),
    ("space", "Selfie space", "🌌"),
    ("yours", "How good is yours?", "🪞"),
    ("mirror", "Mirror", "🎥"),
    ("crop", "The best crop", "✂️"),
    ("hood", "Under the hood", "🔧"),
    ("findings", "What makes a good selfie", "💡"),
    ("data_and_model", "The data and the model", "🔬"),
)
CSS = """
<style>
.stMainBlockContainer { padding: 2.2rem 2.5rem 4rem; max-width: 1600px;
  h1 { font-weight: 700; letter-spacing: -0.02em; padding: 0 0 .35rem; }
  @media (max-width: 640px) { padding: 3.6rem .8rem 4rem; h1 { font-size: 1.8rem; } }
}
</style>
"""


def page(title: str, intro: str, icon: str, needs: tuple[str, ...] = ()) -> World:
    """Begins a page and returns the world it is to show.

    intro: one or two sentences of Markdown under the heading. icon: an emoji (a :material: one asks a font host).
    needs: the columns without which the page has nothing to show: it then says so, with the command, and stops."""
    st.set_page_config(page_title=f"{title} · deepselfie", page_icon=icon, layout="wide")
    st.html(CSS)
    chosen = _choose_world()
    st.title(f"{icon} {title}")
    if intro:
        st.markdown(intro)
    if chosen is None:
        st.info(
            "There are no photos here yet. Make the demo world, or bring your own folder of photos:\n\n"
            "```\npython -m deepselfie demo\npython -m deepselfie import FOLDER --world mine\n"
            "python -m deepselfie run mine\n```",
            icon="📷",
        )
        st.stop()
    missing = [column for column in needs if column not in chosen.columns]
    if missing:
        st.info(
            f"The world **{chosen.name}** has no {', '.join(f'`{m}`' for m in missing)} yet, which this page shows. "
            f"This makes it:\n\n```\npython -m deepselfie run {chosen.name}\n```",
            icon="⏳",
        )
        st.stop()
    return chosen


def _choose_world() -> World | None:
    """The world of ?world=, else the one shown last, else the first; None where there is none."""
    names = world_names()
    asked = st.query_params.get("world")
    if not names:
        return None
    name = asked or st.session_state.get("world", names[0])
    if name not in names:
        st.warning(f"There is no world '{name}' here: this is '{names[0]}'.")
        name = names[0]
    st.session_state["world"] = st.session_state["world_choice"] = name
    # only where need be: Streamlit then adds an address to the history, and forgets what the image map wrote into it
    if name != (asked or names[0]):
        st.query_params["world"] = name
    with st.sidebar:
        st.selectbox("World", names, key="world_choice", on_change=_world_chosen, help="A collection of photos.")
    return world(name)


def _world_chosen() -> None:
    st.query_params.from_dict({"world": st.session_state["world_choice"]})  # all else was about the other world


def run_pages() -> None:
    """Runs the page of the address. Errors meant for people are shown as a sentence, wherever on a page they arise."""
    pages = [
        st.Page(FOLDER / f"{file}.py", title=title, icon=icon, url_path=file.replace("_", "-"), default=file == "start")
        for file, title, icon in PAGES
    ]
    current = st.navigation(pages)
    try:
        current.run()
    except DeepselfieError as error:
        st.error(str(error))
