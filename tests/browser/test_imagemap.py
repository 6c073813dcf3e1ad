"""The image map in a real browser: right photos at the right places, and all ways to move and to choose."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import N, colour_of

WALL, MAP, CANVAS = "/continuum", "/space", ".stage"


def open_map(page, address):
    page.goto(address)
    page.wait_for_selector(f"{CANVAS}[data-view]")
    page.locator(CANVAS).scroll_into_view_if_needed()
    return page.locator(CANVAS)


def view(canvas):
    """x, y, k of the camera."""
    return np.array(canvas.get_attribute("data-view").split(","), float)


def settled(canvas):
    """The view once it does not move any more."""
    canvas.page.wait_for_timeout(60)  # a frame or two, for what was just asked for
    expect(canvas).not_to_have_attribute("data-moving", "")
    return view(canvas)


def wall_place(canvas, rank):
    columns = int(canvas.get_attribute("data-columns"))
    return rank % columns + 0.5, rank // columns + 0.5


def map_place(row):
    """Of the world of conftest: 20 × 15 places in a square of side 19, centred."""
    return (row % 20) / 19, (row // 20 + 2.5) / 19


def on_screen(canvas, place):
    """CSS px in the canvas."""
    x, y, k = view(canvas)
    box = canvas.bounding_box()
    return (place[0] - x) * k + box["width"] / 2, (place[1] - y) * k + box["height"] / 2


def go(canvas, place):
    """Moves the mouse to a place of the layout."""
    box, (x, y) = canvas.bounding_box(), on_screen(canvas, place)
    canvas.page.mouse.move(round(box["x"] + x), round(box["y"] + y))


def pixel(canvas, place):
    """The canvas's pixel there, RGB."""
    read = """(stage, [x, y]) => {
        const canvas = stage.querySelector('canvas.photos');
        const scale = canvas.width / canvas.clientWidth;
        return [...canvas.getContext('2d').getImageData(x * scale, y * scale, 1, 1).data];
    }"""
    return np.array(canvas.evaluate(read, on_screen(canvas, place))[:3])


def assert_colour(canvas, place, row):
    wanted = np.array(colour_of(row))
    for _ in range(20):
        seen = pixel(canvas, place)
        if np.abs(seen - wanted).max() <= 14:  # WebP
            return
        canvas.page.wait_for_timeout(100)
    raise AssertionError(f"row {row} is {wanted}, seen {seen}")


def test_the_wall_goes_row_by_row_from_best_to_worst(tab):
    canvas = open_map(tab, WALL)
    for rank in (0, 1, 37, 255, 256, N - 1):
        assert_colour(canvas, wall_place(canvas, rank), row=N - 1 - rank)


@pytest.mark.parametrize("steps", [0, 3])
def test_on_the_map_each_photo_is_at_its_place(tab, steps):
    canvas = open_map(tab, MAP)
    for _ in range(steps):
        go(canvas, map_place(150))
        tab.mouse.wheel(0, -400)
        settled(canvas)
    for row in (150, 151, 170) if steps else (0, 19, 150, 151, 280):
        assert_colour(canvas, map_place(row), row)


def test_hovering_shows_the_photo_and_those_like_it(tab):
    canvas = open_map(tab, MAP)
    go(canvas, map_place(5))
    card = tab.locator(".card")
    expect(card).to_be_visible()
    assert "2 %" in card.inner_text()  # row 5 of 300, the score is row / 300
    expect(card).to_contain_text("better liked than 2 % of these")
    expect(card).to_contain_text("Person 5")
    expect(card.locator("img")).to_have_attribute("src", re.compile(r"/ds/picture/demo/5/256\.webp"))
    expect(card.locator(".alike canvas")).to_have_count(6)
    tab.wait_for_timeout(500)  # until its page has come
    like = card.locator(".alike canvas").first.evaluate("c => [...c.getContext('2d').getImageData(32, 32, 1, 1).data]")
    assert min(np.abs(np.array(like[:3]) - colour_of(row)).max() for row in (4, 6, 25)) <= 14
    tab.mouse.move(2, 2)
    expect(card).to_be_hidden()


def test_a_click_selects_and_the_address_keeps_it(tab):
    canvas = open_map(tab, WALL)
    go(canvas, wall_place(canvas, 40))
    tab.mouse.down()
    tab.mouse.up()
    expect(tab).to_have_url(re.compile(r"photo=colour%3A259"))
    expect(tab.locator(".live")).to_contain_text("Photo 41 of 300: score 86 percent")
    canvas.press("ArrowRight")
    canvas.press("ArrowDown")
    below = 40 + 1 + int(canvas.get_attribute("data-columns"))
    expect(tab).to_have_url(re.compile(rf"photo=colour%3A{N - 1 - below:03}\b"))
    tab.reload()
    tab.wait_for_selector(".card.pinned")
    expect(tab.locator(".live")).to_contain_text(f"Photo {below + 1} of 300")
    canvas.press("Escape")
    expect(tab.locator(".card")).to_be_hidden()
    expect(tab).not_to_have_url(re.compile("photo="))


def test_a_click_on_a_photo_alike_flies_there(tab):
    canvas = open_map(tab, f"{MAP}?photo=colour:150")
    like = tab.locator(".card.pinned .alike button").first
    like.click()
    expect(tab).to_have_url(re.compile(r"photo=colour%3A(149|151|130|170)\b"))
    row = int(re.search(r"photo=colour%3A(\d+)", tab.url)[1])
    assert settled(canvas)[:2] == pytest.approx(map_place(row), abs=1e-3)


def test_zoom_by_wheel_keys_and_buttons(tab):
    canvas = open_map(tab, WALL)
    home, place = view(canvas), wall_place(canvas, 150)
    go(canvas, place)
    before = on_screen(canvas, place)  # half a pixel off at most
    tab.mouse.wheel(0, -600)
    assert settled(canvas)[2] > 2 * home[2]
    assert on_screen(canvas, place) == pytest.approx(before, abs=2), "what is under the pointer stays there"
    canvas.press("0")
    assert settled(canvas) == pytest.approx(home)
    canvas.press("+")
    nearer = settled(canvas)[2]
    assert nearer > home[2]
    tab.get_by_role("button", name="Nearer").click()
    assert settled(canvas)[2] > nearer
    canvas.press("-")
    tab.get_by_role("button", name="All in view").click()
    assert settled(canvas) == pytest.approx(home)
    canvas.dblclick(position={"x": 200, "y": 200})
    assert settled(canvas)[2] > home[2]


def test_dragging_pans_and_the_view_survives_reload_and_other_pages(tab):
    canvas = open_map(tab, WALL)
    canvas.press("+")
    canvas.press("+")
    x, y, k = settled(canvas)
    box = canvas.bounding_box()
    tab.mouse.move(box["x"] + 300, box["y"] + 200)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 250, box["y"] + 170, steps=4)
    tab.mouse.up()
    moved = settled(canvas)
    assert moved == pytest.approx([x + 50 / k, y + 30 / k, k], rel=1e-6)
    assert "photo=" not in tab.url, "a drag is no click"
    tab.wait_for_timeout(300)
    tab.reload()
    tab.wait_for_selector(f"{CANVAS}[data-view]")
    assert settled(canvas) == pytest.approx(moved, rel=1e-4)
    tab.get_by_test_id("stSidebarNav").get_by_text("Selfie space").click()
    tab.wait_for_selector(f"{CANVAS}[data-columns='']")
    tab.get_by_test_id("stSidebarNav").get_by_text("The continuum").click()
    tab.wait_for_selector(f"{CANVAS}:not([data-columns=''])")
    assert settled(canvas) == pytest.approx(moved, rel=1e-4)
    assert tab.locator(CANVAS).count() == 1


def test_near_photos_are_fetched_by_themselves_and_only_those_in_view(tab):
    asked = []
    tab.on("request", lambda request: "/ds/picture/" in request.url and asked.append(request.url))
    canvas = open_map(tab, WALL)
    assert not asked
    go(canvas, wall_place(canvas, 0))
    tab.mouse.wheel(0, -1000)
    settled(canvas)
    tab.wait_for_timeout(500)
    rows = {int(re.search(r"demo/(\d+)/256", url)[1]) for url in asked}
    assert N - 1 in rows and len(rows) < 80


def test_the_worst_are_blurred_until_asked_for(tab):
    tab.goto("/best-and-worst")
    tab.get_by_text("Worst 300").click()
    blurred = tab.locator(".map.blurred .stage .photos")
    expect(blurred).to_have_css("filter", "blur(16px)")
    tab.get_by_role("button", name="Show them").click()
    expect(tab.locator(f"{CANVAS} .photos")).to_have_css("filter", "none")
    canvas = tab.locator(CANVAS)
    assert_colour(canvas, wall_place(canvas, 0), row=0)


def test_another_world_is_kept_from_page_to_page(tab):
    canvas = open_map(tab, f"{WALL}?world=other")
    assert_colour(canvas, wall_place(canvas, 0), row=39)
    tab.get_by_test_id("stSidebarNav").get_by_text("Selfie space").click()
    tab.wait_for_selector(f"{CANVAS}[data-columns='']")
    expect(tab).to_have_url(re.compile("world=other"))


def test_on_a_phone_tap_pan_and_pinch(phone):
    canvas = open_map(phone, WALL)
    box, home = canvas.bounding_box(), view(canvas)
    assert box["width"] > 340 and box["height"] < 0.7 * 800, "some of the page stays to scroll by"
    x, y = on_screen(canvas, wall_place(canvas, 3))
    phone.touchscreen.tap(box["x"] + x, box["y"] + y)
    expect(phone).to_have_url(re.compile(r"photo=colour%3A296\b"))
    expect(phone.locator(".card.pinned")).to_be_visible()
    phone.get_by_role("button", name="Let go").tap()
    touch = phone.context.new_cdp_session(phone)

    def fingers(kind, *points):
        places = [{"x": box["x"] + x, "y": box["y"] + y, "id": i} for i, (x, y) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    fingers("touchStart", (150, 200), (200, 200))
    for spread in (10, 30, 50):
        fingers("touchMove", (150 - spread, 200), (200 + spread, 200))
    fingers("touchEnd")
    near = settled(canvas)
    assert near[2] == pytest.approx(3 * home[2], rel=0.15)
    fingers("touchStart", (150, 200))
    fingers("touchMove", (130, 180))
    fingers("touchMove", (100, 150))
    fingers("touchEnd")
    panned = settled(canvas)
    assert panned[0] > near[0] and panned[1] > near[1] and panned[2] == near[2]
    assert phone.evaluate("document.scrollingElement.scrollWidth") <= 390


def press_and_drag(page, points, shift=False):
    if shift:
        page.keyboard.down("Shift")
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=3)
    page.mouse.up()
    if shift:
        page.keyboard.up("Shift")


def test_photos_fly_from_layout_to_layout(tab):
    canvas = open_map(tab, WALL)
    tab.get_by_role("button", name="Map", exact=True).click()
    expect(canvas).to_have_attribute("data-layout", "tsne")
    settled(canvas)
    expect(tab).to_have_url(re.compile("layout=tsne"))
    for row in (19, 150, 280):
        assert_colour(canvas, map_place(row), row)
    tab.get_by_role("button", name="Grid", exact=True).click()
    settled(canvas)
    columns = int(canvas.get_attribute("data-columns"))
    assert columns == 22  # of 22 × 14 cells for 300 photos
    tab.reload()
    tab.wait_for_selector(f"{CANVAS}[data-layout='snapped']")


def test_the_lasso_selects_and_greys_the_others(tab):
    canvas = open_map(tab, MAP)
    settled(canvas)
    box = canvas.bounding_box()
    corners = [map_place(0), map_place(4), map_place(44), map_place(40)]  # 5 × 3 photos
    (x0, y0), (x1, y1) = on_screen(canvas, corners[0]), on_screen(canvas, corners[2])
    around = [(x0 - 9, y0 - 9), (x1 + 9, y0 - 9), (x1 + 9, y1 + 9), (x0 - 9, y1 + 9), (x0 - 9, y0 - 5)]
    press_and_drag(tab, [(box["x"] + x, box["y"] + y) for x, y in around], shift=True)
    panel = tab.locator(".panel")
    expect(panel).to_contain_text("15 photos")
    expect(panel).to_contain_text("on average, 50 % in all")
    settled(canvas)
    assert_colour(canvas, map_place(44), 44)
    grey = 0.2 * np.array(colour_of(299)) + 0.8 * 255  # the best lies on top
    assert np.abs(pixel(canvas, map_place(299)) - grey).max() < 12
    with tab.expect_download() as download:
        panel.get_by_role("button", name=re.compile("Export")).click()
    lines = download.value.path().read_text().split()
    assert lines[0] == "rank,id,score" and len(lines) == 16
    canvas.press("Escape")
    expect(panel).to_be_hidden()


def test_colours_filter_and_their_address(tab):
    canvas = open_map(tab, MAP)
    tab.get_by_label("Colour by").select_option("monochrome")
    expect(tab.locator(".legend")).to_contain_text("Black and white")
    expect(tab).to_have_url(re.compile("colour=monochrome"))
    tab.locator(".legend").get_by_text("yes", exact=True).click()
    expect(tab.locator(".panel")).to_contain_text("100 photos")
    expect(tab).to_have_url(re.compile("only=yes"))
    tab.reload()
    tab.wait_for_selector(f"{CANVAS}[data-view]")
    expect(tab.locator(".panel")).to_contain_text("100 photos")
    tab.get_by_role("button", name=re.compile("Clear")).click()
    expect(tab.locator(".panel")).to_be_hidden()
    assert canvas.is_visible()


def test_search_finds_by_name_and_flies_there(tab):
    canvas = open_map(tab, MAP)
    tab.keyboard.press("/")
    tab.keyboard.type("Person 7")
    tab.get_by_role("option").filter(has_text="Person 7").first.click()
    expect(tab.locator(".card.pinned")).to_contain_text("Person 7")
    assert settled(canvas)[:2] == pytest.approx(map_place(7), abs=0.03)


def test_a_view_comes_back_with_its_address_and_with_back(tab):
    canvas = open_map(tab, f"{MAP}?x=0.4&y=0.5&zoom=3&photo=colour:150")
    x, y, k = settled(canvas)
    expect(tab.locator(".card.pinned")).to_be_visible()
    assert x == pytest.approx(0.4, abs=0.02)
    tab.wait_for_timeout(400)
    tab.get_by_test_id("stSidebarNav").get_by_text("The continuum").click()
    tab.wait_for_selector(f"{CANVAS}[data-layout='continuum']")
    assert "zoom=" not in tab.url
    tab.go_back()
    tab.wait_for_selector(f"{CANVAS}[data-layout='tsne']")
    assert settled(canvas) == pytest.approx([x, y, k], rel=1e-3)
    expect(tab.locator(".card.pinned")).to_be_visible()


def test_thirty_page_switches_leave_nothing_behind(tab):
    open_map(tab, WALL)
    menu, session = tab.get_by_test_id("stSidebarNav"), tab.context.new_cdp_session(tab)

    def switch(times):
        for i in range(times):
            menu.get_by_text("Selfie space" if i % 2 == 0 else "The continuum").click()
            # not wait_for_selector: what that returns would hold the element
            expect(tab.locator(CANVAS)).to_have_attribute("data-layout", "tsne" if i % 2 == 0 else "continuum")
        tab.wait_for_timeout(1500)  # answers under way come, and are let go
        for _ in range(3):
            session.send("HeapProfiler.collectGarbage")
        return session.send("Memory.getDOMCounters")

    before, after = switch(4), switch(30)
    assert tab.locator(CANVAS).count() == 1
    assert after["jsEventListeners"] <= before["jsEventListeners"] + 40  # a map has about 32
    assert after["nodes"] <= before["nodes"] + 200


def test_the_theme_is_followed(tab):
    tab.emulate_media(color_scheme="dark")
    canvas = open_map(tab, MAP)
    settled(canvas)
    x, y, k = view(canvas)
    box = canvas.bounding_box()
    corner = (x + (box["width"] / 2 - 3) / k, y - (box["height"] / 2 - 3) / k)
    assert pixel(canvas, corner).max() < 60
    tab.emulate_media(color_scheme="light")
    for _ in range(30):
        if pixel(canvas, corner).min() > 240:
            break
        tab.wait_for_timeout(100)
    assert pixel(canvas, corner).min() > 240


def test_another_world_leaves_nothing_of_the_one_before(tab):
    open_map(tab, f"{MAP}?colour=monochrome&only=yes")
    expect(tab.locator(".panel")).to_contain_text("100 photos")
    tab.get_by_role("combobox", name=re.compile("World")).click()
    tab.get_by_role("option", name="other").click()
    expect(tab.locator(CANVAS)).to_have_attribute("aria-label", re.compile("Map of 40 photos"))
    expect(tab.locator(".panel")).to_be_hidden()
    expect(tab.locator(".legend")).to_be_hidden()
    expect(tab.get_by_label("Colour by")).to_have_value("")


def test_an_open_search_comes_to_rest(tab):
    open_map(tab, MAP)
    tab.evaluate("""() => {
        const ask = window.requestAnimationFrame.bind(window);
        window.requestAnimationFrame = (act) => { window.asked++; return ask(act); };
    }""")
    tab.get_by_role("button", name="Search").click()
    tab.keyboard.type("Person")
    expect(tab.locator(".search").get_by_role("option").first).to_be_visible()
    tab.wait_for_timeout(600)
    tab.evaluate("window.asked = 0")
    tab.wait_for_timeout(600)
    assert tab.evaluate("window.asked") < 5, "an open search does not draw the map again and again"
