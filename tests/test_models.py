"""Networks: they see what ImageNet taught them, keep it through save and load, and refuse broken files."""

import json
import shutil

import numpy as np
import pytest
import torch
from sklearn.datasets import load_sample_image

from deepselfie import models
from deepselfie.errors import DeepselfieError


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return models.build("lite0")


@pytest.fixture(scope="module")
def saved(network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    models.save(network, folder, {"calibration": {"slope": 1.0}})
    return folder


@pytest.fixture
def china():
    return torch.from_numpy(models.prepare([load_sample_image("china.jpg")], 224))


def test_packaged_weights_recognise_the_temple(network, china):
    full = models.lite0(pretrained=True)
    with torch.no_grad():
        x = (china.permute(0, 3, 1, 2) / 255 - 0.5) / 0.5
        top = set(full(x).topk(5).indices[0].tolist())
        pooled = full.forward_head(full.forward_features(x), pre_logits=True)
        torch.testing.assert_close(network.rest(network.early(china)), pooled, atol=1e-4, rtol=1e-4)
    assert len(top & {442, 449, 483, 663, 698, 832}) >= 4  # bell cote, boathouse, castle, monastery, palace, stupa


def test_features_are_the_last_hidden_layer(network, china):
    with torch.no_grad():
        fc7, logit = network.features(china)
        assert fc7.shape == (1, 256) and logit.shape == (1,) and fc7.min() == 0 < fc7.max()
        torch.testing.assert_close(network.fc8(fc7)[:, 0], logit)
        floats = network(china.permute(0, 3, 1, 2).float() / 255)
        torch.testing.assert_close(floats, logit)


def test_vgg16_is_the_articles_network():
    torch.manual_seed(0)
    full = models.vgg16(pretrained=False)
    network = models.Network("vgg16", models._cut_vgg16(full))
    x = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        hidden = full.classifier[:6](full.avgpool(full.features((x - network.mean) / network.std)).flatten(1))
        fc7, logit = network.features(x)
    assert fc7.shape == (1, 4096) and logit.shape == (1,)
    torch.testing.assert_close(fc7, hidden, atol=1e-5, rtol=1e-5)
    assert not any(isinstance(m, torch.nn.Dropout) for m in network.modules())


def test_training_mode_changes_nothing_and_leaves_the_trunk(network, china):
    with torch.no_grad():
        torch.testing.assert_close(network.train()(china), network.eval()(china), atol=0, rtol=0)
    assert not any(p.requires_grad for p in network.trunk.parameters())
    assert all(p.requires_grad for p in network.rest.parameters())


def test_fused_computes_the_same(network, china):
    with torch.no_grad():
        torch.testing.assert_close(models.fuse(network)(china), network(china), atol=1e-4, rtol=1e-4)
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in models.fuse(network).modules())
    assert any(isinstance(m, torch.nn.BatchNorm2d) for m in network.rest.modules())


def test_save_and_load(network, saved, china):
    again, card = models.load(saved)
    assert (saved / models.WEIGHTS).stat().st_size <= 8_000_000
    assert card["architecture"] == "lite0" and card["size"] == 96 and card["calibration"] == {"slope": 1.0}
    with torch.no_grad():
        torch.testing.assert_close(again(china), network(china), atol=5e-3, rtol=5e-3)
    for name, value in network.named_buffers():
        torch.testing.assert_close(again.get_buffer(name), value, atol=0, rtol=0)


@pytest.mark.parametrize(
    ("file", "harm"),
    [
        (models.WEIGHTS, lambda data: data[:-9]),
        (models.WEIGHTS, lambda data: b"\x80\x04pickle"),
        (models.WEIGHTS, None),
        (models.CARD, lambda data: data[:-9]),
        (models.CARD, lambda data: b"[]"),
        (models.CARD, None),
    ],
)
def test_broken_files_are_named(saved, tmp_path, file, harm):
    folder = shutil.copytree(saved, tmp_path / "model")
    data = (folder / file).read_bytes()
    (folder / file).unlink()
    if harm:
        (folder / file).write_bytes(harm(data))
    with pytest.raises(DeepselfieError, match=file):
        models.load(folder)


def test_a_card_of_another_architecture_is_refused(saved, tmp_path):
    folder = shutil.copytree(saved, tmp_path / "model")
    card = json.loads((folder / models.CARD).read_text())
    (folder / models.CARD).write_text(json.dumps(card | {"architecture": "alexnet"}))
    with pytest.raises(DeepselfieError, match="alexnet"):
        models.load(folder)


def test_prepare_squishes():
    wide = np.zeros((40, 80, 3), np.uint8)
    wide[:, 40:] = 200
    squared = models.prepare([wide], 32)
    assert squared.shape == (1, 32, 32, 3) and squared.dtype == np.uint8
    assert squared[0, :, :14].max() == 0 and squared[0, :, 18:].min() == 200
