"""Labels: the article's rules on planted data, and a split that does not leak."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier

from deepselfie.errors import DeepselfieError
from deepselfie.labels import (
    GROUP,
    audience_labels,
    audience_standing,
    fit_tag_bonus,
    labels,
    same_person_or_picture,
    split_by_time,
    split_by_unit,
)
from deepselfie.world import world


@given(st.integers(0, 2**31), st.integers(0, 730))
@settings(max_examples=40, deadline=None)
def test_every_full_group_is_halved_by_likes(seed, n):
    rng = np.random.default_rng(seed)
    audience, likes = rng.permutation(n).astype(float), rng.integers(0, 5, n)  # many ties of likes
    label, standing = audience_labels(audience, likes, seed=seed), audience_standing(audience, likes, seed=seed)
    order = np.argsort(-audience)
    for first in range(0, n - n % GROUP, GROUP):
        group = order[first : first + GROUP]
        assert (label[group] == 1).sum() == (label[group] == 0).sum() == GROUP // 2
        assert likes[group][label[group] == 1].min() >= likes[group][label[group] == 0].max()
        assert np.allclose(np.sort(standing[group]), (np.arange(GROUP) + 0.5) / GROUP)
        assert np.all(np.diff(likes[group][np.argsort(standing[group])]) >= 0)
    assert np.all(label[order[n - n % GROUP :]] == -1)


def test_ties_fall_by_lot_not_by_row():
    label = audience_labels(np.zeros(20_000), np.zeros(20_000), seed=3)
    first, second = label[:10_000], label[10_000:]
    assert abs(first.mean() - second.mean()) < 0.02
    assert not np.array_equal(label, audience_labels(np.zeros(20_000), np.zeros(20_000), seed=4))


def test_tag_bonus_uncouples_label_from_tags():
    rng = np.random.default_rng(0)
    audience, tags = rng.normal(7, 1.2, 20_000), rng.poisson(4, 20_000).astype(float)
    likes = rng.poisson(np.exp(0.8 * audience - 3 + 0.08 * tags + rng.normal(0, 1, 20_000)))
    plain = audience_labels(audience, likes)
    bonus = fit_tag_bonus(audience, tags, likes)
    fair = audience_labels(audience + bonus * tags, likes)
    used = fair >= 0
    assert np.corrcoef(plain[used], tags[used])[0, 1] > 0.05
    assert abs(np.corrcoef(fair[used], tags[used])[0, 1]) < 0.01
    assert 0.05 < bonus < 0.2  # the planted bonus is .08 / .8


def test_photos_of_one_author_and_near_duplicates_share_a_unit():
    units = same_person_or_picture(
        ["a", "b", "a", None, "c", None], list("uvwxyz"), [None, None, None, "v", None, None]
    )
    assert units[0] == units[2] and units[1] == units[3]
    assert len({units[0], units[1], units[4], units[5]}) == 4


def test_split_by_photo_leaks_and_ours_does_not():
    """Likes here depend on the account alone, so nothing in a picture can tell good from bad for a new account."""
    rng = np.random.default_rng(1)
    accounts, per = 500, 8
    author = np.repeat(np.arange(accounts), per)
    look = rng.normal(size=(accounts, 16))[author] + 0.1 * rng.normal(size=(accounts * per, 16))
    likes = rng.poisson(200 * np.exp(rng.normal(0, 1, accounts))[author])
    label = audience_labels(rng.normal(size=len(author)), likes)

    def accuracy(split):
        nearest = KNeighborsClassifier(3).fit(look[split == 0], label[split == 0])
        return nearest.score(look[split == 1], label[split == 1])

    ids = [str(i) for i in range(len(author))]
    ours = split_by_unit(same_person_or_picture(list(map(str, author)), ids, [None] * len(ids)), (0.8, 0.2))
    assert not set(author[ours == 0]) & set(author[ours == 1])
    assert accuracy(split_by_unit(np.arange(len(author)), (0.8, 0.2))) > 0.8
    assert accuracy(ours) < 0.57


def test_shares_of_authors_are_kept():
    split = split_by_unit(np.arange(20_000), (0.8, 0.05, 0.05, 0.1))
    assert np.allclose(np.bincount(split) / 20_000, (0.8, 0.05, 0.05, 0.1), atol=0.01)
    assert set(split_by_unit(np.arange(50), (0, 0, 0, 1))) == {3}


@pytest.fixture
def posts(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    rng = np.random.default_rng(2)
    n = 1030
    gathered = np.datetime64("2026-06-01", "us")
    photos = world("posts")
    photos.append(
        pa.table(
            {
                "id": [f"t:{i}" for i in range(n)],
                "author": [f"a{i // 2}" for i in range(n)],
                "followers": pa.array([50] * 10 + [10**6] * 5 + [1000] * (n - 15), pa.int64()),
                "likes": pa.array([None] * 3 + list(rng.integers(0, 900, n - 3)), pa.int64()),
                "tags": [["selfie"] * (30 if i == n - 1 else 2) for i in range(n)],
                "created_at": pa.array(
                    [gathered - np.timedelta64(5 if i == n - 2 else 90, "D") for i in range(n)]
                ).cast(pa.timestamp("us", "UTC")),
                "gathered_at": pa.array([gathered] * n).cast(pa.timestamp("us", "UTC")),
            }
        )
    )
    return photos


def test_the_stage_counts_what_each_rule_cut(posts):
    report = labels(posts)
    assert report.dropped == {
        "no likes known": 3,
        "younger than 31 days": 1,
        "fewer than 100 followers": 7,
        "more than 100,000 followers": 5,
        "more than 20 tags": 1,
        "last group, smaller than 100": 13,
    }
    assert report.details["good"] == report.details["bad"] == 500
    table = posts.read(["label", "split", "author"])
    assert table["label"].null_count == table["split"].null_count == 30
    assert labels(posts).nothing_to_do
    assert not labels(posts, max_tags=50).nothing_to_do


def test_no_likes_is_said_to_people(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    photos = world("quiet")
    photos.append(pa.table({"id": ["a"]}))
    with pytest.raises(DeepselfieError, match="no likes to learn from"):
        labels(photos)


@pytest.mark.parametrize(("way", "unused"), [("residual", 0), ("pairs", 1)])
def test_other_ways_label_the_same_posts_and_say_so(posts, way, unused):
    article = labels(posts)
    report = labels(posts, way=way)
    assert report.details["way"] == way and article.details["way"] == "article"
    table = posts.read(["label", "standing", "author", "likes"]).to_pandas()
    used = table[table["label"].notna()]
    assert ((used["standing"] > 0.5) == (used["label"] == 1)).all()
    assert used["standing"].between(0, 1, inclusive="neither").all()
    assert abs(report.details["good"] - report.details["bad"]) <= 1 and len(used) >= 1010 - 20 * unused
    if way == "pairs":
        best = used.loc[used.groupby("author")["likes"].idxmax(), "label"]
        assert (best == 1).all() and (used.groupby("author").size() == 2).all()
    assert labels(posts, way=way).nothing_to_do


def test_an_unknown_way_is_said_to_people(posts):
    with pytest.raises(DeepselfieError, match="article, residual, pairs"):
        labels(posts, way="fortune")


@given(st.integers(0, 2**31), st.integers(20, 200))
@settings(max_examples=40, deadline=None)
def test_by_time_the_test_is_the_future_and_nobody_in_it_was_learned_from(seed, n):
    rng = np.random.default_rng(seed)
    created = np.datetime64("2026-01-01", "us") + rng.integers(0, 10**6, n) * np.timedelta64(1, "m")
    created[rng.random(n) < 0.1] = np.datetime64("NaT")
    used, units = rng.random(n) < 0.9, rng.integers(0, n // 2, n)
    split = split_by_time(created, used, units, (0.6, 0.1, 0.1, 0.2), seed=seed)
    known, test = used & ~np.isnat(created), split == 3
    assert test.sum() == pytest.approx(0.2 * known.sum(), abs=1.01)
    learned = used & (split >= 0) & ~test
    if learned.any():
        assert created[learned].max() <= created[test].min()
    assert not set(units[test]) & set(units[learned])
    assert all(len(set(split[~np.isnat(created) & (units == unit)])) == 1 for unit in set(units[learned]))


def test_the_stage_splits_by_time(posts):
    gathered = np.datetime64("2026-06-01", "us")
    old = gathered - np.arange(40, 40 + len(posts)) * np.timedelta64(1, "D")
    posts.set_columns(pa.table({"created_at": pa.array(old).cast(pa.timestamp("us", "UTC"))}))
    report = labels(posts, by_time=True, shares=(0.7, 0.1, 0.0, 0.2))
    table = posts.read(["split", "created_at", "author", "label"]).to_pandas()
    test, train = table[table["split"] == "test"], table[table["split"] == "train"]
    assert len(test) == report.details["split"]["test"] == pytest.approx(200, abs=5)
    assert test["created_at"].min() > train["created_at"].max() and not set(test["author"]) & set(train["author"])
    assert report.details["by_time"] and table["label"].notna().equals(table["split"].notna())
    with pytest.raises(DeepselfieError, match="--by-time"):
        posts.set_columns(pa.table({"created_at": pa.nulls(len(posts), pa.timestamp("us", "UTC"))}))
        labels(posts, by_time=True, seed=1)
