"""No wrong picture in any cell: photos of known colours are looked for where Python says that they stand.

In each layout, at each level of the thumbnails and above, by both renderers, and on a screen of two device pixels to a
CSS pixel.
"""

import io
import re
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from scipy.ndimage import maximum_filter, minimum_filter

from deepselfie.atlas import atlas, read_atlas
from deepselfie.layout import cells, layout, named, order, places_of
from deepselfie.world import world
from tests.browser.conftest import tab_on
from tests.browser.test_imagemap import CANVAS, settled
from tests.browser.test_renderers import assert_same

N, COLUMNS = 3000, 75  # of the lattice on which photos stand in t-SNE
SHAPES = ((256, 256), (160, 256), (256, 160))  # px: square, portrait, landscape; row by row in turn
UNPLACED = 5  # the first rows stand nowhere on the map
ADDRESSES = {
    "continuum": "/continuum?world=colours",
    "tsne": "/space?world=colours",
    "snapped": "/space?world=colours&layout=snapped",
    "gallery": "/best-and-worst?world=colours&show=Top+1000",
    "named": "/famous?world=colours",
}
BUTTONS = {"tsne": "Map", "snapped": "Grid"}  # to there from the wall
THUMBS = {"gallery": 64, "named": 128}  # CSS px, of the pages of the app
RENDERERS = ("canvas", "webgl")
NEAR, MIDDLE, FAR, FARTHEST = 100, 52, 28, 9  # CSS px of a photo, which ask for the four levels
EDGE = 6  # CSS px at the border that the ring of the focus may take
# What WebP makes of colours: how far the mean of a photo may be off, and which share of all pixels may be off by more
# than OFF. It has half the resolution for colours, which of a thumbnail of 8 px leaves little.
TOLERANCE = {8: (45, 0.1), 32: (20, 0.015), 64: (16, 0.015), "picture": (8, 0.002)}
OFF = 40
COLOURS = np.random.default_rng(7).integers(20, 236, (N, 2, 3)).astype(np.uint8)  # by row: large part, strip


def photo(row: int) -> bytes:
    """PNG in two colours: the second is in the last quarter, of the height for even rows, of the width for odd ones."""
    (w, h), out = SHAPES[row % 3], io.BytesIO()
    image = Image.new("P", (w, h), 0)
    image.paste(1, (w * 3 // 4, 0, w, h) if row % 2 else (0, h * 3 // 4, w, h))
    image.putpalette(COLOURS[row].tobytes())
    image.save(out, "PNG", compress_level=1)
    return out.getvalue()


@pytest.fixture(scope="module")
def colours(cache):
    """The world `colours`: scores in no order, t-SNE on a lattice a little out of line, a name for every 8th."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPSELFIE_CACHE", str(cache))
        w, rng = world("colours"), np.random.default_rng(1)
        images = pa.array([photo(row) for row in range(N)], pa.large_binary())
        names = pa.array([None if row % 8 else f"Person {row}" for row in range(N)], pa.string())
        w.append(pa.table({"id": [f"colours:{row:04}" for row in range(N)], "image": images, "name": names}))
        cell = rng.permutation(N)
        places = np.stack([cell % COLUMNS, cell // COLUMNS], axis=1) + rng.uniform(-0.15, 0.15, (N, 2))
        mask = np.arange(N) < UNPLACED
        tsne = pa.FixedSizeListArray.from_arrays(pa.array(places.ravel(), pa.float32()), 2, mask=pa.array(mask))
        w.set_columns(pa.table({"score": pa.array(rng.permutation(N) / N, pa.float32()), "tsne": tsne}))
        layout(w)
        atlas(w)
        return w


class Stands(NamedTuple):
    """Where photos stand in a view of W × H CSS px, as Python knows it; (n,) each, in the order of `ranks`."""

    ranks: np.ndarray
    x: np.ndarray  # units of the layout, NaN for none
    y: np.ndarray
    corner: tuple[float, float]  # of the layout
    size: tuple[float, float]
    home: float  # CSS px per unit
    thumb: float  # of a photo at home where photos may overlap, else 0
    gaps: bool  # between photos of any size

    def side(self, k: float) -> float:
        if self.thumb:
            return self.thumb * (k / self.home) ** 0.72
        return k - (min(k / 20, 8) if self.gaps or k >= 24 else 0)


def stands_of(w, name: str, width: float, height: float) -> Stands:
    if name == "tsne":
        places = places_of(w, order(w)).astype(float)
        places[:, 1] *= -1
        low, high = np.nanmin(places, axis=0), np.nanmax(places, axis=0)
        square = (high - low).max()
        x, y = ((places - (low + high) / 2) / square + 0.5).T
        size = tuple((high - low) / square)
        home, thumb = (
            0.94 * min(width / size[0], height / size[1]),
            1.7 * min(width, height) / np.sqrt(N - UNPLACED + 1),
        )
        return Stands(np.arange(N), x, y, (np.nanmin(x), np.nanmin(y)), size, home, thumb, False)
    if name == "snapped":
        (column, line), columns, lines = cells(w)[0].T, *cells(w)[1:]
        home = min(width / columns, height / lines)
        return Stands(np.arange(N), column + 0.5, line + 0.5, (0, 0), (columns, lines), home, 0, False)
    ranks = {"continuum": np.arange(N), "gallery": np.arange(1000), "named": named(w)}[name]
    tall, i = (1.36 if name == "named" else 1), np.arange(len(ranks))
    if name == "continuum":
        columns = max(range(1, N + 1), key=lambda c: min(width / c, height / -(-N // c)))
        home = min(width / columns, height / -(-N // columns))
    else:
        columns = round(width / THUMBS[name])
        home = width / columns
    size = (columns, -(-len(ranks) // columns) * tall)
    return Stands(ranks, i % columns + 0.5, i // columns * tall + 0.5, (0, 0), size, home, 0, name != "continuum")


def level_of(side: float, dpr: int):
    """Of the thumbnails, or "picture"."""
    return "picture" if side > 80 else 8 if side * dpr <= 12 else 32 if side * dpr <= 44 else 64


def files_of(w, level, ranks, name: str, side: float) -> set[str]:
    """What the browser has to fetch to show these photos at this level."""
    if level == "picture":
        size = next(size for size, most in ((128, 144), (256, 300), (512, np.inf)) if side <= most)
        return {f"{row}/{size}.webp" for row in order(w)[ranks].tolist()}
    found = next(each for each in read_atlas(w)["levels"] if each["px"] == level)
    along = found["page"] // level
    if name in ("tsne", "snapped") or level == 8:
        grid, columns, _ = cells(w)
        column, line = (grid[ranks] // along).T
        family, pages = "map", line * -(-columns // along) + column
    else:
        family, pages = "rank", ranks // along**2
    return {found["pages"][family][page] for page in np.unique(pages)}


def k_for(stands: Stands, side: float) -> float:
    """The zoom at which a photo has this side."""
    ks = np.geomspace(stands.home / 100, stands.home * 100, 20_000)
    return float(ks[np.abs([stands.side(k) - side for k in ks]).argmin()])


class Map:
    """The image map of an open page, drawn by one renderer."""

    def __init__(self, page, w, renderer: str, dpr: int):
        self.page, self.w, self.renderer, self.dpr = page, w, renderer, dpr
        self.fetched = set()
        page.on("requestfinished", lambda request: self.fetched.add(re.sub(r"\?.*", "", request.url)))
        page.add_init_script(f"sessionStorage.setItem('deepselfie:renderer', '{renderer}')")
        page.emulate_media(reduced_motion="reduce")  # no flights to wait for

    def open(self, name: str, link: str = "") -> None:
        self.page.goto(ADDRESSES[name] + link)
        self.met(name)

    def met(self, name: str) -> None:
        """To be called when another layout has been asked for."""
        here = f"{CANVAS}[data-view][data-renderer={self.renderer}][data-layout={name}]"
        self.name, self.canvas = name, self.page.locator(here)
        self.canvas.wait_for()
        self.canvas.scroll_into_view_if_needed()
        self.canvas.evaluate("stage => { stage.parentNode.querySelector('.corner').style.display = 'none'; }")
        self.canvas.focus()
        self.box = self.canvas.bounding_box()
        self.stands = stands_of(self.w, name, self.box["width"], self.box["height"])

    @property
    def camera(self) -> np.ndarray:
        """x, y, k"""
        return np.array(self.canvas.get_attribute("data-view").split(","), float)

    def zoom(self, side: float) -> None:
        """By the wheel at a place off the middle, until photos have this side (CSS px) or all are in view."""
        box, k = self.box, k_for(self.stands, side)
        self.page.mouse.move(round(box["x"] + 0.3 * box["width"]), round(box["y"] + 0.4 * box["height"]))
        self.page.mouse.wheel(0, -np.log(k / self.camera[2]) / 0.0018 * self.dpr)  # it comes divided by that
        self.page.mouse.move(1, 1)
        settled(self.canvas)

    def expected(self) -> tuple[np.ndarray, np.ndarray]:
        """int (H, W, 3), the map as Python paints it, and int (H, W), the rank at each pixel, -1: none; device px."""
        (x, y, k), box, dpr, stands = self.camera, self.box, self.dpr, self.stands
        size = np.round(np.array([box["width"], box["height"]]) * dpr).astype(int)
        picture, owner = np.full((size[1], size[0], 3), 255), np.full((size[1], size[0]), -1)
        middles = (np.stack([stands.x - x, stands.y - y], axis=1) * k + (box["width"] / 2, box["height"] / 2)) * dpr
        half, rows = stands.side(k) * dpr / 2, order(self.w)[stands.ranks]
        for i in np.flatnonzero(((middles > -half) & (middles < size + half)).all(axis=1))[::-1].tolist():
            first, last = np.floor([middles[i] - half + 0.5, middles[i] + half + 0.5]).astype(int)
            strip = first.copy()
            strip[1 - rows[i] % 2] += (last - first)[1 - rows[i] % 2] * 3 // 4
            for colour, (left, top) in zip(COLOURS[rows[i]], np.maximum([first, strip], 0), strict=True):
                picture[top : max(last[1], 0), left : max(last[0], 0)] = colour
            (left, top), (right, bottom) = np.maximum([first, last], 0)
            owner[top:bottom, left:right] = stands.ranks[i]
        return picture, owner

    def shot(self) -> np.ndarray:
        """int (H, W, 3): the map, in device px."""
        whole = np.asarray(Image.open(io.BytesIO(self.page.screenshot())).convert("RGB"), int)
        left, top, width, height = (round(self.box[side] * self.dpr) for side in ("x", "y", "width", "height"))
        return whole[top : top + height, left : left + width]

    def level(self):
        return level_of(self.stands.side(self.camera[2]), self.dpr)


def wait_for_files(seen: Map, ranks) -> None:
    wanted = files_of(seen.w, seen.level(), ranks, seen.name, seen.stands.side(seen.camera[2]) * seen.dpr)
    for _ in range(200):
        missing = {file for file in wanted if not any(url.endswith("/" + file) for url in seen.fetched)}
        if not missing:
            return
        seen.page.wait_for_timeout(50)
    raise AssertionError(f"{seen.name}, level {seen.level()}: never fetched {sorted(missing)[:5]}")


def assert_right(seen: Map) -> np.ndarray:
    """Each photo in view has its colours, in the right parts of it, and its edges where they belong to a device pixel.

    Returns the shot: int (H, W, 3)."""
    (expected, owner), edge = seen.expected(), EDGE * seen.dpr
    wait_for_files(seen, np.unique(owner[owner >= 0]))
    for _ in range(20):  # what has come is still to be drawn
        shot = seen.shot()
        wrong = complaints(seen.level(), *(each[edge:-edge, edge:-edge] for each in (shot, expected, owner)))
        if not wrong:
            return shot
        seen.page.wait_for_timeout(100)
    raise AssertionError(f"{seen.name}, {seen.renderer}, level {seen.level()}, camera {seen.camera}: {wrong}")


def complaints(level, shot: np.ndarray, expected: np.ndarray, owner: np.ndarray) -> list[str]:
    """What is wrong with a shot; nothing where it is as expected."""
    tolerance, share = TOLERANCE[level]
    found, photos, area = [], owner >= 0, np.bincount(owner[owner >= 0], minlength=N)
    of = owner[photos]
    sums = [np.bincount(of, (shot - expected)[photos][:, channel], minlength=N) for channel in range(3)]
    whole = np.flatnonzero(area > 0.9 * area.max())
    off = np.abs(np.stack(sums, axis=1)[whole] / area[whole, None]).max(axis=1)
    if (off > tolerance).any():
        found.append(f"{(off > tolerance).sum()} of {len(whole)} photos are others: ranks {whole[off > tolerance][:9]}")
    # an edge may be 1 px off
    low, high = (extreme(expected, (3, 3, 1)) for extreme in (minimum_filter, maximum_filter))
    wrong = ((shot < low - OFF) | (shot > high + OFF)).any(axis=2)
    if wrong[photos].mean() > share:
        found.append(f"{wrong[photos].mean():.1%} of the photos' pixels are wrong")
    if wrong[~photos].sum() > 0.05 * owner.size:  # captions take some
        found.append(f"{wrong[~photos].mean():.1%} of the paper is not empty")
    return found


@pytest.mark.parametrize("renderer", RENDERERS)
def test_each_photo_is_in_its_place_in_each_layout_and_level(chromium, server, colours, renderer):
    for page in tab_on(chromium, server, viewport={"width": 1000, "height": 600}):
        seen = Map(page, colours, renderer, dpr=1)
        for name in ADDRESSES:
            if name in BUTTONS:
                page.get_by_role("button", name=BUTTONS[name], exact=True).click()
                seen.met(name)
            else:
                seen.open(name)
            levels = []
            for side in (NEAR, MIDDLE, FAR, FARTHEST):
                seen.zoom(side)
                assert_right(seen)
                levels.append(seen.level())
            assert levels == ["picture", 64, 32, 8]


def test_an_address_leads_to_its_place(chromium, server, colours):
    x, y, zoom = 0.31, 0.36, 6.5
    for page in tab_on(chromium, server, viewport={"width": 1000, "height": 600}):
        seen = Map(page, colours, "canvas", dpr=1)
        for name in ("continuum", "tsne", "snapped"):
            seen.open(name, f"&x={x}&y={y}&zoom={zoom}")
            (x0, y0), (w, h) = seen.stands.corner, seen.stands.size
            assert seen.camera == pytest.approx([x0 + x * w, y0 + y * h, zoom * seen.stands.home], rel=1e-4)
            assert_right(seen)


def test_two_device_pixels_are_sharp_and_the_same_for_both_renderers(chromium, server, colours):
    shots = {renderer: [] for renderer in RENDERERS}
    for renderer in RENDERERS:
        for page in tab_on(chromium, server, viewport={"width": 420, "height": 640}, device_scale_factor=2):
            seen = Map(page, colours, renderer, dpr=2)
            for name, sides in {"tsne": (NEAR, FAR), "snapped": (NEAR, FAR, 14), "gallery": (MIDDLE, 5.5)}.items():
                seen.open(name)
                for side in sides:
                    seen.zoom(side)
                    shots[renderer].append(assert_right(seen))
    for a, b in zip(*shots.values(), strict=True):
        assert_same(a, b, "canvas, webgl")


def test_the_canvas_is_shown_pixel_for_pixel(chromium, server):
    for page in tab_on(chromium, server, viewport={"width": 420, "height": 640}, device_scale_factor=2):
        page.goto("/continuum")
        canvas = page.locator(f"{CANVAS}[data-view] canvas.photos")
        canvas.wait_for()
        box = canvas.bounding_box()
        edges = [round(2 * edge) for edge in (box["x"], box["x"] + box["width"], box["y"], box["y"] + box["height"])]
        assert canvas.evaluate("c => [c.width, c.height]") == [edges[1] - edges[0], edges[3] - edges[2]]
