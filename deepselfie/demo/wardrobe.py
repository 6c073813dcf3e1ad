"""What people wear: garments, necklines, sleeves, patterns and colours, written down here as tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepselfie.demo.tables import pick

GARMENTS = ("tee", "tank", "straps", "shirt", "hoodie", "jacket", "sweater")
FOR_WOMEN = {"tee": 0.34, "tank": 0.10, "straps": 0.10, "shirt": 0.12, "hoodie": 0.10, "jacket": 0.10, "sweater": 0.14}
FOR_MEN = {"tee": 0.42, "tank": 0.05, "straps": 0.0, "shirt": 0.18, "hoodie": 0.14, "jacket": 0.11, "sweater": 0.10}
WARM = {"tee": 0.45, "tank": 0.2, "straps": 0.15, "shirt": 0.2}  # at the beach and in the gym
NECKLINES = ("crew", "vee", "scoop", "collar")
PATTERNS = ("plain", "striped", "checked", "dotted", "printed", "flowery", "blocked")
PATTERNS_OF = {
    "tee": {"plain": 0.52, "striped": 0.13, "dotted": 0.03, "printed": 0.24, "flowery": 0.03, "blocked": 0.05},
    "tank": {"plain": 0.66, "striped": 0.12, "printed": 0.16, "flowery": 0.06},
    "straps": {"plain": 0.66, "striped": 0.08, "dotted": 0.1, "flowery": 0.16},
    "shirt": {"plain": 0.50, "striped": 0.12, "checked": 0.26, "dotted": 0.05, "flowery": 0.07},
    "hoodie": {"plain": 0.66, "printed": 0.24, "blocked": 0.10},
    "jacket": {"plain": 0.9, "checked": 0.1},
    "sweater": {"plain": 0.58, "striped": 0.24, "blocked": 0.18},
}
COLOURS = [
    (38, 38, 42), (30, 34, 46), (240, 238, 234), (232, 226, 214), (128, 130, 134), (86, 88, 94), (178, 178, 176),
    (50, 66, 98), (84, 108, 142), (146, 168, 190), (112, 50, 54), (158, 78, 72), (196, 132, 124), (220, 184, 178),
    (72, 86, 66), (110, 122, 94), (150, 162, 140), (196, 168, 120), (206, 178, 96), (150, 116, 84), (98, 74, 60),
    (92, 70, 92), (164, 146, 172), (60, 98, 100), (224, 206, 184),
]  # fmt: skip
DENIM, LEATHER = [(70, 90, 120), (96, 116, 144), (48, 60, 84)], [(28, 27, 28), (66, 46, 36), (88, 88, 70)]
TROUSERS = [(46, 58, 82), (34, 34, 38), (88, 104, 130), (150, 134, 110), (70, 70, 74)]
LIGHT = [(238, 236, 232), (222, 224, 228), (34, 34, 38), (150, 152, 156)]  # under jackets, and prints


@dataclass(frozen=True)
class Clothes:
    garment: str
    neckline: str
    depth: float  # of the neckline, mesh units
    sleeve: float  # where sleeves end, mesh units from the shoulder along the arm
    pattern: str
    scale: float  # of the pattern
    seed: int
    main: tuple[int, int, int]  # sRGB
    second: tuple[int, int, int]
    inner: tuple[int, int, int]
    trousers: tuple[int, int, int]


def clothes(rng: np.random.Generator, female: bool, background: str, pattern: str | None = None) -> Clothes:
    table = FOR_WOMEN if female else FOR_MEN
    if background in ("beach", "gym"):
        table = {k: v * (0.2 if k == "straps" and not female else 1) for k, v in WARM.items()}
    garment = pick(rng, table)
    neck = "collar" if garment == "shirt" else "crew"
    low = rng.uniform(0.25, 0.6 if female else 0.4)
    which, shallow = rng.random(), rng.uniform(-0.08, 0.14)
    if garment in ("tee", "sweater", "tank") and which < (0.5 if female else 0.28):
        neck = "vee" if which < (0.22 if female else 0.16) else "scoop"
    depth = {"crew": shallow, "collar": rng.uniform(0.15, 0.5)}.get(neck, low)
    short, rolled = rng.uniform(0.75, 1.25), rng.uniform(2.3, 3.2)
    usual = {"tee": short, "shirt": rolled if rng.random() < 0.45 else 4.1}
    sleeve = 4.1 if garment == "tee" and rng.random() < 0.14 else usual.get(garment, 4.1)
    kind = pick(rng, PATTERNS_OF[garment])
    main, second, inner, legs = (table[int(rng.integers(len(table)))] for table in (COLOURS, COLOURS, LIGHT, TROUSERS))
    if garment == "jacket" and rng.random() < 0.6:
        special = DENIM + LEATHER
        main = special[int(rng.integers(len(special)))]
    far = abs(sum(main) - sum(second)) / 3
    if far < 50:  # a pattern has to be seen
        second = (236, 234, 228) if sum(main) < 390 else (44, 46, 54)
    return Clothes(
        garment=garment, neckline=neck, depth=float(depth), sleeve=float(sleeve), pattern=pattern or kind,
        scale=float(rng.uniform(0.7, 1.5)), seed=int(rng.integers(1000)), main=main, second=second, inner=inner,
        trousers=legs,
    )  # fmt: skip
