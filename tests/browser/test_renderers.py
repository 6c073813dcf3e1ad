"""WebGL2 and Canvas2D give the same picture of the image map, and WebGL survives the loss of its context."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import tab_on
from tests.browser.test_imagemap import CANVAS, MAP, settled

VIEWS = [
    f"layout={layout}&x=0.5&y=0.5&zoom={zoom}" for layout in ("continuum", "tsne", "snapped") for zoom in (1, 2, 6)
]


def seen_by(chromium, server, renderer, views, before=lambda page: None):
    """A picture, float (H, W, 3), of the map at each address."""
    pictures = []
    for page in tab_on(chromium, server, viewport={"width": 1000, "height": 800}):
        page.add_init_script(f"sessionStorage.setItem('deepselfie:renderer', '{renderer}')")
        for view in views:
            page.goto(f"{MAP}?{view}")
            page.wait_for_selector(f"{CANVAS}[data-view][data-renderer={renderer}]")
            settled(page.locator(CANVAS))
            page.wait_for_load_state("networkidle")
            before(page)
            page.wait_for_timeout(400)
            shot = page.locator(CANVAS).screenshot()
            pictures.append(np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"), float))
    return pictures


@pytest.fixture(scope="module")
def by_canvas(chromium, server):
    return seen_by(chromium, server, "canvas", VIEWS)


def assert_same(a, b, view):
    difference = np.abs(a - b).max(axis=2)
    assert difference.mean() < 3, view
    assert (difference > 60).mean() < 0.02, view  # edges, a pixel wide


def test_both_renderers_give_the_same_picture(chromium, server, by_canvas):
    for view, a, b in zip(VIEWS, by_canvas, seen_by(chromium, server, "webgl", VIEWS), strict=True):
        assert a.std() > 20, "there is something to compare"
        assert_same(a, b, view)


def test_a_lost_context_comes_back_twice(chromium, server, by_canvas):
    def lose_twice(page):
        for _ in range(2):
            page.locator(f"{CANVAS} canvas.photos").evaluate(
                """async (canvas) => {
                    const losing = canvas.getContext('webgl2').getExtension('WEBGL_lose_context');
                    losing.loseContext();
                    await new Promise((done) => setTimeout(done, 100));
                    losing.restoreContext();
                    await new Promise((done) => setTimeout(done, 300));
                }"""
            )
        expect(page.locator(CANVAS)).to_have_attribute("data-renderer", "webgl")

    (picture,) = seen_by(chromium, server, "webgl", VIEWS[3:4], before=lose_twice)
    assert_same(by_canvas[3], picture, VIEWS[3])
