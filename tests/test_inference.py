"""Inference: whichever way is taken, the scores are the network's own; nothing is told to anybody."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from sklearn.datasets import load_sample_images

from deepselfie import inference, models


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


@pytest.mark.parametrize("name", ["lite0", "mobilenet", "convnext_tiny"])
def test_both_ways_give_the_networks_scores(name, squares):
    network = built(name)
    with torch.no_grad():
        fc7, logit = network.features(torch.from_numpy(squares))
    for forward in (inference.by_torch(network, "cpu"), inference.by_openvino(network)):
        for some in (slice(0, 32), slice(32, 40), slice(7, 8)):
            found = forward(squares[some])
            np.testing.assert_allclose(torch.sigmoid(torch.from_numpy(found[1])), torch.sigmoid(logit[some]), atol=1e-4)
            np.testing.assert_allclose(found[0].astype(float), fc7[some], atol=5e-3, rtol=5e-3)
            assert found[0].dtype == np.float16 and found[1].dtype == np.float32


def test_threads_share_it(squares):
    forward = inference.by_openvino(built("mobilenet"))
    expected = forward(squares)[1]
    with ThreadPoolExecutor(5) as pool:
        for found in pool.map(lambda _: forward(squares)[1], range(15)):
            np.testing.assert_allclose(found, expected, atol=1e-5)


def test_nothing_is_told_to_anybody():
    inference.by_openvino(built("mobilenet"))
    assert sys.modules["openvino_telemetry"] is None
    assert sys.modules["openvino.tools.ovc.telemetry_utils"].tm.__name__.endswith("telemetry_stub")


def off(network):
    return lambda batch: (None, inference.by_torch(network, "cpu")(batch)[1] + 1)


def refuses(network):
    raise RuntimeError("no such operation")


@pytest.mark.parametrize("other", [off, refuses])
def test_torch_computes_what_openvino_gets_wrong_or_does_not_know(other, squares, monkeypatch):
    network = built("mobilenet")
    monkeypatch.setattr(inference, "by_openvino", other)
    found = inference.quickest(network, "cpu")(squares)[1]
    with torch.no_grad():
        np.testing.assert_allclose(found, network(torch.from_numpy(squares)), atol=1e-4)
