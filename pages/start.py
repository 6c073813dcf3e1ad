"""The first page: what this is, the story in five steps, the best and the worst, and where to go."""

import streamlit as st

from deepselfie import figures, strip, summary, texts
from deepselfie.components.page import PAGES, page
from deepselfie.layout import order

world = page("deepselfie", texts.START, "🤳")

if (world.path / "atlas" / "atlas.json").exists():
    n = len(order(world))
    st.html(strip.rows(world, range(min(36, n)), count=2, size=76))
    st.caption("The best of this world, and below, small and blurred, the other end.")
    st.html(strip.rows(world, range(max(0, n - 40), n), count=1, size=34, blurred=True))

st.subheader("The story in five steps")
for column, (number, (title, text)) in zip(st.columns(5), enumerate(summary.steps(world), 1), strict=True):
    column.markdown(f"**{number}. {title}**  \n{text}")

measured = summary.accuracy(world)
if measured:
    st.subheader("How well does it work?")
    left, right = st.columns([2, 3], vertical_alignment="center")
    left.markdown(texts.how_well(measured))
    figure = figures.accuracy(measured.value, measured.low, measured.high, ceiling=measured.ceiling)
    right.plotly_chart(figure, config={"displayModeBar": False}, alt=f"Accuracy {measured}")

st.subheader("Look around")
columns = st.columns(2)
for i, (file, title, icon) in enumerate(PAGES[1:]):
    label = f"**{title}**: {texts.PAGES[file]}"
    columns[i % 2].page_link(f"pages/{file}.py", label=label, icon=icon, query_params={"world": world.name})

st.info(texts.HONEST, icon="🤝")
st.caption(texts.CREDIT)
