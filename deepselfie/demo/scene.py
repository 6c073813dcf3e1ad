"""Lights a shot and draws each of its people: linear light, (side, side, 4) with coverage."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from deepselfie.demo import cloth, figure, glasses, hair, headwear, hood, phone, poses, raster, shading, truth
from deepselfie.demo.camera import AIM, Camera
from deepselfie.demo.mesh import HAT, LENS, WAIST, body
from deepselfie.demo.people import HAIR_COLOURS, Look, Person, linear, tone_colour
from deepselfie.demo.poses import Pose
from deepselfie.demo.shots import Shot

# Colours of the main light, of the sky and of what the ground throws back.
LIGHTS = {
    "window": ((1.0, 0.95, 0.88), (0.42, 0.46, 0.55), (0.30, 0.26, 0.22)),
    "sun": ((1.55, 1.38, 1.1), (0.42, 0.52, 0.70), (0.34, 0.30, 0.24)),
    "shade": ((0.60, 0.62, 0.65), (0.70, 0.74, 0.80), (0.36, 0.36, 0.34)),
    "warm": ((1.1, 0.82, 0.56), (0.30, 0.25, 0.21), (0.20, 0.15, 0.11)),
    "flash": ((1.25, 1.2, 1.15), (0.14, 0.13, 0.14), (0.07, 0.07, 0.07)),
    "golden": ((1.5, 1.02, 0.58), (0.44, 0.46, 0.55), (0.34, 0.26, 0.18)),
    "dusk": ((0.42, 0.36, 0.34), (0.58, 0.50, 0.52), (0.34, 0.27, 0.24)),
    "neon": ((0.9, 0.48, 0.70), (0.26, 0.24, 0.38), (0.12, 0.07, 0.14)),
}
HAIR_WIDTH, HAIR_MOST, HAIR_LEAST = (
    0.016,
    9000,
    1000,
)  # mesh units at the most strands; fewer strands are wider
GAZE_UP = math.radians(10)  # eyes hardly turn further up or down than that in the head
SHADOW_SPAN = 6.0  # mesh units that the shadow map covers
RING = np.array(
    [[math.cos(i * 2.4) * math.sqrt((i + 0.5) / 10), math.sin(i * 2.4) * math.sqrt((i + 0.5) / 10)] for i in range(10)],
    np.float32,
)


class Drawn(NamedTuple):
    """One person as the camera sees it, all of (side, side, …) but the points."""

    light: np.ndarray  # (…, 4) float32 linear colour and coverage
    skin: np.ndarray  # float32, bare skin
    part: np.ndarray  # uint8, as named in truth
    points: np.ndarray  # (N, 2): where the template's vertices are, fractions of the picture


def unit(v) -> np.ndarray:
    v = np.asarray(v, np.float64)
    return v / np.linalg.norm(v)


def lamps(shot: Shot) -> np.ndarray:
    """(9, 3): rows as named in shading."""
    a, b = math.radians(shot.light_yaw), math.radians(shot.light_pitch)
    key = np.array([math.sin(a) * math.cos(b), math.sin(b), math.cos(a) * math.cos(b)])
    side = np.sign(shot.light_yaw) or 1.0
    colour, sky, ground = (np.array(c) for c in LIGHTS[shot.light])
    sky = sky * shot.sky
    fill, rim = (
        0.22 * sky + 0.05,
        {"sun": 1.1, "golden": 1.2, "dusk": 2.0}.get(shot.light, 0.5) * shot.rim * np.array([1, 0.93, 0.85]),
    )
    if shot.light == "neon":
        fill, rim = np.array([0.2, 0.3, 0.55]) * shot.sky, np.array([0.2, 0.6, 1.2]) * shot.rim
    window = unit(key * 0.5 + np.array([0.2 * side, 0.35, 0.8]))
    rows = [
        key,
        colour * shot.key,
        sky,
        ground,
        unit([-side * 0.8, 0.1, 0.6]),
        fill,
        unit([-side * 0.9, 0.35, -0.8]),
        rim,
    ]
    return np.array([*rows, window])


def colours_and_amounts(p: Person, look: Look) -> tuple[np.ndarray, np.ndarray]:
    """(10, 3) and (9,), indexed by the names in paint."""
    tone = tone_colour(p.tone)
    hair_colour = linear(HAIR_COLOURS[p.hair_colour])
    dyed = p.hair_colour in ("pink", "blue", "platinum")
    natural = linear(HAIR_COLOURS["brown" if dyed else p.hair_colour])
    grown = linear(HAIR_COLOURS["dark brown"]) if p.hair_colour == "grey" else natural
    # Brows of light hair stay visible and those of black hair do not become bars.
    brow = grown * 0.42 + tone * 0.04
    lips = tone * np.array([0.80, 0.52, 0.52])
    if look.lipstick:  # darker shades are worn on darker skin
        lips = 0.25 * lips + 0.75 * linear(look.lipstick) * (0.22 + 0.78 * float(tone.mean() / tone_colour(1).mean()))
    colours = [
        tone, lips, brow, hair_colour, natural * 0.4 + tone * 0.08, linear(p.iris),
        linear(look.lens), linear(look.frame), natural * 0.85, linear(look.fabric),
    ]  # fmt: skip
    scalp = {"buzz": 0.88, "bald": 0.12, "hijab": 0.5}.get(p.hair, 0.95)
    stubble = {"none": 0.0, "stubble": 0.42, "beard": 0.7}[p.beard]
    amounts = [
        0.7 if look.lipstick else 0.55, p.flush, p.brow, scalp, stubble, look.shine, p.shape % 97, look.eyeline,
        max(0.0, (p.age - 28) / 45),
    ]  # fmt: skip
    return np.array(colours), np.array(amounts, np.float64)


def shadow_map(key: np.ndarray, side: int, v: np.ndarray, triangles: np.ndarray, strands: np.ndarray, chance):
    """(side, side) float32 depth seen from the lamp, the lamp's axes (3, 3), and (scale, x, y) into the map."""
    across = unit(np.cross(key, [0, 1, 0]))
    axes = np.array([across, np.cross(key, across), key])
    scale = side / SHADOW_SPAN
    centre = axes @ np.array([0, 6.6, 0.4])
    frame = np.array([scale, side / 2 - centre[0] * scale, side / 2 - centre[1] * scale])
    depth = np.full((side, side), -1e9, np.float32)
    small = axes.astype(np.float32)

    def seen(points: np.ndarray) -> np.ndarray:
        out = points @ small.T
        out[..., :2] = out[..., :2] * np.float32(scale) + frame[1:].astype(np.float32)
        return out

    raster.draw_shadow(seen(v), triangles, depth)
    raster.shadow_strands(seen(strands), chance, max(1.0, 0.05 * scale), depth)
    return depth, axes, frame


def looking(view: Camera) -> np.ndarray:
    """Unit vector in which the eyes look: at the lens, or nearly where that is far above or below the head's front."""
    x, y, z = unit(view.position - AIM)
    up = GAZE_UP * math.tanh(math.asin(y) / GAZE_UP)
    return np.array([*(np.array([x, z]) / math.hypot(x, z) * math.cos(up)), math.sin(up)])[[0, 2, 1]]


def draw_person(p: Person, look: Look, shot: Shot, view: Camera, side: int, seeds: list[int]) -> Drawn:
    """seeds: for np.random."""
    template = body()
    shape_rng = np.random.default_rng([p.shape, 5])  # hair falls the same way in all of an account's pictures
    rng = np.random.default_rng([*seeds, 6])
    pose = pose_of(shot, view, seeds[-1])
    gaze = looking(view)
    v, normals = figure.dressed(p, look, pose, math.degrees(math.asin(gaze[1])))
    left, right = v[template.left_eye].mean(0), v[template.right_eye].mean(0)
    unit_pixels = view.focal * side / shot.distance  # pixels of a mesh unit at the head
    n = int(np.clip(HAIR_MOST * HAIR_WIDTH * unit_pixels / 2.5, HAIR_LEAST, HAIR_MOST))
    strands, tangents, chance = hair.hair(p.hair, template, v, normals, shape_rng, rng, n)
    if look.headwear in headwear.RIM:
        strands = headwear.press(strands, look.headwear, template, v)
    thickness = max(0.8, unit_pixels * HAIR_WIDTH * min(HAIR_MOST / n, 5))
    # Tilted or high heads show more of the body than the picture's height below the eyes says: hence the margin.
    waist = view.y + view.focal * (AIM[1] - WAIST - 0.5) / (shot.distance + 0.6)
    chosen = template.upper if waist > 1.3 else np.ones_like(template.upper)
    if pose.kind == "reach":
        forearm, hand = poses.forearm(pose.side)
        chosen = chosen & ~hand  # it is beside the lens
    triangles, material = template.triangles[chosen], template.material[chosen]
    place, rest, lip, mouth = figure.places(), figure.place_normals(), template.lip, template.mouth
    solid = template.triangles[chosen & ~forearm] if pose.kind == "reach" else triangles
    worn = []  # vertices, normals, places on the template or in the weave, triangles, materials, those that cast shade
    if look.glasses != "none":
        gv, gt, gm, *panes = glasses.glasses(left, right, look.glasses, rng)
        gn = raster.vertex_normals(gv, gt)
        worn.append((gv, gn * np.where(gn[:, 2:] < 0, -1, 1), gv, gt, gm, gt[gm != LENS]))
    if look.clothes.garment == "hoodie":
        hv, hn, ht, hm = hood.hood(v[template.nape].mean(0) - template.vertices[template.nape].mean(0))
        worn.append((hv, hn, hv, ht, hm, ht))
    if pose.kind == "mirror":
        centre = np.array(pose.target) + np.array([-0.12 * pose.side, 0.42, -0.16])
        pv, pt, pm = phone.phone(centre, rng.normal(0, 0.12), int(rng.integers(1, 4)))
        worn.append((pv, raster.vertex_normals(pv, pt), pv, pt, pm, pt))
    if on_head := headwear.headwear(look.headwear, look.earrings, template, v, normals, rng):
        worn.append((*on_head, np.full(len(on_head[3]), HAT, np.int32), on_head[3]))
    for more, more_normals, more_place, t, m, casting in worn:
        triangles, material = np.concatenate([triangles, t + len(v)]), np.concatenate([material, m])
        solid = np.concatenate([solid, casting + len(v)])
        pairs = ((v, more), (normals, more_normals), (place, more_place))
        v, normals, place = (np.concatenate(pair) for pair in pairs)
        rest = np.concatenate([rest, np.zeros_like(more, np.float32)])
        lip, mouth = (np.concatenate([one, np.zeros(len(more), np.float32)]) for one in (lip, mouth))
    depth, number = np.zeros((side, side), np.float32), np.full((side, side), -1, np.int32)
    bary, front = np.zeros((side, side, 2), np.float32), np.zeros((side, side), np.float32)
    layer = np.zeros((side, side, 8), np.float32)
    layer[..., raster.CLEAR] = 1
    projected = view.project(v, side)
    raster.draw_triangles(projected, triangles, material, depth, number, bary)
    veil, (lashes, darkness) = np.zeros((side, side), np.float32), hair.lashes()
    raster.draw_veil(projected, lashes, darkness * np.float32(0.55 + look.eyeline), depth, veil)
    if look.glasses != "none":
        glare, (pv, pt, streaks) = np.zeros((side, side), np.float32), panes
        raster.draw_veil(view.project(pv, side), pt, streaks, depth, glare)
        veil -= glare
    raster.draw_strands(view.project(strands, side), tangents, chance, thickness, 0.0, depth, front, layer)
    if p.beard == "beard":
        bx, bt, bc = hair.beard(template, v, normals, p.beard_length, rng, max(600, n // 2))
        wide = max(0.6, thickness * 0.45)
        raster.draw_strands(view.project(bx, side), bt, bc, wide, 1.0, depth, front, layer)
    light = lamps(shot)
    map_side = int(np.clip(0.75 * side, 140, 400))
    shadow, axes, frame = shadow_map(light[shading.KEY], map_side, v, solid, strands, chance)
    outside = np.where(layer[..., raster.CLEAR] < 0.5, np.maximum(depth, front), depth)
    open_sky = raster.occlusion(outside, view.focal * side, 0.28, RING)
    open_sky = cv2.GaussianBlur(open_sky, (0, 0), max(0.8, side / 256))
    gaze = unit(gaze + rng.normal(0, 0.02, 3))
    colours, amounts = colours_and_amounts(p, look)
    out, skin = shading.shade(
        *(depth, number, bary, front, layer, veil),
        *(triangles, material, place, normals, lip, mouth, open_sky),
        *(
            view.rotation,
            view.position,
            np.array([*(np.array([view.focal, view.x, view.y]) * side), view.squish]),
            light,
        ),
        *(shadow, axes, frame, np.array([left, right, gaze], np.float64), colours, amounts),
        *cloth.cut_and_dyes(look.clothes),
        rest,
    )
    soften_skin(out, skin, unit_pixels * 0.022)
    part = truth.parts(raster.with_hair(number, layer), triangles, material, place)
    return Drawn(out, skin, part, projected[: len(template.vertices), :2] / side)


def lay_over(image: np.ndarray, light: np.ndarray, crowd: np.ndarray) -> np.ndarray:
    """A person (side, side, 4) over the picture so far (side, side, 3); crowd (side, side): where others stand behind.

    Those get the shadow of who is close before them, and light from behind creeps around the edge of the person."""
    side, solid = len(image), light[..., 3]
    near, far = (cv2.GaussianBlur(solid, (0, 0), side * s) for s in (0.008, 0.035))
    if crowd.any():
        shade = (0.35 * near + 0.55 * far) * cv2.GaussianBlur(crowd.astype(np.float32), (0, 0), 1.0)
        image = image * (1 - shade)[..., None]
    alpha = cv2.GaussianBlur(solid, (0, 0), 0.7)[..., None]
    edge = np.maximum(0, 1 - near)[..., None] * np.float32(0.35)
    small = cv2.resize(image, (side // 4, side // 4), interpolation=cv2.INTER_AREA)
    around = cv2.resize(cv2.GaussianBlur(small, (0, 0), side / 100), (side, side), interpolation=cv2.INTER_LINEAR)
    person = light[..., :3] * (1 - 0.5 * edge) + np.minimum(around, 1.5) * edge * 0.6
    return np.where(solid[..., None] > 0, image * (1 - alpha) + person * alpha, image)


def pose_of(shot: Shot, view: Camera, place: int) -> Pose:
    """What the arms of the person at `place` do; the first holds the camera."""
    if place > 0:
        return Pose("behind")
    if not shot.arm:
        return Pose("hanging")
    if shot.shot == "mirror":
        return Pose("mirror", shot.arm, shot.hand)
    return Pose("reach", shot.arm, tuple(view.position + np.array(shot.hand) @ view.rotation))


def soften_skin(out: np.ndarray, skin: np.ndarray, reach: float) -> None:
    """Light wanders a little inside skin, red light most: blur within the skin, in place. reach in pixels."""
    if reach < 0.5:
        return
    weight = cv2.GaussianBlur(skin, (0, 0), reach) + 1e-4
    for c, share in ((0, 0.45), (1, 0.2)):
        blurred = cv2.GaussianBlur(out[..., c] * skin, (0, 0), reach) / weight
        out[..., c] += (blurred - out[..., c]) * share * skin
