"""A few words on a plain ground, as people post them."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from deepselfie.demo.brush import Board
from deepselfie.demo.people import linear

WORDS = [
    "good vibes only", "monday again", "be right back", "less but better", "coffee first", "new phone who this",
    "stay curious", "make time for nothing", "home is a feeling", "note to self: rest", "it is what it is",
    "one day or day one", "no filter needed", "thank you for 1k", "weekend loading", "slow down", "currently offline",
    "do more of what makes you happy", "and so the adventure begins", "today is a good day", "hello october",
]  # fmt: skip
GROUNDS = [
    ((246, 240, 230), (60, 52, 48)), ((30, 32, 38), (238, 232, 220)), ((232, 196, 188), (120, 50, 60)),
    ((168, 190, 184), (34, 60, 62)), ((244, 206, 110), (70, 50, 20)), ((70, 90, 130), (240, 236, 226)),
    ((250, 250, 250), (20, 20, 20)), ((190, 178, 210), (60, 44, 90)),
]  # fmt: skip


def card(b: Board) -> np.ndarray:
    """Paints the card; returns (side, side) the letters, by which the camera is to meter."""
    ground, ink = (linear(c).astype(np.float32) for c in GROUNDS[int(b.rng.integers(len(GROUNDS)))])
    other, kind = b.chosen(*(g for g, _ in GROUNDS)), b.rng.integers(4)
    b.image[:] = ground
    if kind == 0:  # from one colour to another
        b.image += (other * 0.7 + ground * 0.3 - ground) * (b.y * 0.7 + b.x * 0.3)[..., None]
    elif kind == 1:  # paper
        b.image *= (0.94 + 0.12 * b.clouds(60, 3))[..., None]
    elif kind == 2:  # a frame
        for edge, colour in ((0.06, ink), (0.07, ground)):
            b.lay(b.polygon([(edge, edge), (1 - edge, edge), (1 - edge, 1 - edge), (edge, 1 - edge)]), colour)
    else:  # discs in the corners
        for _ in range(4):
            b.disc(b.rng.choice([0.02, 0.98]), b.rng.choice([0.03, 0.97]), b.u(0.1, 0.28), b.u(0.1, 0.28), other)
    letters = written(WORDS[int(b.rng.integers(len(WORDS)))], b.side, b.u() < 0.3, b.u(-4, 4) if b.u() < 0.3 else 0.0)
    b.lay(letters, ink)
    return letters


def written(words: str, side: int, capitals: bool, turn: float) -> np.ndarray:
    """(side, side) 0..1: the words in a few centred lines that fill the width."""
    words = (words.upper() if capitals else words).split()
    rows = max(1, min(4, round((len(" ".join(words)) / 5) ** 0.7)))
    lines, fill = [[] for _ in range(rows)], len(" ".join(words)) / rows
    for word in words:
        k = next((k for k in range(rows) if len(" ".join(lines[k])) + len(word) / 2 < fill), rows - 1)
        lines[k].append(word)
    text = "\n".join(" ".join(line) for line in lines if line)
    big = 512  # drawn at one size and shrunk, so that the lines break and lie the same at any size
    page = Image.new("L", (big, big))
    pen, size = ImageDraw.Draw(page), 130
    while True:
        font = ImageFont.load_default(size)
        left, top, right, bottom = pen.multiline_textbbox((0, 0), text, font=font, align="center")
        if (right - left < 0.78 * big and bottom - top < 0.7 * big) or size < 20:
            break
        size -= 6
    pen.multiline_text(((big - right - left) / 2, (big - bottom - top) / 2), text, fill=255, font=font, align="center")
    page = page.rotate(turn, Image.Resampling.BICUBIC).resize((side, side), Image.Resampling.LANCZOS)
    return np.asarray(page, np.float32) / 255
