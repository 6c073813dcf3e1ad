"""The datasheet tells what this world's table and reports say, and nothing that they do not."""

import pyarrow as pa
import pytest

from deepselfie.datasheet import datasheet, markdown
from deepselfie.labels import labels
from deepselfie.world import world
from tests.test_evaluate import posts


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))


def test_it_answers_with_this_worlds_numbers():
    made = posts("w")
    report = labels(made)
    (made.model_path).mkdir()
    (made.model_path / "card.json").write_text("{}")
    sheet = datasheet(made)
    what = sheet["What the data are"]
    assert what["Photos"].startswith("1,200 of 600 accounts") and f"{report.details['good']:,} good" in what["Labels"]
    assert "did not ask" in what["People"] and "salted hash" in what["Beside each photo"]
    assert "2026-06-01" in sheet["How they were gathered"]["When"]
    assert "younger than 31 days" in sheet["How they were gathered"]["What was left out"]
    assert sheet["What is missing"]["Values that are not known"] == "licence of 1,200 photos"
    text = markdown(sheet, "Datasheet")
    assert text.startswith("# Datasheet\n") and all(f"**{section}**" in text for section in sheet)
    assert text.count("\n- ") == sum(map(len, sheet.values()))


def test_nobody_in_a_rendered_world_is_real_and_a_bare_world_has_a_sheet():
    made = world("bare")
    made.append(pa.table({"id": ["demo:1:2"]}))
    sheet = datasheet(made)
    assert "rendered" in sheet["What the data are"]["People"]
    assert sheet["What the data are"]["Labels"].startswith("none")
    assert "nobody knows" in sheet["How they were gathered"]["When"]
