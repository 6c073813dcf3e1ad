"""Where the labels come from, what was counted and dropped, how the network learned, and how far to trust it."""

import streamlit as st

from deepselfie import datasheet, examples, figures, strip, summary, texts, trust
from deepselfie.components.page import page
from deepselfie.components.parts import chart, document, section, table

world = page("The data and the model", texts.DATA, "🔬")
measured, card, sheet = summary.accuracy(world), trust.card(world), datasheet.datasheet(world)

section("What counts as good", "\n".join(f"1. {rule}" for rule in summary.label_rules(world)) or texts.NO_LABELS)
for column, (name, urls) in zip(st.columns(2), examples.examples(world).items(), strict=False):
    column.markdown(f"**{name}**")
    column.html(strip.sheet(urls, name))
if rows := trust.ways(world):
    section("Other ways to label", texts.WAYS)
    table(rows)
section("How well it learned", texts.how_well(measured) if measured else "")
if measured:
    figure = figures.accuracy(measured.value, measured.low, measured.high, ceiling=measured.ceiling)
    chart(figure, f"Accuracy {measured}")
left, right = st.columns(2)
if curves := summary.curves(world):
    left.markdown("**Learning, epoch by epoch** (log-loss, lower is better)")
    chart(figures.training_curves(**curves), "Training curves", left)
if points := summary.calibration(world):
    right.markdown("**When it says 60 %, is it 60 %?** On the dotted line it is.")
    chart(figures.calibration(**points), "Calibration plot", right)
if not (measured or curves or points):
    st.markdown(texts.NOT_MEASURED)

if rows := trust.figures(world):
    section("The exam in full", f"{texts.EXAM} {trust.future(world)}")
    table(rows)
if rows := trust.rivals(world):
    section("Beside those who hardly look", texts.RIVALS)
    table(rows)
if lines := trust.leaks(world):
    section("Could it have known the answers?", texts.LEAKS)
    st.markdown("\n".join(f"- {line}" for line in lines) + f"\n\n{trust.shuffled(world)}")
if rows := trust.groups(world):
    section("For whom it is off", trust.in_short(world))
    chart(figures.forest(trust.biases(world), {"bias": "points of score too high"}), texts.BIAS)
    with st.expander(f"All {len(rows)} groups"):
        table(rows)
if rows := summary.recovered(world):
    section("What it found of what was planted", texts.PLANTED)
    table(rows)

rows = summary.stages(world)
section("From posts to pages", "" if rows else texts.NO_STAGE.format(world.name))
table(rows)
section("The model card", "" if card else texts.NO_MODEL)
if card:
    document(summary.card_markdown(card, f"Model card of world {summary.model_world(world).name}"), card, "card")
section("The datasheet")
document(datasheet.markdown(sheet, f"Datasheet of world {world.name}"), sheet, "datasheet")
st.info(texts.HONEST, icon="🤝")
