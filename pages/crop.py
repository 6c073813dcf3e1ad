"""The best crop of the visitor's photo, or of one of the world: before and after, and when to leave it as it is."""

import streamlit as st

from deepselfie import cropped, texts
from deepselfie.components.crops import best_of, choose_way, examples, own_or_theirs, show
from deepselfie.components.page import page
from deepselfie.components.parts import section
from deepselfie.components.wipe import wipe
from deepselfie.errors import DeepselfieError

world = page("The best crop", texts.CROP, "✂️", needs=("score",))
photo = own_or_theirs(world)
way = choose_way()
rude = st.toggle("Rude crops allowed", key="rude", help=texts.RUDE)
try:
    if photo is not None:
        if not photo.faces:
            st.caption(texts.CROP_NO_FACE)
        pair = best_of(world, photo, rude, way)
        st.markdown(cropped.in_words(pair.crop))
        st.html(cropped.pairs([pair]))
        wipe(pair.image, pair.crop.image, 2 * cropped.SIDE)
        st.download_button("Download the crop", cropped.jpeg(pair.crop.image), "crop.jpg", "image/jpeg")

    section("Four photos and their best crops")
    tamed = examples(world)
    st.markdown(texts.CROP_FOUR.format(len(tamed)))
    show(world, sorted(tamed, key=lambda pair: -pair.crop.gain[0])[:4])

    section("The rude gallery", texts.CROP_RUDE)
    if st.toggle("Show what it does without the guard", key="gallery"):
        rudest = examples(world, rude=True)
        gone = [pair for pair in rudest if pair.gone]
        st.markdown(texts.rude(len(gone), len(rudest)))
        show(world, gone)
except DeepselfieError as error:
    st.info(str(error), icon="✂️")
with st.expander("How it looks for the best crop"):
    st.markdown(texts.CROP_HOW)
