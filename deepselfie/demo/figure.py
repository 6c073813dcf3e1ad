"""From a person and a look to vertices: macro morphs, small differences, expression, clothes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from deepselfie.demo import cloth, poses
from deepselfie.demo.mesh import Body, body, smooth_step
from deepselfie.demo.people import Look, Person
from deepselfie.demo.poses import Pose
from deepselfie.demo.raster import vertex_normals
from deepselfie.demo.wardrobe import Clothes

FEMININE = {
    "head-oval": 0.3, "l-eye-scale-incr": 0.6, "r-eye-scale-incr": 0.6, "mouth-lowerlip-volume-incr": 0.25,
    "mouth-upperlip-volume-incr": 0.3, "nose-scale-horiz-decr": 0.25, "chin-width-decr": 0.3, "nose-volume-decr": 0.2,
    "eyebrows-trans-up": 0.25,
}  # fmt: skip
MASCULINE = {"l-eye-scale-incr": 0.45, "r-eye-scale-incr": 0.45, "eyebrows-trans-up": 0.15}
HEADS = ("round", "oval", "square", "triangular", "diamond", "rectangular", "invertedtriangular")
RELAXED = Pose("hanging")


@dataclass(frozen=True)
class Figure:
    """A person without expression and clothes, eyes where the template's eyes are. All (N, 3) float32."""

    bare: np.ndarray
    smooth: np.ndarray  # the body as cloth lies on it, without detail


def macro_weights(p: Person) -> dict[str, float]:
    old = float(np.clip((p.age - 24) / 62, 0, 1))
    weights: dict[str, float] = {}
    muscles = {"average": 1 - abs(p.muscle), "max": max(0.0, p.muscle), "min": max(0.0, -p.muscle)}
    sizes = {"average": 1 - abs(p.weight), "max": max(0.0, p.weight), "min": max(0.0, -p.weight)}
    for sex, by_sex in (("male", p.masculine), ("female", 1 - p.masculine)):
        for age, by_age in (("old", old), ("young", 1 - old)):
            for name, share in zip(("caucasian", "asian", "african"), p.ancestry, strict=True):
                weights[f"{name}-{sex}-{age}"] = by_sex * by_age * share
            for muscle, by_muscle in muscles.items():
                for size, by_size in sizes.items():
                    weights[f"universal-{sex}-{age}-{muscle}muscle-{size}weight"] = (
                        by_sex * by_age * by_muscle * by_size
                    )
    return weights


def small_weights(p: Person, template: Body) -> dict[str, float]:
    """What makes one face differ from the next of the same ancestry, age and sex."""
    rng = np.random.default_rng(p.shape)
    weights: dict[str, float] = {}

    def add(name: str, weight: float) -> None:
        weights[name] = weights.get(name, 0.0) + weight

    for stem, one, other in template.pairs:
        w = float(np.clip(rng.normal(0, 0.105), -0.28, 0.28))
        if "eye-push" in stem or "neck" in stem or "eyebrows-angle" in stem or "eye-height" in stem:
            w *= 0.35
        elif stem.startswith("nose"):
            w *= 1.6
        add(stem + (one if w > 0 else other), abs(w))
        if stem.startswith("l-"):
            add("r-" + stem[2:] + (one if w > 0 else other), abs(w) * (1 + 0.1 * rng.normal()))
    for shape in HEADS:
        if rng.random() < 0.2:
            add("head-" + shape, rng.uniform(0.1, 0.5))
    for name, w in (FEMININE if p.female else MASCULINE).items():
        add(name, w * rng.uniform(0.5, 1.3))
    return weights


def morph(vertices: np.ndarray, template: Body, weights: dict[str, float]) -> None:
    for name, w in weights.items():
        if abs(w) > 2e-3 and name in template.targets:
            which, moves = template.targets[name]
            vertices[which] += moves * np.float32(w)


@cache
def spanned() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parts of the chest that cloth spans without touching: vertex numbers inside and around, and the weights (inside,
    around) with which the ones lie between the others."""
    template = body()
    inside = template.is_body & (((abs(template.vertices[:, 0]) - 0.8) / 0.6) ** 2 < 1)
    inside &= (np.abs(template.vertices[:, 1:] - np.array([3.8, 1.3])) < np.array([0.7, 0.6])).all(1)
    inside = np.where(inside)[0]
    rows = template.smoothing[inside]
    around = np.setdiff1d(np.unique(rows.indices), inside)
    between = np.linalg.solve(np.eye(len(inside)) - rows[:, inside].toarray(), rows[:, around].toarray())
    return inside, around, between.astype(np.float32)


def ironed(v: np.ndarray) -> np.ndarray:
    """(N, 3) the body without its bumps. Nothing slides along the skin, or hems would run in waves."""
    template, smooth = body(), v
    for _ in range(14):
        smooth = template.smoothing @ smooth
    along = vertex_normals(smooth, template.triangles)
    return v + along * ((smooth - v) * along).sum(1, keepdims=True)


@cache
def places() -> np.ndarray:
    """(N, 3) float32 where each vertex is on the template, for paint and cloth: below the chin on the ironed one, or
    hems would follow each collar bone and sinew."""
    v = body().vertices
    share = body().is_body * smooth_step(6.25, 5.95, v[:, 1]) * smooth_step(2.3, 1.7, abs(v[:, 0]))
    return (v + share[:, None] * (ironed(v) - v)).astype(np.float32)


@cache
def place_normals() -> np.ndarray:
    return vertex_normals(places(), body().triangles)


@lru_cache(maxsize=16)  # an account's pictures come one after the other
def figure(p: Person) -> Figure:
    template = body()
    v = template.vertices.copy()
    morph(v, template, macro_weights(p))
    morph(v, template, small_weights(p, template))
    eyes = np.concatenate([template.left_eye, template.right_eye])
    v += (template.vertices[eyes].mean(0) - v[eyes].mean(0)).astype(np.float32)
    smooth = ironed(v)
    x, y, z = template.vertices.T
    flat = np.clip((y - 2.2) / 0.4, 0, 1) * np.clip((5.45 - y) / 0.6, 0, 1) * (z > 0.25) * (abs(x) < 1.6)
    bust = 0.10 * np.exp(-(((y - 4.4) / 0.6) ** 2)) * p.female
    chest = 0.20 + 0.94 * np.sqrt(np.maximum(0, 1 - (x / 1.78) ** 2)) + bust
    smooth[:, 2] += (flat * 0.85 * (chest - smooth[:, 2])).astype(np.float32)
    return Figure(v, np.where(template.is_body[:, None], smooth, v).astype(np.float32))


def hang(smooth: np.ndarray, loose: float) -> None:
    """Cloth falls from the chest instead of clinging to the waist; in place. loose: its width against the chest's."""
    template = body()
    x, y, _z = template.vertices.T
    trunk = template.is_body & (abs(x) < 1.62 + 0.45 * np.maximum(0, 4.3 - y))
    chest = smooth[trunk & (abs(y - 4.3) < 0.2)]
    wide, (back, front) = abs(chest[:, 0]).max(), (chest[:, 2].min(), chest[:, 2].max())
    middle, deep = (front + back) / 2, (front - back) / 2
    which = np.where(trunk & (y < 4.6) & (y > 0.9))[0]
    p = smooth[which]
    radius = np.sqrt((p[:, 0] / wide) ** 2 + ((p[:, 2] - middle) / deep) ** 2) + 1e-3
    wanted = np.maximum(radius, loose * (1 + 0.03 * np.cos(5 * np.arctan2(p[:, 0], p[:, 2]))))
    share = smooth_step(4.6, 3.9, y[which])
    grow = 1 + (wanted / radius - 1) * share
    smooth[which, 0] = p[:, 0] * grow
    smooth[which, 2] = middle + (p[:, 2] - middle) * grow


def thickness(c: Clothes, hems: np.ndarray) -> np.ndarray:
    """(N,) how far cloth stands off the body, mesh units: more where it is doubled."""
    template = body()
    x, y, z = template.vertices.T
    out = np.full(len(hems), cloth.THICKNESS[c.garment])
    neck = hems[:, 0]
    if c.garment in ("shirt", "jacket"):
        out += 0.08 * smooth_step(-0.36, -0.24, neck)  # the collar
    if c.garment == "jacket":
        out += np.where((z > 0) & (abs(x) < 0.30 + 0.13 * np.maximum(0, 5.4 - y)) & (y > 0.9), -0.10, 0.0)
    if c.garment == "sweater":
        out += 0.05 * smooth_step(-0.28, -0.2, neck)
    return out


def lids(up: float) -> dict[str, float]:
    """Face units of the lids of someone who looks up by so many degrees: they follow the eye."""
    name, weight = ("eyeLookUp", up / 14) if up > 0 else ("eyeLookDown", -up / 14)
    return {name + side: weight for side in ("Left", "Right")}


def dressed(p: Person, look: Look, pose: Pose = RELAXED, up: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """vertices and normals (N, 3) float32 with expression and clothes; up: degrees the eyes look up in the head."""
    template, shape = body(), figure(p)
    v, smooth = shape.bare.copy(), shape.smooth.copy()
    morph(v, template, look.units | lids(up))
    hang(smooth, cloth.LOOSE[look.clothes.garment])
    poses.take([v, smooth], pose)
    hems = cloth.all_hems(places(), cloth.cut_and_dyes(look.clothes)[0])
    inside = -hems.max(1)
    covered = (smooth_step(0, 0.45, inside) * template.is_body).astype(np.float32)[:, None]
    shaped = (smooth_step(0, 0.6, inside) * template.is_body).astype(np.float32)[:, None]
    if look.clothes.garment in ("straps", "tank"):  # these cling, and end where a chest is anything but flat
        shaped *= 0.3 + 0.7 * smooth_step(0.2, 0.7, inside).astype(np.float32)[:, None]
    v += shaped * (smooth - v)
    between, around, weights = spanned()
    v[between] = weights @ v[around]
    normals = vertex_normals(v, template.triangles)
    v += normals * (covered * thickness(look.clothes, hems)[:, None].astype(np.float32))
    return v, vertex_normals(v, template.triangles)
