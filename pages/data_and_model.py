"""Where the labels come from, what was counted and dropped, how the network learned, and how far to trust it."""

import json

import streamlit as st

from deepselfie import examples, figures, strip, summary, texts
from deepselfie.components.page import page

STILL = {"displayModeBar": False}

world = page("The data and the model", texts.DATA, "🔬")
measured, card = summary.accuracy(world), summary.card(world)

st.subheader("What counts as good")
st.markdown("\n".join(f"1. {rule}" for rule in summary.label_rules(world)) or texts.NO_LABELS)

for column, (name, urls) in zip(st.columns(2), examples.examples(world).items(), strict=False):
    column.markdown(f"**{name}**")
    column.html(strip.sheet(urls, name))

st.subheader("How well it learned")
if measured:
    st.markdown(texts.how_well(measured))
    figure = figures.accuracy(measured.value, measured.low, measured.high, ceiling=measured.ceiling)
    st.plotly_chart(figure, config=STILL, key="accuracy", alt=f"Accuracy {measured}")
left, right = st.columns(2)
if curves := summary.curves(world):
    left.markdown("**Learning, epoch by epoch** (log-loss, lower is better)")
    left.plotly_chart(figures.training_curves(**curves), config=STILL, key="curves", alt="Training curves")
if points := summary.calibration(world):
    right.markdown("**When it says 60 %, is it 60 %?** On the dotted line it is.")
    right.plotly_chart(figures.calibration(**points), config=STILL, key="calibration", alt="Calibration plot")
if not (measured or curves or points):
    st.markdown(texts.NOT_MEASURED)

if rows := summary.recovered(world):
    st.subheader("What it found of what was planted")
    st.markdown(texts.PLANTED)
    st.table(rows, hide_index=True)

st.subheader("From posts to pages")
if rows := summary.stages(world):
    st.table(rows, hide_index=True)
else:
    st.markdown(f"No stage has left a report. `python -m deepselfie run {world.name}` does all that is missing.")

st.subheader("The model card")
if card:
    markdown = summary.card_markdown(card, f"Model card of world {summary.model_world(world).name}")
    with st.expander("Read it", expanded=True):
        st.markdown(markdown.replace("# ", "#### ", 1))
    both = st.container(horizontal=True)
    both.download_button("Download as Markdown", markdown, "card.md", "text/markdown")
    both.download_button("Download as JSON", json.dumps(card, indent=1), "card.json", "application/json")
else:
    st.markdown("There is no model yet. `python -m deepselfie demo` makes one, or import photos that have likes.")
st.info(texts.HONEST, icon="🤝")
