"""The image map under fingers, on a page as wide as a phone."""

import re
from itertools import pairwise

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.test_imagemap import CANVAS, MAP, WALL, map_place, on_screen, open_map, settled, view, wall_place

HOLD = 700  # ms: longer than it takes to begin a lasso


class Fingers:
    """Touches in CSS px of the map."""

    def __init__(self, page, canvas):
        self.page, self.canvas, self.session = page, canvas, page.context.new_cdp_session(page)

    def send(self, kind: str, *points) -> None:
        box = self.canvas.bounding_box()
        touches = [{"x": box["x"] + x, "y": box["y"] + y, "id": i} for i, (x, y) in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def drag(self, *ways, hold: int = 0) -> None:
        """One way for each finger: the points that it goes through, all ways of the same length."""
        self.send("touchStart", *(way[0] for way in ways))
        self.page.wait_for_timeout(hold)
        for points in list(zip(*ways, strict=True))[1:]:
            self.send("touchMove", *points)
        self.send("touchEnd")

    def tap(self, point, times: int = 1) -> None:
        box = self.canvas.bounding_box()
        for _ in range(times):  # from the driver: on a busy machine ours might last as long as a press
            self.page.touchscreen.tap(box["x"] + point[0], box["y"] + point[1])


def line(start, end, steps=6):
    return [tuple(point) for point in np.linspace(start, end, steps)]


@pytest.fixture
def wall(phone):
    canvas = open_map(phone, WALL)
    return canvas, Fingers(phone, canvas)


def place_at(canvas, point):
    """The place of the layout that is seen at a point of the map."""
    (x, y, k), box = view(canvas), canvas.bounding_box()
    return np.array([x + (point[0] - box["width"] / 2) / k, y + (point[1] - box["height"] / 2) / k])


def test_a_tap_pins_the_card_and_a_second_one_lets_go(phone, wall):
    canvas, fingers = wall
    at = on_screen(canvas, wall_place(canvas, 3))
    fingers.tap(at)
    expect(phone.locator(".card.pinned")).to_be_visible()
    expect(phone).to_have_url(re.compile(r"photo=colour%3A296\b"))
    phone.wait_for_timeout(600)  # two taps in a row would zoom
    fingers.tap(at)
    expect(phone.locator(".card")).to_be_hidden()
    expect(phone).not_to_have_url(re.compile("photo="))


def test_a_double_tap_zooms_in_where_it_is(phone, wall):
    canvas, fingers = wall
    home, at = view(canvas), (150, 200)
    place = place_at(canvas, at)
    fingers.tap(at, times=2)
    assert settled(canvas)[2] == pytest.approx(2.2 * home[2])
    assert on_screen(canvas, place) == pytest.approx(at, abs=2)
    expect(phone.locator(".card")).to_be_hidden()


def test_photos_follow_one_finger_and_none_is_pinned(phone, wall):
    canvas, fingers = wall
    canvas.press("+")
    canvas.press("+")
    settled(canvas)
    place = place_at(canvas, (200, 250))
    fingers.drag(line((200, 250), (140, 190)))
    settled(canvas)
    assert on_screen(canvas, place) == pytest.approx((140, 190), abs=18)  # it might have become a tap
    assert "photo=" not in phone.url


def test_photos_follow_two_fingers(phone, wall):
    canvas, fingers = wall
    canvas.press("+")
    before, place = settled(canvas), place_at(canvas, (160, 210))
    fingers.drag(line((140, 210), (110, 240)), line((180, 210), (230, 240)))
    after = settled(canvas)
    assert after[2] == pytest.approx(3 * before[2], rel=0.02), "from 40 px apart to 120"
    assert on_screen(canvas, place) == pytest.approx((170, 240), abs=4), "what was between them stays there"
    fingers.drag(line((110, 240), (140, 240)), line((230, 240), (200, 240)))
    assert settled(canvas)[2] == pytest.approx(1.5 * before[2], rel=0.02)
    expect(phone.locator(".card")).to_be_hidden()


def test_a_long_press_draws_a_lasso(phone):
    canvas = open_map(phone, MAP)
    settled(canvas)
    (x0, y0), (x1, y1) = on_screen(canvas, map_place(0)), on_screen(canvas, map_place(44))  # 5 × 3 photos
    corners = [(x0 - 8, y0 - 8), (x1 + 8, y0 - 8), (x1 + 8, y1 + 8), (x0 - 8, y1 + 8), (x0 - 8, y0 - 4)]
    way = [point for a, b in pairwise(corners) for point in line(a, b)]
    Fingers(phone, canvas).drag(way, hold=HOLD)
    expect(phone.locator(".panel")).to_contain_text("15 photos")
    expect(phone.locator(".card")).to_be_hidden()
    phone.get_by_role("button", name=re.compile("Clear")).click()  # on a busy machine a tap may last and be none
    expect(phone.locator(".panel")).to_be_hidden()


def test_a_second_finger_ends_the_lasso(phone, wall):
    canvas, fingers = wall
    fingers.send("touchStart", (100, 100))
    phone.wait_for_timeout(HOLD)
    fingers.send("touchMove", (200, 100))
    fingers.send("touchMove", (200, 200))
    fingers.send("touchStart", (200, 200), (100, 200))
    fingers.send("touchEnd")
    settled(canvas)
    expect(phone.locator(".panel")).to_be_hidden()


@pytest.mark.parametrize("way", ["button", "key"])
def test_search_fits_a_phone(phone, way):
    canvas = open_map(phone, MAP)
    if way == "key":
        phone.keyboard.press("/")
    else:
        phone.get_by_role("button", name="Search").tap()
    search = phone.locator(".search")
    expect(search).to_be_visible()
    phone.keyboard.type("Person 7")
    found = search.get_by_role("option").filter(has_text="Person 7").first
    expect(found).to_be_visible()
    box = search.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    found.tap()
    expect(phone.locator(".card.pinned")).to_contain_text("Person 7")
    assert settled(canvas)[:2] == pytest.approx(map_place(7), abs=0.03)
    assert phone.locator(CANVAS).count() == 1
