import numpy as np
import pyarrow as pa
import pytest

from deepselfie import advice, traits
from deepselfie.layout import layout
from deepselfie.world import world, write_json

N = 200


@pytest.fixture
def crowd(tmp_path, monkeypatch):
    """A world whose score rises with brightness, one photo in four with a border; findings: see `found`."""
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    w, light = world("crowd"), np.linspace(0.2, 0.8, N)
    w.append(pa.table({"id": [f"c:{i}" for i in range(N)]}))
    facts = [{"brightness": float(b), "border": i % 4 == 0, "face_share": 0.3 + b / 9} for i, b in enumerate(light)]
    score = 1 / (1 + np.exp(-6 * (light - 0.5)))
    w.set_columns(pa.table({"score": pa.array(score, pa.float32()), "attributes": facts}))
    layout(w)
    return w


def effect(value, found=True):
    return {"n": N, "effect": value, "low": value, "high": value, "points": [9.0, 8.0, 10.0], "p": 0.0, "found": found}


@pytest.fixture
def found(crowd):
    """One standard deviation more of light is worth a logit; a border, as far as can be told, nothing."""
    one = {"label": "Brighter", "spread": 0.174, "edit": None, "scores": effect(1.0)}
    other = {"label": "A border", "spread": 1.0, "edit": None, "scores": effect(0.3, found=False)}
    levels = [effect(0.5) | {"level": 0, "said": ""}] * 5
    edits = {a.edit: {"label": "", "placebo": False, "levels": levels} for a in advice.ARTICLE if a.edit}
    details = {"traits": {"brightness": one, "border": other}, "edits": edits}
    write_json(crowd.path / "reports" / "findings.json", {"stage": "findings", "details": details})
    return crowd


PHOTO = {"brightness": 0.65, "border": True, "face_share": 0.33, "tilt": None, "noise": float("nan"), "faces": 1}


def test_facts_stand_beside_the_crowd_and_what_is_unknown_is_left_out(crowd):
    rows = {row["what"]: row for row in traits.measured(crowd, PHOTO)}
    assert set(rows) == {"Brightness", "Border", "Face size", "People"}
    assert rows["Brightness"]["in your photo"] == "65\u00a0%"
    assert rows["Brightness"]["among the photos here"] == "more than in 75\u00a0%"
    assert rows["Border"]["among the photos here"] == "as in 25\u00a0%"
    assert "what it did to the score" not in rows["Border"]


def test_what_a_trait_did_is_its_effect_times_how_far_the_photo_is_from_the_average(found):
    rows = {row["what"]: row.get("what it did to the score") for row in traits.measured(found, PHOTO)}
    # (0.65 - 0.5) / 0.174 = 0.86 logits: the median photo would stand where light is 0.5 + 0.86 / 6, 24 points up
    assert rows["Brightness"] in ("+23 points", "+24 points")
    assert rows["Border"] == "nothing measurable" and rows["People"] == "–"
    darker = {row["what"]: row for row in traits.measured(found, PHOTO | {"brightness": 0.35})}
    assert darker["Brightness"]["what it did to the score"] in ("\u221223 points", "\u221224 points")


def test_the_articles_advice_is_applied_to_the_photo(found):
    rows = {row["the article, 2015"]: row for row in traits.advised(found, PHOTO)}
    assert len(rows) == len(advice.ARTICLE)
    assert rows["Do: add a border"]["your photo"] == "✓ border: yes"
    assert rows["Do not: take it in the dark"]["your photo"] == "✓ brightness: 65\u00a0%"
    assert rows["Do: let the face fill a third of the picture"]["your photo"].startswith("✓ face size")
    assert rows["Do: be female"]["your photo"] == traits.UNSEEN
    assert rows["Do: a filter: black and white"]["your photo"] == "cannot be told"
    assert "no measurable effect" in rows["Do: add a border"]["in this network's eyes"]
    dark = {row["the article, 2015"]: row for row in traits.advised(found, PHOTO | {"brightness": 0.22})}
    assert dark["Do not: take it in the dark"]["your photo"] == "✗ brightness: 22\u00a0%"


def test_without_findings_advice_is_applied_all_the_same(crowd):
    rows = traits.advised(crowd, PHOTO)
    assert set(rows[0]) == {"the article, 2015", "your photo"}
