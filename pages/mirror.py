"""The camera, scored live by the network in the visitor's own browser."""

import streamlit as st

from deepselfie import texts
from deepselfie.components.mirror import mirror
from deepselfie.components.page import page

world = page("Mirror", texts.MIRROR, "🎥")
mirror(world, key="mirror")
st.caption(texts.MIRROR_HOW)
