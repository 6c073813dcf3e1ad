"""Small rows of photos as HTML. In: ranks; out: thumbnails cut from the atlas, as one self-contained piece of HTML.

For a handful of photos in a text: no request of their own, readable by screen readers, there at the first paint.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from deepselfie import credits
from deepselfie.atlas import rank_slot, read_atlas
from deepselfie.layout import order
from deepselfie.pictures import thumbnail
from deepselfie.world import World


def data_url(image: np.ndarray, size: int = 128) -> str:
    """uint8 (H, W, 3) as a data: URL (WebP, longer side at most `size` px), shown without a file or a request."""
    return "data:image/webp;base64," + base64.b64encode(thumbnail(image, size)).decode()


def thumbnails(world: World, ranks) -> list[str]:
    """The photos of these ranks as data: URLs of WebP, of the atlas's sharpest level that there is."""
    manifest, found = read_atlas(world), []
    for rank in map(int, ranks):
        name, x, y, px = rank_slot(manifest, rank)
        found.append(_thumbnail(world.path / "atlas" / name, x, y, px))
    return found


def even_ranks(n: int, steps: int) -> list[int]:
    """Up to `steps` different ranks at even steps from the best, 0, to the worst, n - 1."""
    return sorted({round(i) for i in np.linspace(0, n - 1, min(steps, n))}) if n else []


def strip(world: World, ranks, *, here: Sequence[tuple[int, str]] = ()) -> str:
    """A row of photos that shrink to fit. here: (rank, data: URL) of more photos, larger, put where they belong."""
    cells = _cells(world, ranks)
    for number, (rank, url) in enumerate(here, 1):
        alt = f"Your photo {number if len(here) > 1 else ''}".rstrip() + " stands here"
        few = "" if len(here) <= 2 else " few"
        cells.append((rank - 0.5, f'<img class="here{few}" src="{html.escape(url)}" alt="{alt}">'))
    cells.sort(key=lambda cell: cell[0])
    return f'{STYLE}<div class="ds-strip">{"".join(cell for _, cell in cells)}</div>'


def rows(world: World, ranks, *, count: int, size: int, blurred: bool = False) -> str:
    """As many of the photos as `count` full rows have room for, each about `size` CSS px."""
    look = f"grid-template-columns: repeat(auto-fill, minmax({size}px, 1fr)); grid-template-rows: repeat({count}, auto)"
    cells = "".join(cell for _, cell in _cells(world, ranks))
    return f'{STYLE}<div class="ds-rows{" blurred" if blurred else ""}" style="{look}">{cells}</div>'


def _cells(world: World, ranks) -> list[tuple[float, str]]:
    """(rank, <img>) of each photo."""
    ranks = list(map(int, ranks))
    known = [column for column in ("score", "credit", "licence") if column in world.columns]
    table, cells = world.take(order(world)[ranks], known).to_pylist(), []
    for rank, url, photo in zip(ranks, thumbnails(world, ranks), table, strict=True):
        credit = credits.short(photo.get("credit"), photo.get("licence"))
        title = f' title="{html.escape(credit)}"' if credit else ""
        cells.append((rank, f'<img src="{url}" alt="Number {rank + 1:,}, score {100 * photo["score"]:.0f} %"{title}>'))
    return cells


def sheet(urls: list[str], label: str) -> str:
    """Photos (data: URLs) as a grid of eight a row, under one label for screen readers."""
    pictures = "".join(f'<img src="{url}" alt="">' for url in urls)
    return f'{STYLE}<div class="ds-sheet" role="img" aria-label="{html.escape(label)}">{pictures}</div>'


def compared(cards: Sequence[dict]) -> str:
    """Photos beside each other, each with its score on a line from 0 to 1.

    cards: {"url": a data: URL, "title", "text", "score", "low", "high": 0..1, "ahead": whether it is marked}."""
    cells = "".join(
        f'<figure class="{"ahead" if card["ahead"] else ""}"><img src="{html.escape(card["url"])}" '
        f'alt="{html.escape(card["title"])}"><figcaption><b>{html.escape(card["title"])}</b>'
        f'<div class="range" role="presentation"><i style="left:{100 * card["low"]:.1f}%;'
        f'width:{100 * (card["high"] - card["low"]):.1f}%"></i><u style="left:{100 * card["score"]:.1f}%"></u></div>'
        f"{html.escape(card['text'])}</figcaption></figure>"
        for card in cards
    )
    return f'{STYLE}<div class="ds-compared">{cells}</div>'


STYLE = """<style>
.ds-strip { display: flex; gap: 3px; align-items: center; margin: .2rem 0 .6rem; }
.ds-strip img { flex: 1 1 0; min-width: 0; max-width: 96px; aspect-ratio: 1; object-fit: cover; border-radius: 4px; }
.ds-strip img.here { flex: 0 0 auto; width: clamp(56px, 9vw, 112px); max-width: none; border-radius: 10px;
  outline: 4px solid #e0569b; margin: 6px; }
.ds-strip img.here.few { width: clamp(36px, 5vw, 72px); outline-width: 3px; margin: 4px; }
@media (max-width: 640px) { .ds-strip img:not(.here):nth-child(2n) { display: none; } }
.ds-compared { display: grid; gap: 14px; grid-template-columns: repeat(auto-fill, minmax(140px, 1fr)); }
.ds-compared figure { margin: 0; max-width: 220px; }
.ds-compared img { width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 10px; display: block; }
.ds-compared .ahead img { outline: 4px solid #e0569b; }
.ds-compared figcaption { font-size: .85rem; padding-top: 8px; }
.ds-compared .range { position: relative; height: 8px; margin: 7px 0; border-radius: 4px;
  background: rgb(128 128 128 / .22); }
.ds-compared .range i { position: absolute; top: 0; bottom: 0; min-width: 4px; border-radius: 4px;
  background: rgb(224 86 155 / .5); }
.ds-compared .range u { position: absolute; top: -3px; width: 14px; height: 14px; margin-left: -7px;
  border-radius: 50%; background: #e0569b; }
.ds-rows { display: grid; column-gap: 3px; grid-auto-rows: 0; overflow: hidden; border-radius: 6px; }
.ds-rows img { width: 100%; aspect-ratio: 1; object-fit: cover; margin-bottom: 3px; border-radius: 4px; }
.ds-rows.blurred img { filter: blur(4px) saturate(.6); }
.ds-sheet { display: grid; grid-template-columns: repeat(8, 1fr); gap: 2px; }
.ds-sheet img { width: 100%; aspect-ratio: 1; object-fit: cover; display: block; border-radius: 2px; }
</style>"""


@lru_cache(maxsize=2048)
def _thumbnail(path: Path, x: int, y: int, px: int) -> str:
    cell = _page(path).crop((x, y, x + px, y + px))
    return data_url(np.asarray(cell), px)


@lru_cache(maxsize=8)
def _page(path: Path) -> Image.Image:
    with Image.open(path) as page:
        return page.convert("RGB")
