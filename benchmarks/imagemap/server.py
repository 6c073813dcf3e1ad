"""The benchmark's own server: bare pages, each with one map and nothing else, and the app's own routes under /ds/.

`serve(cache, built, port)` runs in a process of its own. /bench/<map>?world=<name> is a page; it finds in `given` what
the app would tell it: for our map the component's data, for the others where the same points and thumbnails are.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

PAGES = Path(__file__).parent / "pages"
HTML = """<!doctype html><meta charset="utf-8"><title>{name}</title>
<style>body {{ margin: 0 }} #head {{ height: 40px }} #map {{ height: 760px; position: relative }}
#card {{ position: absolute; top: 50px; left: 10px; padding: 8px; background: #fff; z-index: 9 }}</style>
<div id="head"></div><div id="map"></div><div id="card" hidden></div>
<script>window.given = {given}</script>{scripts}<script type="module" src="/bench/built/{name}.js"></script>"""


def serve(cache: str, built: str, port: int) -> None:
    os.environ["DEEPSELFIE_CACHE"] = cache
    import plotly
    import uvicorn
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.gzip import GZipMiddleware
    from starlette.requests import Request
    from starlette.responses import FileResponse, HTMLResponse, Response
    from starlette.routing import Route

    from deepselfie import serve as app
    from deepselfie.atlas import read_atlas
    from deepselfie.world import world

    packed = {"Content-Encoding": "identity"}  # as our own server says of what zip would not make smaller
    files = {"plotly.min.js": Path(plotly.__file__).parent / "package_data" / "plotly.min.js"}

    def page(request: Request) -> Response:
        name, shown = request.path_params["name"], world(request.query_params["world"])
        given = app_data(app, shown) if name == "ours" else rival_data(shown, read_atlas(shown))
        scripts = '<script src="/bench/built/plotly.min.js"></script>' if name == "plotly" else ""
        return HTMLResponse(HTML.format(name=name, given=json.dumps(given), scripts=scripts))

    def script(request: Request) -> Response:
        file = request.path_params["file"]
        return FileResponse(files.get(file, Path(built) / file), media_type="text/javascript")

    def points(request: Request) -> Response:
        shown = world(request.path_params["world"])
        return Response(points_of(shown), media_type="application/octet-stream", headers=packed)

    routes = [
        Route("/bench/built/{file}", script),
        Route("/bench/points/{world}.bin", points),
        Route("/bench/{name}", page),
    ]
    both = Starlette(routes=[*app.routes, *routes], middleware=[Middleware(GZipMiddleware)])
    uvicorn.run(both, port=port, log_level="error")


def app_data(app, shown) -> dict:
    """What image_map() of the app sends to the browser for the page Selfie space."""
    return {
        "module": app.component_url("imagemap"),
        "css": (app.SCRIPTS / "imagemap" / "built" / "imagemap.css").read_text(),
        "world": shown.name,
        "version": app.atlas_version(shown),
        "key": "bench",
        "layouts": ["tsne", "snapped", "continuum"],
        "label": "Map",
        "ranks": None,
        "captions": None,
        "blurred": False,
        "thumb": None,
        "height": 760,
        "mark": None,
        "tools": True,
        "linked": False,
    }


def rival_data(shown, manifest: dict) -> dict:
    """n, the address of the points, and of the smallest thumbnails: the pages, and how many of them make a line."""
    level = manifest["levels"][0]
    side = level["page"] // level["px"]
    return {
        "n": manifest["n"],
        "points": f"/bench/points/{shown.name}.bin",
        "px": level["px"],
        "side": side,
        "across": -(-manifest["grid"]["columns"] // side),
        "pages": [f"/ds/atlas/{shown.name}/{name}" for name in level["pages"]["map"]],
    }


def points_of(shown) -> bytes:
    """float32 x, y (-1..1, y upwards) and score; uint16 column and line of the thumbnail: 16 B a photo, ours has 20."""
    from deepselfie.atlas import read_geometry

    geometry = read_geometry(shown)
    columns = [geometry[c].astype("<f4") * 2 / 65535 - 1 for c in "xy"]
    columns += [geometry["score"], geometry["column"], geometry["line"]]
    return b"".join(column.tobytes() for column in columns)
