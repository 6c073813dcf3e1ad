"""Networks: they see what ImageNet taught them, keep it through save and load, and refuse broken files."""

import json
import pickle
import shutil

import numpy as np
import pytest
import safetensors.torch
import torch
import torchvision
from sklearn.datasets import load_sample_image

from deepselfie import architectures, models, pictures
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
    return torch.from_numpy(pictures.prepare([load_sample_image("china.jpg")], 224))


def test_packaged_weights_recognise_the_temple(network, china):
    full = architectures.lite0(pretrained=True).eval()
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
    full = torchvision.models.vgg16().eval()
    network = models.Network("vgg16", architectures._cut_vgg16(full))
    x = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        hidden = full.classifier[:6](full.avgpool(full.features((x - network.mean) / network.std)).flatten(1))
        fc7, logit = network.features(x)
    assert fc7.shape == (1, 4096) and logit.shape == (1,) and network.size == 224
    torch.testing.assert_close(fc7, hidden, atol=1e-5, rtol=1e-5)
    assert not any(isinstance(m, torch.nn.Dropout) for m in network.modules())


@pytest.mark.parametrize(
    ("name", "backbone"),
    [
        ("convnext_tiny", lambda x, full: full.classifier[:2](full.avgpool(full.features(x)))),
        ("mobilenet", lambda x, full: full.avgpool(full.features(x)).flatten(1)),
    ],
)
def test_the_halves_of_a_backbone_are_its_librarys(name, backbone):
    torch.manual_seed(0)
    full = architectures.ARCHITECTURES[name][0](False).eval()
    shake(full)
    x = torch.rand(2, 3, 64, 64)
    expected = backbone(x, full)
    network = models.Network(name, architectures.ARCHITECTURES[name][1](full))
    torch.testing.assert_close(network.rest(network.trunk(x)), expected, atol=1e-5, rtol=1e-4)
    logit = network(x)
    assert logit.shape == (2,)
    torch.testing.assert_close(models.fuse(network)(x), logit, atol=1e-4, rtol=1e-4)


def shake(module):
    """Gives batch normalisation other statistics than none, so that folding it is no longer easy."""
    for m in module.modules():
        if isinstance(m, torch.nn.BatchNorm2d):
            m.running_mean.uniform_(-0.2, 0.2)
            m.running_var.uniform_(0.5, 2)


@pytest.mark.parametrize(
    ("name", "dimensions", "size", "mean"),
    [
        ("torchvision:squeezenet1_1", 512, 224, 0.485),  # its classifier is a convolution
        ("torchvision:googlenet", 1024, 224, 0.485),  # with heads of its own training
        ("timm:mobilenetv3_small_050.lamb_in1k", 1024, 224, 0.485),
        ("timm:test_vit.r160_in1k", 64, 160, 0.5),
    ],
)
@pytest.mark.filterwarnings("ignore:The default weight initialization of GoogleNet")
def test_any_classifier_can_be_named(name, dimensions, size, mean, tmp_path):
    torch.manual_seed(0)
    network = models.build(name, pretrained=False)
    shake(network)
    assert network.fc6.in_features == dimensions and not list(network.trunk.parameters())
    assert network.size == size and network.mean[0, 0, 0, 0].item() == pytest.approx(mean)
    x = torch.rand(2, 3, network.size, network.size)
    fc7, logit = network.features(x)
    assert fc7.shape == (2, 256) and all(g is not None for g in torch.autograd.grad(logit.sum(), network.parameters()))
    models.save(network, tmp_path, {})
    again, card = models.load(tmp_path)
    assert card["architecture"] == name and card["began_from"] == "nothing"
    with torch.no_grad():
        torch.testing.assert_close(again(x), logit, atol=5e-3, rtol=5e-3)
        torch.testing.assert_close(models.fuse(network)(x), logit, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("vgg61", "vgg16"),
        ("resnet18", "torchvision:resnet18"),
        ("timm:resnet_18", "timm:resnet18"),
        ("timm:hf-hub:somebody/anything", "timm:NAME"),
        ("torchvision:fasterrcnn_resnet50_fpn", "torchvision:resnet50"),
    ],
)
def test_an_unknown_name_is_answered_with_those_like_it(wrong, meant):
    with pytest.raises(DeepselfieError, match=f"no architecture '{wrong}'.*{meant}"):
        models.build(wrong)


@pytest.mark.parametrize("name", ["vgg16", "mobilenet", "timm:resnet18"])
def test_weights_that_cannot_be_fetched_are_told_with_the_remedy(name, monkeypatch, tmp_path):
    for variable in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # or its client tries for a minute
    with pytest.raises(DeepselfieError, match="--checkpoint"):
        models.build(name)


def wrapped(state):
    return {"epoch": 3, "state_dict": {f"module.{name}": tensor for name, tensor in state.items()}}


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("weights.safetensors", lambda state, file: safetensors.torch.save_file(state, file)),
        ("weights.pth", torch.save),
        ("checkpoint.pth.tar", lambda state, file: torch.save(wrapped(state), file)),  # as trainers leave it
    ],
)
def test_a_checkpoint_fills_the_backbone_whatever_its_classes(name, write, tmp_path):
    torch.manual_seed(1)
    full = torchvision.models.mobilenet_v3_small(num_classes=7).eval()
    write(full.state_dict(), tmp_path / name)
    network = models.build("mobilenet", checkpoint=tmp_path / name)
    x = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        pooled = full.avgpool(full.features(x)).flatten(1)
        torch.testing.assert_close(network.rest(network.trunk(x)), pooled, atol=1e-5, rtol=1e-4)
    assert network.began_from == name


def test_a_checkpoint_that_does_not_fit_names_its_tensors(tmp_path):
    state = torchvision.models.resnet34().state_dict()
    torch.save(state, tmp_path / "resnet34.pth")
    with pytest.raises(DeepselfieError, match=r"resnet34.pth is not of torchvision:resnet18.* unknown \(layer1.2"):
        models.build("torchvision:resnet18", checkpoint=tmp_path / "resnet34.pth")
    state = torchvision.models.resnet18().state_dict()
    del state["layer1.0.conv1.weight"]
    state["conv1.weight"] = torch.zeros(64, 1, 7, 7)
    torch.save(state, tmp_path / "grey.pth")
    missing, shape = r"1 missing \(layer1.0.conv1.weight\)", r"conv1.weight \(64, 1, 7, 7\), not \(64, 3, 7, 7\)"
    with pytest.raises(DeepselfieError, match=f"{missing}.*{shape}"):
        models.build("torchvision:resnet18", checkpoint=tmp_path / "grey.pth")


class Trap:
    def __reduce__(self):
        return (pytest.fail, ("code of a checkpoint was run",))


@pytest.mark.parametrize("data", [b"no weights", pickle.dumps(Trap(), 2), None], ids=["text", "pickle", "zip"])
def test_a_checkpoint_is_never_run(data, tmp_path):
    file = tmp_path / "evil.pth"
    if data is None:
        torch.save({"state_dict": Trap()}, file)
    else:
        file.write_bytes(data)
    with pytest.raises(DeepselfieError, match=r"evil\.pth cannot be read as weights alone"):
        models.build("mobilenet", checkpoint=file)
    with pytest.raises(DeepselfieError, match="There is no file"):
        models.build("mobilenet", checkpoint=tmp_path / "none.pth")


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
    squared = pictures.prepare([wide], 32)
    assert squared.shape == (1, 32, 32, 3) and squared.dtype == np.uint8
    assert squared[0, :, :14].max() == 0 and squared[0, :, 18:].min() == 200
