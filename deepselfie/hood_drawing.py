"""Pictures of what `hood` computed. In: maps, filters, vectors; out: uint8 pictures, and HTML that needs no request.

Each map is drawn between its own least number (black) and its own greatest (pale yellow): a flat one is black.
"""

from __future__ import annotations

import base64
import html
import io
import math

import numpy as np
import plotly.colors
from PIL import Image, ImageDraw

from deepselfie.hood import Flow, Step

SIDE = 64  # px of a map on a sheet, at most: 64 maps of 224 px would be a picture of 3 megapixels
COLUMN = 8  # maps of a stage in the strip: more would be too small to see
VOTES = 6  # of fc7, for and against
INFERNO = np.array([plotly.colors.hex_to_rgb(c) for c in plotly.colors.sequential.Inferno], float)
FRAME = (214, 51, 108)  # of the pixels that a filter is laid on
RGB = (("Red", "#e03131"), ("Green", "#2f9e44"), ("Blue", "#1c7ed6"))


def coloured(values: np.ndarray) -> np.ndarray:
    """float (H, W) -> uint8 (H, W, 3), from its least number to its greatest."""
    shares = unit(values)
    stops = np.linspace(0, 1, len(INFERNO))
    return np.stack([np.interp(shares, stops, INFERNO[:, c]) for c in range(3)], -1).astype(np.uint8)


def unit(values: np.ndarray) -> np.ndarray:
    """Any numbers -> [0, 1], the least 0 and the greatest 1; all 0 where they are all the same."""
    low, high = float(values.min()), float(values.max())
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def columns_for(count: int) -> int:
    """How many columns a sheet of so many tiles has: about twice as wide as high."""
    return min(count, math.ceil(math.sqrt(2 * count)))


def sheet(tiles: list[np.ndarray]) -> np.ndarray:
    """Tiles, uint8 (h, w, 3) of one size -> one picture of them row by row, 1 px of transparency around each: RGBA."""
    (h, w), columns = tiles[0].shape[:2], columns_for(len(tiles))
    rows = -(-len(tiles) // columns)
    picture = np.zeros((rows * (h + 1), columns * (w + 1), 4), np.uint8)
    for i, tile in enumerate(tiles):
        y, x = i // columns * (h + 1), i % columns * (w + 1)
        picture[y : y + h, x : x + w] = np.dstack([tile, np.full((h, w), 255, np.uint8)])
    return picture


def map_tiles(maps: np.ndarray) -> list[np.ndarray]:
    """float (C, H, W) -> its maps as tiles of at most SIDE px."""
    tiles = [coloured(values) for values in maps]
    if maps.shape[1] <= SIDE:
        return tiles
    return [np.asarray(Image.fromarray(tile).resize((SIDE, SIDE), Image.Resampling.BOX)) for tile in tiles]


def filter_tiles(filters: np.ndarray) -> list[np.ndarray]:
    """float (C, 3, k, k) -> colour patches (k, k, 3): grey is a weight of 0, each scaled by its own largest weight."""
    largest = np.abs(filters).max((1, 2, 3), keepdims=True)
    shares = 0.5 + 0.5 * filters / np.where(largest > 0, largest, 1)
    return list((255 * shares).round().astype(np.uint8).transpose(0, 2, 3, 1))


def over(square: np.ndarray, values: np.ndarray, side: int = 480) -> np.ndarray:
    """A map (H, W) laid over the photo it is of: the more there, the brighter; each cell is one number of the map."""
    photo = np.asarray(Image.fromarray(square).resize((side, side), Image.Resampling.BICUBIC), float)
    cells = Image.fromarray(unit(values).astype(np.float32)).resize((side, side), Image.Resampling.NEAREST)
    share = 0.9 * np.asarray(cells)[..., None]  # (side, side, 1)
    glow = coloured(np.asarray(cells)).astype(float)
    dimmed = 0.35 * photo + 0.2 * photo.mean(-1, keepdims=True)
    return (dimmed * (1 - share) + glow * share).astype(np.uint8)


def enlarged(picture: np.ndarray, side: int) -> np.ndarray:
    """A small picture with each pixel as a square."""
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.NEAREST))


def png(picture: np.ndarray) -> str:
    """uint8 (H, W, 3 or 4) as a data: URL, every pixel kept."""
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def strip(square: np.ndarray, flow: Flow, score: float, run: int = 0) -> str:
    """The whole way from pixels to score, from left to right: of each stage the maps that vary most.

    It arrives column by column, at once for who wants no motion; another `run` plays it again."""
    columns = [(png(square), "photo", f"{len(square)}²", "px")]
    for stage in flow.stages:
        count, side = stage.maps.shape[:2]
        most = np.argsort(-stage.maps.std((1, 2)), kind="stable")[:COLUMN]
        tiles = [enlarged(coloured(stage.maps[i]), 48) for i in most]
        gap = np.zeros((3, 48, 3), np.uint8)
        column = np.vstack([part for tile in tiles for part in (tile, gap)][:-1])
        columns.append((png(column), "maps", f"{count:,}", f"{side}²"))
    for name, values in (("fc6", flow.fc6), ("fc7", flow.fc7)):
        columns.append((png(bars(values)), "vector", f"{len(values):,}", name))
    cells = "".join(
        f'<figure style="--i:{i}"><img class="{kind}" src="{url}" alt=""><figcaption>{one}<small>{other}</small>'
        "</figcaption></figure>"
        for i, (url, kind, one, other) in enumerate(columns)
    )
    last = (
        f'<figure class="score" style="--i:{len(columns)}"><b>{100 * score:.0f} %</b>'
        "<figcaption>score</figcaption></figure>"
    )
    label = (
        f"From {len(square)} × {len(square)} pixels through {len(flow.stages)} stages of maps, fc6 and fc7 "
        f"to a score of {100 * score:.0f} %"
    )
    return f'{STYLE}<div class="ds-flow" data-run="{run}" role="img" aria-label="{label}">{cells}{last}</div>'


def bars(values: np.ndarray, width: int = 16) -> np.ndarray:
    """A vector (N,) as one picture of a column, a line a number, summed up where there are more than 200."""
    lines = np.array([part.max() for part in np.array_split(values, min(len(values), 200))])
    return np.repeat(np.repeat(coloured(lines[:, None]), width, 1), max(1, 398 // len(lines)), 0)


def patch(square: np.ndarray, step: Step, side: int = 384) -> np.ndarray:
    """The photo with the pixels of a step framed, and beside it these pixels enlarged: uint8 (side, 2 side, 3)."""
    high, wide = step.pixels.shape[1:]
    photo, scale = Image.fromarray(enlarged(square, side)), side / len(square)
    around = [
        step.left * scale - 4,
        step.top * scale - 4,
        (step.left + wide) * scale + 3,
        (step.top + high) * scale + 3,
    ]
    ImageDraw.Draw(photo).rectangle(around, outline=FRAME, width=4)
    pixels = enlarged(square[step.top : step.top + high, step.left : step.left + wide], side)
    both = np.hstack([np.asarray(photo), pixels])
    both[:, side : side + 6] = FRAME
    return both


def arithmetic(step: Step) -> str:
    """A filter at one place, in numbers: pixels × weights = products, their sum by colour, bias, activation."""
    k, rows, sums = step.pixels.shape[1], [], step.products.sum((1, 2), dtype=np.float64)
    for c, (name, ink) in enumerate(RGB):
        grids = (_grid(step.pixels[c]), _grid(step.weights[c]), _grid(step.products[c], "products"))
        rows.append(
            f'<div class="colour"><b style="color:{ink}">{name}</b>'
            f'<div class="grids" style="--k:{k}">{grids[0]}<i>×</i>{grids[1]}<i>=</i>{grids[2]}</div>'
            f"<span>sum {signed(sums[c])}</span></div>"
        )
    after = f" → {step.follows} → <b>{signed(step.value)}</b>" if step.follows else ""
    added = " ".join(map(signed, sums))
    end = f"<p>{added} {signed(step.bias)} <small>(bias)</small> = <b>{signed(step.total)}</b>{after}</p>"
    return f'{STYLE}<div class="ds-sum">{"".join(rows)}{end}</div>'


def _grid(values: np.ndarray, kind: str = "") -> str:
    """(k, k) numbers on a green (above 0) or red (below) ground, the stronger the larger."""
    most = float(np.abs(values).max()) or 1.0
    cells = "".join(
        f'<span title="{signed(value)}" style="--n:{i};background:rgb({"47 158 119" if value > 0 else "209 96 77"} / '
        f'{0.55 * abs(value) / most:.2f})">{value:.2f}</span>'.replace(">-", ">−")
        for i, value in enumerate(values.ravel().tolist())
    )
    return f'<div class="grid {kind}">{cells}</div>'


def votes(fc7: np.ndarray, weights: np.ndarray) -> str:
    """The numbers of fc7 that speak loudest for and against a photo, each times its weight, as bars."""
    each = fc7 * weights
    order = np.argsort(each, kind="stable")
    for_it, against = order[::-1][:VOTES], order[:VOTES]
    most = float(np.abs(each).max()) or 1.0
    columns = []
    for title, numbers, ink in (("For", for_it, "#2f9e77"), ("Against", against, "#d1604d")):
        lines = "".join(
            f'<div><span class="bar" style="width:{100 * abs(each[i]) / most:.0f}%;background:{ink}"></span>'
            f"<span>no. {i + 1}: {fc7[i]:.5f} × {signed(weights[i])} = <b>{signed(each[i])}</b></span></div>"
            for i in numbers.tolist()
            if (each[i] > 0) == (title == "For") and each[i] != 0
        )
        columns.append(f'<div class="side"><b>{title}</b>{lines or "<div>nothing</div>"}</div>')
    return f'{STYLE}<div class="ds-votes">{"".join(columns)}</div>'


def verdict(flow: Flow, weights: np.ndarray, bias: float, calibration: dict, score: float) -> str:
    """From fc7 to the score, in Markdown: sums for and against, the bias, the logit, its calibration."""
    each = (flow.fc7 * weights).astype(float)
    for_it, against = each[each > 0].sum(), each[each < 0].sum()
    slope, intercept = calibration["slope"], calibration["intercept"]
    z = slope * flow.logit + intercept
    return (
        f"- for {signed(for_it)}, against {signed(against)}, bias {signed(bias)}: **logit {signed(flow.logit)}**\n"
        f"- calibrated: {slope:.5f} × {signed(flow.logit)} {signed(intercept)} = {signed(z)}\n"
        f"- score: 1 / (1 + exp({signed(-z)})) = **{score:.5f}**, or {100 * score:.0f} %"
    )


def signed(number: float) -> str:
    """With its sign (a minus, not a hyphen) and five decimals."""
    return f"{number:+.5f}".replace("-", "−")


def nine(urls: list[str], label: str) -> str:
    """Photos (data: URLs), three a row."""
    cells = "".join(f'<img src="{url}" alt="">' for url in urls)
    return f'{STYLE}<div class="ds-nine" role="img" aria-label="{html.escape(label)}">{cells}</div>'


STYLE = """<style>
.ds-flow { display: flex; gap: 4px; align-items: stretch; overflow-x: auto; padding: .3rem 0; }
.ds-flow figure { flex: 1 1 0; min-width: 26px; max-width: 64px; margin: 0; display: flex; flex-direction: column;
  justify-content: center; animation: ds-arrive .5s calc(var(--i) * .32s) both; }
.ds-flow figure:first-child { flex: 2.6 1 0; max-width: 190px; min-width: 60px; }
.ds-flow img { width: 100%; display: block; border-radius: 3px; image-rendering: pixelated; }
.ds-flow img.photo { border-radius: 8px; image-rendering: auto; }
.ds-flow img.vector { width: 45%; margin: 0 auto; flex: 0 1 auto; }
.ds-flow figcaption { font-size: .68rem; text-align: center; line-height: 1.15; padding-top: 4px; opacity: .8; }
.ds-flow small { display: block; opacity: .8; }
.ds-flow .score { max-width: none; min-width: 46px; text-align: center; }
.ds-flow .score b { font-size: clamp(1rem, 2.4vw, 2rem); color: #d6336c; white-space: nowrap; }
@keyframes ds-arrive { from { opacity: .06; transform: translateX(-10px); filter: brightness(2.2); }
  60% { opacity: 1; filter: brightness(1.6); } }
.ds-sum { font-variant-numeric: tabular-nums; font-size: .8rem; overflow-x: auto; }
.ds-sum .colour { display: flex; flex-wrap: wrap; align-items: center; gap: .2rem .8rem; margin-bottom: .5rem; }
.ds-sum .colour > b { width: 3.2rem; }
.ds-sum .grids { display: flex; align-items: center; gap: 5px; }
.ds-sum .grid { display: grid; grid-template-columns: repeat(var(--k), 2.35rem); gap: 1px; }
.ds-sum .grid span { text-align: right; padding: 3px 3px; font-size: .68rem; border-radius: 2px; }
.ds-sum .products span { animation: ds-arrive .4s calc(var(--n) * .12s) both; }
.ds-sum p { font-size: .95rem; }
.ds-votes { display: flex; flex-wrap: wrap; gap: .5rem 2rem; font-size: .82rem; font-variant-numeric: tabular-nums; }
.ds-votes .side { flex: 1 1 300px; min-width: 0; }
.ds-votes .side > div { margin: 3px 0; }
.ds-votes .bar { display: block; height: 5px; border-radius: 3px; }
.ds-nine { display: grid; grid-template-columns: repeat(3, 1fr); gap: 3px; max-width: 360px; }
.ds-nine img { width: 100%; aspect-ratio: 1; object-fit: cover; display: block; border-radius: 4px; }
@media (prefers-reduced-motion: reduce) { .ds-flow figure, .ds-sum .products span { animation: none; } }
</style>"""
