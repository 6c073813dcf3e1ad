import numpy as np
import pytest
import torch

from deepselfie import models, saliency

SIZE = 64
PLACE = slice(40, 56), slice(8, 24)  # y, x


def bright_there(squares):
    """A network that likes light at PLACE, and nothing else."""
    logit = squares[:, PLACE[0], PLACE[1]].mean((1, 2, 3)).astype(np.float32) / 50
    return np.zeros((len(squares), 2), np.float32), logit


@pytest.fixture
def picture():
    rng = np.random.default_rng(0)
    square = rng.integers(60, 120, (SIZE, SIZE, 3)).astype(np.uint8)
    square[PLACE] = 230
    return square


class Toy(torch.nn.Module):
    """What a models.Network shows of itself, of one convolution whose first map is the light; the logit is its mean."""

    def __init__(self, weight):
        super().__init__()
        self.rest = torch.nn.Sequential(torch.nn.AvgPool2d(8))
        self.weight = torch.nn.Parameter(torch.tensor(weight))

    def early(self, x):
        light = x.permute(0, 3, 1, 2).float().mean(1, keepdim=True) / 255  # (B, 1, H, W)
        return torch.cat([light, 1 - light], 1)

    def late(self, early):
        maps = self.rest(early)  # (B, 2, H / 8, W / 8)
        return None, (maps.mean((2, 3)) * self.weight).sum(1)


def test_occlusion_is_brightest_where_the_network_looks(picture):
    heat = saliency.occlusion(picture, bright_there)
    assert heat.shape == (SIZE, SIZE) and heat.min() == 0 and heat.max() == 1
    y, x = np.unravel_index(heat.argmax(), heat.shape)
    assert 40 <= y < 56 and 8 <= x < 24 and heat[:16].max() == 0 and heat[:, 48:].max() == 0


def test_grad_cam_weighs_maps_by_their_gradient(picture):
    light, dark = (saliency.grad_cam(picture, Toy(weight)) for weight in ([1.0, 0.0], [0.0, 1.0]))
    assert light[46:50, 14:18].min() > 0.9 and light[:, 40:].max() < 0.6
    assert dark[46:50, 14:18].max() < 0.4 and dark[:, 40:].min() > 0.7
    assert saliency.grad_cam(picture, Toy([-1.0, 0.0])).max() == 0  # nothing speaks for it


@pytest.mark.parametrize("name", ["lite0", "mobilenet", "timm:vit_tiny_patch16_224"])
def test_grad_cam_finds_a_layer_in_networks_that_have_one_and_leaves_them_as_they_were(name, monkeypatch):
    torch.manual_seed(0)
    network = models.build(name, pretrained=False)
    square = np.random.default_rng(0).integers(0, 256, (network.size, network.size, 3), np.uint8)
    before = network(torch.from_numpy(square)[None]).item()
    heat = saliency.grad_cam(square, network)
    assert heat.shape == square.shape[:2] and np.isfinite(heat).all() and 0 <= heat.min() <= heat.max() <= 1
    assert network(torch.from_numpy(square)[None]).item() == before
    assert not any(module._forward_hooks for module in network.modules())


def test_deleting_what_counts_lowers_the_score_faster_than_deleting_elsewhere(picture):
    heat = np.zeros((SIZE, SIZE), np.float32)
    heat[PLACE] = 1
    right = saliency.deletion(picture, bright_there, saliency._order(heat))
    wrong = saliency.deletion(picture, bright_there, saliency._order(-heat))
    elsewhere = [saliency.deletion(picture, bright_there, order) for order in saliency._moved(heat)]
    assert right > max(elsewhere) and wrong < min(elsewhere)


def test_scrambled_weights_have_the_old_spread_and_other_values():
    torch.manual_seed(0)
    network = models.build("lite0", pretrained=False)
    other = saliency.scramble(network)
    for old, new in zip(network.parameters(), other.parameters(), strict=True):
        if old.ndim > 1 and old.numel() > 1000:
            assert new.std().item() == pytest.approx(old.std().item(), rel=0.15)
            assert np.corrcoef(old.detach().flatten(), new.detach().flatten())[0, 1] < 0.2


def maps(picture, monkeypatch, random_map, weight=(1.0, 0.0)):
    """Both maps, with `random_map` for Grad-CAM's of random weights."""
    toy, scrambled = Toy(weight), Toy(weight)
    plain = saliency.grad_cam
    monkeypatch.setattr(saliency, "grad_cam", lambda s, n: random_map if n is scrambled else plain(s, n))
    monkeypatch.setattr(saliency, "looking", lambda _: lambda s: (None, np.zeros(len(s), np.float32)))
    return saliency.maps(picture, bright_there, toy, scrambled)


def test_maps_that_pass_are_shown_and_those_that_fail_say_why(picture, monkeypatch):
    noise = np.random.default_rng(3).random((SIZE, SIZE)).astype(np.float32)
    found = maps(picture, monkeypatch, noise)
    assert found["occlusion"].withheld is None and found["Grad-CAM"].withheld is None
    assert found["occlusion"].dropped > found["occlusion"].by_chance
    found = maps(picture, monkeypatch, saliency.grad_cam(picture, Toy([1.0, 0.0])))
    assert "learned nothing" in found["Grad-CAM"].withheld
    found = maps(picture, monkeypatch, noise, weight=(0.0, 1.0))  # marks the dark, of which the network knows nothing
    assert "no faster" in found["Grad-CAM"].withheld
    picture[PLACE] = 0
    assert "found nothing" in maps(picture, monkeypatch, noise)["occlusion"].withheld


def test_a_lit_picture_is_dark_where_the_map_is_dark():
    white = np.full((30, 50, 3), 255, np.uint8)
    heat = np.zeros((10, 10), np.float32)
    heat[:, :5] = 1
    shown = saliency.lit(white, heat)
    assert shown.shape == white.shape and shown[:, :15].min() > 240 and shown[:, 35:].max() < 70
