"""A real server on loopback with a small world of plain colours, and a real Chromium."""

import io
import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from playwright.sync_api import sync_playwright

from deepselfie.atlas import atlas
from deepselfie.layout import layout
from deepselfie.world import world

APP = Path(__file__).parents[2] / "app.py"
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--enable-unsafe-swiftshader"]
N = 300  # two pages of 64 px thumbnails


def colour_of(row: int) -> tuple[int, int, int]:
    """A colour far from that of other rows near it on the wall or the map."""
    return (row * 67 % 216 + 20, row * 131 % 216 + 20, row * 29 % 216 + 20)


def make_world(name: str, n: int):
    """n photos, each of one colour; row n-1 is the best; on a grid of 20 columns in t-SNE."""
    w, rows = world(name), np.arange(n)
    pictures = []
    for row in range(n):
        out = io.BytesIO()
        Image.new("RGB", (96, 96), colour_of(row)).save(out, "PNG")
        pictures.append(out.getvalue())
    ids, named = [f"colour:{row:03}" for row in rows], {"name": "Person {}", "licence": "CC BY 4.0"}
    named |= {"credit": "Painter {} (https://terms.example/by)", "url": "https://painters.example/{}"}
    texts = {
        k: pa.array([text.format(row) if row < 12 else None for row in rows], pa.string()) for k, text in named.items()
    }
    w.append(pa.table({"id": ids, "image": pa.array(pictures, pa.large_binary()), **texts}))
    places = np.stack([rows % 20, -(rows // 20)], axis=1).astype(np.float32)
    fc7 = pa.FixedSizeListArray.from_arrays(pa.array(places.ravel(), pa.float16()), 2)
    tsne = pa.FixedSizeListArray.from_arrays(pa.array(places.ravel(), pa.float32()), 2)
    bright = [{"brightness": float(row % 20) / 20, "monochrome": bool(row % 3 == 0)} for row in rows]
    fields = pa.struct([("brightness", pa.float32()), ("monochrome", pa.bool_())])
    columns = {"score": pa.array(rows / n, pa.float32()), "fc7": fc7, "tsne": tsne}
    w.set_columns(pa.table({**columns, "attributes": pa.array(bright, fields)}))
    layout(w)
    atlas(w)
    return w


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """The folder of the server's worlds: `demo` (300 photos) and `other` (40)."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPSELFIE_CACHE", str(folder))
        make_world("demo", N)
        make_world("other", 40)
    return folder


@pytest.fixture(scope="session")
def server(cache):
    """The address of `streamlit run app.py` on these worlds."""
    with serving(cache) as (address, _):
        yield address


@contextmanager
def serving(cache):
    """Runs `streamlit run app.py` on the worlds in `cache`; gives its address and the file of all that it prints."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.headless", "true"]
    command += ["--server.address", "127.0.0.1", "--server.port", str(port)]
    address, log = f"http://127.0.0.1:{port}", Path(f"{cache}.log")
    environment = {**os.environ, "DEEPSELFIE_CACHE": str(cache)}
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=APP.parent, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health").close()
                break
            except OSError:
                assert process.poll() is None, log.read_text()
                time.sleep(0.1)
        yield address, log
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium, server):
    """A page of 1200 × 900 px; the test fails if the browser reported an error in it."""
    yield from tab_on(chromium, server, viewport={"width": 1200, "height": 900})


@pytest.fixture
def phone(chromium, server):
    """A page of 390 × 800 px with touch and two device pixels to a CSS pixel."""
    options = {"viewport": {"width": 390, "height": 800}, "device_scale_factor": 2, "has_touch": True}
    yield from tab_on(chromium, server, **options, is_mobile=True)


def tab_on(chromium, server, **options):
    context = chromium.new_context(base_url=server, **options)
    page, errors = context.new_page(), []
    page.set_default_timeout(20_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    # at an address below / Streamlit first looks for its server below that address too, and finds a 404
    page.on("console", lambda m: m.type == "error" and "404" not in m.text and errors.append(m.text))
    yield page
    context.close()
    assert not errors
