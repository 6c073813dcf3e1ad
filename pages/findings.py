"""What comes with likes, what comes with a high score, and what moves a score when nothing else is changed."""

import streamlit as st

from deepselfie import advice, figures, strip, texts
from deepselfie.components.page import page
from deepselfie.components.parts import chart, section, table

world = page("What makes a good selfie", texts.FINDINGS, "💡", needs=("score",))
found = advice.told(world)
if found is None:
    st.info(texts.NO_FINDINGS.format(world.name), icon="💡")
    st.stop()

for sentence in advice.in_short(found):
    st.markdown(f"- {sentence}")

section("Three questions, side by side", texts.POINTS)
figure = figures.forest(advice.forest(found), texts.FOREST)
chart(figure, "Effects of each trait on likes, on scores, and when edited")
with st.expander("How to read this"):
    st.markdown(texts.FINDINGS_HOW)

section("One thing changed, and nothing else", texts.EDITED.format(found["sample"]))
cards = advice.cards(world, found)
for first in range(0, len(cards), 5):
    for column, card in zip(st.columns(5), cards[first : first + 5], strict=False):
        column.markdown(f"**{card['label']}**, {card['levels'][-1]['said']}")
        column.html(card["pair"])
        chart(figures.dose_response(card["levels"]), f"Dose and response: {card['label']}", column)

section("Does a rule hold for everybody?", texts.RULES)
for group in advice.subgroups(world, found):
    for column, name, n, ranks in zip(st.columns(2), group["names"], group["photos"], group["best"], strict=True):
        column.markdown(f"The best with **{name}**, of {n:,}")
        column.html(strip.rows(world, ranks, count=1, size=56))
    table(group["rules"])

section("The article's advice, put to the test", texts.ARTICLE)
table(advice.article(found))
st.markdown(texts.LITERATURE)
st.info(texts.HONEST, icon="🤝")
