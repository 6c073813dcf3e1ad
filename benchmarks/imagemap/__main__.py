"""The image map beside its rivals, with the same photos, in headless Chromium.

    python -m benchmarks.imagemap [--photos 50000 200000] [--only ours app regl plotly streamlit deck]

What is measured: `ours`, our map alone in a bare page; `app`, the page Selfie space of the app, opened anew; and the
rivals, each in a bare page but for the last: regl-scatterplot and deck.gl (an IconLayer of the same 8 px thumbnails)
from npm, plotly.js scattergl as the Python package brings it, and `st.plotly_chart` of Streamlit. All get the same
places and scores, and a map of 1280 × 760 CSS px. Each run is a new browser with an empty cache; the servers are on
loopback and have answered before, as a server that has visitors.

How, the same for all:
- Chromium lays the page together as it chooses to without a GPU, in software of its own; WebGL is SwiftShader. With
  `--use-angle=swiftshader` the page is laid together by SwiftShader as well: every map's frames take two to three times
  as long then.
- "Finished" means that a pixel was read back from each canvas of the map, which waits for all that was drawn before, by
  software GL too, after the browser had styled, laid out and painted the frame.
- *dots*, *thumbnails*, *all*: s from the beginning of the navigation until the frame with dots, with the first
  thumbnails and with those of all photos is finished. Only a map that can show pictures has thumbnails; dots are what
  it shows before (deck.gl's IconLayer shows nothing before, and then all at once).
- *requests*, *MB*: all until then and a second longer, as they went over the wire, WebSocket included; of `ours` and
  `app` those under /ds/, which are the map's own, and in brackets those of the whole page.
- *far*, *mid*, *near*: ms a frame while real mouse drags (DevTools) pan the map, from the frame's first pointer event
  until the frame is finished, so without waiting for the screen's 60 Hz; median / 95th percentile of about 100. Far
  shows all photos, mid and near are 5 and 25 times nearer, at the densest place.
- *card*: ms from the mouse's event over a photo, coming from outside the map, until the frame with its card is finished
  (the rival's own tooltip, or a few letters where it has none); near, median of 6 photos. Up to 17 ms of it are the
  screen's.
- *lasso*: the same from letting go of a lasso around a part of the map, far, its outline drawn, until the
  selection is known and drawn.
- *panel*: and until the panel that tells of it is open, which waits for that; thumbnails from the server come later.
- *heap*: MB of the page's JavaScript after a garbage collection, typed arrays included.

The worlds are made at the first run and kept in --folder, as are node's packages (`npm ci` of rivals/).
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
APP = HERE.parents[1] / "app.py"
FOLDER = Path("/tmp/deepselfie-bench")
BARE, APP_PORT, CHART_PORT = 8931, 8932, 8933
MAPS = ("ours", "app", "regl", "plotly", "streamlit", "deck")
NAMES = {
    "ours": "deepselfie, the map alone",
    "app": "deepselfie, page of the app",
    "regl": "regl-scatterplot",
    "plotly": "plotly.js scattergl",
    "streamlit": "st.plotly_chart scattergl",
    "deck": "deck.gl IconLayer",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, nargs="+", default=[50_000, 200_000])
    parser.add_argument("--only", choices=MAPS, nargs="+", default=list(MAPS))
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--screenshots", type=Path, help="a folder for a picture of each map far, mid and near")
    chosen = parser.parse_args()
    folder = chosen.folder.resolve()
    os.environ["DEEPSELFIE_CACHE"] = str(folder / "cache")
    sys.path.insert(0, str(APP.parent))
    from benchmarks.imagemap.drive import measure
    from benchmarks.imagemap.world import make

    worlds = {n: make(n) for n in chosen.photos}
    built = build(folder)
    for world in worlds.values():
        save_points(world, folder)
    servers = start(folder, built, chosen.only)
    try:
        found = {}
        for n, world in worlds.items():
            for name in chosen.only:
                clock = time.monotonic()
                try:
                    found[n, name] = measure(name, address(name, world.name), world, built, chosen.screenshots)
                    note = ""
                except Exception as error:  # a rival that fails is a result too: the others go on
                    note = f" failed: {str(error).splitlines()[0]}"
                    found[n, name] = {"error": note}
                print(f"  {name} {n:,}: {time.monotonic() - clock:.0f} s{note}", file=sys.stderr)
    finally:
        for server in servers:
            server.terminate()
    print_table(found)


def build(folder: Path) -> Path:
    """Installs the rivals into a scratch folder and bundles each page's script; returns where those are."""
    node, built = folder / "node", folder / "built"
    node.mkdir(parents=True, exist_ok=True)
    lock = (HERE / "rivals" / "package-lock.json").read_bytes()
    if not (node / "node_modules" / ".installed").exists() or (node / "package-lock.json").read_bytes() != lock:
        for file in ("package.json", "package-lock.json"):
            shutil.copy(HERE / "rivals" / file, node)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=node, check=True)
        (node / "node_modules" / ".installed").touch()
    esbuild = [str(node / "node_modules" / ".bin" / "esbuild"), "--bundle", "--minify", "--log-level=warning"]
    env = {**os.environ, "NODE_PATH": str(node / "node_modules")}
    pages = [HERE / "pages" / "ours.js", *(HERE / "rivals" / f"{name}.js" for name in ("regl", "deck", "plotly"))]
    subprocess.run(
        [*esbuild, *map(str, pages), "--format=esm", "--entry-names=[name]", f"--outdir={built}"], env=env, check=True
    )
    for source, name in ((HERE / "pages" / "watch.js", "app"), (HERE / "rivals" / "chart.js", "chart")):
        command = [
            *esbuild,
            str(source),
            "--format=iife",
            f"--global-name={name}",
            f"--outfile={built / name}-inside.js",
        ]
        subprocess.run(command, env=env, check=True)
    return built


def save_points(world, folder: Path) -> None:
    """x, y, score for the Streamlit page: float32 (3, N)."""
    from deepselfie.atlas import read_geometry

    geometry = read_geometry(world)
    x, y = (geometry[c].astype(np.float32) * 2 / 65535 - 1 for c in "xy")
    np.save(folder / f"{world.name}.npy", np.stack([x, y, geometry["score"]]))


def start(folder: Path, built: Path, names: list[str]) -> list[subprocess.Popen]:
    """Starts the servers that these maps need, and waits until they answer."""
    bare = f"from benchmarks.imagemap.server import serve; serve({str(folder / 'cache')!r}, {str(built)!r}, {BARE})"
    commands = {BARE: [sys.executable, "-c", bare]}
    for name, port, script in (
        ("app", APP_PORT, APP),
        ("streamlit", CHART_PORT, HERE / "rivals" / "streamlit_plotly.py"),
    ):
        if name in names:
            commands[port] = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless", "true"]
            commands[port] += ["--server.port", str(port), "--browser.gatherUsageStats", "false"]
    env = {**os.environ, "BENCH_POINTS": str(folder)}
    log = (folder / "servers.log").open("w")
    servers = [subprocess.Popen(c, cwd=APP.parent, env=env, stdout=log, stderr=log) for c in commands.values()]
    for port in commands:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2)
                break
            except urllib.error.HTTPError:  # it answers
                break
            except OSError:
                time.sleep(0.1)
    return servers


def address(name: str, world: str) -> str:
    if name == "app":
        return f"http://127.0.0.1:{APP_PORT}/space?world={world}"
    if name == "streamlit":
        return f"http://127.0.0.1:{CHART_PORT}/?world={world}"
    return f"http://127.0.0.1:{BARE}/bench/{name}?world={world}"


COLUMNS = (
    "dots s",
    "thumbnails s",
    "all s",
    "requests",
    "MB",
    "far ms",
    "mid ms",
    "near ms",
    "card ms",
    "lasso ms",
    "panel ms",
    "heap MB",
)


def print_table(found: dict) -> None:
    model = next(
        (x.split(":")[1].strip() for x in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in x), ""
    )
    renderer = next((r["gl"] for r in found.values() if "gl" in r), "?")
    version = next((r["browser"] for r in found.values() if "browser" in r), "?")
    print(f"\n{os.cpu_count()} cores ({model or platform.machine()}), Chromium {version}, {renderer}\n")
    print(f"| photos | map | {' | '.join(COLUMNS)} |\n|{'---|' * (len(COLUMNS) + 2)}")
    for (n, name), one in found.items():
        cells = [one["error"].strip()] + [""] * (len(COLUMNS) - 1) if "error" in one else cells_of(one)
        print(f"| {n:,} | {NAMES[name]} | {' | '.join(cells)} |")
    base = {n: found[n, "ours"] for n, name in found if name == "ours" and "error" not in found[n, "ours"]}
    if not base:
        return
    print(
        f"\nTimes as much as our map alone:\n\n| photos | map | {' | '.join(COLUMNS)} |\n|{'---|' * (len(COLUMNS) + 2)}"
    )
    for (n, name), one in found.items():
        if name not in ("ours", "app") and n in base and "error" not in one:
            ratios = [f"{a / b:.1f}" if a and b else "–" for a, b in zip(numbers(one), numbers(base[n]), strict=True)]
            print(f"| {n:,} | {NAMES[name]} | {' | '.join(ratios)} |")


def cells_of(one: dict) -> list[str]:
    def of(value, form: str) -> str:
        return "–" if value is None else form.format(value)

    def frames(ms: list[float]) -> str:
        return f"{statistics.median(ms):.1f} / {np.percentile(ms, 95):.1f}" if ms else "–"

    inner, whole = one["map"], one["page"]
    both = inner != whole
    return [
        of(one["dots"], "{:.2f}"),
        of(one["thumbnails"], "{:.2f}"),
        of(one["all"], "{:.2f}"),
        f"{inner[0]} ({whole[0]})" if both else f"{whole[0]}",
        f"{inner[1] / 1e6:.2f} ({whole[1] / 1e6:.2f})" if both else f"{whole[1] / 1e6:.2f}",
        *(frames(one["frames"][level]) for level in ("far", "mid", "near")),
        of(one["card"], "{:.0f}"),
        of(one["lasso"], "{:.0f}"),
        of(one["panel"], "{:.0f}"),
        f"{one['heap'] / 1e6:.0f}",
    ]


def numbers(one: dict) -> list[float | None]:
    """What the cells say, one number each: medians, and the whole page where that is what a rival's page is."""
    medians = [statistics.median(ms) if ms else None for ms in one["frames"].values()]
    return [
        one["dots"],
        one["thumbnails"],
        one["all"],
        one["page"][0],
        one["page"][1],
        *medians,
        one["card"],
        one["lasso"],
        one["panel"],
        one["heap"],
    ]


if __name__ == "__main__":
    main()
