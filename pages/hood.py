"""One photo on its way through the network: every map, one convolution by hand, the vote at the end."""

import streamlit as st

from deepselfie import hood, hood_drawing, texts
from deepselfie.components.hood import (
    ask_for_square,
    choose_tile,
    followed,
    fused_network,
    nine_photos,
    show_maps,
)
from deepselfie.components.page import page
from deepselfie.components.parts import section
from deepselfie.errors import DeepselfieError

world = page("Under the hood", texts.HOOD, "🔧", needs=("score",))
network, card = fused_network(world)
try:
    square = ask_for_square(world, network.size)
except DeepselfieError as error:
    st.error(str(error), icon="🙈")
    st.stop()
if square is None:
    st.stop()
flow = followed(network, card, square)
score = hood.chance(flow.logit, card["calibration"])

section("From pixels to score")
again = st.session_state.setdefault("plays", 0)
st.html(hood_drawing.strip(square, flow, score, again))
st.button("Play it again", icon="▶️", key="play", on_click=lambda: st.session_state.update(plays=again + 1))
st.caption(texts.HOOD_STRIP)
with st.expander("How a ConvNet works, and how it learns"):
    st.markdown(texts.HOOD_CONVNET)

section("Stage by stage", texts.HOOD_MAPS if flow.stages else texts.HOOD_NO_MAPS)
if flow.stages:
    shown = show_maps(flow.stages, square)

section("What the first layer looks for", f"{texts.HOOD_FILTERS} {texts.HOOD_FOLDED}")
left, right = st.columns([2, 3], gap="large")
with left:
    tiles = hood_drawing.filter_tiles(hood.filters(network))
    step = hood.step(network, flow, choose_tile(tiles, "filter", 0, "filters", width=420))
    st.image(hood_drawing.patch(square, step), width=420)
right.markdown(texts.first_step(step, network.mean.flatten().tolist(), network.std.flatten().tolist()))
right.html(hood_drawing.arithmetic(step))

section("The vote", texts.clues(flow))
weights, bias = network.fc8.weight[0].detach().numpy(), float(network.fc8.bias.detach()[0])
st.html(hood_drawing.votes(flow.fc7, weights))
st.markdown(hood_drawing.verdict(flow, weights, bias, card["calibration"], score))
st.caption(texts.HOOD_EXACT)
st.info(texts.HONEST, icon="🤝")
if flow.stages:
    nine_photos(world, network, card, *shown)
