"""What a page of text is made of: sections, charts that stand still, tables, and documents to take away."""

from __future__ import annotations

import json

import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

STILL = {"displayModeBar": False}


def section(title: str, text: str = "") -> None:
    """A heading, and Markdown under it."""
    st.subheader(title)
    if text:
        st.markdown(text)


def chart(figure: go.Figure, alt: str, place: DeltaGenerator | None = None) -> None:
    """A figure without buttons; alt: what it shows, for who cannot see it, and its key on the page."""
    (place or st).plotly_chart(figure, config=STILL, key=alt, alt=alt)


def table(rows: list[dict[str, str]]) -> None:
    """Rows of text, all columns there; nothing for no rows."""
    if rows:
        st.table(rows, hide_index=True)


def document(markdown: str, data: dict, name: str) -> None:
    """Markdown, to be read here (its title as a small heading) or taken away; name: of the files, without ending."""
    with st.expander("Read it", expanded=True):
        st.markdown(markdown.replace("# ", "#### ", 1))
    both = st.container(horizontal=True)
    both.download_button("Download as Markdown", markdown, f"{name}.md", "text/markdown", key=f"{name}.md")
    whole = json.dumps(data, indent=1)
    both.download_button("Download as JSON", whole, f"{name}.json", "application/json", key=f"{name}.json")
