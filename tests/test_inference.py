"""Inference: whichever way is taken, the scores are the network's own; nothing is told to anybody."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from sklearn.datasets import load_sample_images

from deepselfie import compiled, inference, models
from deepselfie.score import Scorer


@pytest.fixture(scope="module")
def squares():
    """uint8 (40, 64, 64, 3), cut out of two photos."""
    rng, photos = np.random.default_rng(0), load_sample_images().images
    places = zip(rng.integers(0, 300, 40), rng.integers(0, 500, 40), strict=True)
    return np.stack([photos[i % 2][y : y + 64, x : x + 64] for i, (y, x) in enumerate(places)])


def built(name):
    torch.manual_seed(0)
    network = models.build(name, pretrained=name == "lite0")
    network.size = 64
    return network


def by_openvino(network):
    return compiled.running(inference.compile_for_openvino(network))


@pytest.mark.parametrize("name", ["lite0", "mobilenet", "convnext_tiny"])
def test_both_ways_give_the_networks_scores(name, squares):
    network = built(name)
    with torch.no_grad():
        fc7, logit = network.features(torch.from_numpy(squares))
    for forward in (inference.by_torch(network, "cpu"), by_openvino(network)):
        for some in (slice(0, 32), slice(27, 40), slice(7, 8), slice(0, 40)):  # 13 and 40 are none of compiled.SIZES
            found = forward(squares[some])
            np.testing.assert_allclose(torch.sigmoid(torch.from_numpy(found[1])), torch.sigmoid(logit[some]), atol=1e-4)
            np.testing.assert_allclose(found[0].astype(float), fc7[some], atol=5e-3, rtol=5e-3)
            assert found[0].dtype == np.float16 and found[1].dtype == np.float32


def test_threads_share_it(squares):
    forward = by_openvino(built("mobilenet"))
    expected = forward(squares)[1]
    with ThreadPoolExecutor(5) as pool:
        for found in pool.map(lambda _: forward(squares)[1], range(15)):
            np.testing.assert_allclose(found, expected, atol=1e-5)


def test_nothing_is_told_to_anybody():
    by_openvino(built("mobilenet"))
    assert sys.modules["openvino_telemetry"] is None
    assert sys.modules["openvino.tools.ovc.telemetry_utils"].tm.__name__.endswith("telemetry_stub")


@pytest.fixture
def model(tmp_path):
    """A folder with an untrained mobilenet that looks at 64 px."""
    models.save(built("mobilenet"), tmp_path / "model", {})
    return tmp_path / "model"


def logits_of_torch(model, squares):
    with torch.no_grad():
        return models.load(model)[0](torch.from_numpy(squares))


def off(network):
    network.fc8.bias.data += 1
    return inference_as_it_is(network)


def refuses(network):
    raise RuntimeError("no such operation")


inference_as_it_is = inference.compile_for_openvino


@pytest.mark.parametrize("other", [off, refuses])
def test_torch_computes_what_openvino_gets_wrong_or_does_not_know(other, model, squares, monkeypatch):
    monkeypatch.setattr(inference, "compile_for_openvino", other)
    expected = logits_of_torch(model, squares)
    np.testing.assert_allclose(inference.quickest(model, "cpu")(squares)[1], expected, atol=1e-4)
    assert not (model / compiled.COMPILED).exists()


def test_what_was_compiled_is_kept_and_scores_the_same_without_torch(model, squares, tmp_path):
    first = Scorer(model, "cpu").look(squares)
    assert (model / compiled.COMPILED).exists()
    np.save(tmp_path / "squares.npy", squares)
    code = """
import sys, numpy as np
from deepselfie.score import Scorer

fc7, logit = Scorer(sys.argv[1], "cpu").look(np.load(sys.argv[2] + "/squares.npy"))
np.savez(sys.argv[2] + "/found.npz", fc7=fc7, logit=logit, torch="torch" in sys.modules)
"""
    subprocess.run([sys.executable, "-c", code, model, tmp_path], check=True)
    found = np.load(tmp_path / "found.npz")
    assert not found["torch"]
    np.testing.assert_array_equal(found["fc7"], first[0])
    np.testing.assert_allclose(found["logit"], first[1], atol=1e-5)


def with_a_part(part, change):
    def spoil(file):
        parts = dict(np.load(file))
        np.savez(file, **parts | {part: change(parts[part])})

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file.write_bytes(file.read_bytes()[:-1000]),
        lambda file: file.write_bytes(b"broken"),
        lambda file: file.write_bytes(file.read_bytes().replace(file.read_bytes()[9000:9010], b"0123456789", 1)),
        with_a_part("key", lambda key: np.str_("another version")),
        with_a_part("compiled", lambda blob: blob[: len(blob) // 2]),
        with_a_part("logit", lambda logit: logit + 1),
    ],
)
def test_what_was_kept_and_is_stale_or_broken_is_made_again(spoil, model, squares):
    card = inference.load(model)[1]
    inference.quickest(model, "cpu")
    assert compiled.kept(model, card)
    spoil(model / compiled.COMPILED)
    assert compiled.kept(model, card) is None
    np.testing.assert_allclose(Scorer(model, "cpu").look(squares)[1], logits_of_torch(model, squares), atol=1e-4)
    assert compiled.kept(model, card)


def test_what_was_kept_for_other_weights_is_not_used(model, squares):
    inference.quickest(model, "cpu")
    other = built("mobilenet")
    other.fc8.bias.data += 1
    models.save(other, model, {})
    np.testing.assert_allclose(Scorer(model, "cpu").look(squares)[1], logits_of_torch(model, squares), atol=1e-4)


def test_where_nothing_can_be_kept_it_computes_all_the_same(model, squares, monkeypatch):
    def refused(path, data):
        raise OSError("read-only file system")

    monkeypatch.setattr(compiled, "write_atomically", refused)
    found = inference.quickest(model, "cpu")(squares)[1]
    np.testing.assert_allclose(found, logits_of_torch(model, squares), atol=1e-4)
