"""Copies that were encoded or resized anew are found, different photos are not, and no pair is missed."""

import io

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.datasets import load_sample_images

from deepselfie.duplicates import DISTANCE, first_alike, mark
from deepselfie.sources.clean import phash
from deepselfie.world import world


def by_definition(hashes: list[int], distance: int) -> list[int]:
    alike = [[j for j in range(i) if (hashes[i] ^ hashes[j]).bit_count() <= distance] for i in range(len(hashes))]
    return [found[0] if found else -1 for found in alike]


few_bits = st.sets(st.integers(0, 63), max_size=4).map(lambda bits: sum(1 << b for b in bits))
hash64 = st.one_of(st.integers(0, 2**64 - 1), few_bits, few_bits.map(lambda h: h ^ (2**64 - 1)))


@settings(max_examples=200, deadline=None)
@given(st.lists(hash64, max_size=40))
def test_agrees_with_the_definition(hashes):
    assert first_alike(np.array(hashes, np.uint64)).tolist() == by_definition(hashes, DISTANCE)


def test_agrees_with_the_definition_across_blocks():
    random = np.random.default_rng(0)
    hashes = random.integers(0, 2**64, 9_000, np.uint64)
    copies = random.choice(np.arange(4_500, 9_000), 300, replace=False)
    originals = random.integers(0, 4_500, 300)
    for flips, copy, original in zip(random.integers(0, 8, 300), copies, originals, strict=True):
        bits = random.choice(64, flips, replace=False).astype(np.uint64)
        hashes[copy] = hashes[original] ^ np.bitwise_or.reduce(np.uint64(1) << bits, initial=np.uint64(0))
    found = first_alike(hashes)
    for i in np.concatenate([copies, random.integers(1, 9_000, 200)]):
        near = np.flatnonzero(np.bitwise_count(hashes[:i] ^ hashes[i]) <= DISTANCE)
        assert found[i] == (near[0] if len(near) else -1)
    assert (found >= 0).sum() > 100


def test_many_equal_hashes_are_no_trouble():
    found = first_alike(np.zeros(200_000, np.uint64))
    assert found[0] == -1 and (found[1:] == 0).all()
    assert first_alike(np.array([], np.uint64)).tolist() == []


def photographs() -> list[Image.Image]:
    """Twelve different views of 200 x 200 px."""
    corners = [(x, y) for x in (0, 210, 420) for y in (0, 215)]
    whole = [Image.fromarray(picture) for picture in load_sample_images().images]
    return [picture.crop((x, y, x + 200, y + 200)) for picture in whole for x, y in corners]


def test_planted_copies_are_found_and_others_are_not(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    originals = photographs()
    hashes = [phash(picture) for picture in originals]
    for picture in originals:
        out = io.BytesIO()
        picture.resize((picture.width * 2 // 3, picture.height * 2 // 3)).save(out, "JPEG", quality=60)
        hashes.append(phash(Image.open(out)))
    ids = [f"t:{i}" for i in range(24)]
    made = world("w")
    made.append(pa.table({"id": [*ids, "t:white"], "phash": pa.array([*hashes, None], pa.int64())}))
    assert mark(made) == 12
    assert made.read(["duplicate_of"])["duplicate_of"].to_pylist() == [None] * 12 + ids[:12] + [None]
    version = made.table.version
    assert mark(made) == 12 and made.table.version == version  # nothing new, nothing written
