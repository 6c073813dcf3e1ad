"""What is printed on the chest of a shirt: words or a plain drawing, as a small mask."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

HEIGHT, WIDTH = 96, 128  # pixels of the mask, over 1.2 by 1.6 mesh units
WORDS = (
    "NORTH", "SUNDAY", "COFFEE", "HELLO", "1987", "WILD", "SURF CLUB", "MOON", "OCEAN", "LUCKY", "HOME", "FRIDAY",
    "BERLIN", "KYOTO", "LISBON", "TEAM 12", "GOOD DAY", "RADIO", "PEACE", "UNIVERSITY", "CAMP", "NOPE", "SLOW", "VINYL",
)  # fmt: skip
FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_PLAIN)


def write(mask: np.ndarray, text: str, middle: float, tall: float, font: int, thick: int) -> None:
    scale = tall / cv2.getTextSize(text, font, 1.0, thick)[0][1]
    wide = cv2.getTextSize(text, font, scale, thick)[0][0]
    if wide > WIDTH - 8:
        scale *= (WIDTH - 8) / wide
    (wide, high), _ = cv2.getTextSize(text, font, scale, thick)
    corner = (int((WIDTH - wide) / 2), int(middle + high / 2))
    cv2.putText(mask, text, corner, font, scale, 1.0, thick, cv2.LINE_AA)


@lru_cache(maxsize=32)
def chest(seed: int) -> np.ndarray:
    """(HEIGHT, WIDTH) float32, 0..1: how much of the second colour."""
    rng = np.random.default_rng([seed, 13])
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    kind, font = rng.random(), FONTS[int(rng.integers(len(FONTS)))]
    one, other = (WORDS[int(i)] for i in rng.integers(len(WORDS), size=2))
    x, y = WIDTH // 2, HEIGHT // 2
    if kind < 0.34:
        write(mask, one, y - 8, 26, font, 3)
        if rng.random() < 0.4:
            write(mask, other, y + 22, 11, cv2.FONT_HERSHEY_SIMPLEX, 1)
    elif kind < 0.52:  # a sun, with words below
        cv2.circle(mask, (x, y - 10), 24, 1.0, -1, cv2.LINE_AA)
        for k in range(4):
            cv2.line(mask, (x - 26, y - 8 + 6 * k), (x + 26, y - 8 + 6 * k), 0.0, 1 + k // 2)
        write(mask, one, y + 28, 10, font, 2)
    elif kind < 0.68:  # mountains
        for dx, h in ((-22, 26), (20, 20), (0, 40)):
            points = np.array([[x + dx - h, y + 16], [x + dx, y + 16 - h], [x + dx + h, y + 16]], np.int32)
            cv2.fillPoly(mask, [points], 0.55 if dx else 1.0, cv2.LINE_AA)
        write(mask, one, y + 30, 9, font, 2)
    elif kind < 0.80:  # a picture
        noise = cv2.resize(rng.random((5, 6)).astype(np.float32), (68, 64), interpolation=cv2.INTER_CUBIC)
        mask[y - 32 : y + 32, x - 34 : x + 34] = np.where(noise > 0.55, 0.9, 0.3)
    elif kind < 0.92:  # a small sign over the heart
        cv2.circle(mask, (x + 34, y - 20), 6, 1.0, -1, cv2.LINE_AA)
    else:  # bars
        for k, w in enumerate((44, 36, 26)):
            cv2.rectangle(mask, (x - w, y - 14 + 12 * k), (x + w, y - 8 + 12 * k), 1.0, -1)
    return cv2.GaussianBlur(np.clip(mask, 0, 1), (0, 0), 0.6)
