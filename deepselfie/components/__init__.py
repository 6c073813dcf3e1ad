"""The parts of a page: the browser parts, and the frame that all pages share. With serve.py, all that knows Streamlit."""
