"""What is seen of the image map stays through Back and Forward, another size and another way of moving."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import tab_on
from tests.browser.test_imagemap import CANVAS, MAP, WALL, open_map, settled, view

WATCH = """() => {
    window.views = new Set();
    const stage = [...document.querySelectorAll('*')].map((e) => e.shadowRoot?.querySelector('.stage')).find(Boolean);
    new MutationObserver(() => window.views.add(stage.dataset.view)).observe(stage, { attributes: true });
}"""


def resized(page, canvas, width, height):
    """The view in a window of another size."""
    before = canvas.get_attribute("data-view")
    page.set_viewport_size({"width": width, "height": height})
    expect(canvas).not_to_have_attribute("data-view", before)
    return settled(canvas)


def test_nothing_flies_for_who_wants_no_motion(tab):
    tab.emulate_media(reduced_motion="reduce")
    canvas = open_map(tab, WALL)
    before = settled(canvas)
    tab.evaluate(WATCH)
    canvas.press("+")
    assert settled(canvas)[2] > before[2]
    assert tab.evaluate("window.views.size") <= 2, "the view before, and the one after"


def test_another_size_of_the_window_keeps_the_place(tab):
    canvas = open_map(tab, MAP)
    canvas.press("+")
    canvas.press("+")
    canvas.press("+")
    x, y, k = settled(canvas)
    wide = canvas.bounding_box()["width"]
    smaller = resized(tab, canvas, 1000, 700)
    assert canvas.bounding_box()["width"] < wide
    assert smaller[:2] == pytest.approx([x, y], abs=1e-6) and smaller[2] < k
    sizes = canvas.locator("canvas").evaluate_all("all => all.map((c) => [c.width, c.height])")
    assert sizes == [[round(canvas.bounding_box()[side]) for side in ("width", "height")]]
    assert resized(tab, canvas, 1200, 900) == pytest.approx([x, y, k], rel=1e-6)


@pytest.mark.parametrize("scale", [1, 1.5])
@pytest.mark.parametrize("below", [0.3, 0.5])
def test_the_screen_shows_the_canvas_pixel_by_pixel(chromium, server, scale, below):
    """A page puts its map at a fraction of a pixel: no part of it may be blurred."""
    for page in tab_on(chromium, server, viewport={"width": 1000, "height": 1100}, device_scale_factor=scale):
        canvas = open_map(page, WALL)
        page.locator("h1").evaluate("(h1, px) => { h1.style.height = `${80 + px}px`; }", below)
        settled(canvas)
        page.wait_for_timeout(700)  # the thumbnails have come, and the page has moved
        shown = np.asarray(Image.open(io.BytesIO(canvas.screenshot())).convert("RGB"), float)
        data = canvas.locator("canvas.photos").evaluate("canvas => canvas.toDataURL()")
        drawn = np.asarray(Image.open(io.BytesIO(base64.b64decode(data.split(",")[1]))).convert("RGB"), float)
        h, w = (min(a, b) for a, b in zip(shown.shape, drawn.shape, strict=True) if a > 3)
        middle = (slice(h // 8, h // 2), slice(w // 4, 3 * w // 4))  # no button lies there
        # a picture of the screen may begin a pixel off on either side
        differences = [
            np.abs(np.roll(shown[:h, :w], (down, right), (0, 1))[middle] - drawn[:h, :w][middle]).mean()
            for down in (-1, 0, 1)
            for right in (-1, 0, 1)
        ]
        assert min(differences) < 0.5, differences


def test_all_stays_in_view_in_a_window_of_another_size(tab):
    canvas = open_map(tab, WALL)
    settled(canvas)
    _, _, k = resized(tab, canvas, 900, 700)
    columns, box = int(canvas.get_attribute("data-columns")), canvas.bounding_box()
    assert columns * k <= box["width"] + 1 and -(-300 // columns) * k <= box["height"] + 1


def test_back_and_forward_bring_each_page_as_it_was_left(tab):
    canvas = open_map(tab, f"{MAP}?x=0.4&y=0.5&zoom=3&photo=colour:150")
    on_map = settled(canvas)
    tab.wait_for_timeout(400)  # the address is written a little later
    tab.get_by_test_id("stSidebarNav").get_by_text("The continuum").click()
    tab.wait_for_selector(f"{CANVAS}[data-layout='continuum']")
    canvas.press("+")
    canvas.press("+")
    on_wall = settled(canvas)
    expect(tab).to_have_url(re.compile("zoom="))
    tab.go_back()
    tab.wait_for_selector(f"{CANVAS}[data-layout='tsne']")
    assert settled(canvas) == pytest.approx(on_map, rel=1e-3)
    expect(tab.locator(".card.pinned")).to_be_visible()
    tab.go_forward()
    tab.wait_for_selector(f"{CANVAS}[data-layout='continuum']")
    assert settled(canvas) == pytest.approx(on_wall, rel=1e-3)
    expect(tab.locator(".card")).to_be_hidden()
    assert view(canvas)[2] > 1


def test_a_rerun_sends_little_and_keeps_the_map(tab):
    received = []
    tab.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame or ""))))
    canvas = open_map(tab, MAP)
    settled(canvas)
    expect(tab.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    canvas.evaluate("stage => { window.first = stage; }")
    received.clear()
    tab.locator("h1").first.click()
    tab.keyboard.press("r")  # Streamlit's own key for a rerun
    while not received:
        tab.wait_for_timeout(20)
    expect(tab.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    assert 0 < sum(received) < 5000
    assert canvas.evaluate("stage => stage === window.first")
