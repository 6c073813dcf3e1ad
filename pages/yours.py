"""The visitor's own photos: compared, scored, edited, explained, put among all others. Nothing of them is stored."""

import streamlit as st

from deepselfie import texts
from deepselfie.components import own
from deepselfie.components.page import page
from deepselfie.errors import DeepselfieError

world = page("How good is yours?", texts.YOURS, "🪞", needs=("score",))
photos = own.ask_for_photos()
if not photos:
    st.stop()
try:
    verdicts = own.judged(world, photos)
except DeepselfieError as error:
    st.error(str(error), icon="🙈")
    st.stop()

several = len(photos) > 1
number = own.compare(world, photos, verdicts) if several else 0
photo, verdict = photos[number], verdicts[number]
own.result(world, photo, verdict, placed=not several)
own.what_if(world, photo, verdict)
own.where_it_looked(world, photo)
own.facts(world, photo)
own.surroundings(world, photo, verdict)
st.info(texts.HONEST, icon="🤝")
