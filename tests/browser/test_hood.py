"""Under the hood in a real browser: a click on the sheet chooses that map, and an own photo flows through as well."""

import re

import pytest
import skimage.data
from playwright.sync_api import expect

from deepselfie import models
from deepselfie.world import world
from tests.browser.conftest import make_world
from tests.browser.test_pages import jpeg, upload, visit


@pytest.fixture(scope="module", autouse=True)
def lab(cache):
    """`lab`: 30 photos and a network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPSELFIE_CACHE", str(cache))
        make_world("lab", 30)
        card = {"calibration": {"slope": 1.0, "intercept": 0.0}}
        models.save(models.build("lite0", pretrained=False), world("lab").model_path, card)


def choose(page, number):
    """Clicks on a map of the first sheet, 8 columns of 4."""
    sheet = page.locator(".sheet").first
    box = sheet.bounding_box()
    column, row = (number - 1) % 8, (number - 1) // 8
    sheet.click(position={"x": (column + 0.5) * box["width"] / 8, "y": (row + 0.5) * box["height"] / 4})


@pytest.mark.parametrize("screen", ["tab", "phone"])
def test_a_photo_flows_through_and_a_map_is_chosen_by_click_and_key(screen, request):
    page = request.getfixturevalue(screen)
    visit(page, "hood?world=lab")
    expect(page.get_by_role("img", name=re.compile("96 × 96 pixels through 9 stages"))).to_be_visible()
    expect(page.get_by_text(re.compile("30 photos of this world"))).to_be_visible()
    choose(page, 19)
    expect(page.get_by_text(re.compile("Map 19 over the photo"))).to_be_visible()
    page.locator(".sheet").first.press("ArrowDown")
    expect(page.get_by_text(re.compile("Map 27 over the photo"))).to_be_visible()
    expect(page.get_by_text(re.compile("= logit|logit"))).to_be_visible()
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


def test_an_own_photo_takes_the_place_of_the_worlds(tab):
    visit(tab, "hood?world=lab")
    strip = tab.locator(".ds-flow img.photo")
    before = strip.get_attribute("src")
    tab.get_by_text("Yours", exact=True).click()
    upload(tab, "astronaut.jpg", jpeg(skimage.data.astronaut()))
    expect(tab.get_by_text("The vote")).to_be_visible()
    expect(strip).not_to_have_attribute("src", before)
