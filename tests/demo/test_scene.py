"""Places, poses, clothes and the darkroom: what is drawn is finite, lies where it was asked for, keeps its detail."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from deepselfie.demo import backgrounds, cloth, darkroom, figure, poses, prints, render, scene, shots
from deepselfie.demo.mesh import body


def place_behind(kind: str, index: int, side: int) -> np.ndarray:
    s = render.sample(4, index, {"background": kind})
    return backgrounds.background(s.shot, s.cameras[0], scene.lamps(s.shot), side, np.random.default_rng([4, index]))


def test_every_place_of_the_table_is_painted():
    named = set(shots.BACKGROUNDS) | set(shots.MIRRORS) | set(shots.LIGHTS_OF)
    assert named == set(backgrounds.PAINTERS)
    lights = {light for table in (*shots.LIGHTS_OF.values(), shots.LIGHTS_INDOORS) for light in table}
    assert lights == set(scene.LIGHTS)


@pytest.mark.parametrize("kind", sorted(backgrounds.PAINTERS))
def test_a_place_is_light_that_can_be_seen_and_the_same_at_any_size(kind):
    for index in range(2):
        small, large = place_behind(kind, index, 160), place_behind(kind, index, 320)
        assert np.isfinite(large).all() and large.min() >= 0 and large.mean() > 0.002
        blurred = [cv2.resize(np.minimum(i, 2), (24, 24), interpolation=cv2.INTER_AREA) for i in (small, large)]
        assert (
            np.abs(blurred[0] - blurred[1]).mean() < (0.3 if kind == "night" else 0.12) * blurred[1].mean()
        )  # lamps are points


@pytest.mark.parametrize("side", [1, -1])
def test_the_palm_goes_where_the_phone_is(side):
    person = render.sample(1, 0, {}).people[0]
    target = (0.4 * side, 5.4, 2.3)
    v = figure.figure(person).bare.copy()
    before = v.copy()
    poses.take([v], poses.Pose("mirror", side, target))
    _, hand = poses.forearm(side)
    middle = v[np.unique(body().triangles[hand])].mean(0)
    assert np.linalg.norm(middle - np.array(target)) < 0.95
    head = body().vertices[:, 1] > 6.2
    assert np.array_equal(v[head], before[head]), "the head stays where the truth says it is"


def test_an_arm_that_reaches_ends_beside_the_lens():
    s = render.sample(1, 3, {"group": 1, "shot": "face"})
    hand = np.array([0.8, -1.0, 0.2])
    target = s.cameras[0].position + hand @ s.cameras[0].rotation
    v = figure.figure(s.people[0]).bare.copy()
    poses.take([v], poses.Pose("reach", 1, tuple(target)))
    forearm, _ = poses.forearm(1)
    nearest = np.linalg.norm(v[np.unique(body().triangles[forearm])] - target, axis=1).min()
    assert nearest < 0.7


def test_cloth_covers_the_trunk_and_leaves_the_head_bare():
    vertices = body().vertices
    x, y, _ = vertices.T
    for index in range(0, 120, 4):
        look = render.sample(1, index, {}).looks[0]
        hems = cloth.all_hems(vertices, cloth.cut_and_dyes(look.clothes)[0]).max(1)
        belly = body().is_body & (abs(x) < 1.2) & (y > 2) & (y < 4)
        assert (hems[belly] < 0).all() and (hems[(y > 6.4)] > 0).all(), look.clothes


def test_prints_are_seen_and_do_not_fill_the_chest():
    shares = [float(prints.chest(seed).mean()) for seed in range(40)]
    assert min(shares) > 0.004 and max(shares) < 0.5


def test_strong_saturation_keeps_detail_and_brightness_of_skin():
    skin = np.linspace(0.35, 0.95, 64, dtype=np.float32)[None, :, None] * np.array([0.86, 0.62, 0.48], np.float32)
    vivid = darkroom.saturate(skin, 2.0)
    assert vivid.max() <= 1.0 and vivid.min() >= 0.0
    assert (np.diff(vivid[0], axis=0) > 0).all(), "every step of light can still be told from the next"
    assert np.ptp(vivid, axis=2).mean() > 1.2 * np.ptp(skin, axis=2).mean()
    assert np.abs(vivid @ darkroom.GREY - skin @ darkroom.GREY).max() < 0.02


def test_people_in_front_darken_those_behind():
    side = 96
    image, light = np.ones((side, side, 3), np.float32), np.zeros((side, side, 4), np.float32)
    light[:, :48] = (0.5, 0.5, 0.5, 1.0)
    alone = scene.lay_over(image, light, np.zeros((side, side), bool))
    crowd = scene.lay_over(image, light, np.ones((side, side), bool))
    assert np.allclose(alone[:, 50], 1) and crowd[:, 50].max() < 0.92 and np.allclose(crowd[:, -1], 1, atol=0.02)
