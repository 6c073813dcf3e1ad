"""Whose a photo is stands on its card and under the page of the famous, with links to its source and its licence."""

from playwright.sync_api import expect

from tests.browser.test_imagemap import CANVAS


def test_card_of_a_photo_names_who_made_it(tab):
    tab.goto("/famous?world=demo&photo=colour:007")
    tab.wait_for_selector(f"{CANVAS}[data-view]")
    card = tab.locator(".card.pinned")
    expect(card.locator(".credit")).to_have_text("Painter 7 · CC BY 4.0")
    expect(card.get_by_role("link", name="Painter 7")).to_have_attribute("href", "https://painters.example/7")
    expect(card.get_by_role("link", name="CC BY 4.0")).to_have_attribute("href", "https://terms.example/by")


def test_page_of_the_famous_lists_whose_photos_are_shown(tab):
    tab.goto("/famous?world=demo")
    tab.get_by_text("Whose photos these are").click()
    expect(tab.get_by_text("Person 7: Painter 7 · CC BY 4.0")).to_be_visible()
    assert tab.get_by_role("link", name="Painter 11").get_attribute("href") == "https://painters.example/11"


def test_card_of_a_photo_of_nobody_known_says_nothing(tab):
    tab.goto("/space?world=demo&photo=colour:150")
    expect(tab.locator(".card.pinned")).to_contain_text("Most alike")
    expect(tab.locator(".card.pinned .credit")).to_be_hidden()
