"""Findings: what is planted in likes, in scores, in what an edit does and for whom, is told, and nothing else."""

import io
import json

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from deepselfie import advice, findings, interventions
from deepselfie import crowd as crowds
from deepselfie.attributes import ATTRIBUTES
from deepselfie.edits import EDITS, LUMA, PLACEBOS
from deepselfie.errors import DeepselfieError
from deepselfie.interventions import JOBS, last
from deepselfie.world import world

N = 2400


class Eye:
    """A network that likes light and white edges, and nothing else, with a little whim of its own."""

    size = 24

    def __init__(self, folder=None):
        self.looked = 0

    def look(self, squares):
        self.looked += len(squares)
        luma = squares @ LUMA / 255  # (n, size, size)
        light, edges = luma.mean(axis=(1, 2)), luma[:, [0, -1]].mean(axis=(1, 2))
        return None, (4 * light + 0.5 * edges - 2).astype(np.float32)

    def calibrated(self, logit):
        return 1 / (1 + np.exp(-logit))


def picture(rng):
    """24 × 32 px: a bright face-like blot before some background."""
    image = rng.integers(20, 120, (32, 24, 3), dtype=np.uint8)
    image[10:22, 8:16] = rng.integers(120, 200)
    out = io.BytesIO()
    Image.fromarray(image).save(out, "PNG")
    return out.getvalue()


def fill(made, n, seed=0, with_truth=True):
    """n photos of n / 4 authors. Likes by border (+1) and people (-0.6 each); a score that likes borders alone; long
    hair of half of them."""
    rng, box = np.random.default_rng(seed), {"x": 0.3, "y": 0.3, "w": 0.4, "h": 0.4, "confidence": 0.9}
    facts = {field.name: rng.random(n).astype(np.float32) for field in ATTRIBUTES}
    for name in ("forehead_cut", "monochrome", "border"):
        facts[name] = rng.random(n) < 0.3
    facts["faces"] = rng.integers(1, 4, n)
    long_hair = rng.random(n) < 0.5
    liked = 1.0 * facts["border"] - 0.6 * (facts["faces"] - 1.0)
    label = (rng.random(n) < 1 / (1 + np.exp(-liked))).astype(int)
    score = 1 / (1 + np.exp(-(0.5 * facts["border"] + 0.3 * rng.normal(size=n))))
    photos = [picture(rng) for _ in range(40)]
    made.append(
        pa.table(
            {
                "id": [f"t:{i}" for i in range(n)],
                "image": pa.array([photos[i % 40] for i in range(n)], pa.large_binary()),
                "author": [f"a{i // 4}" for i in range(n)],
            }
        )
    )
    rows = [dict(zip(facts, values, strict=True)) for values in zip(*(f.tolist() for f in facts.values()), strict=True)]
    columns = {
        "attributes": pa.array(rows, ATTRIBUTES),
        "faces": pa.array([[box]] * n),
        "score": pa.array(score, pa.float32()),
        "label": pa.array(label, pa.int8()),
    }
    if with_truth:
        columns["truth"] = pa.array([{"long_hair": bool(yes)} for yes in long_hair])
    made.set_columns(pa.table(columns))


@pytest.fixture
def posts(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    monkeypatch.setattr(findings, "Scorer", Eye)
    monkeypatch.setattr(findings, "SAMPLE", 60)
    return world("posts")


def test_the_three_columns_are_told_apart(posts):
    fill(posts, N)
    report = findings.findings(posts)
    assert report.rows_out == N and "findings" in str(report)
    traits, edits = report.details["traits"], report.details["edits"]
    liked = {name for name, one in traits.items() if one["labels"]["found"]}
    assert {"border", "company"} <= liked and len(liked) <= 3  # one false among three is luck, two are not
    assert {n for n, one in traits.items() if one["scores"]["found"]} == {"border"}
    border, company = traits["border"]["labels"], traits["company"]["labels"]
    assert border["low"] < 1.0 < border["high"] and border["points"][0] > 10
    assert company["low"] < -0.6 * traits["company"]["spread"] < company["high"]
    moved = {name for name, edit in edits.items() if edit["levels"][-1]["found"]}
    assert {"brightness", "border"} <= moved and not moved & {"monochrome", *PLACEBOS}
    light = [level["effect"] for level in edits["brightness"]["levels"]]
    assert light == sorted(light) and light[0] < 0 < light[-1]
    assert len(json.dumps(report.details)) < 60_000


def test_a_second_run_does_nothing_and_a_killed_one_goes_on(posts, monkeypatch):
    fill(posts, 300)
    eyes = []
    monkeypatch.setattr(findings, "Scorer", lambda folder: eyes.append(Eye()) or eyes[-1])
    whole = findings.findings(posts)
    assert findings.findings(posts).nothing_to_do and len(eyes) == 1
    (posts.path / "reports" / "findings.json").unlink()

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(findings, "details", killed)
        with pytest.raises(KeyboardInterrupt):
            findings.findings(posts)
    first, second = posts.parts("findings").rglob("*.npy"), eyes[1].looked
    sorted(first)[0].unlink()
    again = findings.findings(posts)
    assert 0 < eyes[2].looked < second
    assert again.details == whole.details
    assert not posts.parts("findings").exists()


def test_few_photos_are_left_alone_and_a_world_without_scores_is_told_what_to_do(posts):
    fill(posts, findings.SMALLEST - 1)
    report = findings.findings(posts)
    assert report.details == {} and sum(report.dropped.values()) == 199 and advice.told(posts) is None
    other = world("other")
    other.append(pa.table({"id": ["x:1"]}))
    with pytest.raises(DeepselfieError, match="python -m deepselfie run other"):
        findings.findings(other)


def test_photos_without_labels_or_authors_or_carried_facts_still_tell_of_scores_and_edits(posts):
    fill(posts, 400, with_truth=False)
    posts.set_columns(pa.table({"label": pa.nulls(400, pa.int8()), "author": pa.nulls(400, pa.string())}))
    found = findings.findings(posts).details
    assert found["authors"] == 400 and "long_hair" not in found["traits"] and "hair" not in found["subgroups"]
    assert all("labels" not in one and "scores" in one for one in found["traits"].values())
    assert advice.article(found)[0]["likes"] == "\u2013"


@pytest.mark.parametrize("share, is_told", [(0.5, True), (0.2, False)])
def test_a_rule_that_holds_for_long_hair_alone_is_told_unless_too_few_have_it(posts, share, is_told):
    fill(posts, 800)
    rng, crowd = np.random.default_rng(3), crowds.read(posts)
    crowd.traits["long_hair"] = rng.random(800) < share
    logits = rng.normal(0, 0.3, (800, len(JOBS), 2))
    logits[:, last("forehead_cut"), 1] += np.where(crowd.traits["long_hair"], 0.3, -0.3)
    found = findings.details(crowd, np.arange(800), logits)
    rules = [rule for rule in found["subgroups"]["hair"]["rules"] if rule["column"] == "edits"]
    if not is_told:
        assert rules == []
        return
    (rule,) = rules
    assert rule["rule"] == "forehead_cut" and rule["difference"]["found"]
    assert rule["yes"]["low"] < 0.3 < rule["yes"]["high"] and rule["no"]["low"] < -0.3 < rule["no"]["high"]
    assert rule["difference"]["low"] < 0.6 < rule["difference"]["high"]
    assert found["subgroups"]["company"]["rules"] == []  # an effect alike in both is no rule of its own


def test_what_an_edit_does_no_more_than_a_placebo_is_no_effect(posts):
    fill(posts, 400)
    rng, crowd = np.random.default_rng(4), crowds.read(posts)
    logits = np.zeros((400, len(JOBS), 2))
    logits[..., 1] = 0.05 + rng.normal(0, 0.01, (400, len(JOBS)))  # whatever is done, a little more
    logits[:, last("fade"), 1] += 0.2
    logits[:, last("tilt")] = np.nan
    edits = findings.details(crowd, np.arange(400), logits)["edits"]
    assert {name for name, edit in edits.items() if edit["levels"][-1]["found"]} == {"fade"}
    assert edits["tilt"]["levels"][-1]["n"] == 0


def test_pairs_and_tables_for_the_page_are_made_of_the_report(posts):
    fill(posts, N)
    findings.findings(posts)
    found = advice.told(posts)
    rows = advice.forest(found)
    assert rows[0]["label"] == "A border" and all(row["scores"] is None for row in rows[-2:])
    assert sum(row["edits"] is not None for row in rows) == len(EDITS) + len(PLACEBOS)
    cards = advice.cards(posts, found)
    assert cards[0]["label"] == "White border" and cards[0]["pair"].count("data:image/webp") == 2
    border = next(row for row in advice.article(found) if "border" in row["the article, 2015"])
    assert border["likes"].startswith("✓ +") and border["scores"].startswith("✓ +")
    company = next(row for row in advice.article(found) if "company" in row["the article, 2015"])
    assert company["likes"].startswith("✓ \u2212") and company["edited photos"] == "\u2013"
    likes, _, edited = advice.in_short(found)
    assert "a border (+" in likes and "more people in it (\u2212" in likes and "no measurable effect" in likes
    assert "brighter (+" in edited


def test_every_edit_of_a_trait_and_of_the_article_is_one(posts):
    assert {trait.edit for trait in crowds.TRAITS.values()} - {None} <= set(EDITS)
    assert {one.trait for one in advice.ARTICLE} <= set(crowds.TRAITS)
    assert len({level for name, level in JOBS if name in EDITS}) and all(len(e.levels) == 5 for e in EDITS.values())
    assert interventions.last("tilt") == JOBS.index(("tilt", 15))
