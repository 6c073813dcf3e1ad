"""The page of crops: a photo of one's own comes back cropped, can be taken away, and rude crops come when asked for."""

import base64
import re

import pytest
import skimage.data
from playwright.sync_api import expect

from deepselfie import models
from deepselfie.world import world
from tests.browser.conftest import make_world
from tests.browser.test_pages import jpeg, upload

PATIENCE = 90_000  # ms for some hundred scores a photo, on a machine busy with other work


@pytest.fixture(scope="module", autouse=True)
def few(cache):
    """`few`: four photos, and a network as it is born."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPSELFIE_CACHE", str(cache))
        make_world("few", 4)
        network = models.build("lite0", pretrained=False).eval()
        models.save(network, world("few").model_path, {"calibration": {"slope": 1.0, "intercept": 0.0}})


def test_a_photo_is_cropped_and_can_be_taken_away(tab):
    tab.goto("/crop?world=few")
    pairs = tab.locator(".ds-crop")
    expect(pairs).to_have_count(4, timeout=PATIENCE)
    expect(tab.get_by_role("link", name="Painter 1", exact=True)).to_be_visible()
    upload(tab, "me.jpg", jpeg(skimage.data.astronaut()))
    expect(pairs).to_have_count(5, timeout=PATIENCE)
    said = tab.get_by_text("Keep the original.", exact=True).or_(tab.get_by_text("Crop it like this:", exact=True))
    expect(said).to_be_visible()
    assert tab.get_by_alt_text("After").first.evaluate("image => image.naturalWidth") > 0
    edge = tab.get_by_role("slider", name="How much of the photo before")
    shown = tab.locator(".wipe .after")
    edge.scroll_into_view_if_needed()
    box = edge.bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] / 4, box["y"] + 40)
    tab.mouse.up()
    quarter = float(edge.input_value())
    assert quarter == pytest.approx(25, abs=4)
    hidden = shown.evaluate("image => getComputedStyle(image).clipPath").split()[-1]  # inset(0px 0px 0px 25%)
    assert float(hidden.rstrip("%)")) == pytest.approx(quarter, abs=0.01)
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Download the crop").click()
    assert download.value.suggested_filename == "crop.jpg"
    frame = tab.locator(".ds-crop").first.locator("img + img")
    upright = frame.get_attribute("src")
    tab.get_by_text("… and turned").click()
    expect(frame).not_to_have_attribute("src", upright, timeout=PATIENCE)
    drawn = base64.b64decode(frame.get_attribute("src").partition(",")[2]).decode()
    corners = re.findall(r"[\d.]+,[\d.]+", drawn.partition('points="')[2])
    assert len(corners) == 4 and frame.evaluate("image => image.naturalWidth") > 0
    tab.get_by_text("Show what it does without the guard").click()
    expect(tab.get_by_text("of these 4 photos")).to_be_visible(timeout=PATIENCE)
    tab.set_viewport_size({"width": 390, "height": 800})
    assert tab.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
