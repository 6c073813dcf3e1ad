"""Labels: likes and audience in, good (1) or bad (0) out, and a split that never parts an author.

The rules are the article's (A. Karpathy 2015, "What a Deep Neural Network thinks about your #selfie"): sort posts by
the size of their audience, march down in groups of 100, the better liked half of each group is good, the other bad.
WAYS has two more ways to a post's standing among others.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from deepselfie import standing
from deepselfie.audience import COLUMNS, audience, filled
from deepselfie.errors import DeepselfieError
from deepselfie.stage import Report, run_stage
from deepselfie.world import World, people

GROUP = 100  # the article's
MIN_AGE_DAYS = 31  # "older than a month": likes have settled
FOLLOWERS = (100, 100_000)  # below, a handful of friends decide; above, fame does
MAX_TAGS = 20  # beyond, tags are bait
SPLITS = ("train", "validation", "calibration", "test")
SHARES = (0.8, 0.05, 0.05, 0.1)


def labels(
    world: World,
    *,
    followers: tuple[int, int] = FOLLOWERS,
    max_tags: int = MAX_TAGS,
    min_age_days: int = MIN_AGE_DAYS,
    shares: tuple[float, float, float, float] = SHARES,
    way: str = "article",
    by_time: bool = False,
    seed: int = 0,
) -> Report:
    """Adds `label` (int8 1/0), `standing` (the share that a post outdoes of those it is compared with) and `split`;
    null: not used.

    shares: of the authors, to train / validation / calibration / test; way: of WAYS; by_time: the newest posts are the
    test, see split_by_time. Raises DeepselfieError without any likes, and for a way that there is not."""
    if way not in WAYS:
        raise DeepselfieError(f"There is no way '{way}' from likes to labels. Choose one of: {', '.join(WAYS)}.")

    def work(report: Report, progress) -> None:
        posts = _posts(world)
        usable = _usable(posts, report, followers, max_tags, min_age_days)
        report.rows_in = len(usable)
        if not np.any(~np.isnan(posts["likes"])):
            raise DeepselfieError(
                f"World '{world.name}' has no likes to learn from. Import a table with a likes column, "
                f"or go on without: python -m deepselfie run {world.name} ranks it with the demo's model."
            )
        rows = np.flatnonzero(usable)
        found = np.full(len(usable), np.nan)
        found[rows], unused, told = standings({k: posts[k][rows] for k in COMPARED}, way, seed=seed)
        full = labelled(found)
        if (full[rows] < 0).any():
            report.dropped[unused] = int((full[rows] < 0).sum())
        units = same_person_or_picture(posts["author"], posts["id"], posts["duplicate_of"])
        split = split_by_unit(units, shares, seed=seed)
        if by_time:
            split = split_by_time(posts["created"], full >= 0, units, shares, seed=seed)
            report.dropped["older post of someone in the test"] = int((full[split < 0] >= 0).sum())
        full[split < 0], found[split < 0] = -1, np.nan
        used = full >= 0
        report.rows_out = int(used.sum())
        names = np.asarray(SPLITS)[split]
        report.columns = ["label", "split"]  # a packed world goes without standings
        report.details = {
            "good": int((full == 1).sum()),
            "bad": int((full == 0).sum()),
            "way": way,
            "by_time": by_time,
            **told,
            "followers": list(followers),
            "max_tags": max_tags,
            "min_age_days": min_age_days,
            "shares": list(shares),
            "split": {name: int((used & (names == name)).sum()) for name in SPLITS},
            "authors": len(set(np.asarray(posts["author"], object)[used])),
            "seed": seed,
        }
        world.set_columns(
            pa.table(
                {
                    "label": pa.array(full, pa.int8(), mask=~used),
                    "standing": pa.array(found, pa.float32(), mask=~used),
                    "split": pa.array(names, pa.string(), mask=~used),
                }
            )
        )

    settings = (followers, max_tags, min_age_days, shares, way, by_time, seed, world.gathered)
    return run_stage(world, "labels", work, key_parts=settings, after=("import", "faces"))


def standings(posts: dict[str, np.ndarray], way: str, *, seed: int = 0) -> tuple[np.ndarray, str, dict]:
    """float (N,): the standing of N posts in (0, 1), NaN for those compared with nothing; why so; what a report says.

    posts: COMPARED of them, (N,) or (N, 5) each; way: of WAYS."""
    return WAYS[way](posts, seed)


def _by_article(posts: dict, seed: int) -> tuple[np.ndarray, str, dict]:
    size, likes, tags = posts["audience"], posts["likes"], posts["tags"]
    bonus = fit_tag_bonus(size, tags, likes, seed=seed)
    found = audience_standing(size + bonus * tags, likes, seed=seed)
    told = {"groups": len(likes) // GROUP, "group_size": GROUP, "tag_bonus": round(bonus, 5)}
    return found, "last group, smaller than 100", told


def _by_residual(posts: dict, seed: int) -> tuple[np.ndarray, str, dict]:
    found, explained = standing.residual(posts["likes"], posts["circumstances"], posts["people"], seed=seed)
    return found, "compared with nothing", {"explained": round(explained, 4)}


def _by_pairs(posts: dict, seed: int) -> tuple[np.ndarray, str, dict]:
    found = standing.pairs(posts["likes"], posts["people"])
    return found, "only post of its author, or in the middle of them", {}


WAYS = {"article": _by_article, "residual": _by_residual, "pairs": _by_pairs}
COMPARED = ("audience", "likes", "tags", "circumstances", "people")  # what the ways look at


def audience_standing(audience: np.ndarray, likes: np.ndarray, *, seed: int = 0, group: int = GROUP) -> np.ndarray:
    """float (N,): the share of its group of `group` posts of like audience that a post outdoes in likes, in (0, 1).

    Posts of the last group, if it is not full, get NaN. Ties of audience and of likes fall by a seeded lot, so that
    the order of the table never matters in tendency."""
    n = len(audience)
    lot = np.random.default_rng(seed).permutation(n)
    by_audience = np.lexsort((lot, -np.asarray(audience)))
    full = by_audience[: n // group * group].reshape(-1, group)  # (groups, group)
    by_likes = np.lexsort((lot[full], -np.asarray(likes)[full]), axis=1)
    standing = np.full(n, np.nan)
    standing[np.take_along_axis(full, by_likes, axis=1)] = 1 - (np.arange(group) + 0.5) / group
    return standing


def labelled(standing: np.ndarray) -> np.ndarray:
    """int8 (N,): 1 for the better half, 0 for the other, -1 where the standing is NaN."""
    return np.where(np.isnan(standing), -1, standing > 0.5).astype(np.int8)


def audience_labels(audience: np.ndarray, likes: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """int8 (N,): 1 for the better liked half of each group of posts of like audience, 0 for the other half, else -1."""
    return labelled(audience_standing(audience, likes, seed=seed))


def fit_tag_bonus(audience: np.ndarray, tags: np.ndarray, likes: np.ndarray, *, seed: int = 0) -> float:
    """The bonus per tag, in units of log audience, under which label and number of tags are uncorrelated.

    The article speaks of "a small bonus" and leaves its size open. Found by bisection in [0, 1]: more bonus moves
    much-tagged posts among larger audiences, where they win less often."""

    def correlation(bonus: float) -> float:
        label = audience_labels(audience + bonus * tags, likes, seed=seed)
        used = label >= 0
        if used.sum() < 2 or np.ptp(tags[used]) == 0:
            return 0.0
        return float(np.corrcoef(label[used], tags[used])[0, 1])

    low, high = 0.0, 1.0
    if correlation(low) <= 0:
        return low
    for _ in range(16):
        middle = (low + high) / 2
        low, high = (middle, high) if correlation(middle) > 0 else (low, middle)
    return (low + high) / 2


def same_person_or_picture(author: list, id: list, duplicate_of: list) -> np.ndarray:
    """int (N,): the unit of each photo; photos of one author, or near-duplicates, share a unit.

    A photo without an author is its own author."""
    authors: dict[str, int] = {}
    rows = {name: row for row, name in enumerate(id)}
    links = []
    for row, (who, twin) in enumerate(zip(author, duplicate_of, strict=True)):
        if who is not None:
            links.append((row, authors.setdefault(who, row)))
        if twin in rows:
            links.append((row, rows[twin]))
    a, b = np.asarray(links, int).reshape(-1, 2).T
    return connected_components(coo_array((np.ones(len(a)), (a, b)), shape=(len(id), len(id))), directed=False)[1]


def split_by_unit(units: np.ndarray, shares: tuple[float, ...], *, seed: int = 0) -> np.ndarray:
    """int (N,): which split (index into `shares`) each photo falls into; photos of one unit fall together."""
    names = np.unique(units)
    dice = np.random.default_rng(seed).random(len(names))
    edges = np.cumsum(shares) / np.sum(shares)
    edges[-1] = 1.0
    return np.searchsorted(edges, dice, side="right")[np.searchsorted(names, units)]


def split_by_time(
    created: np.ndarray, used: np.ndarray, units: np.ndarray, shares: tuple[float, ...], *, seed: int = 0
) -> np.ndarray:
    """int (N,): as split_by_unit, but the test, the last share, is the newest of the `used` photos: the future.

    Older photos of those who are in the test get -1, and so does what has no date: nobody knows what they give away.
    created: datetime64 (N,); used: bool (N,)."""
    known = used & ~np.isnat(created)
    if not known.any():
        raise DeepselfieError("No post says when it was made, so they cannot be split by time. Leave out --by-time.")
    split = split_by_unit(units, shares[:-1], seed=seed)
    since = np.sort(created[known])[int(known.sum() * (1 - shares[-1] / sum(shares))) - 1]
    newest = known & (created > since)
    split[np.isin(units, units[newest]) | np.isnat(created)] = -1
    split[newest] = len(shares) - 1
    return split


def _posts(world: World) -> dict:
    """What the rules look at, one value a row; likes and audience are NaN where unknown."""
    names = ["id", "author", "likes", *COLUMNS]
    optional = [name for name in ("faces", "duplicate_of") if name in world.columns]
    table = world.read(names + optional)
    n = len(table)
    likes, followers = (table[k].to_numpy(zero_copy_only=False).astype(float) for k in ("likes", "followers"))
    around = audience(table)  # (N, 5)
    id, author = table["id"].to_pylist(), table["author"].to_pylist()
    return {
        "id": id,
        "author": author,
        "people": people(author, id),
        "likes": likes,
        "followers": followers,
        # Without follower counts everybody has the same audience: groups are then by lot.
        "audience": np.log1p(np.nan_to_num(followers)),
        "tags": around[:, 1],
        "age": around[:, 4],
        "created": table["created_at"].to_numpy(zero_copy_only=False),
        "circumstances": filled(around),
        "duplicate_of": table["duplicate_of"].to_pylist() if "duplicate_of" in optional else [None] * n,
        "faces": [f is None or len(f) > 0 for f in table["faces"].to_pylist()] if "faces" in optional else [True] * n,
    }


def _usable(posts: dict, report: Report, followers, max_tags, min_age_days) -> np.ndarray:
    """bool (N,): which posts enter the groups; counts the others by the first rule that cut them."""
    rules = {
        "no likes known": np.isnan(posts["likes"]),
        "no face": ~np.asarray(posts["faces"], bool),
        "near-duplicate of another photo": np.array([twin is not None for twin in posts["duplicate_of"]], bool),
        f"younger than {min_age_days} days": posts["age"] < min_age_days,
        f"fewer than {followers[0]:,} followers": posts["followers"] < followers[0],
        f"more than {followers[1]:,} followers": posts["followers"] > followers[1],
        f"more than {max_tags} tags": posts["tags"] > max_tags,
    }
    usable = np.ones(len(posts["id"]), bool)
    for reason, cut in rules.items():
        cut = cut & usable
        if cut.any():
            report.dropped[reason] = int(cut.sum())
        usable &= ~cut
    return usable
