"""People with a name, ranked: the best top left, row by row."""

import streamlit as st

from deepselfie import credits, texts
from deepselfie.components.imagemap import image_map
from deepselfie.components.page import page
from deepselfie.layout import named, order
from deepselfie.summary import percent

world = page("Famous selfies", texts.FAMOUS, "⭐", needs=("score",))
ranks = named(world).tolist()
if not ranks:
    st.info(texts.NO_NAMES, icon="⭐")
    st.stop()
rows = order(world)[ranks]
table = world.take(rows, ["name", "score"]).to_pylist()
captions = {rank: f"{row['name']}\n{percent(row['score'], 0)}" for rank, row in zip(ranks, table, strict=True)}
st.caption(f"{len(ranks):,} people; each with the score of the one photo shown.")
layouts = ["named", "tsne", "snapped"]
image_map(world, layouts=layouts, ranks=ranks, captions=captions, thumb=128, height=800, tools=False, key="famous")
if said := credits.listed(world, rows):
    with st.expander("Whose photos these are"):
        st.html(said)
