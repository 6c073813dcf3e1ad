"""The shipped demo world as a visitor meets it: every page filled, a hover, a choice, a photo of one's own."""

import re
import shutil
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from deepselfie import pictures
from deepselfie.demo import ids
from deepselfie.layout import order
from deepselfie.world import world
from tests.browser.conftest import serving, tab_on
from tests.browser.test_imagemap import go, open_map, wall_place
from tests.browser.test_pages import upload, visit

FILLED = {  # what each page shows only where the demo world is whole
    "": "The story in five steps",
    "continuum": "photos. Scroll or pinch",
    "best-and-worst": "Worst 300",
    "famous": "40 people",
    "space": "Scroll or pinch",
    "yours": "A photo from this device",
    "data-and-model": "For whom it is off",
    "findings": "One thing changed",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Address and log of a server on a copy of the shipped demo world, and the folder of the copy."""
    folder = tmp_path_factory.mktemp("shipped")
    shutil.copytree(world("demo").path, folder / "demo")
    with serving(folder) as (address, log):
        yield address, log, folder


@pytest.fixture(params=[{"width": 1400, "height": 900}, {"width": 390, "height": 844}], ids=["desk", "phone"])
def visitor(chromium, demo, request):
    yield from tab_on(chromium, demo[0], viewport=request.param)


def test_every_page_shows_the_demo_world(visitor):
    for address, text in FILLED.items():
        visit(visitor, address)
        expect(visitor.get_by_text(text).first).to_be_visible()


def test_a_hover_shows_the_right_photo_and_a_click_keeps_it_in_the_address(visitor):
    canvas = open_map(visitor, "/continuum")
    rank = 4321
    go(canvas, wall_place(canvas, rank))
    card = visitor.locator(".map .card")
    expect(card).to_contain_text("better liked than")
    shown = card.locator(".picture img")
    expect(shown).to_have_js_property("complete", True)
    expect(shown).to_have_js_property("naturalWidth", 256)
    near = re.search(r"/demo/(\d+)/256", shown.get_attribute("src"))
    assert int(near[1]) in set(order(world("demo"))[rank - 1 : rank + 2].tolist())  # a photo is 8 px wide here
    expect(card.locator(".alike canvas")).to_have_count(6)
    visitor.mouse.down()
    visitor.mouse.up()
    id = world("demo").take([int(near[1])], ["id"])["id"][0].as_py()
    expect(visitor).to_have_url(re.compile(rf"photo={quote(id, safe='')}\b"))


def test_a_photo_of_ones_own_is_scored_placed_and_forgotten(visitor, demo):
    _, log, folder = demo
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    photo = pictures.rendered(ids.id_of(99, 4), 320)
    visit(visitor, "yours")
    upload(visitor, "holiday-secret.jpg", photo)
    expect(visitor.get_by_test_id("stMetricValue")).to_have_text(re.compile(r"^\d+\s%$"), timeout=90_000)
    expect(visitor.get_by_alt_text("Your photo stands here")).to_be_visible()
    for heading in ("The nearest selfies", "Its place on the map"):
        expect(visitor.get_by_text(heading)).to_be_visible()
    expect(visitor.locator(".stage canvas.photos").last).to_be_visible()
    for path in folder.rglob("*"):
        if path.is_file() and ".rendered" not in path.parts:
            assert path.read_bytes() == before[path], path
    assert not any(photo in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert "holiday-secret" not in log.read_text()
