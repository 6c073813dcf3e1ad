"""Who made a photo is said wherever it is shown: in the list under a page, in a tooltip, and to the card."""

import io

import pyarrow as pa
import pytest
from PIL import Image

from deepselfie import answers, credits
from deepselfie.world import World

TERMS = "https://creativecommons.org/licenses/by-sa/4.0"
SOURCE = "https://commons.wikimedia.org/wiki/File:Ann.jpg"
HANDMADE = ("drawn by hand", "CC0-1.0", None)
ROWS = [
    ("Ann Lee", f"Bo <b>& Co</b>, Wikimedia Commons ({TERMS})", "CC BY-SA 4.0", SOURCE),
    ("Cy", *HANDMADE),
    ("Dee", *HANDMADE),
    ("Evil", "me", None, "javascript:alert(1)"),
    ("Nobody", None, None, None),
]


@pytest.fixture
def people(tmp_path):
    out = io.BytesIO()
    Image.new("RGB", (32, 32)).save(out, "PNG")
    columns = dict(zip(("name", "credit", "licence", "url"), zip(*ROWS, strict=True), strict=True))
    table = pa.table(
        {"id": [f"x:{i}" for i in range(len(ROWS))], **{k: pa.array(v, pa.string()) for k, v in columns.items()}}
    )
    made = World(tmp_path / "people")
    made.append(table.append_column("image", pa.array([out.getvalue()] * len(ROWS), pa.large_binary())))
    return made


def test_list_links_to_source_and_licence_and_says_each_credit_once(people):
    said = credits.listed(people, range(5))
    assert said.count("<li>") == 3
    assert f'Ann Lee: <a href="{SOURCE}" target="_blank">Bo &lt;b&gt;&amp; Co&lt;/b&gt;, Wikimedia Commons</a>' in said
    assert f'<a href="{TERMS}" target="_blank">CC BY-SA 4.0</a>' in said
    assert "<li>Cy, Dee: drawn by hand · CC0-1.0</li>" in said
    assert "<li>Evil: me</li>" in said and "javascript" not in said
    assert credits.listed(people, [4]) == "" and credits.listed(people, []) == ""
    assert "4 photos: drawn" in credits.listed(people, [1, 2, 1, 2])


def test_tooltip_is_one_line_without_addresses():
    assert credits.short(ROWS[0][1], ROWS[0][2]) == "Bo <b>& Co</b>, Wikimedia Commons · CC BY-SA 4.0"
    assert credits.short("a (b)", None) == "a (b)"
    assert credits.short(None, "CC0") == "CC0" and credits.short(None, None) == ""


def test_card_is_told(people):
    told = answers.photo(people, 0)
    assert (told["name"], told["credit"], told["licence"], told["url"]) == ROWS[0]
    assert answers.photo(people, 4)["credit"] is None
