"""The mirror: scores the camera live, in the browser alone. In: a world; frames never leave the visitor's device.

The browser fetches a script, a worker, ONNX's runtime and the network of the world (export.py), once; after that it
asks the server for nothing. Where there is WebGPU, worker and runtime are those that use it. The script is TypeScript
in src/, built to built/ by `npm run build` in this folder (npm ci first); `npm run runtime` packs onnxruntime-web,
whose WebAssembly is in git so that nobody needs node.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from deepselfie import serve, texts
from deepselfie.components.imagemap import LOADER
from deepselfie.errors import DeepselfieError
from deepselfie.world import World, read_json

BUILT = Path(__file__).parent / "built"
ENGINES = (  # name, worker, runtime; the quickest first
    ("WebGPU", "worker_gpu.js", "runtime_gpu.wasm.gz"),
    ("WebAssembly", "worker.js", "runtime.wasm.gz"),
)
CSS = (BUILT / "mirror.css").read_text()
# a text of one line Streamlit would take for the name of a file
_component = st.components.v2.component("deepselfie_mirror", js=LOADER, css=CSS.replace("}", "}\n"))


def mirror(world: World, *, key: str) -> None:
    """Shows the mirror with the network that scored this world; key: unique in the app.

    Raises DeepselfieError where there is no network, or one too large to be sent to a browser and without a student."""
    from deepselfie import export
    from deepselfie.models import CARD, WEIGHTS
    from deepselfie.score import default_model

    giver = default_model(world)
    if not (giver.model_path / CARD).exists():
        raise DeepselfieError("There is no trained network here yet. Make one with: python -m deepselfie demo")
    folder = export.for_browser(giver.model_path)
    if folder is None:
        raise DeepselfieError(
            f"The network of world '{giver.name}' is too large to be sent to a browser, and no small one has learned "
            f"to say what it says. To teach one: python -m deepselfie distil {giver.name}"
        )
    sizes = [(BUILT / runtime).stat().st_size for _, _, runtime in ENGINES]
    data = {
        "module": serve.component_url("mirror"),
        "engines": [
            {
                "name": name,
                "worker": serve.component_url("mirror", worker),
                "runtime": serve.component_url("mirror", runtime),
            }
            for name, worker, runtime in ENGINES
        ],
        "model": f"/ds/network/{giver.name}/{export.version_of(folder)}.onnx",
        "megabytes": (max(sizes) + (folder / WEIGHTS).stat().st_size) / 1e6,
    }
    _component(key=key, data=data)
    if folder != giver.model_path:
        st.caption(texts.student(read_json(folder / CARD), giver.name))
