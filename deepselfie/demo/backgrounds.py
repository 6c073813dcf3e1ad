"""The place behind the people as the camera sees it: traced, in the light that falls on the people, out of focus."""

from __future__ import annotations

import cv2
import numpy as np

from deepselfie.demo import indoors, outdoors, tracer
from deepselfie.demo.camera import AIM, Camera
from deepselfie.demo.places import Place
from deepselfie.demo.shots import Shot

PAINTERS = {
    "room": indoors.room, "bath": indoors.bath, "cafe": indoors.cafe, "gym": indoors.gym, "club": indoors.club,
    "car": indoors.car, "plain": indoors.plain, "outdoor": outdoors.outdoor, "beach": outdoors.beach,
    "street": outdoors.street, "mountain": outdoors.mountain, "sunset": outdoors.sunset, "night": outdoors.night,
}  # fmt: skip
METRES = 0.1  # of a mesh unit
WIDEST, LONGEST = 0.70, 1.25  # focal lengths in picture heights: phones see much of a place


def bounds(shapes: np.ndarray, rotation: np.ndarray, eye: np.ndarray, focal, squish, x, y, side: int) -> np.ndarray:
    """(N, 4) int32: left, top, right, bottom of the pixels in which each shape can be seen."""
    c, s = shapes[:, 7], shapes[:, 8]
    low, high = np.full((len(shapes), 2), np.inf), np.full((len(shapes), 2), -np.inf)
    behind = np.zeros(len(shapes), bool)
    for i in (-1, 1):
        for j in (-1, 1):
            for k in (-1, 1):
                lx, ly, lz = i * shapes[:, 4], j * shapes[:, 5], k * shapes[:, 6]
                at = shapes[:, 1:4] + np.stack([lx * c + lz * s, ly, -lx * s + lz * c], 1) - eye
                v = at @ rotation.T
                behind |= v[:, 2] < 0.05
                z = np.maximum(v[:, 2:], 0.05)
                p = np.array([x, y]) + focal * v[:, :2] * np.array([squish, -1]) / z
                low, high = np.minimum(low, p), np.maximum(high, p)
    low[behind], high[behind] = 0, 1
    edges = np.concatenate([np.floor(low * side), np.ceil(high * side)], 1)
    return np.clip(edges, 0, side).astype(np.int32)


def out_of_focus(image: np.ndarray, radius: float) -> np.ndarray:
    """Points become discs of `radius` pixels, as lenses do it."""
    if radius < 0.7:  # no less than takes the steps off edges
        return cv2.GaussianBlur(image, (0, 0), max(0.55, radius * 0.7))
    r = int(np.ceil(radius))
    y, x = np.mgrid[-r : r + 1, -r : r + 1]
    lens = np.clip(radius + 0.5 - np.sqrt(x * x + y * y), 0, 1).astype(np.float32)
    blurred = cv2.filter2D(image, -1, lens / lens.sum(), borderType=cv2.BORDER_REFLECT)
    return cv2.GaussianBlur(blurred, (0, 0), max(0.3, radius * 0.12))


def background(shot: Shot, view: Camera, light: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """(side, side, 3) float32 linear light, drawn at half the size. light: the person's, rows as in shading."""
    full, side = side, side // 2
    place = Place(rng)
    PAINTERS[shot.background](place)
    seed = int(rng.integers(10000))
    blur = (rng.uniform(0.002, 0.007) if rng.random() < 0.5 else rng.uniform(0.008, 0.024)) * place.focus
    head = np.array([0, place.height, 0])
    eye = head + (view.position - AIM) * METRES
    focal = float(np.clip(view.focal * 0.62, WIDEST, LONGEST))
    x, y = 0.5 + 0.5 * (view.x - 0.5), float(np.clip(view.y, 0.35, 0.55))
    shapes = place.shapes()
    lamps = np.array(place.lamps, np.float64).reshape(-1, 7)
    key, colour, open_sky, ground = light[:4]
    near = place.near
    if shot.light == "flash":
        near = float(np.linalg.norm(eye - head))
    at = np.array([*(head + key * max(near, 1.0)), float(near > 0), 0.25 if near > 0 else 0.05, place.crowded])
    ambient = place.ambient * (1.5 if place.near > 0 else 1.0)  # walls throw light at each other
    lights = np.array([key, colour * place.share, open_sky * ambient, ground * ambient])
    sun = np.array(place.sun) / np.linalg.norm(place.sun)
    sky = np.array([place.zenith, place.horizon, sun, place.sun_colour, [place.clouds, place.peaks, place.haze]])
    colour, fall, glow, _ = tracer.trace(
        *(side, view.rotation, eye, focal, view.squish, x, y, shapes),
        *(
            bounds(shapes, view.rotation, eye, focal, view.squish, x, y, side),
            lights,
            at,
            lamps,
            sky,
            seed,
            near * near,
        ),
    )
    fall = cv2.blur(fall, (3, 3)) if side < 150 else cv2.GaussianBlur(fall, (0, 0), side / 190)
    image = out_of_focus(colour * fall + glow, blur * side)
    return cv2.resize(image, (full, full), interpolation=cv2.INTER_LINEAR)
