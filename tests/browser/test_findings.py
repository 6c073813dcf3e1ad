"""The page of findings: filled from the report, wide and narrow; and a kind word where there is none."""

import re

import pytest
from playwright.sync_api import expect

from deepselfie import findings
from deepselfie.atlas import atlas
from deepselfie.layout import layout
from deepselfie.world import world
from tests.browser.test_pages import visit
from tests.test_findings import Eye, fill


@pytest.fixture(scope="module", autouse=True)
def posts(cache):
    """`posts`: 400 photos with planted likes, and what was found of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPSELFIE_CACHE", str(cache))
        patch.setattr(findings, "Scorer", Eye)
        patch.setattr(findings, "SAMPLE", 25)
        fill(world("posts"), 400)
        layout(world("posts"))
        atlas(world("posts"))
        findings.findings(world("posts"))


@pytest.mark.parametrize("screen", ["tab", "phone"])
def test_effects_pairs_rules_and_the_article_are_shown(screen, request):
    page = request.getfixturevalue(screen)
    visit(page, "findings?world=posts")
    plots = page.locator(".js-plotly-plot")
    expect(plots).to_have_count(11)
    expect(plots.first).to_contain_text("A border")
    before = page.get_by_alt_text("Before").first
    expect(before).to_have_js_property("complete", True)
    assert before.evaluate("image => image.naturalWidth") > 0
    expect(page.get_by_text(re.compile("The best with long hair"))).to_be_visible()
    expect(page.get_by_text("Do: add a border")).to_be_visible()
    expect(page.get_by_text("Not everybody found the same")).to_be_visible()
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


def test_a_world_without_findings_says_how_to_look_for_them(tab):
    visit(tab, "findings?world=other")
    expect(tab.get_by_text("python -m deepselfie findings other")).to_be_visible()
