"""The map: each photo where t-SNE of fc7 puts it, and the visitor's own among them."""

import streamlit as st

from deepselfie import texts
from deepselfie.components.explore import ask_where_i_land
from deepselfie.components.imagemap import image_map
from deepselfie.components.page import page

world = page("Selfie space", texts.SPACE, "🌌", needs=("score", "tsne"))
st.caption(texts.HOW_TO_WALK)
mark = ask_where_i_land(world)
image_map(world, layouts=["tsne", "snapped", "continuum"], mark=mark, height=800, key="space")
with st.expander("How to read this map"):
    st.markdown(texts.TSNE)
