"""The spatial transformer: reads like an exact resize, stays within the limits, climbs where random search gropes."""

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import nn

from deepselfie import crop, transformer
from tests.test_crop import FACE, SHARE

SIDE = 24


def landscape(seed: int, size=(120, 160)) -> np.ndarray:
    """A picture with shapes of all sizes, uint8."""
    rng = np.random.default_rng(seed)
    layers = [cv2.resize(rng.normal(size=(n, n, 3)), size[::-1], interpolation=cv2.INTER_CUBIC) / n for n in (3, 6, 12)]
    image = sum(layers)
    return np.uint8(255 * (image - image.min()) / np.ptp(image))


def tensor(image):
    return torch.from_numpy(image.copy()).permute(2, 0, 1).float() / 255


def theta_of(frames):
    """What F.affine_grid takes for upright frames."""
    x, y, size = torch.from_numpy(np.asarray(frames)).float().T
    none = torch.zeros_like(x)
    return torch.stack([size, none, 2 * x + size - 1, none, size, 2 * y + size - 1], 1).view(-1, 2, 3)


class Template(nn.Module):
    """Sees how like a picture is to the one it wants: differentiable, and best at one frame alone."""

    size = SIDE

    def __init__(self, wanted):
        super().__init__()
        self.wanted, self.looks = wanted, 0

    def forward(self, x):
        self.looks += len(x)
        return -100 * (x - self.wanted).square().mean((1, 2, 3))


@pytest.mark.parametrize("frame", [(0, 0, 1.0), (0.21, 0.13, 0.55), (0.5, 0.6, 0.4)])
def test_the_sampler_is_an_exact_resize(frame):
    image = landscape(0)
    grain = np.random.default_rng(1).integers(-40, 40, image.shape)
    image = np.uint8(np.clip(image + grain, 0, 255))
    exact = tensor(crop.squares(Image.fromarray(image), np.array([frame]), SIDE)[0])
    apart = (transformer.sample(tensor(image), theta_of([frame]), SIDE)[0] - exact).abs()
    assert apart.mean() < 0.01 and apart[:, 1:-1, 1:-1].max() < 0.06  # of 1: the grain alone is 0.09


def test_finer_than_a_pixel_is_grey_and_tells_no_direction():
    """A board of single pixels, 4 for each of ours: read at single points, it would be black or white."""
    board = torch.from_numpy(np.indices((96, 96)).sum(0) % 2).float().expand(3, -1, -1)
    theta = theta_of([(0.013, 0.021, 0.93)]).requires_grad_()
    seen = transformer.sample(board, theta, 24)
    assert (seen - 0.5).abs().max() < 0.1
    (slope,) = torch.autograd.grad(seen.square().mean(), theta)
    assert slope.abs().max() < 0.1


def test_its_gradient_is_that_of_finite_differences():
    photo, allowed = tensor(landscape(2)), crop.limits([])
    wanted = transformer.sample(photo, transformer.thetas(torch.tensor([[0.3, 0.6, 0.5]]), allowed, 4 / 3), SIDE)
    cube = torch.tensor([[0.5, 0.4, 0.6, 0.7, 0.4, 0.2]], requires_grad=True)

    def score(points):
        return Template(wanted)(transformer.sample(photo, transformer.thetas(points, allowed, 4 / 3), SIDE))

    (slope,) = torch.autograd.grad(score(cube).sum(), cube)
    step = 0.02 * torch.eye(6)
    with torch.no_grad():
        measured = (score(cube + step) - score(cube - step)) / 0.04
    torch.testing.assert_close(slope[0], measured, atol=0.12 * float(measured.abs().max()), rtol=0.1)


def test_without_turn_stretch_and_shear_a_frame_is_upright():
    cube, allowed = torch.rand(10, 3, generator=torch.Generator().manual_seed(0)), crop.limits([])
    upright = transformer.thetas(cube, allowed, 0.75)
    torch.testing.assert_close(upright, theta_of(allowed.frames(cube).numpy()))
    torch.testing.assert_close(
        transformer.thetas(torch.cat([cube, torch.full_like(cube, 0.5)], 1), allowed, 0.75), upright
    )


@given(
    st.lists(st.tuples(*[SHARE] * 6), min_size=1, max_size=8), st.lists(FACE, max_size=2), st.sampled_from([0.75, 1.5])
)
@settings(deadline=None)
def test_no_frame_leaves_the_photo_and_none_that_counts_cuts_a_face(points, faces, aspect):
    theta = transformer.thetas(torch.tensor(points), crop.limits(faces), aspect)
    corners = torch.tensor([[-1.0, 1, 1, -1], [-1, -1, 1, 1], [1, 1, 1, 1]])
    frames = (theta @ corners).transpose(1, 2).numpy()  # (N, 4, 2)
    assert np.abs(frames).max() <= 1 + 1e-5
    for frame, out in zip(frames, transformer.sticking_out(theta, faces).tolist(), strict=True):
        for face in faces:
            left, upper = max(face["x"], 0), max(face["y"], 0)
            right, lower = min(face["x"] + face["w"], 1), min(face["y"] + face["h"], 1)
            if out == 0 and left < right and upper < lower:
                box = np.float32([[left, upper], [right, upper], [right, lower], [left, lower]]) * 2 - 1
                shared, _ = cv2.intersectConvexConvex(np.ascontiguousarray(frame, np.float32), box)
                assert shared >= (crop.KEPT - 1e-3) * 4 * (right - left) * (lower - upper)


def planted(seed):
    """A photo, and a network that wants one frame of it."""
    photo, allowed = tensor(landscape(seed)), crop.limits([])
    best = np.random.default_rng(seed).uniform(size=(1, 3))
    wanted = transformer.sample(photo, transformer.thetas(torch.from_numpy(best).float(), allowed, 4 / 3), SIDE)
    return photo, allowed, Template(wanted), allowed.frames(best)[0]


def test_it_finds_a_planted_frame_where_random_search_does_not():
    ours, theirs = [], []
    for seed in range(12):
        photo, allowed, network, best = planted(seed)
        tried, scores = transformer.climb(network, photo, allowed, evaluations=100, seed=seed)
        assert network.looks <= 100 and np.all(np.diff(scores) <= 0)
        ours.append(crop.iou(allowed.frames(tried[:1]), best)[0])
        random = torch.from_numpy(np.random.default_rng(100 + seed).uniform(size=(100, 3))).float()
        found = network(transformer.sample(photo, transformer.thetas(random, allowed, 4 / 3), SIDE))
        theirs.append(crop.iou(allowed.frames(random.numpy()[[int(found.argmax())]]), best)[0])
    assert np.mean(ours) > 0.9 > np.mean(theirs), (np.sort(ours), np.sort(theirs))


def test_turned_frames_keep_the_face_and_gain():
    face = {"x": 0.3, "y": 0.2, "w": 0.3, "h": 0.4}
    photo, allowed = tensor(landscape(3)), crop.limits([face])
    turned = torch.tensor([[0.5, 0.5, 0.6, 0.9, 0.5, 0.5]])
    network = Template(transformer.sample(photo, transformer.thetas(turned, allowed, 4 / 3), SIDE))
    flat, upright = transformer.climb(network, photo, allowed, [face], evaluations=100)
    tried, scores = transformer.climb(network, photo, allowed, [face], evaluations=100, affine=True)
    assert flat.shape[1] == 3 and tried.shape[1] == 6 and scores[0] > upright[0]
    theta = transformer.thetas(torch.from_numpy(tried), allowed, 4 / 3)
    assert transformer.sticking_out(theta, [face]).max() == 0


class Judge:
    """The Scorer of a Template."""

    def __init__(self, network):
        self.network, self.size = network, network.size

    def look(self, squares):
        with torch.no_grad():
            return None, self.network(torch.from_numpy(squares).permute(0, 3, 1, 2).float() / 255).numpy()

    def calibrated(self, logit):
        return 1 / (1 + np.exp(-logit.astype(float)))


@pytest.mark.parametrize("wanted", [[0.7, 0.2, 0.3, 0.5, 0.5, 0.5], [0.4, 0.6, 0.5, 0.9, 0.6, 0.4]])
def test_the_crop_that_it_gives_is_the_planted_one_upright_or_turned(wanted):
    image, allowed, affine = landscape(5, (240, 320)), crop.limits([]), wanted[3] != 0.5
    theta = transformer.thetas(torch.tensor([wanted]), allowed, 4 / 3)
    network = Template(transformer.sample(tensor(image), theta, SIDE))
    found = transformer.best_crop(image, [], Judge(network), network, affine=affine)
    assert found.better and found.image.shape[1] / found.image.shape[0] == pytest.approx(4 / 3, abs=0.03)
    left, upper, right, lower = found.box
    if not affine:
        assert found.corners is None and np.array_equal(found.image, image[upper:lower, left:right])
    frame = found.corners or ((left, upper), (right, upper), (right, lower), (left, lower))
    planted = transformer.corners(theta, (320, 240))[0]
    shared, _ = cv2.intersectConvexConvex(np.float32(frame), np.float32(planted))
    areas = cv2.contourArea(np.float32(frame)) + cv2.contourArea(np.float32(planted))
    assert shared / (areas - shared) > 0.75
    assert np.min(frame) >= 0 and (np.array(frame) <= [320, 240]).all()


def test_a_turned_cut_shows_what_the_network_was_shown():
    image = landscape(6, (240, 320))
    theta = transformer.thetas(torch.tensor([[0.4, 0.6, 0.5, 0.9, 0.6, 0.4]]), crop.limits([]), 4 / 3)
    shown = transformer.sample(tensor(image), theta, SIDE)[0]
    picture = transformer.cut_turned(image, transformer.corners(theta, (320, 240))[0])
    again = np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    assert (tensor(again) - shown).abs().mean() < 0.005


def test_where_no_turned_frame_keeps_all_faces_the_photo_stays_whole():
    everywhere = [{"x": 0.0, "y": 0.0, "w": 1.0, "h": 1.0}]
    image = landscape(7)
    network = Template(torch.zeros(1, 3, SIDE, SIDE))
    found = transformer.best_crop(image, everywhere, Judge(network), network, affine=True)
    assert np.abs(np.array(found.corners) - [[0, 0], [160, 0], [160, 120], [0, 120]]).max() < 9
