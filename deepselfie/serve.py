"""What the server answers beside Streamlit's pages: thumbnails, pictures and facts of photos, and the security headers.

In: worlds on disk. Out: `routes` and `middleware` for the ASGI app in app.py, and the addresses that the components
hand to the browser. Files are named by their content and cached for good, so a second visit fetches nothing.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import math
import re
from collections import OrderedDict
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache, lru_cache
from pathlib import Path

import streamlit
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from deepselfie import embed, layout, pictures
from deepselfie.demo import ids
from deepselfie.errors import DeepselfieError
from deepselfie.workers import workers
from deepselfie.world import World, read_json, world

FOREVER = "public, max-age=31536000, immutable"
SIZES = (128, 256, 512)  # px: a hovered card, a card on a HiDPI screen, a photo by itself
NEIGHBOURS = 10
ATLAS_FILE = re.compile(r"(geometry\.[0-9a-f]{8}\.bin|\d{1,4}-\d{1,6}\.[0-9a-f]{8}\.webp)")
SCRIPT_FILE = re.compile(r"[a-z0-9_]{1,40}\.js")
TYPES = {".webp": "image/webp", ".bin": "application/octet-stream", ".js": "text/javascript; charset=utf-8"}
SCRIPTS = Path(__file__).parent / "components"

# Lists of ranks too long for Streamlit's messages, by the hash of their bytes; 64 lists of 50,000 are 13 MB
_ranks: OrderedDict[str, bytes] = OrderedDict()
MAX_RANKS = 64


async def atlas_file(request: Request) -> Response:
    """/ds/atlas/<world>/<file>"""
    found, name = _world(request), request.path_params["file"]
    if found is None:
        return _not_found()
    path = found.path / "atlas" / name
    if name == "atlas.json" and path.is_file():  # the one file whose name stays when its content changes
        return _answer(request, path.read_bytes(), "application/json", cache="no-cache")
    if not ATLAS_FILE.fullmatch(name) or not path.is_file():
        return _not_found()
    return _answer(request, path, TYPES[path.suffix], etag=name)


async def picture(request: Request) -> Response:
    """/ds/picture/<world>/<row>/<size>.webp"""
    found, row, size = _world(request), request.path_params["row"], request.path_params["size"]
    if found is None or size not in SIZES or row >= len(found):
        return _not_found()
    try:
        data, kind = await asyncio.wrap_future(_painters().submit(pictures.picture, found, row, size))
    except DeepselfieError:
        return _not_found()
    except BrokenProcessPool:  # ended from outside: the browser asks again, and finds new ones
        _painters.cache_clear()
        return Response("Try again", status_code=503, headers={"Cache-Control": "no-store", "Retry-After": "1"})
    return _answer(request, data, kind, cache=_cache(request, found))


@cache
def _painters() -> ProcessPoolExecutor:
    """Draw demo selfies and decode large photos: in the server's own process that would hold up its pages."""
    return workers(2)


def warm_up() -> None:
    """Has the renderer parse and compile what it keeps on disk, and one painter ready, before anybody asks."""
    _painters().submit(pictures.rendered, ids.id_of(0, 0), 256)


def photo(request: Request) -> Response:
    """/ds/photo/<world>/<row>.json: what is known of a photo, and the rows of those most alike."""
    found, row = _world(request), request.path_params["row"]
    if found is None or row >= len(found):
        return _not_found()
    data = json.dumps(photo_facts(found, row), allow_nan=False, ensure_ascii=False).encode()
    return _answer(request, data, "application/json", cache=_cache(request, found))


def photo_facts(world: World, row: int) -> dict:
    """row, id, score, percentile, rank, name, credit, attributes, truth, neighbours; None for what is not known."""
    columns = [c for c in ("id", "score", "name", "credit", "attributes", "truth") if c in world.columns]
    facts = {"row": row, "name": None, "credit": None, "attributes": None, "score": None, "rank": None}
    facts |= world.take([row], columns).to_pylist()[0] | {"percentile": None, "neighbours": []}
    try:
        facts["rank"] = layout.rank_of(world, row)
        if facts["score"] is not None:
            facts["percentile"] = layout.percentile(world, facts["score"])
        if "fc7" in world.columns:
            facts["neighbours"] = embed.neighbours(world, row, k=NEIGHBOURS).tolist()
    except DeepselfieError:
        pass  # a stage that has not run yet: what is known is told
    return _json_safe(facts)


async def ranks_file(request: Request) -> Response:
    """/ds/ranks/<hash>.bin: int32, little-endian."""
    digest = request.path_params["digest"]
    return _answer(request, _ranks[digest], TYPES[".bin"], etag=digest) if digest in _ranks else _not_found()


async def component(request: Request) -> Response:
    """/ds/component/<hash>/<file>: the scripts of a component, which find each other by their names."""
    digest, name = request.path_params["digest"], request.path_params["file"]
    for folder in SCRIPTS.iterdir():
        path = folder / name
        if SCRIPT_FILE.fullmatch(name) and path.is_file() and digest == _scripts_digest(folder):
            return _answer(request, path, TYPES[".js"], etag=f"{digest}-{name}", zipped=True)
    return _not_found()


def component_url(name: str) -> str:
    """The address of a component's main script, another one whenever any of its scripts changes."""
    return f"/ds/component/{_scripts_digest(SCRIPTS / name)}/{name}.js"


def _scripts_digest(folder: Path) -> str:
    return _digest(b"".join(path.read_bytes() for path in sorted(folder.glob("*.js"))))


def ranks_url(ranks: bytes) -> str:
    """Keeps a list of ranks (int32, little-endian) for the browser to fetch, and returns its address."""
    digest = _digest(ranks)
    _ranks[digest] = ranks
    _ranks.move_to_end(digest)
    while len(_ranks) > MAX_RANKS:
        _ranks.popitem(last=False)
    return f"/ds/ranks/{digest}.bin"


def atlas_version(world: World) -> str | None:
    """The version of a world's atlas, or None where there is none yet."""
    return (read_json(world.path / "atlas" / "atlas.json") or {}).get("version")


routes = [
    Route("/ds/atlas/{world}/{file}", atlas_file),
    Route("/ds/picture/{world}/{row:int}/{size:int}.webp", picture),
    Route("/ds/photo/{world}/{row:int}.json", photo),
    Route("/ds/ranks/{digest}.bin", ranks_file),
    Route("/ds/component/{digest}/{file}", component),
]


class SecurityHeaders:
    """ASGI middleware: the browser is to load from this server alone, and to offer the camera to this server alone."""

    def __init__(self, app) -> None:
        self.app = app

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        async def send_with_headers(message):
            if message["type"] == "http.response.start":
                own = {name for name, _ in security_headers()}
                kept = [pair for pair in message.get("headers", []) if pair[0].lower() not in own]
                message = {**message, "headers": [*kept, *security_headers()]}
            await send(message)

        await self.app(scope, receive, send_with_headers)


middleware = [Middleware(SecurityHeaders)]


@lru_cache(maxsize=1)
def security_headers() -> list[tuple[bytes, bytes]]:
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_bytes()
    inline = re.findall(rb"<script>(.*?)</script>", page, re.DOTALL)
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s).digest()).decode()}'" for s in inline)
    policy = (
        "default-src 'self'; base-uri 'self'; object-src 'none'; form-action 'self'; frame-ancestors 'self'; "
        f"script-src 'self' {hashes} 'wasm-unsafe-eval' blob:; "  # blob: the loaders of components
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' data: blob:; "
        "font-src 'self' data:; worker-src 'self' blob:; connect-src 'self' ws: wss: data: blob:"
    )
    return [
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
        (b"permissions-policy", b"camera=(self), microphone=(), geolocation=(), payment=(), usb=()"),
    ]


def _answer(
    request: Request, body: bytes | Path, kind: str, *, cache: str = FOREVER, etag: str = "", zipped: bool = False
) -> Response:
    """200 with ETag and Cache-Control, or 304 where the browser has it; zipped: lets Streamlit compress it."""
    etag = f'"{etag or _digest(body)}"'
    headers = {"ETag": etag, "Cache-Control": cache}
    if not zipped:
        headers["Content-Encoding"] = "identity"  # or Streamlit's gzip would pack packed bytes at each request
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if isinstance(body, Path):
        return FileResponse(body, media_type=kind, headers=headers)
    return Response(body, media_type=kind, headers=headers)


def _not_found() -> Response:
    return Response("Not found", status_code=404, media_type="text/plain", headers={"Cache-Control": "no-store"})


def _world(request: Request) -> World | None:
    try:
        found = world(request.path_params["world"])
    except DeepselfieError:
        return None
    return found if found.exists else None


def _cache(request: Request, world: World) -> str:
    """For good where the address names the version of the atlas that is current; else ask each time."""
    asked = request.query_params.get("v")
    return FOREVER if asked and asked == atlas_version(world) else "no-cache"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _json_safe(value):
    """NaN and infinities to None, for JSON has none; floats to 6 digits, times to text."""
    if isinstance(value, dict):
        return {key: _json_safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_safe(item) for item in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value if isinstance(value, str | int | bool | None) else str(value)
