"""Edits: total, without a trace at zero, and doing what they are called."""

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from deepselfie import attributes, pictures
from deepselfie.demo import ids
from deepselfie.edits import EDITS, PLACEBOS, START, reencoded, shifted
from deepselfie.interventions import JOBS, rescored
from deepselfie.score import Scorer
from deepselfie.world import world

FACE = {"x": 0.35, "y": 0.3, "w": 0.3, "h": 0.4}


@st.composite
def photos(draw):
    height, width = draw(st.integers(16, 48)), draw(st.integers(16, 48))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return rng.integers(0, draw(st.sampled_from([2, 256])), (height, width, 3), dtype=np.uint8)


@st.composite
def boxes(draw):
    x, y = draw(st.floats(0, 0.95)), draw(st.floats(0, 0.95))
    w, h = draw(st.floats(0.02, 1)), draw(st.floats(0.02, 1))
    return draw(st.sampled_from([None, {"x": x, "y": y, "w": min(w, 1 - x), "h": min(h, 1 - y)}]))


@pytest.fixture(scope="module")
def astronaut():
    return attributes.shrunk(skimage.data.astronaut())


@pytest.mark.parametrize("name", EDITS)
@settings(max_examples=40, deadline=None)
@given(image=photos(), face=boxes(), where=st.floats(0, 1))
def test_any_picture_keeps_its_shape_and_kind_and_is_left_as_it_was(name, image, face, where):
    edit, before = EDITS[name], image.copy()
    amount = edit.levels[0] + where * (edit.levels[-1] - edit.levels[0])
    for made in (edit.edited(image, amount, face), edit.compared_with(image, amount, face)):
        assert made.shape == image.shape and made.dtype == np.uint8
    assert np.array_equal(image, before)


@pytest.mark.parametrize("name", EDITS)
@settings(max_examples=20, deadline=None)
@given(image=photos(), face=boxes())
def test_nothing_is_done_by_an_amount_of_nothing(name, image, face):
    edit = EDITS[name]
    same = edit.compared_with(image, 0, face) if name == "wider" else image
    assert np.array_equal(edit.edited(image, 0, face), same)


@settings(max_examples=40, deadline=None)
@given(image=photos(), few=st.floats(-3, 3), more=st.floats(0, 3))
def test_no_pixel_grows_darker_with_more_light(image, few, more):
    darker, brighter = (EDITS["brightness"].edited(image, stops) for stops in (few, few + more))
    assert (darker <= brighter).all()


def test_each_tone_edit_moves_its_own_measure(astronaut):
    luma = attributes.luma_of
    measured = {
        "brightness": lambda image: attributes.brightness(luma(image)),
        "contrast": lambda image: attributes.contrast(luma(image)),
        "saturation": attributes.saturation,
        "monochrome": lambda image: -attributes.saturation(image),
        "fade": lambda image: attributes.black_level(luma(image)),
    }
    for name, measure in measured.items():
        values = [measure(EDITS[name].edited(astronaut, level)) for level in EDITS[name].levels]
        assert (np.diff(values) > 0).all(), name
    assert attributes.monochrome(EDITS["monochrome"].edited(astronaut, 1.0))
    assert attributes.border(luma(EDITS["border"].edited(astronaut, 0.06)))


def marked(size, x, y):
    """A black picture with a bright square of a tenth at (x, y)."""
    image = np.zeros((size, size, 3), np.uint8)
    top, bottom, left, right = (round(edge * size) for edge in (y - 0.05, y + 0.05, x - 0.05, x + 0.05))
    image[top:bottom, left:right] = 255
    return image


def place(image):
    """Area and centre (x, y) of what is bright, as shares of the picture."""
    lit = image[..., 0] / 255
    y, x = (np.indices(lit.shape) + 0.5) / len(lit)
    return lit.mean(), (lit * x).sum() / lit.sum(), (lit * y).sum() / lit.sum()


def test_a_crop_enlarges_around_the_face_and_widening_leads_back_to_the_whole():
    face = {"x": 0.5, "y": 0.5, "w": 0.2, "h": 0.2}  # its middle is (0.6, 0.6)
    image = marked(200, 0.6, 0.6)
    area, x, y = place(EDITS["tighter"].edited(image, 0.2, face))
    assert area == pytest.approx(0.01 / 0.8**2, rel=0.03)
    assert (x, y) == pytest.approx(((0.6 - 0.2) / 0.8, (0.6 - 0.2) / 0.8), abs=0.005)  # stopped by the edge
    assert np.array_equal(EDITS["wider"].edited(image, START, face), image)
    assert place(EDITS["wider"].edited(image, 0, face))[0] > place(EDITS["wider"].edited(image, 0.1, face))[0]


def test_the_forehead_is_cut_as_deep_as_asked_and_compared_with_a_head_just_whole():
    top, head = FACE["y"] - attributes.HEAD_ABOVE * FACE["h"], (1 + attributes.HEAD_ABOVE) * FACE["h"]
    ramp = np.repeat(np.linspace(0, 255, 400).astype(np.uint8)[:, None, None], 400, 1).repeat(3, 2)
    edit = EDITS["forehead_cut"]
    cut, whole = (
        made[:, 0].mean(axis=1) / 255 for made in (edit.edited(ramp, 0.3, FACE), edit.compared_with(ramp, 0.3, FACE))
    )
    assert cut[0] == pytest.approx(top + 0.3 * head, abs=0.01) and cut[-1] == pytest.approx(1, abs=0.01)
    assert whole[0] == pytest.approx(top, abs=0.01)
    assert np.ptp(whole) == pytest.approx(np.ptp(cut), abs=0.01)  # as large
    cut_already = {**FACE, "y": 0.01}
    for face in (None, cut_already):
        assert np.array_equal(edit.edited(ramp, 0.3, face), ramp)


def test_a_tilt_turns_clockwise_and_shows_nothing_from_beyond_the_edge():
    image = marked(201, 0.5, 0.2)
    turned = EDITS["tilt"].edited(image, 15)
    _, x, y = place(turned)
    upright = place(EDITS["tilt"].compared_with(image, 15))
    assert np.degrees(np.arctan2(x - 0.5, 0.5 - y)) == pytest.approx(15, abs=0.5)
    assert np.hypot(x - 0.5, y - 0.5) == pytest.approx(0.5 - upright[2], abs=0.003)  # its control is as large
    white_inside = np.zeros((60, 90, 3), np.uint8)
    white_inside[1:-1, 1:-1] = 255
    assert EDITS["tilt"].edited(white_inside, 9)[5:-5, 5:-5].min() > 250


def test_placebos_change_hardly_anything(astronaut):
    assert 0 < np.abs(reencoded(astronaut).astype(int) - astronaut).mean() < 3
    moved = shifted(astronaut)
    assert np.array_equal(moved[:, 1:], astronaut[:, :-1]) and moved.shape == astronaut.shape
    rough = np.asarray(Image.open(io.BytesIO(_jpeg(astronaut, 90))))
    assert np.abs(reencoded(astronaut).astype(int) - rough).mean() < 1.5  # colours keep their places


def _jpeg(image, quality):
    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG", quality=quality)
    return out.getvalue()


def test_amounts_are_said_as_people_read_them():
    said = {name: [edit.said(level) for level in edit.levels] for name, edit in {**EDITS, **PLACEBOS}.items()}
    assert said["brightness"][0] == "\u22122\u00a0stops" and said["saturation"][-1] == "+75\u00a0%"
    assert said["tilt"][0] == "3°" and said["border"][-1] == "10\u00a0%" and said["shifted"] == ["1\u00a0px"]


def test_the_network_minds_a_placebo_less_than_any_edit(tmp_path, monkeypatch):
    scorer = Scorer(world("demo").model_path)
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    data = [pictures.rendered(ids.id_of(5, index), ids.SIZE) for index in range(8)]
    with ThreadPoolExecutor(2) as pool:
        logits = rescored([*data, None, b"no picture"], [{**FACE, "y": 0.35}] * 10, scorer, pool)
    assert np.isnan(logits[8:]).all()
    change = np.abs(logits[:8, :, 1] - logits[:8, :, 0])
    moved = {name: np.nanmean(change[:, [job for job, (edit, _) in enumerate(JOBS) if edit == name][-1]])
             for name in [*EDITS, *PLACEBOS]}  # fmt: skip
    assert max(moved[name] for name in PLACEBOS) < min(moved[name] for name in EDITS), moved
