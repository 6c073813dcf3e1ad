"""The parts of a page: browser parts, and the frame of all pages. With serve.py, all that knows of Streamlit."""
