"""Galleries: the top, the best of any subgroup, and the other end."""

import streamlit as st

from deepselfie import texts
from deepselfie.components.explore import choose_subgroup
from deepselfie.components.imagemap import image_map
from deepselfie.components.page import page
from deepselfie.layout import gallery

SHOWS = ["Top 100", "Top 1000", "Best of", "Worst 300"]

world = page("Best and worst", texts.BEST, "🏆", needs=("score",))
show = st.segmented_control(
    "Show", SHOWS, default=SHOWS[0], required=True, key="show", bind="query-params", label_visibility="collapsed"
)
if show == "Worst 300":
    st.caption(texts.WORST)
    ranks, view = gallery(world, first=300, worst=True), {"thumb": 56, "blurred": True, "height": 560}
elif show == "Best of":
    ranks = gallery(world, where=choose_subgroup(world), first=len(world))
    st.caption(f"**{len(ranks):,}** photos match" + (", the best 200 are shown." if len(ranks) > 200 else "."))
    ranks, view = ranks[:200], {"thumb": 104, "height": 760}
else:
    ranks = gallery(world, first=int(show.split()[1]))
    view = {"thumb": 128 if len(ranks) <= 100 else 64, "height": 800}
if len(ranks):
    layouts = ["gallery", "tsne", "snapped"]
    image_map(world, layouts=layouts, ranks=ranks.tolist(), tools=False, key="gallery", **view)
else:
    st.info("No photo is like that. Take a filter away, or open one a little wider.", icon="🔍")
