"""The server's entry: `streamlit run app.py`. Run as a script it is the frame of all pages; imported, the ASGI app."""

import streamlit as st

if __name__ == "__main__":
    from deepselfie.components.page import run_pages

    run_pages()
else:
    from deepselfie import serve

    app = st.App(__file__, routes=serve.routes, middleware=serve.middleware)
