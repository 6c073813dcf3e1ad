"""Before and after, one over the other, with an edge between them to drag. In: two pictures of the same aspect."""

from __future__ import annotations

import numpy as np
import streamlit as st

from deepselfie import strip

HTML = """
<div class="wipe"><img class="before" alt="The photo as it is"><img class="after" alt="The crop, as large">
<b class="of-before">Before</b><b class="of-after">After</b><i></i>
<input type="range" min="0" max="100" value="50" step="any" aria-label="How much of the photo before"></div>
"""
CSS = """
.wipe { --at: 50%; position: relative; overflow: hidden; border-radius: 8px; width: fit-content; max-width: 100%; }
img { display: block; width: 560px; max-width: 100%; }
.after { position: absolute; inset: 0; height: 100%; clip-path: inset(0 0 0 var(--at)); }
b { position: absolute; top: 8px; padding: 2px 8px; border-radius: 8px; color: #fff; background: rgb(0 0 0 / .55);
  font: 500 .8rem var(--st-font); pointer-events: none; }
.of-before { left: 8px; } .of-after { right: 8px; }
i { position: absolute; inset: 0 auto 0 var(--at); width: 2px; margin-left: -1px; background: #fff;
  box-shadow: 0 0 4px rgb(0 0 0 / .6); pointer-events: none; }
i::after { content: "⟷"; position: absolute; top: 50%; left: 50%; width: 36px; height: 36px; border-radius: 50%;
  transform: translate(-50%, -50%); display: grid; place-items: center; background: #fff; color: #333; }
input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: ew-resize;
  touch-action: pan-y; }
.wipe:has(input:focus-visible) i::after { outline: 3px solid var(--st-primary-color); outline-offset: 2px; }
"""
JS = """
export default function ({ parentElement, data }) {
  const wipe = parentElement.querySelector(".wipe");
  for (const name of ["before", "after"]) wipe.querySelector("." + name).src = data[name];
  const range = wipe.querySelector("input");
  range.oninput = () => wipe.style.setProperty("--at", range.value + "%");
}
"""
_component = st.components.v2.component("deepselfie_wipe", html=HTML, css=CSS, js=JS)


def wipe(before: np.ndarray, after: np.ndarray, side: int) -> None:
    """uint8 (H, W, 3) each; side: px of the longer one, at most, at which they are sent."""
    _component(data={"before": strip.data_url(before, side), "after": strip.data_url(after, side)}, key="wipe")
