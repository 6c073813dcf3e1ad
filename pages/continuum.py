"""The wall: every photo, from the best (top left) to the worst (bottom right)."""

import streamlit as st

from deepselfie import texts
from deepselfie.components.imagemap import image_map
from deepselfie.components.page import page
from deepselfie.layout import order

world = page("The continuum", texts.CONTINUUM, "🌈", needs=("score",))
st.caption(f"{len(order(world)):,} photos. {texts.HOW_TO_WALK}")
image_map(world, layouts=["continuum", "tsne", "snapped"], height=800, key="continuum")
