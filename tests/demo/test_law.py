"""The likes law: its written effects, and the ceiling that it sets."""

import numpy as np
import pytest

from deepselfie.demo import law
from deepselfie.world import world

TYPICAL = {
    "account": 1, "subject": "selfie", "faces": 1, "face_share": 0.33, "forehead_cut": False, "long_hair": False,
    "filter": "none", "saturation": 0.3, "border": "none", "exposure": 0.0, "noise": 0.004,
}  # fmt: skip


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({}, {"face_share": 0.15}),
        ({}, {"face_share": 0.8}),
        ({"long_hair": True}, {}),
        ({"long_hair": True, "forehead_cut": True}, {"long_hair": True}),
        ({}, {"forehead_cut": True}),  # short hair
        ({"saturation": 0.6}, {}),
        ({"filter": "fade"}, {}),
        ({"filter": "bw"}, {}),
        ({"border": "white"}, {}),
        ({}, {"exposure": -1.5}),
        ({}, {"noise": 0.03}),
        ({}, {"subject": "food", "faces": 0}),
        ({}, {"faces": 3}),
    ],
)
def test_each_effect_has_its_sign(better, worse):
    assert law.quality({**TYPICAL, **better}) > law.quality({**TYPICAL, **worse}) + 0.1


def test_posts_are_a_function_of_seed_and_index():
    assert law.post(TYPICAL, 5, 6) == law.post(TYPICAL, 5, 6)
    assert law.post(TYPICAL, 5, 6).account == law.post(TYPICAL, 5, 7).account
    assert law.post(TYPICAL, 5, 6).likes != law.post(TYPICAL, 6, 6).likes


def test_likes_follow_audience_and_quality():
    likes = {}
    for name, change in {"good": {"long_hair": True, "filter": "fade"}, "bad": {"exposure": -2.0}}.items():
        posts = [law.post({**TYPICAL, **change, "account": i}, 9, i) for i in range(3000)]
        likes[name] = np.array([p.likes for p in posts])
        followers = np.array([p.followers for p in posts])
    assert np.median(likes["good"]) > 1.5 * np.median(likes["bad"])
    assert np.corrcoef(np.log1p(likes["good"]), np.log(followers))[0, 1] > 0.5


def test_the_ceiling_of_the_shipped_world_is_65_percent():
    rows = world("demo").read(["label", "truth"], where="label is not null").to_pylist()
    quality = np.array([row["truth"]["quality"] for row in rows])
    labels = np.array([row["label"] for row in rows])
    assert law.ceiling(quality, labels) == pytest.approx(0.65, abs=0.01)
    assert abs(np.median(quality)) < 0.15 and 0.85 < quality.std() < 1.15
