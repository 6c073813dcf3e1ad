"""Drives one map in a browser of its own and reads the stop watches of pages/measure.js: figures out, no opinions."""

from __future__ import annotations

import math
import statistics
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--enable-unsafe-swiftshader",  # WebGL without a GPU; what lays the page together is the browser's own choice
    "--enable-precise-memory-info",
]
WIDTH, HEIGHT, HEAD = 1280, 800, 40  # px of the window, and of the strip above a bare page's map
AROUND = (400, 360)  # px more of window for the app's page, whose map then is as large as a bare one
LEVELS = {"far": 1, "mid": 5, "near": 25}
OUTSIDE = (640, 4)  # px: no map there
STEPS, STEP, PARTS = 4, 6, 4  # of a drag, there and back: 4 parts of 4 steps of 6 px
FRAMES, LONGEST = 100, 4.0  # a drag ends after so many frames or seconds
FIRST = "dots", "thumbnails", "all"
PATIENCE = 60_000  # ms
SCRIPTS = {"app": "app.watchApp()", "streamlit": "chart.drawnByStreamlit()"}
LIBRARIES = {"app": "app-inside.js", "streamlit": "chart-inside.js"}


def measure(name: str, address: str, world, built: Path, screenshots: Path | None) -> dict:
    """All figures of one map: see the docstring of __main__ for what each means."""
    places, centre, nearby = _places(world)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        # bypass_csp: Playwright waits by evaluating text, which the app forbids its pages
        room = AROUND if name == "app" else (0, 0)
        size = {"width": WIDTH + room[0], "height": HEIGHT + room[1]}
        page = browser.new_page(viewport=size, bypass_csp=True)
        page.add_init_script(path=HERE / "pages" / "measure.js")
        if name in SCRIPTS:
            library = (built / LIBRARIES[name]).read_text()
            page.add_init_script(f"{library}\n;document.addEventListener('DOMContentLoaded', () => {SCRIPTS[name]})")
        traffic = Traffic(page)
        page.goto(address, wait_until="commit")
        last = "dots" if name in ("regl", "plotly", "streamlit") else "thumbnails" if name == "deck" else "all"
        page.wait_for_function(f"measure.first.{last}", polling=50, timeout=PATIENCE)
        page.wait_for_timeout(1000)
        found = {
            "browser": browser.version,
            "gl": _renderer(page),
            "map": traffic.of("/ds/" if name in ("ours", "app") else ""),
            "page": traffic.of(""),
        }
        found |= {what: page.evaluate(f"measure.first.{what} / 1000 || null") for what in FIRST}
        view = View(page, places)
        found["frames"] = {}
        for level, factor in LEVELS.items():
            view.show(centre, factor)
            page.wait_for_timeout(700)
            if screenshots:
                screenshots.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=screenshots / f"{name}-{len(places)}-{level}.png")
            found["frames"][level] = _drag(page)
        view.show(centre, LEVELS["near"])
        page.wait_for_timeout(700)
        found["card"] = _hover(page, view, nearby)
        view.show(centre, 1)
        page.wait_for_timeout(700)
        found["heap"] = _heap(page)
        found["lasso"], found["panel"] = _lasso(page, view)
        if screenshots:
            page.screenshot(path=screenshots / f"{name}-{len(places)}-lasso.png")
        browser.close()
    return found


class Traffic:
    """Counts what a page fetches, as it goes over the wire."""

    def __init__(self, page: Page) -> None:
        self.urls: dict[str, str] = {}
        self.sizes: dict[str, float] = {}
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.loadingFinished", lambda e: self._add(e["requestId"], e["encodedDataLength"]))
        session.on("Network.webSocketCreated", lambda e: self.urls.setdefault(e["requestId"], e["url"]))
        for kind in ("Sent", "Received"):
            session.on(f"Network.webSocketFrame{kind}", lambda e: self._add(e["requestId"], _payload(e["response"])))

    def _sent(self, event: dict) -> None:
        if event["request"]["url"].startswith("http"):
            self.urls[event["requestId"]] = event["request"]["url"]

    def _add(self, request: str, size: float) -> None:
        self.sizes[request] = self.sizes.get(request, 0) + size

    def of(self, part: str) -> tuple[int, float]:
        """Requests and bytes of addresses with this part."""
        asked = [request for request, url in self.urls.items() if part in url]
        return len(asked), sum(self.sizes.get(request, 0) for request in asked)


def _payload(frame: dict) -> float:
    return len(frame["payloadData"]) * (0.75 if frame["opcode"] == 2 else 1)  # binary comes as base64


class View:
    """Looks at a part of the map: by the map's own function where it has one, else by the wheel, as a visitor."""

    def __init__(self, page: Page, places: np.ndarray) -> None:
        self.page, self.area = page, None
        self.direct = page.evaluate("Boolean(measure.map.show)")
        low, high = places.min(axis=0), places.max(axis=0)
        self.middle, self.home = (
            (low + high) / 2,
            0.94 * min(WIDTH / (high - low)[0], (HEIGHT - HEAD) / (high - low)[1]),
        )
        self.thumb = min(64, max(4, 1.7 * (HEIGHT - HEAD) / math.sqrt(len(places) + 1)))  # px at home, as in our map

    def show(self, centre: np.ndarray, factor: float) -> None:
        """`factor` times nearer than home, around `centre` (home, 1, is around all)."""
        centre = self.middle if factor == 1 else centre
        if self.direct:
            half = np.array([WIDTH, HEIGHT - HEAD]) / 2 / (self.home * factor)
            self.area = [*(centre - half).tolist(), *(centre + half).tolist()]
            self.page.evaluate(
                "([area, px]) => measure.map.show(area, px)?.then?.(() => measure.finish())",
                [self.area, self.thumb * factor**0.72],
            )
        else:
            self._wheel(centre, factor)

    def _wheel(self, centre: np.ndarray, factor: float) -> None:
        if not hasattr(self, "met"):
            self.met = self._k()
        if factor == 1:  # not by the wheel: the middle may be outside the window, where it would zoom nothing
            self.page.evaluate("measure.map.home()")
            return
        x, y = self.at(centre)
        for _ in range(200):
            left = math.log(self.met * factor / self._k())
            if abs(left) < 0.03:
                break
            self.page.mouse.move(x, y)
            self.page.mouse.wheel(0, -max(-200, min(200, left / 0.002)))
            self.page.wait_for_timeout(60)
            left, top, width, height = _box(self.page)
            x, y = self.at(centre)
            x, y = min(max(x, left + 20), left + width - 20), min(max(y, top + 20), top + height - 20)

    def _k(self) -> float:
        return self.page.evaluate("measure.map.k()")

    def at(self, place: np.ndarray) -> tuple[float, float]:
        """px in the window of a place."""
        if not self.direct:
            return tuple(self.page.evaluate("([x, y]) => measure.map.at(x, y)", [float(place[0]), float(place[1])]))
        x0, y0, x1, y1 = self.area
        return (place[0] - x0) / (x1 - x0) * WIDTH, HEAD + (y1 - place[1]) / (y1 - y0) * (HEIGHT - HEAD)


def _box(page: Page) -> list[float]:
    """left, top, width, height of the map in the window, px."""
    return page.evaluate("measure.map.box?.() ?? null") or [0, HEAD, WIDTH, HEIGHT - HEAD]


def _middle(page: Page) -> tuple[float, float]:
    left, top, width, height = _box(page)
    return left + width / 2, top + height / 2


def _drag(page: Page) -> list[float]:
    """ms a frame while the map is dragged to and fro."""
    x, y = _middle(page)
    frames: list[float] = []
    end = time.monotonic() + LONGEST
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + STEP, y + STEP / 2)  # what is slow once, at the beginning of a drag, is no frame of it
    page.wait_for_timeout(100)
    while len(frames) < FRAMES and time.monotonic() < end:
        page.evaluate("measure.startFrames()")
        for part in (*range(1, PARTS + 1), *range(PARTS - 1, -1, -1)):
            page.mouse.move(x + part * STEPS * STEP, y + part * STEPS * STEP / 2, steps=STEPS)
            if time.monotonic() > end:
                break
        frames += page.evaluate("measure.stopFrames()")
    page.mouse.move(x, y)
    page.mouse.up()
    return frames


def _hover(page: Page, view: View, nearby: np.ndarray) -> float | None:
    took = []
    for place in nearby:
        page.mouse.move(*OUTSIDE)
        page.wait_for_timeout(300)
        page.evaluate("measure.after('pointermove', measure.map.card)")
        page.mouse.move(*view.at(place))
        page.wait_for_function("measure.result", polling=20, timeout=PATIENCE)
        took += page.evaluate("measure.result")
    took = [ms for ms in took if ms > 0]
    return statistics.median(took) if took else None


def _lasso(page: Page, view: View) -> tuple[float | None, float | None]:
    """ms until the selection is drawn, and until what tells of it has opened."""
    if page.evaluate("measure.map.lassoed === null"):
        return None, None
    armed = page.evaluate("Boolean(measure.map.armLasso && (measure.map.armLasso(), true))")
    (x, y), radius = _middle(page), 0.22 * HEIGHT
    if not armed:
        page.keyboard.down("Shift")
    page.mouse.move(x + radius, y)
    page.mouse.down()
    for angle in np.linspace(0.2, 2 * math.pi - 0.1, 20):
        page.mouse.move(x + radius * math.cos(angle), y + radius * math.sin(angle))
    page.wait_for_timeout(200)  # a hand rests before it lets go: the outline is drawn by then
    page.evaluate("measure.after('pointerup', ...[measure.map.lassoed, measure.map.told].filter(Boolean))")
    page.mouse.up()
    if not armed:
        page.keyboard.up("Shift")
    page.wait_for_function("measure.result", polling=20, timeout=PATIENCE)
    took = [ms if ms > 0 else None for ms in page.evaluate("measure.result")]
    return took[0], took[1] if len(took) > 1 else None


def _heap(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    usage = session.send("Runtime.getHeapUsage")
    return usage["usedSize"] + usage.get("backingStorageSize", 0)


def _renderer(page: Page) -> str:
    return page.evaluate(
        "(() => { const gl = new OffscreenCanvas(1, 1).getContext('webgl2'); if (!gl) return 'no WebGL2';"
        "const info = gl.getExtension('WEBGL_debug_renderer_info');"
        "const name = gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER);"
        "gl.getExtension('WEBGL_lose_context')?.loseContext(); return name; })()"
    )


def _places(world) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places -1..1 of all photos (N, 2), that of a photo in the densest part, and of the 6 photos nearest to it."""
    from deepselfie.atlas import read_geometry

    geometry = read_geometry(world)
    places = np.stack([geometry[c].astype(float) * 2 / 65535 - 1 for c in "xy"], axis=1)
    counts, xs, ys = np.histogram2d(*places.T, bins=48, range=[[-1, 1], [-1, 1]])
    i, j = np.unravel_index(counts.argmax(), counts.shape)
    middle = np.array([xs[i] + xs[i + 1], ys[j] + ys[j + 1]]) / 2
    nearest = np.argsort(((places - middle) ** 2).sum(axis=1))[:400]
    return places, places[nearest[0]], places[nearest[:: 400 // 6][:6]]
