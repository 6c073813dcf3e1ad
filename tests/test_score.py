"""Scores: the same one by one or in a batch, from any thread; bad rows are null and told; a killed stage goes on."""

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_sample_images

from deepselfie import models, pictures
from deepselfie import score as module
from deepselfie.errors import DeepselfieError
from deepselfie.score import Scorer, default_model, score
from deepselfie.world import world

CALIBRATION = {"slope": 2.0, "intercept": 0.1, "error": 0.02, "photos": 100}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A folder with an untrained lite0 that looks at 64 px."""
    torch.manual_seed(0)
    network = models.build("lite0")
    network.size = 64
    folder = tmp_path_factory.mktemp("cache") / "model"
    models.save(network, folder, {"calibration": CALIBRATION})
    return folder


@pytest.fixture(scope="module")
def scorer(model):
    return Scorer(model)


@pytest.fixture(scope="module")
def shots():
    """24 pictures of many sizes, cut out of two photos."""
    rng, photos = np.random.default_rng(0), load_sample_images().images
    cuts = []
    for i in range(24):
        y, x, height, width = rng.integers(0, 250), rng.integers(0, 400), rng.integers(40, 170), rng.integers(40, 230)
        cuts.append(photos[i % 2][y : y + height, x : x + width])
    return cuts


def encoded(image):
    out = io.BytesIO()
    Image.fromarray(image).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def photos(tmp_path, monkeypatch, model, shots):
    """24 good rows, one broken, one without a picture, one without a face; the first twelve are labelled for test."""
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    made = world("w")
    images = [encoded(shot) for shot in shots]
    n = len(images) + 3
    made.append(
        pa.table(
            {
                "id": [f"t:{i}" for i in range(n)],
                "image": pa.array([*images, b"\xff\xd8 no picture", None, images[0]], pa.large_binary()),
                "author": [f"a{i // 2}" for i in range(n)],
                "likes": pa.array(range(n), pa.int64()),
            }
        )
    )
    face = [{"x": 0.2, "y": 0.2, "w": 0.5, "h": 0.5, "confidence": 0.9}]
    made.set_columns(
        pa.table(
            {
                "faces": [[face[0]]] * 24 + [None, None, []],
                "label": pa.array([i % 2 for i in range(12)] + [None] * (n - 12), pa.int8()),
                "split": ["test"] * 12 + [None] * (n - 12),
            }
        )
    )
    made.model_path.symlink_to(model)
    return made


def test_a_batch_scores_like_one_by_one(scorer, shots):
    together, alone = scorer.score(shots), [scorer.score([shot]) for shot in shots]
    for name in ("score", "low", "high", "logit"):
        one_by_one = np.concatenate([getattr(scores, name) for scores in alone])
        np.testing.assert_allclose(getattr(together, name), one_by_one, atol=1e-3)
    fc7 = np.concatenate([scores.fc7 for scores in alone])
    np.testing.assert_allclose(together.fc7.astype(float), fc7.astype(float), atol=5e-3)
    assert together.fc7.shape == (24, 256) and together.fc7.dtype == np.float16
    assert np.ptp(together.score) > 0.01  # it does look at the pictures


def test_scores_are_the_networks_calibrated(scorer, model, shots):
    network, _ = models.load(model)
    with torch.no_grad():
        fc7, logit = network.features(torch.from_numpy(pictures.prepare(shots, 64)))
    found = scorer.score(shots)
    np.testing.assert_allclose(found.logit, logit, atol=1e-4)
    np.testing.assert_allclose(found.score, torch.sigmoid(2 * logit + 0.1), atol=1e-4)
    np.testing.assert_allclose(found.fc7.astype(float), fc7, atol=5e-3)


def test_bytes_and_arrays_score_the_same(scorer, shots):
    np.testing.assert_array_equal(scorer.score([encoded(s) for s in shots[:4]]).score, scorer.score(shots[:4]).score)


@pytest.mark.parametrize("turned", [1, 6])
def test_a_large_jpeg_is_decoded_small_and_scores_the_same(scorer, turned):
    photo, out, exif = Image.fromarray(load_sample_images().images[1]), io.BytesIO(), Image.Exif()
    exif[0x0112] = turned  # orientation
    photo.resize((1200, 900)).save(out, "JPEG", quality=90, exif=exif)
    whole = pictures.rgb(out.getvalue())
    assert whole.shape == ((900, 1200, 3) if turned == 1 else (1200, 900, 3))
    small, large = (pictures.prepare([picture], scorer.size).astype(int) for picture in (out.getvalue(), whole))
    assert 0 < np.abs(small - large).mean() < 1
    np.testing.assert_allclose(scorer.score([out.getvalue()]).score, scorer.score([whole]).score, atol=1e-2)


def test_the_range_holds_the_score_of_the_mirrored_and_moved_photo(scorer, shots):
    found = scorer.score(shots)
    assert np.all(found.low <= found.score - 0.0199) and np.all(found.score + 0.0199 <= found.high)
    assert np.all(found.low >= 0) and np.all(found.high <= 1)
    mirrored = scorer.score([np.ascontiguousarray(shot[:, ::-1]) for shot in shots]).score
    assert np.all((found.low <= mirrored) & (mirrored <= found.high))


def test_a_photo_that_looks_the_same_from_all_sides_has_only_the_calibration_error(scorer):
    found = scorer.score([np.full((50, 50, 3), 90, np.uint8)])
    np.testing.assert_allclose(found.high - found.low, 2 * CALIBRATION["error"], atol=1e-5)


def test_threads_share_a_scorer(scorer, shots):
    expected = scorer.score(shots[:4]).score
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: scorer.score(shots[:4]).score, range(6)):
            np.testing.assert_allclose(found, expected, atol=1e-4)


def test_nothing_scores_nothing_and_a_broken_picture_is_refused(scorer):
    empty = scorer.score([])
    assert empty.score.shape == (0,) and empty.fc7.shape == (0, 256)
    with pytest.raises(DeepselfieError, match="cannot be read"):
        scorer.score([b"\xff\xd8 no picture"])


def test_stage_scores_good_rows_and_tells_of_the_others(photos, scorer, shots):
    report = score(photos)
    table = photos.read(["score", "fc7"])
    found = table["score"].to_numpy(zero_copy_only=False)
    expected = scorer.score(shots)
    np.testing.assert_allclose(found[:24], expected.score, atol=1e-3)
    assert np.isnan(found[24:]).all() and table["fc7"].null_count == 3
    assert table["fc7"].type == pa.list_(pa.float16(), 256)
    stored = np.stack([np.array(x, float) for x in table["fc7"].to_pylist()[:24]])
    np.testing.assert_allclose(stored, expected.fc7.astype(float), atol=5e-3)
    assert report.dropped == {"picture cannot be read": 1, "no picture": 1, "no face": 1}
    assert {p["id"]: p["reason"] for p in report.problems}["t:26"] == "no face"
    assert (report.rows_in, report.rows_out) == (27, 24)
    assert report.details["model"] == "w"


def test_second_run_does_nothing(photos):
    first = score(photos)
    again = score(photos)
    assert again.nothing_to_do and again.details == first.details


def test_added_photos_are_scored_alone(photos):
    score(photos)
    old = photos.read(["score"])["score"].slice(0, 24)
    photos.append(photos.take([3], ["id", "image", "faces"]))
    assert score(photos).rows_in == 1
    new = photos.read(["score"])["score"]
    assert new.slice(0, 24).equals(old)
    assert new[27].as_py() == pytest.approx(new[3].as_py(), abs=1e-3)


def test_killed_stage_goes_on_where_it_was(photos, monkeypatch):
    whole_batches, seen = module.add_rowwise, []

    def in_tens(world, stage, reads, compute, *, key, progress, engine):
        def killed(batch):
            if len(seen) == 2:
                raise KeyboardInterrupt
            seen.append(batch.num_rows)
            return compute(batch)

        return whole_batches(world, stage, reads, killed, key=key, batch_size=10, progress=progress, engine=engine)

    monkeypatch.setattr(module, "add_rowwise", in_tens)
    with pytest.raises(KeyboardInterrupt):
        score(photos)
    assert "score" not in photos.columns
    seen[:] = [0]
    report = score(photos)  # one batch is left
    assert seen == [0, 7] and report.rows_out == 24 and report.dropped["no face"] == 1


def test_the_demo_worlds_model_serves_worlds_without_one(photos, model):
    photos.model_path.unlink()
    assert default_model(photos) == world("demo")
    with pytest.raises(DeepselfieError, match=r"no trained network in world 'demo'"):
        score(photos)
    world("demo").path.mkdir()
    world("demo").model_path.symlink_to(model)
    assert score(photos).details["model"] == "demo"


def test_no_rows_are_no_scores(scorer):
    none = module._batch(pa.table({"id": pa.array([], pa.string()), "image": pa.array([], pa.large_binary())}), scorer)
    assert none.num_rows == 0 and none.column_names == ["score", "fc7"]


def test_demo_rows_without_pictures_are_rendered_again(tmp_path, monkeypatch, scorer):
    from deepselfie.demo import ids

    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    id = ids.id_of(1, 5)
    table = module._batch(pa.table({"id": [id, "t:0"]}), scorer)
    expected = scorer.score([pictures.rendered(id, ids.SIZE)]).score[0]
    assert table["score"].to_pylist() == [pytest.approx(expected, abs=1e-5), None]
