"""Under the hood: every number shown is that of a plain forward pass, computed here another way."""

import copy
import re

import numpy as np
import pytest
import skimage.data
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

from deepselfie import architectures, hood, hood_drawing, models, pictures
from deepselfie.score import Scorer

NAMES = ("mobilenet", "convnext_tiny", "vgg16", "torchvision:resnet18", "timm:vit_tiny_patch16_224")
SMALL = {"convnext_tiny": 64, "torchvision:resnet18": 64}  # px: these take squares of any size


def shaken(network):
    """Batch normalisation as after training, so that folding it in changes weights."""
    generator = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3, generator=generator)
            module.running_var.uniform_(0.5, 2, generator=generator)
    return network


def vgg16():
    """The layers of the article's network, without the 120 million weights of its fc6 and fc7."""
    features = torchvision.models.vgg.make_layers(torchvision.models.vgg.cfgs["D"])
    rest = nn.Sequential(*features[10:], nn.AdaptiveAvgPool2d(7), nn.Flatten())
    heads = nn.Linear(25088, 16), nn.Linear(16, 16)
    return models.Network("vgg16", architectures.Parts(features[:10], rest, *heads, 64, *architectures.IMAGENET))


@pytest.fixture(scope="module")
def lite0():
    torch.manual_seed(0)
    return shaken(models.build("lite0", pretrained=False))


@pytest.fixture(scope="module")
def square():
    return pictures.prepare([skimage.data.astronaut()], 96)[0]


@pytest.fixture(scope="module")
def flow(lite0, square):
    return hood.flow(models.fuse(lite0), square)


def close(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def layer_by_layer(network, square):
    """Outputs of all layers of a lite0, then fc6, fc7 and the logit, without any hook: (C, H, W) and vectors."""
    mean, std, outputs = network.mean, network.std, []
    with torch.no_grad():
        x = (torch.from_numpy(square)[None].permute(0, 3, 1, 2).to(mean.dtype) / 255 - mean) / std
        for layer in [*network.trunk, *network.rest]:
            x = layer(x.clone())  # some work in place
            outputs.append(x[0].clone())
        fc6 = F.linear(x, network.fc6.weight, network.fc6.bias).clamp(min=0)
        fc7 = F.linear(fc6, network.fc7.weight, network.fc7.bias).clamp(min=0)
        logit = (fc7[0] * network.fc8.weight[0]).sum() + network.fc8.bias[0]
    sums, *stages, before, last, pooled = outputs
    return [sums, *stages, last, pooled, fc6[0], fc7[0], logit], before


def shown(flow):
    return [flow.sums, *(stage.maps for stage in flow.stages), flow.pooled, flow.fc6, flow.fc7, flow.logit]


def test_every_number_is_a_plain_forward_passs(lite0, square, flow):
    expected, before = layer_by_layer(models.fuse(lite0), square)
    assert len(expected) == len(shown(flow)) == 14
    for ours, theirs in zip(shown(flow), expected, strict=True):
        assert np.shape(ours) == theirs.shape
        close(ours, theirs)
    assert flow.stages[-1].maps.min() == 0 > before.min()  # a stage ends with its activation
    assert len({maps.tobytes() for maps in shown(flow)[:-1]}) == 13


def test_the_folded_network_computes_what_was_trained(lite0, square, flow):
    """Against the unfolded one in float64: what remains is the rounding of float32."""
    expected, _ = layer_by_layer(copy.deepcopy(lite0).double(), square)
    for ours, theirs in list(zip(shown(flow), expected, strict=True))[1:]:  # sums come before normalisation
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5 * float(theirs.abs().max()))


@pytest.mark.parametrize("name", NAMES)
def test_any_architecture_flows_and_its_first_filter_adds_up(name):
    torch.manual_seed(0)
    network = models.fuse(shaken(vgg16() if name == "vgg16" else models.build(name, pretrained=False)))
    size = SMALL.get(name, network.size)
    square = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
    first, wanted = hood.first_convolution(network), []
    looking = first.register_forward_hook(lambda module, inputs, output: wanted.append(output[0].clone()))
    with torch.no_grad():
        logit = network(torch.from_numpy(square)[None])[0]
    looking.remove()
    flow = hood.flow(network, square)
    close(flow.logit, logit)
    close(flow.sums, wanted[0])
    assert bool(flow.stages) == ("vit" not in name)
    for stage in flow.stages:
        count, height, width = stage.maps.shape
        assert stage.name and count > 1 and height == width > 1
    for filter in (0, len(flow.sums) - 1):
        step = hood.step(network, flow, filter)
        assert step.pixels.shape == step.weights.shape == (3, *first.kernel_size)
        close(step.total, step.products.sum(dtype=float) + step.bias)
        at = np.argwhere(np.abs(flow.sums[filter] - step.total) < 1e-5)
        assert len(at)
        close(step.pixels, flow.entry[:, step.top :, step.left :][:, : step.pixels.shape[1], : step.pixels.shape[2]])
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_a_step_is_what_a_sliding_window_gives_at_that_place(lite0, square):
    network = models.fuse(lite0)
    flow = hood.flow(network, square)
    x = (torch.from_numpy(square).permute(2, 0, 1) / 255 - network.mean[0]) / network.std[0]
    for filter in range(0, 32, 5):
        step = hood.step(network, flow, filter)
        patch = x[:, step.top : step.top + 3, step.left : step.left + 3]
        convolution = network.trunk[0]
        total = float((patch * convolution.weight[filter]).sum() + convolution.bias[filter])
        close(step.total, total)
        assert step.follows == "ReLU6"
        close(step.value, min(max(total, 0), 6))
        # TensorFlow's "same" padding of 96 px at stride 2: one line below and right, none above and left
        row, column = step.top // 2, step.left // 2
        assert (step.top, step.left) == (2 * row, 2 * column)
        close(flow.stages[0].maps[filter, row, column], step.value)
        inner = flow.sums[filter][2:-2, 2:-2]
        close(step.total, inner.max())


def test_means_are_those_of_each_photos_maps(lite0, square):
    network = models.fuse(lite0)
    other = square[:, ::-1]
    means = hood.means(network, np.stack([square, other]))
    for i, photo in enumerate((square, other)):
        for mean, stage in zip(means, hood.flow(network, photo).stages, strict=True):
            np.testing.assert_allclose(mean[i], stage.maps.mean((1, 2)), rtol=1e-3, atol=1e-4)


def test_the_strongest_photos_of_a_map_come_first_whatever_the_batches(lite0, square):
    network = models.fuse(lite0)
    rng = np.random.default_rng(3)
    photos = (square * rng.uniform(0.1, 1, (7, 1, 1, 3))).astype(np.uint8)
    rows = np.array([70, 10, 60, 20, 50, 30, 40])
    mean = [hood.flow(network, photo).stages[2].maps[5].mean() for photo in photos]
    expected = rows[np.argsort(mean)[::-1]][:4]
    parts = [slice(0, 3), slice(3, 4), slice(4, 7)]
    looked_at = [(rows[part], hood.means(network, photos[part])) for part in parts]
    assert hood.strongest(looked_at, 2, 5, 4).tolist() == expected.tolist()
    assert len(hood.strongest(looked_at, 2, 5, 9)) == 7


def test_the_score_is_the_scorers(lite0, square, tmp_path):
    models.save(lite0, tmp_path, {"calibration": {"slope": 0.8, "intercept": 0.1}})
    network, card = models.load(tmp_path)
    flow = hood.flow(models.fuse(network), square)
    scorer = Scorer(tmp_path)
    expected = scorer.calibrated(scorer.look(square[None])[1])[0]
    assert hood.chance(flow.logit, card["calibration"]) == pytest.approx(expected, abs=1e-2)


def test_a_network_that_fails_keeps_no_hooks(lite0):
    network = models.fuse(lite0)
    with pytest.raises(RuntimeError):
        hood.flow(network, np.zeros((96, 96, 4), np.uint8))
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())
    assert not hood._looking.locked()


def test_layers_in_words():
    vgg = torchvision.models.vgg.make_layers(torchvision.models.vgg.cfgs["D"])
    assert [hood.said(layer) for layer in vgg[:5]] == [
        "convolution 3 × 3",
        "ReLU",
        "convolution 3 × 3",
        "ReLU",
        "max pooling",
    ]
    assert hood.said(nn.Sequential(nn.Identity(), nn.Dropout())) == ""
    assert (
        hood.said(nn.Sequential(nn.Conv2d(8, 8, 5, groups=8), nn.Hardswish()))
        == "depthwise convolution 5 × 5, Hardswish"
    )
    assert architectures.DEFAULT == "lite0"


def test_a_map_is_drawn_from_its_least_number_to_its_greatest():
    for low, high in ((-3, 5), (0, 1e-6)):
        picture = hood_drawing.coloured(np.array([[low, high], [(low + high) / 2, low]], np.float32)).astype(int)
        light = picture.sum(-1)
        assert light[0, 0] == light[1, 1] < light[1, 0] < light[0, 1]
    assert (
        not hood_drawing.coloured(np.full((4, 4), 7.0)).max(-1).std()
        and hood_drawing.coloured(np.ones((2, 2))).max() < 10
    )


@pytest.mark.parametrize("count", [1, 16, 24, 32, 1280])
def test_each_tile_is_where_a_click_looks_for_it(count):
    tiles = [np.full((3, 3, 3), 1 + i % 255, np.uint8) for i in range(count)]
    sheet, columns = hood_drawing.sheet(tiles), hood_drawing.columns_for(count)
    rows = -(-count // columns)
    height, width = sheet.shape[:2]
    for i in {0, count // 3, count - 1}:
        y, x = int((i // columns + 0.4) * height / rows), int((i % columns + 0.4) * width / columns)
        assert sheet[y, x].tolist() == [1 + i % 255] * 3 + [255]


def test_a_filter_of_nothing_is_grey_and_red_looks_red():
    filters = np.zeros((2, 3, 3, 3), np.float32)
    filters[1, 0] = 0.2
    nothing, red = hood_drawing.filter_tiles(filters)
    assert (abs(nothing.astype(int) - 127.5) < 1).all()
    assert red[1, 1, 0] == 255 and red[1, 1, 1] == nothing[0, 0, 0]


def test_a_map_shines_where_it_is_greatest_over_the_photo(square):
    values = np.zeros((3, 3), np.float32)
    values[0, 2] = 4
    gain = hood_drawing.over(square, values, 96).astype(int).sum(-1) - hood_drawing.over(square, values * 0, 96).sum(-1)
    assert gain[:32, 64:].mean() > 100 and np.abs(gain[32:]).max() == 0


def numbers(text):
    return [float(number.replace("−", "-")) for number in re.findall(r"[+−]?\d+\.\d{5}", text)]


def test_the_sums_on_the_page_are_the_networks(lite0, square, flow):
    network = models.fuse(lite0)
    step = hood.step(network, flow, 4)
    red, green, blue, bias, total, value = numbers(hood_drawing.arithmetic(step).rpartition("<p>")[2])
    assert red + green + blue + bias == pytest.approx(total, abs=3e-5)  # four that are rounded to 1e-5
    assert total == pytest.approx(step.total, abs=1e-5) and value == pytest.approx(step.value, abs=1e-5)
    weights, bias = network.fc8.weight[0].detach().numpy(), float(network.fc8.bias[0].detach())
    card = {"slope": 0.8, "intercept": -0.1}
    score = hood.chance(flow.logit, card)
    logit_line, calibrated, told = hood_drawing.verdict(flow, weights, bias, card, score).splitlines()
    for_it, against, bias, logit = numbers(logit_line)
    assert against <= 0 <= for_it and for_it + against + bias == pytest.approx(logit, abs=3e-5)
    assert logit == pytest.approx(flow.logit, abs=1e-5)
    assert numbers(calibrated) == pytest.approx([0.8, logit, -0.1, 0.8 * logit - 0.1], abs=2e-5)
    minus_z, shown_score = numbers(told)
    assert shown_score == pytest.approx(score, abs=1e-5) and 1 / (1 + np.exp(minus_z)) == pytest.approx(score, abs=1e-5)
    each, page = flow.fc7 * weights, hood_drawing.votes(flow.fc7, weights)
    for best in (each.argmax(), each.argmin()):
        clue = numbers(page.partition(f"no. {best + 1}: ")[2])[:3]
        assert clue == pytest.approx([flow.fc7[best], weights[best], each[best]], abs=1e-5)


def test_the_strip_stands_still_for_who_wants_no_motion(square, flow):
    html = hood_drawing.strip(square, flow, 0.62)
    assert html.count("<figure ") == 1 + 9 + 2 + 1 and "62 %" in html
    still = html.index("prefers-reduced-motion")
    assert "animation: none" in html[still : still + 120]
