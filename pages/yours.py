"""One photo of the visitor's own: score, percentile, its place among all others. Nothing of it is stored."""

import streamlit as st

from deepselfie import figures, strip, texts
from deepselfie.components.explore import ask_for_photo, judged, looked, mark_of
from deepselfie.components.imagemap import image_map
from deepselfie.components.page import page
from deepselfie.errors import DeepselfieError
from deepselfie.layout import order, rank_of
from deepselfie.summary import percent

world = page("How good is yours?", texts.YOURS, "🪞", needs=("score",))
data = ask_for_photo()
if data is None:
    st.stop()
try:
    photo = looked(data)
    if not photo.faces:
        st.warning("I found no face in this picture. The network only ever saw pictures with faces.", icon="🫥")
        if not st.toggle("Score it all the same", key="anyway"):
            st.stop()
    verdict = judged(world, data, photo)
except DeepselfieError as error:
    st.error(str(error), icon="🙈")
    st.stop()

url = strip.data_url(photo.image, 512)
left, right = st.columns([1, 2], gap="large")
left.html(f'<img src="{url}" alt="Your photo" style="width: 100%; max-width: 340px; border-radius: 12px">')
right.metric("Score", percent(verdict.score, 0), help=texts.SCORE)
right.markdown(texts.verdict(verdict))
scores = world.take(order(world), ["score"])["score"].to_numpy()
figure = figures.score_histogram(scores, mark=verdict.score, band=(verdict.low, verdict.high))
right.plotly_chart(figure, config={"displayModeBar": False}, alt="All scores, with yours marked")

thumb = strip.data_url(photo.image, 128)
st.subheader("Where it stands, from best to worst")
st.html(strip.strip(world, strip.even_ranks(verdict.n, 20), here=(verdict.rank, thumb)))
if verdict.place:
    st.subheader("The nearest selfies, in the network's eyes")
    ranks = [rank_of(world, row) for row in verdict.neighbours]
    image_map(world, layouts=["gallery"], ranks=ranks, thumb=84, height=200, tools=False, linked=False, key="nearest")
    st.subheader("Its place on the map")
    layouts = ["tsne", "snapped", "continuum"]
    image_map(world, layouts=layouts, mark=mark_of(photo, verdict), height=560, key="yours-map")
else:
    st.caption(texts.NO_PLACE)
st.subheader("What could be measured")
st.table(texts.measured(photo.attributes))
