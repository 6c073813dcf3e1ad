"""One's own photos in a real browser: several compared, sliders that move the score, a pasted photo, a card to share;
and a search of disk and logs for what was uploaded."""

import base64
import io
import re
import time
from contextlib import suppress

import numpy as np
import pytest
import skimage.data
from PIL import Image
from playwright.sync_api import TimeoutError, expect

from deepselfie import models
from deepselfie.world import world
from tests.browser.conftest import make_world, serving, tab_on
from tests.browser.test_pages import visit

SECRET = b"deepselfie-canary-7c1f0a"
SOURCE = """document.querySelector('img[alt="{}"]')?.src"""
SAME = f"({SOURCE.format('Your photo')} === {SOURCE.format('Your photo, edited')})"  # whether nothing is edited
PERCENT = re.compile(r"^\d+\s%$")


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """Address and log of a server on a world with a network, and the folder that holds all it can write to."""
    folder = tmp_path_factory.mktemp("watched")
    with pytest.MonkeyPatch.context() as patch:
        for name, place in (("DEEPSELFIE_CACHE", "cache"), ("TMPDIR", "temp"), ("HOME", "home")):
            (folder / place).mkdir()
            patch.setenv(name, str(folder / place))
        make_world("crowd", 60)
        network = models.build("lite0", pretrained=False).eval()
        models.save(network, world("crowd").model_path, {"calibration": {"slope": 1.0, "intercept": 0.0}})
        with serving(folder / "cache") as (address, log):
            yield address, log, folder


@pytest.fixture(params=[{"width": 1400, "height": 900}, {"width": 390, "height": 844}], ids=["desk", "phone"])
def visitor(chromium, watched, request):
    yield from tab_on(chromium, watched[0], viewport=request.param)


def until(page, expression, arg=None):
    """As wait_for_function, which the page's security policy forbids."""
    for _ in range(300):
        if page.evaluate(expression, arg):
            return
        time.sleep(0.1)
    raise AssertionError(f"{expression} never came true")


def photo(shade):
    """A JPEG of the astronaut with a comment that can be found again."""
    out = io.BytesIO()
    Image.fromarray((skimage.data.astronaut() * shade).astype(np.uint8)).save(out, "JPEG", comment=SECRET)
    return out.getvalue()


def upload(page, *photos):
    files = [{"name": f"holiday-{i}.jpg", "mimeType": "image/jpeg", "buffer": data} for i, data in enumerate(photos)]
    page.set_input_files("input[type=file]", files)


def test_several_photos_are_compared_one_is_edited_and_nothing_is_left_of_them(visitor, watched):
    visit(visitor, "yours")
    photos = [photo(shade) for shade in (0.3, 0.6, 1)]
    upload(visitor, *photos)
    expect(visitor.get_by_text(re.compile("would do best of your|Can't tell which"))).to_be_visible(timeout=90_000)
    for number in (1, 2, 3):
        expect(visitor.get_by_alt_text(f"Your photo {number} stands here")).to_be_visible()
    expect(visitor.get_by_test_id("stMetricValue")).to_have_text(PERCENT)
    shown = visitor.get_by_alt_text("Your photo", exact=True).get_attribute("src")
    visitor.get_by_test_id("stButtonGroup").get_by_text("3", exact=True).click()
    until(visitor, f"shown => {SOURCE.format('Your photo')} !== shown", shown)
    until(visitor, SAME)
    slider = visitor.get_by_role("slider", name="Black and white")
    slider.focus()
    slider.press("End")
    until(visitor, f"!{SAME}")
    expect(visitor.get_by_text("Score, edited")).to_be_visible()
    visitor.get_by_role("button", name="As it was").click()
    until(visitor, SAME)
    assert visitor.get_by_test_id("stException").count() == 0
    assert visitor.evaluate("document.scrollingElement.scrollWidth <= innerWidth")

    with visitor.expect_download() as download:
        visitor.get_by_role("button", name="A card to share").click()
    assert Image.open(download.value.path()).size == (1080, 1350)

    _, log, folder = watched
    middle = photos[2][len(photos[2]) // 2 :][:64]
    for path in [log, *(path for path in folder.rglob("*") if path.is_file())]:
        content = path.read_bytes()
        assert SECRET not in content and middle not in content and b"holiday" not in content, path


def test_a_photo_is_pasted(visitor):
    visit(visitor, "yours")
    expect(visitor.get_by_test_id("stFileUploader")).to_be_visible()
    paste = """async (shot) => {
        const data = new DataTransfer(), blob = await (await fetch(shot)).blob();
        data.items.add(new File([blob], "pasted.png", { type: "image/png" }));
        document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
    }"""
    out = io.BytesIO()
    Image.fromarray(skimage.data.coffee()[::4, ::4]).save(out, "PNG")
    shot = "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
    found = visitor.get_by_text("found no face")
    for _ in range(30):  # until the page listens
        visitor.evaluate(paste, shot)
        with suppress(TimeoutError):
            found.wait_for(timeout=2000)
            break
    expect(found).to_be_visible()
