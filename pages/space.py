"""The map: each photo where t-SNE of fc7 puts it."""

import streamlit as st

from deepselfie import texts
from deepselfie.components.explore import explore
from deepselfie.components.page import page

world = page("Selfie space", texts.SPACE, "🌌", needs=("score", "tsne"))
st.caption(texts.HOW_TO_WALK)
explore(world, layout="tsne", height=760, key="space")
with st.expander("How to read this map"):
    st.markdown(texts.TSNE)
