"""The same dots as `st.plotly_chart`: run by the benchmark with `streamlit run`, ?world= names the world."""

import os

import numpy as np
import plotly.graph_objects as go
import streamlit as st

st.set_page_config(layout="wide")
st.html("<style>.stMainBlockContainer { padding: 40px 0 0; max-width: none } header { display: none }</style>")
x, y, score = np.load(os.path.join(os.environ["BENCH_POINTS"], st.query_params["world"] + ".npy"))
dots = go.Scattergl(x=x, y=y, mode="markers", text=score, marker={"color": score, "colorscale": "Viridis", "size": 3})
layout = go.Layout(height=760, margin={"l": 0, "r": 0, "t": 0, "b": 0}, dragmode="pan", hovermode="closest")
layout.update(xaxis={"range": [-1.7, 1.7]}, yaxis={"range": [-1, 1]})
buttons = {"scrollZoom": True, "modeBarButtonsToAdd": ["lasso2d"], "displayModeBar": True}
st.plotly_chart(go.Figure(dots, layout), config=buttons, theme=None)
