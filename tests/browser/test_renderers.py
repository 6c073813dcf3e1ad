"""WebGL2 and Canvas2D give the same picture of the image map, and WebGL survives the loss of its context."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import tab_on
from tests.browser.test_imagemap import CANVAS, MAP, settled

LAYOUTS = ("continuum", "tsne", "snapped")
ZOOMS = ("0", "+", "++")  # keys, pressed one after the other; 0 shows all
FRAMED = "layout=continuum&colour=score"
DIMMED = "layout=continuum&colour=score&only=0.3~0.7"
VIEWS = [*(f"layout={layout}" for layout in LAYOUTS), FRAMED, DIMMED]


def seen_by(chromium, server, renderer, views, zooms=ZOOMS, before=lambda page: None):
    """What the map shows at each address and zoom: {(address, keys so far): float (H, W, 3)}."""
    pictures = {}
    for page in tab_on(chromium, server, viewport={"width": 1000, "height": 800}):
        page.add_init_script(f"sessionStorage.setItem('deepselfie:renderer', '{renderer}')")
        for view in views:
            page.goto(f"{MAP}?{view}")
            page.wait_for_selector(f"{CANVAS}[data-view][data-renderer={renderer}]")
            if "colour=" in view:  # which has to be fetched
                expect(page.locator(".legend")).to_be_visible()
            before(page)
            for keys in zooms:
                page.locator(CANVAS).focus()
                for key in keys:
                    page.keyboard.press(key)
                pictures[view, keys] = picture(page)
    return pictures


def picture(page):
    """The map, once it does not change any more: all thumbnails have come, and nothing moves."""
    before = None
    for _ in range(40):
        settled(page.locator(CANVAS))
        shot = page.locator(CANVAS).screenshot()
        if shot == before:
            return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"), float)
        before = shot
        page.wait_for_timeout(150)
    raise AssertionError("the map never comes to rest")


def assert_same(a, b, view):
    difference = np.abs(a - b).max(axis=2)
    assert difference.mean() < 3, view
    assert (difference > 60).mean() < 0.005, view  # edges, a pixel wide


@pytest.fixture(scope="module")
def by_canvas(chromium, server):
    return seen_by(chromium, server, "canvas", VIEWS)


def test_both_renderers_give_the_same_picture(chromium, server, by_canvas):
    by_webgl = seen_by(chromium, server, "webgl", VIEWS)
    assert len({a.tobytes() for a in by_canvas.values()}) == 3 * 5, "no two views are alike"
    for view, a in by_canvas.items():
        assert a.std() > 20, "there is something to compare"
        assert_same(a, by_webgl[view], view)


def test_a_lost_context_comes_back_twice(chromium, server, by_canvas):
    def lose_twice(page):
        picture(page)
        for _ in range(2):
            page.locator(f"{CANVAS} canvas.photos").evaluate(
                """async (canvas) => {
                    const losing = canvas.getContext('webgl2').getExtension('WEBGL_lose_context');
                    const once = (name) => new Promise((done) => canvas.addEventListener(name, done, { once: true }));
                    const lost = once('webglcontextlost'), restored = once('webglcontextrestored');
                    losing.loseContext();
                    await lost;
                    await new Promise((done) => setTimeout(done)); // a context cannot be restored within the event
                    losing.restoreContext();
                    await restored;
                }"""
            )
        expect(page.locator(CANVAS)).to_have_attribute("data-renderer", "webgl")

    view = "layout=tsne"
    by_webgl = seen_by(chromium, server, "webgl", [view], before=lose_twice)
    for keys in ZOOMS:
        assert_same(by_canvas[view, keys], by_webgl[view, keys], (view, keys))


def test_a_context_that_does_not_come_back_leaves_the_map_to_canvas(chromium, server, by_canvas):
    def lose(page):
        lose = "canvas => canvas.getContext('webgl2').getExtension('WEBGL_lose_context').loseContext()"
        page.locator(f"{CANVAS} canvas.photos").evaluate(lose)
        expect(page.locator(CANVAS)).to_have_attribute("data-renderer", "canvas", timeout=15_000)

    view = "layout=tsne"
    (seen,) = seen_by(chromium, server, "webgl", [view], zooms=["0"], before=lose).values()
    assert_same(by_canvas[view, "0"], seen, view)
