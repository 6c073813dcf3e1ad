"""The list of those who said no, in every spelling, and the words in a profile that mean it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepselfie.sources.markup import plain
from deepselfie.sources.optout import OptOuts, known_as

LIST = """# asked by mail on 2026-11-02
ann.example.social
@Bob@Fedi.Example   # his sister's photos too
did:plc:abcdefghijklmnopqrstuvwx

https://fedi.example/@carol
https://bsky.app/profile/dora.example
https://commons.example/wiki/File:Erik_2020.jpg
"""


@pytest.fixture
def listed(tmp_path):
    (tmp_path / "list").write_text("\ufeff" + LIST.replace("\n", "\r\n"), "utf-8")
    return OptOuts(tmp_path / "list")


@pytest.mark.parametrize(
    "name",
    [
        "ann.example.social",
        "@Ann.Example.Social",
        "https://bsky.app/profile/ann.example.social",
        "bob@fedi.example",
        "@bob@fedi.example",
        "acct:bob@fedi.example",
        "https://fedi.example/@bob",
        "https://fedi.example/users/Bob/",
        "did:plc:abcdefghijklmnopqrstuvwx",
        "at://did:plc:abcdefghijklmnopqrstuvwx/app.bsky.feed.post/3k2",
        "https://bsky.app/profile/ann.example.social/post/3k2",
        "https://fedi.example/users/bob/statuses/115",
        "https://fedi.example/@bob/115",
        "https://another.example/@bob@fedi.example/116",
        "carol@fedi.example",
        "dora.example",
        "https://commons.example/wiki/File:Erik_2020.jpg?uselang=de",
    ],
)
def test_whoever_is_on_the_list_is_left_out_in_any_spelling(listed, name):
    assert listed.reason("somebody", None, name) == "is on our opt-out list"


@pytest.mark.parametrize("name", ["", "bob", "bob@other.example", "example.social", "his", "asked", "did:plc:abc", "#"])
def test_nobody_else_is(listed, name):
    assert listed.reason(name) is None


def test_list_in_the_cache_folder_is_the_one_that_counts(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    assert OptOuts().reason("ann.example.social") is None
    (tmp_path / "optout.txt").write_text("ann.example.social\n")
    assert OptOuts().reason("ann.example.social") == "is on our opt-out list"


@pytest.mark.parametrize(
    "about",
    ["cats #nobot", "#NoBot", "(#noindex)", "#noai,#cats", "I like art.\n#NOIMAGEAI", "#nobots please", "so:#noai"],
)
def test_words_that_mean_no(listed, about):
    assert listed.reason("x", about=about).startswith("says #no")


@pytest.mark.parametrize("about", ["", "nobot", "#nobotany", "x#nobot", "#noaim", "&#noai", "# nobot", "#robot"])
def test_words_that_do_not(listed, about):
    assert listed.reason("x", about=about) is None


def test_html_reads_as_a_browser_shows_it():
    bio = '<p>Ann &amp; cat</p><p><a href="https://x/tags/nobot" class="hashtag">#<span>NoBot</span></a><br>hi</p>'
    assert plain(bio) == "Ann & cat #NoBot hi"
    assert plain('<a href="//x/User:Ann" title="#noai">Ann  Lee</a><script>"#x"</script>') == "Ann Lee"
    assert plain("1 < 2 & <b>so on") == "1 < 2 & so on"


@given(st.text())
def test_any_text_can_be_read(text):
    known_as(text)
    assert "\n" not in plain(text)
