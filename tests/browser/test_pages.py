"""Every page in a real browser, wide and narrow: filled, without an exception, and back after a reload."""

import io
import re

import pyarrow as pa
import pytest
import skimage.data
from PIL import Image
from playwright.sync_api import expect

from deepselfie import models
from deepselfie.components.page import PAGES
from deepselfie.world import world
from tests.browser.conftest import make_world

expect.set_options(timeout=30_000)  # a machine busy with other work may need it
ADDRESSES = [("" if file == "start" else file.replace("_", "-")) for file, _, _ in PAGES]


@pytest.fixture(scope="module", autouse=True)
def crowd(cache):
    """More worlds: `crowd`, 60 photos with attributes and labels; `nameless`, 9 without a name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPSELFIE_CACHE", str(cache))
        make_world("crowd", 60)
        make_world("nameless", 9)
        world("nameless").set_columns(pa.table({"name": pa.nulls(9, pa.string())}))
        facts = [{"face_share": i / 60, "border": i % 3 == 0} for i in range(60)]
        label = pa.array([i % 2 for i in range(60)], pa.int8())
        network = models.build("lite0", pretrained=False).eval()
        models.save(network, world("crowd").model_path, {"calibration": {"slope": 1.0, "intercept": 0.0}})
        world("crowd").set_columns(pa.table({"attributes": facts, "label": label}))


def visit(page, address):
    page.goto(f"/{address}")
    expect(page.locator("h1")).to_be_visible()
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    assert page.get_by_test_id("stException").count() == 0


def jpeg(image):
    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG")
    return out.getvalue()


def upload(page, name, data):
    page.set_input_files("input[type=file]", {"name": name, "mimeType": "image/jpeg", "buffer": data})


@pytest.mark.parametrize("screen", ["tab", "phone"])
def test_every_page_opens_and_fits_its_screen(screen, request):
    page = request.getfixturevalue(screen)
    headings = set()
    for address in ADDRESSES:
        visit(page, address)
        headings.add(page.locator("h1").inner_text())
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), address
    assert len(headings) == len(PAGES)


@pytest.mark.parametrize("address", ["famous?world=crowd&photo=3", "data-and-model?world=other"])
def test_a_reload_keeps_world_and_photo(tab, address):
    visit(tab, address)
    kept = [re.compile(pair) for pair in address.partition("?")[2].split("&")]
    tab.reload()
    visit(tab, tab.url.rpartition("/")[2])
    for pair in kept:
        expect(tab).to_have_url(pair)


def test_the_selector_changes_the_world_and_the_links_carry_it_on(tab):
    visit(tab, "continuum")
    expect(tab.get_by_text("300 photos.")).to_be_visible()
    tab.get_by_test_id("stSidebar").get_by_role("combobox").click()
    tab.get_by_role("option", name="other").click()
    expect(tab.get_by_text("40 photos.")).to_be_visible()
    visit(tab, "?world=other")
    tab.get_by_test_id("stMain").get_by_role("link", name="The continuum").click()
    expect(tab.get_by_text("40 photos.")).to_be_visible()


def test_a_subgroup_is_chosen_counted_and_kept_in_the_address(tab):
    visit(tab, "best-and-worst?world=crowd")
    tab.get_by_text("Best of", exact=True).click()
    expect(tab.get_by_text("60 photos match")).to_be_visible()
    tab.get_by_role("combobox", name="Only photos with").click()
    tab.get_by_role("option", name="Border").click()
    tab.keyboard.press("Escape")
    # a rerun that comes while a list is open may shut it
    expect(tab.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    tab.get_by_role("combobox", name="Border").click()
    tab.get_by_role("option", name="yes").click()
    expect(tab.get_by_text("20 photos match")).to_be_visible()
    tab.reload()
    expect(tab.get_by_text("20 photos match")).to_be_visible()


def test_a_world_without_names_says_how_to_bring_some(tab):
    visit(tab, "famous?world=other")
    expect(tab.get_by_text("12 people")).to_be_visible()
    visit(tab, "famous?world=nameless")
    expect(tab.get_by_text("--named")).to_be_visible()


def test_an_upload_without_a_face_or_without_a_picture_is_told_kindly(tab):
    visit(tab, "yours")
    upload(tab, "notes.jpg", b"no picture at all")
    expect(tab.get_by_text("not a picture that can be read")).to_be_visible()
    upload(tab, "coffee.jpg", jpeg(skimage.data.coffee()))
    expect(tab.get_by_text("found no face")).to_be_visible()
    assert tab.get_by_test_id("stMetric").count() == 0


def test_an_uploaded_photo_is_scored_with_its_range_and_put_on_the_strip(tab):
    visit(tab, "yours?world=crowd")
    upload(tab, "astronaut.jpg", jpeg(skimage.data.astronaut()))
    expect(tab.get_by_test_id("stMetricValue")).to_have_text(re.compile(r"^\d+\s%$"), timeout=90_000)
    expect(tab.get_by_text("Its honest range is")).to_be_visible()
    expect(tab.get_by_alt_text("Your photo stands here")).to_be_visible()
    expect(tab.get_by_text("Face size", exact=True)).to_be_visible()
    assert tab.get_by_test_id("stException").count() == 0


def test_where_there_is_no_network_yet_the_page_says_how_to_make_one(tab):
    visit(tab, "yours?world=other")
    upload(tab, "astronaut.jpg", jpeg(skimage.data.astronaut()))
    expect(tab.get_by_text("python -m deepselfie demo")).to_be_visible()


def test_the_camera_starts_only_when_asked(tab):
    visit(tab, "yours")
    assert tab.get_by_test_id("stCameraInput").count() == 0
    tab.get_by_text("Camera", exact=True).click()
    expect(tab.get_by_test_id("stCameraInput")).to_be_visible()
