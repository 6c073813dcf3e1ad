"""From linear light to the posted picture: metering, noise, tone curve, filter, border."""

from __future__ import annotations

import cv2
import numpy as np

from deepselfie.demo.shots import Shot

GREY = np.array([0.299, 0.587, 0.114], np.float32)
BORDER_WIDTH = {"white": 0.06, "black": 0.10, "thin": 0.03}  # of the picture's side
BORDER_VALUE = {"white": 1.0, "black": 0.0, "thin": 1.0}
MIDDLE_GREY = 0.26


def tone_curve(x: np.ndarray) -> np.ndarray:
    """Scene light to display light as film does it (Narkowicz's fit of the ACES curve), then sRGB's gamma."""
    return np.clip((x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14), 0, 1) ** (1 / 2.2)


def expose(image: np.ndarray, skin: np.ndarray, shot: Shot) -> np.ndarray:
    """As a phone does: towards the skin in the middle, then the error that was asked for."""
    on_skin = float((image.mean(2) * skin).sum() / (skin.sum() + 1e-3))
    metered = 0.35 * float(np.minimum(image, 1.5).mean()) + 0.65 * on_skin
    gain = (MIDDLE_GREY / (metered + 0.015)) ** 0.85 * 2**shot.exposure
    side = image.shape[0]
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side - 0.5
    balance = np.array([shot.balance[0], 1, shot.balance[1]], np.float32)
    return image * np.float32(gain) * balance * (1 - shot.vignette * (x * x + y * y))[..., None]


def add_noise(image: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    grain = rng.standard_normal(image.shape, np.float32)
    grain = 0.6 * grain + 0.8 * cv2.GaussianBlur(grain, (0, 0), 0.8)
    return np.maximum(image + grain * np.float32(amount) * np.sqrt(np.maximum(image, 0) + 0.002), 0)


def apply_filter(o: np.ndarray, name: str) -> np.ndarray:
    """o: display values 0..1, (side, side, 3)."""
    if name == "bw":
        return np.repeat(((o @ GREY)[..., None] - 0.5) * 1.15 + 0.5, 3, 2)
    if name == "fade":
        o = (0.13 + o * 0.78) * np.array([1.02, 1.0, 0.95], np.float32) + np.array([0, 0, 0.04], np.float32)
        grey = o.mean(2, keepdims=True)
        return grey + (o - grey) * 0.75
    if name == "warm":
        return o * np.array([1.07, 1.0, 0.82], np.float32) + np.array([0.02, 0, 0], np.float32)
    if name == "cool":
        return o * np.array([0.89, 1.0, 1.10], np.float32)
    if name == "xpro":
        curve = o * o * (3 - 2 * o)
        return np.stack([curve[..., 0], 0.5 * o[..., 1] + 0.5 * curve[..., 1], 0.12 + 0.74 * o[..., 2]], -1)
    return o


def window(name: str) -> tuple[float, float, float, float]:
    """x0, y0, x1, y1: what a border leaves of the picture, in fractions."""
    w = BORDER_WIDTH.get(name, 0.0)
    x = 0.0 if name == "black" else w
    return x, w, 1 - x, 1 - w


def add_border(o: np.ndarray, name: str) -> None:
    """In place: white and thin run all around, black lies above and below."""
    if name == "none":
        return
    w = max(2, round(o.shape[0] * BORDER_WIDTH[name]))
    o[:w] = o[-w:] = BORDER_VALUE[name]
    if name != "black":
        o[:, :w] = o[:, -w:] = BORDER_VALUE[name]


def develop(image: np.ndarray, skin: np.ndarray, shot: Shot, rng: np.random.Generator) -> np.ndarray:
    """image (side, side, 3) linear, skin (side, side) 0..1 -> (side, side, 3) uint8 RGB."""
    image = add_noise(expose(image, skin, shot), shot.noise, rng)
    o = tone_curve(image * np.float32(0.78)).astype(np.float32)
    grey = (o @ GREY)[..., None]
    o = np.clip(grey + (o - grey) * np.float32(shot.saturation), 0, 1)
    o = np.clip(apply_filter(o, shot.filter), 0, 1)
    add_border(o, shot.border)
    return (o * 255 + 0.5).astype(np.uint8)
