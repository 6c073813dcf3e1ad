"""The prefilter: exact on the whole photo, about right on its parts, and as quick for a thousand as for ten."""

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import spearmanr
from torch import nn

from deepselfie import crop, models, pictures, prefilter


@pytest.fixture(scope="module", params=["lite0", "mobilenet"])
def network(request):
    torch.manual_seed(0)
    made = models.build(request.param, pretrained=False)
    for layer in made.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):  # lively enough to tell pictures apart
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return made


@pytest.fixture(scope="module")
def photo():
    small = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    return Image.fromarray(small).resize((240, 200), Image.Resampling.BICUBIC)


def test_the_whole_photo_gets_its_own_logit(network, photo):
    squares = pictures.prepare([np.asarray(photo)], network.size)
    with torch.no_grad():
        exact = float(network(torch.from_numpy(squares))[0])
    rough = prefilter.quick(network, photo, 0.4)(np.array([[0.0, 0.0, 1.0]]))[0]
    assert rough == pytest.approx(exact, rel=0.02, abs=0.02)


def test_a_frame_is_scored_alike_alone_and_among_others(network, photo):
    frames, look = crop.limits([]).frames(crop.cover(32)), prefilter.quick(network, photo, 0.4)
    alone = np.concatenate([look(frame[None]) for frame in frames])
    np.testing.assert_allclose(look(frames), alone, rtol=1e-3, atol=1e-3)
    assert np.ptp(alone) > 0


def test_layers_are_split_where_maps_end(network):
    convolutions, last, side = prefilter.split(network)
    with torch.no_grad():
        x = torch.rand(2, 3, network.size, network.size)
        maps = convolutions((x - network.mean) / network.std)
        assert maps.shape[-2:] == (side, side) and side > 1
        logits = network.fc8(torch.relu(network.fc7(torch.relu(network.fc6(last(maps))))))[:, 0]
        torch.testing.assert_close(logits, network(x))


def test_a_network_without_maps_has_no_prefilter(photo):
    class Flat(nn.Module):
        size, trunk, rest = 8, nn.Sequential(), nn.Sequential(nn.Flatten())
        mean = std = torch.ones(1, 3, 1, 1)

    assert prefilter.quick(Flat(), photo, 0.4) is None


class Red(nn.Module):
    """A network of one kind of map, how red it is there, whose logit is the mean."""

    size = 32

    def __init__(self):
        super().__init__()
        red = nn.Conv2d(3, 1, 4, stride=4, bias=False)
        red.weight.data = torch.tensor([1.0, -1, 0]).view(1, 3, 1, 1).expand(1, 3, 4, 4) / 16
        self.trunk, self.rest = nn.Sequential(red), nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.fc6, self.fc7, self.fc8 = (nn.Linear(1, 1) for _ in range(3))
        for layer in (self.fc6, self.fc7, self.fc8):
            layer.weight.data[:], layer.bias.data[:] = 1, 2
        self.register_buffer("mean", torch.zeros(1, 3, 1, 1))
        self.register_buffer("std", torch.ones(1, 3, 1, 1))

    def forward(self, x):
        maps = self.rest(self.trunk(x.permute(0, 3, 1, 2) / 255))
        return self.fc8(torch.relu(self.fc7(torch.relu(self.fc6(maps)))))[:, 0]


def test_parts_are_ranked_as_the_network_ranks_them(photo):
    """Where no map sees further than its own pixels, rough scores are the exact ones, but for interpolation."""
    network, frames = Red(), crop.limits([]).frames(crop.cover(64))
    with torch.no_grad():
        exact = network(torch.from_numpy(crop.squares(photo, frames, network.size))).numpy()
    rough = prefilter.quick(network, photo, 0.4)(frames)
    assert spearmanr(rough, exact)[0] > 0.9
    assert np.abs(rough - exact).max() < 0.25 * np.ptp(exact)
