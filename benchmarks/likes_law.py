"""The likes law against the pictures as they are drawn now: prints MIDDLE, SPREAD and NOISE to write into demo/law.py.

    python -m benchmarks.likes_law [number of posts, 4000]

Then how the posts fare on their way to labels, and what each effect of the law is worth. Run it again after any change
to the renderer or to the law, two cores, a few minutes.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from deepselfie import duplicates, faces, labels
from deepselfie.demo import accounts, ids, law
from deepselfie.workers import workers

CEILING = 0.65
CROWDS = 6  # times that the same pictures are posted, each time by other accounts with other luck


@dataclass(frozen=True)
class Picture:
    index: int
    truth: dict
    faces: int  # that the detector finds
    phash: int


def look(index: int) -> Picture:
    import imagehash
    from PIL import Image

    from deepselfie.demo import render

    image, truth = render.render(ids.TRAINING, index, ids.SIZE)
    hashed = np.packbits(imagehash.phash(Image.fromarray(image)).hash).tobytes()
    return Picture(index, truth, len(faces.detect([image])[0]), int.from_bytes(hashed))


def main(n: int) -> None:
    with workers() as pool:
        pictures = list(pool.map(look, range(n), chunksize=accounts.BLOCK))
    measure(pictures)


def measure(pictures: list[Picture]) -> None:
    selfies = [p for p in pictures if p.truth["subject"] == "selfie"]
    raw = np.array([law.raw_quality(p.truth) for p in selfies])
    law.MIDDLE, law.SPREAD = round(float(np.median(raw)), 2), round(float(raw.std()), 2)
    low, high = 0.5, 4.0
    for _ in range(9):
        noise = (low + high) / 2
        low, high = (noise, high) if crowds(pictures, noise)[0] > CEILING else (low, noise)
    noise = round((low + high) / 2, 2)
    reached, likes, posts, ties = crowds(pictures, noise)
    print("write into deepselfie/demo/law.py:")
    print(f"MIDDLE, SPREAD = {law.MIDDLE:.2f}, {law.SPREAD:.2f}")
    print(f"NOISE = {noise:.2f}")
    print(f"\nceiling {reached:.1%}, median likes {likes:.0f}, labelled {posts:.1%} of posts, tied likes {ties:.1%}")
    print_gathering(pictures, len(selfies))
    print_effects([p.truth for p in selfies])


def crowds(pictures: list[Picture], noise: float) -> tuple[float, float, float, float]:
    """ceiling, median likes, share of posts that get a label, share of those whose likes another of its group has."""
    found = np.array([labelled(pictures, 900 + seed, noise) for seed in range(CROWDS)])
    return tuple(found.mean(0))


def labelled(pictures: list[Picture], seed: int, noise: float) -> tuple[float, float, float, float]:
    """One crowd's: the rules are those of the stage `labels`."""
    kept, posts = [], []
    for p in pictures:
        post = law.post(p.truth, seed, p.index, noise)
        old = (law.GATHERED_AT - post.created_at).days >= labels.MIN_AGE_DAYS
        known = labels.FOLLOWERS[0] <= post.followers <= labels.FOLLOWERS[1]
        again = accounts.original(ids.TRAINING, p.index) != p.index
        if p.faces and old and known and len(post.tags) <= labels.MAX_TAGS and not again:
            kept.append(p), posts.append(post)
    likes = np.array([post.likes for post in posts])
    tags = np.array([len(post.tags) for post in posts], float)
    audience = np.log1p([post.followers for post in posts])
    audience = audience + labels.fit_tag_bonus(audience, tags, likes) * tags
    label = labels.audience_labels(audience, likes)
    used = label >= 0
    quality = np.array([law.quality(p.truth) for p in kept])
    groups = likes[np.argsort(-audience, kind="stable")][: len(likes) // 100 * 100].reshape(-1, 100)
    ties = 1 - np.mean([len(np.unique(group)) for group in groups]) / 100
    return law.ceiling(quality[used], label[used]), float(np.median(likes)), float(used.sum() / len(pictures)), ties


def print_gathering(pictures: list[Picture], selfies: int) -> None:
    n = len(pictures)
    lost = sum(p.truth["subject"] == "selfie" and not p.faces for p in pictures)
    false = [p.truth["subject"] for p in pictures if p.truth["subject"] != "selfie" and p.faces]
    print(f"{n - selfies} of {n} posts show no face; the detector keeps {len(false)} of them {sorted(set(false))}")
    kept = sum(p.faces > 0 for p in pictures)
    print(f"and loses {lost} of {selfies} selfies: {kept / n:.1%} of the posts are ranked")
    again = np.array([accounts.original(ids.TRAINING, p.index) != p.index for p in pictures])
    alike = duplicates.first_alike(np.array([p.phash for p in pictures], np.uint64)) >= 0
    print(f"{again.sum()} are another take of a shot: {(again & alike).sum()} found, {(alike & ~again).sum()} falsely")


def print_effects(truths: list[dict]) -> None:
    """What quality gains where a thing is so, against where it is not, and how many selfies it is so in."""
    quality = np.array([law.quality(t) for t in truths])
    tests = {
        "face a third of the height": lambda t: 0.25 < t["face_share"] < 0.43,
        "face over half of the height": lambda t: t["face_share"] > 0.55,
        "long hair": lambda t: t["long_hair"],
        "forehead cut, long hair": lambda t: t["forehead_cut"] and t["long_hair"],
        "forehead cut, short hair": lambda t: t["forehead_cut"] and not t["long_hair"],
        "oversaturated": lambda t: t["saturation"] > 0.47,
        "filter": lambda t: t["filter"] != "none",
        "border": lambda t: t["border"] != "none",
        "dark": lambda t: t["exposure"] < -1,
        "noisy": lambda t: t["noise"] > 0.012,
        "more than one face": lambda t: t["faces"] > 1,
    }
    print(f"\n{'effect':<30} {'share':>6} {'quality':>8}")
    for name, test in tests.items():
        so = np.array([bool(test(t)) for t in truths])
        gain = quality[so].mean() - quality[~so].mean() if 0 < so.sum() < len(so) else float("nan")
        print(f"{name:<30} {so.mean():>6.1%} {gain:>+8.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
