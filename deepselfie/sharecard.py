"""A picture to share: the photo, its score with the range, and what a score is. In: a photo and its verdict; out: PNG.

Drawn from pixels: nothing of the upload's own data (place, time, camera) gets into it.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from deepselfie.summary import percent
from deepselfie.yours import Verdict, in_words

WIDTH, HEIGHT, MARGIN = 1080, 1350, 72  # px: the portrait of the networks that cards are shared on
PHOTO = 806  # px, a square
INK, QUIET, PINK, PAPER, LINE = "#1f1a24", "#6d6573", "#d6336c", "#fffafc", "#eadde3"
HONEST = "What got likes in this data, never what anyone is worth."


def card(image: np.ndarray, verdict: Verdict, world: str) -> bytes:
    """PNG, WIDTH × HEIGHT px, of a photo, uint8 (H, W, 3); world: the name of the world it stands among."""
    paper = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(paper)
    photo = ImageOps.fit(Image.fromarray(image), (PHOTO, PHOTO), Image.Resampling.LANCZOS, centering=(0.5, 0.4))
    mask = Image.new("L", (2 * PHOTO, 2 * PHOTO))
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, 2 * PHOTO - 1, 2 * PHOTO - 1), 80, fill=255)
    paper.paste(photo, ((WIDTH - PHOTO) // 2, MARGIN), mask.resize((PHOTO, PHOTO), Image.Resampling.LANCZOS))

    y = MARGIN + PHOTO + 44
    score, low, high = (_plain(percent(share, 0)) for share in (verdict.score, verdict.low, verdict.high))
    draw.text((MARGIN, y), score, INK, _font(120))
    left = MARGIN + draw.textlength(score, _font(120)) + 40
    draw.text((left, y + 18), f"range {low} to {high}", INK, _font(40))
    standing = _plain(in_words(verdict.percentile).partition(":")[0])
    draw.text((left, y + 74), _fit(draw, standing, WIDTH - MARGIN - left), QUIET, _font(34))
    _scale(draw, verdict, y + 190)
    draw.text((MARGIN, y + 262), HONEST, INK, _font(34))
    where = f"Among {verdict.n:,} photos of the world “{world}”"
    draw.text((MARGIN, y + 314), _fit(draw, where, WIDTH - 2 * MARGIN - 180), QUIET, _font(34))
    draw.text((WIDTH - MARGIN, y + 314), "deepselfie", PINK, _font(34), anchor="ra")
    out = io.BytesIO()
    paper.save(out, "PNG", optimize=True)
    return out.getvalue()


def _scale(draw: ImageDraw.ImageDraw, verdict: Verdict, y: int) -> None:
    """From 0 to 100 %: the range as a bar, the score as a dot on it."""

    def x(share: float) -> float:
        return MARGIN + share * (WIDTH - 2 * MARGIN)

    draw.rounded_rectangle((x(0), y - 8, x(1), y + 8), 8, fill=LINE)
    draw.rounded_rectangle((x(verdict.low), y - 14, max(x(verdict.high), x(verdict.low) + 28), y + 14), 14, "#f4a9c4")
    draw.ellipse((x(verdict.score) - 20, y - 20, x(verdict.score) + 20, y + 20), PINK, PAPER, 4)


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def _plain(text: str) -> str:
    """With spaces that the font has."""
    return text.replace("\u00a0", " ")


def _fit(draw: ImageDraw.ImageDraw, text: str, width: float, size: int = 34) -> str:
    """The text, cut short with an ellipsis where it would be wider."""
    whole = text
    while draw.textlength(text, _font(size)) > width and len(whole) > 1:
        whole = whole[:-1]
        text = whole.rstrip() + "…"
    return text
