"""The server's entry: `streamlit run app.py`. Run as a script it is the frame of all pages; imported, the ASGI app."""

import streamlit as st

if __name__ == "__main__":
    from deepselfie.components.page import run_pages

    run_pages()
else:
    from contextlib import asynccontextmanager

    from streamlit.runtime.pages_manager import PagesManager

    from deepselfie import serve

    @asynccontextmanager
    async def lifespan(_):
        serve.warm_up()
        yield

    # run_pages names the pages; until it has run once, Streamlit would name them after the files of pages/
    PagesManager.uses_pages_directory = False
    app = st.App(__file__, routes=serve.routes, middleware=serve.middleware, lifespan=lifespan)
