"""From linear light to the posted picture: metering, noise, tone curve, filter, border."""

from __future__ import annotations

import cv2
import numpy as np

from deepselfie.demo.shots import Shot

GREY = np.array([0.299, 0.587, 0.114], np.float32)
BORDER_WIDTH = {"white": 0.06, "black": 0.10, "thin": 0.03}  # of the picture's side
BORDER_VALUE = {"white": 1.0, "black": 0.0, "thin": 1.0}
MIDDLE_GREY = 0.30
CONTRAST = 0.22
VIVID, REDDEST = 0.58, 0.33  # of skin: the most of (max - min) / max, and the hue (green - blue) / (red - blue)
METERING = 0.78  # 1: every picture equally bright; less: dark skin and dark rooms stay darker


def film(x: np.ndarray) -> np.ndarray:
    """Narkowicz's fit of the ACES curve, 0..1."""
    return np.clip((x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14), 0, 1)


def tone_curve(x: np.ndarray) -> np.ndarray:
    """Scene light (side, side, 3) to display values 0..1. Half of the curve works on brightness alone: applied to each
    channel it turns shaded skin orange; near white the channels meet."""
    bright = np.maximum(x @ GREY, 1e-4)[..., None]
    even = x * (film(bright) / bright)
    even = even + (np.maximum(even - 0.85, 0) @ np.full((3, 1), 0.3, np.float32))
    o = np.clip(0.5 * film(x) + 0.5 * even, 0, 1) ** (1 / 2.2)
    return o + CONTRAST * (o * o * (3 - 2 * o) - o)


def saturate(o: np.ndarray, amount: float) -> np.ndarray:
    """Colours away from grey by `amount`: pale ones most, vivid ones and those of skin less, so that none goes flat."""
    grey = (o @ GREY)[..., None]
    away = o - grey
    if amount <= 1:
        return grey + away * np.float32(amount)
    red, green, blue = (o[..., c : c + 1] for c in range(3))
    vivid = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    skinlike = np.clip(3.5 * (red - green), 0, 1) * np.clip(6 * (green - blue), 0, 1)
    gain = 1 + np.float32(amount - 1) * (1 - 0.55 * skinlike) * (1.25 - np.minimum(vivid, 1))
    wanted = away * gain
    limit = np.where(wanted > 0, 1 - grey, grey) + 1e-3
    reach = np.abs(wanted) / limit  # 1 is where a channel would clip
    most = np.maximum(np.maximum(reach[..., :1], reach[..., 1:2]), reach[..., 2:])
    soft = np.where(most > 0.6, 0.6 + 0.4 * np.tanh((most - 0.6) / 0.4), most)
    return grey + wanted * (soft / np.maximum(most, 1e-3))


def expose(image: np.ndarray, skin: np.ndarray, shot: Shot) -> np.ndarray:
    """As a phone does: towards the skin in the middle, then the error that was asked for."""
    on_skin = float((image.mean(2) * skin).sum() / (skin.sum() + 1e-3))
    whole = float(np.minimum(image, 1.5).mean())
    metered = 0.4 * whole + 0.6 * on_skin if on_skin > 0 else whole
    gain = (MIDDLE_GREY / (metered + 0.015)) ** METERING * 2**shot.exposure
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
        grey = (o @ GREY)[..., None]
        return np.repeat(0.6 * grey + 0.4 * grey * grey * (3 - 2 * grey) + 0.01, 3, 2)
    if name == "fade":  # blacks lifted and a little blue, whites a little yellow
        o = (0.11 + o * 0.82) * np.array([1.01, 1.0, 0.965], np.float32) + np.array([0, 0, 0.03], np.float32)
        grey = o.mean(2, keepdims=True)
        return grey + (o - grey) * 0.8
    if name == "warm":
        return o * np.array([1.045, 1.0, 0.875], np.float32) + np.array([0.012, 0.004, 0], np.float32)
    if name == "cool":
        return o * np.array([0.925, 0.995, 1.045], np.float32) + np.array([0, 0, 0.012], np.float32)
    if name == "xpro":  # red and green steeper, blue flatter
        curve = o * o * (3 - 2 * o)
        red, green = 0.3 * o[..., 0] + 0.7 * curve[..., 0], 0.55 * o[..., 1] + 0.45 * curve[..., 1]
        return np.stack([red, green, 0.10 + 0.80 * o[..., 2]], -1) * 0.97 + 0.015
    return o


def natural_skin(o: np.ndarray, before: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """Skin keeps to what skin can look like: o (…, 3) display values 0..1 after saturation and filter, before those,
    and how much of each pixel is skin (…). Little more vivid than before, nowhere orange, and not redder in hue."""
    high, low = before.max(-1), before.min(-1)
    vivid = (high - low) / (high + 1e-3)
    hue = np.clip((before[..., 1] - before[..., 2]) / (high - low + 1e-3), 0, 1)  # 0 red, 1 yellow
    most = np.minimum(1.2 * vivid + 0.03, VIVID)
    high, low = o.max(-1), o.min(-1)
    share = (np.clip(12 * (hue - 0.08), 0, 1) * skin)[..., None]  # lips are red
    keep = np.minimum(1, most * high / (high - low + 1e-3))[..., None]
    grey = (o @ GREY)[..., None]
    kept = grey + (o - grey) * keep
    red, blue = kept[..., 0], kept[..., 2]
    kept[..., 1] = np.maximum(kept[..., 1], blue + np.clip(hue, 0, REDDEST) * np.maximum(red - blue, 0))
    return o + (kept - o) * share


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
    o[:w] = o[-w:] = 255 * BORDER_VALUE[name]
    if name != "black":
        o[:, :w] = o[:, -w:] = 255 * BORDER_VALUE[name]


def posted(image: np.ndarray, skin: np.ndarray, shot: Shot) -> np.ndarray:
    """What the phone makes of the sensor's light, with filter and border: (side, side, 3) uint8 RGB."""
    o = printed(image, skin, shot)
    add_border(o, shot.border)
    return o


def printed(image: np.ndarray, skin: np.ndarray, shot: Shot) -> np.ndarray:
    """The same without the border, of any part of a picture: each pixel for itself. skin: how much of it is skin."""
    toned = tone_curve(image * np.float32(0.78)).astype(np.float32)
    o = np.clip(apply_filter(np.clip(saturate(toned, shot.saturation), 0, 1), shot.filter), 0, 1)
    if shot.filter != "bw":
        o = np.clip(natural_skin(o, toned, skin), 0, 1)
    return (o * 255 + 0.5).astype(np.uint8)
