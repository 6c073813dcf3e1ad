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
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import streamlit
from starlette.concurrency import run_in_threadpool
from starlette.formparsers import MultiPartParser
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from deepselfie import answers, layout, pictures
from deepselfie.demo import ids
from deepselfie.errors import DeepselfieError
from deepselfie.workers import workers
from deepselfie.world import World, read_json, world

FOREVER = "public, max-age=31536000, immutable"
SIZES = (128, 256, 512)  # px: a hovered card, a card on a HiDPI screen, a photo by itself
ATLAS_FILE = re.compile(r"(geometry\.[0-9a-f]{8}\.bin|(rank|map)-\d{1,4}-\d{1,6}\.[0-9a-f]{8}\.(webp|jpeg))")
COMPONENT, PART = re.compile(r"[a-z0-9_]{1,40}"), re.compile(r"[a-z0-9_]{1,40}\.(js|wasm\.gz)")
TYPES = {
    ".webp": "image/webp",
    ".jpeg": "image/jpeg",
    ".bin": "application/octet-stream",
    ".js": "text/javascript; charset=utf-8",
    ".gz": "application/gzip",  # unpacked by the script that asks for it
}
SCRIPTS = Path(__file__).parent / "components"
MultiPartParser.spool_max_size = 64_000_000  # uploads stay in memory: Starlette writes those over 1 MB to disk

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
    return _json(request, found, answers.photo(found, row))


def facets(request: Request) -> Response:
    """/ds/facets/<world>.json: what its photos can be filtered and coloured by."""
    found = _ordered(request)
    return _json(request, found, {"facets": answers.facets(found)}) if found else _not_found()


def values(request: Request) -> Response:
    """/ds/values/<world>/<facet>.bin: float32, little-endian, in rank order, NaN where unknown."""
    found = _ordered(request)
    numbers = answers.values(found, request.path_params["key"]) if found else None
    if numbers is None:
        return _not_found()
    return _answer(request, numbers.astype("<f4").tobytes(), TYPES[".bin"], cache=_cache(request, found))


def find(request: Request) -> Response:
    """/ds/find/<world>.json?q=…: photos by id, name or rank."""
    found = _ordered(request)
    if found is None:
        return _not_found()
    return _json(request, found, {"photos": answers.find(found, request.query_params.get("q", ""))})


async def apart(request: Request) -> Response:
    """POST ranks to /ds/apart/<world>: what sets these photos apart from all."""
    return await _of_chosen(request, lambda found, ranks: _dumps(answers.apart(found, ranks)), "application/json")


async def ids_csv(request: Request) -> Response:
    """POST ranks to /ds/ids/<world>.csv: the rank, id and score of these photos."""
    return await _of_chosen(request, lambda found, ranks: answers.ids_csv(found, ranks).encode(), "text/csv")


async def _of_chosen(request: Request, answer: Callable[[World, np.ndarray], bytes], kind: str) -> Response:
    """What `answer` makes of the ranks (int32, little-endian) in the body of a request."""
    found = await run_in_threadpool(_ordered, request)
    if found is None:
        return _not_found()
    n, body = len(layout.order(found)), b""
    async for piece in request.stream():
        body += piece
        if len(body) > 4 * n:
            return _bad(f"More ranks than the {n:,} photos of world '{found.name}'. Send each rank once.")
    if len(body) % 4:
        return _bad(f"{len(body)} bytes are no list of ranks. Send int32, little-endian, 4 bytes a rank.")
    ranks = np.frombuffer(body, "<i4")
    if np.any((ranks < 0) | (ranks >= n)):
        return _bad(f"World '{found.name}' has the ranks 0 to {n - 1}, not {ranks.min()} to {ranks.max()}.")
    data = await run_in_threadpool(answer, found, ranks)
    return Response(data, media_type=kind, headers={"Cache-Control": "no-store"})


async def ranks_file(request: Request) -> Response:
    """/ds/ranks/<hash>.bin: int32, little-endian."""
    digest = request.path_params["digest"]
    return _answer(request, _ranks[digest], TYPES[".bin"], etag=digest) if digest in _ranks else _not_found()


async def component(request: Request) -> Response:
    """/ds/component/<hash>/<name>.js: the script of a component; /ds/component/<hash>/<name>/<file>: another part."""
    digest, name = request.path_params["digest"], request.path_params["name"]
    part = request.path_params.get("part", f"{name}.js")
    path = SCRIPTS / name / "built" / part
    if not COMPONENT.fullmatch(name) or not PART.fullmatch(part) or not path.is_file():
        return _not_found()
    if digest != _file_digest(path, path.stat().st_mtime_ns):
        return _not_found()
    return _answer(request, path, TYPES[path.suffix], etag=digest, zipped=path.suffix == ".js")


def component_url(name: str, part: str = "") -> str:
    """The address of a component's script, or of another part of it; another one whenever it changes."""
    path = SCRIPTS / name / "built" / (part or f"{name}.js")
    digest = _file_digest(path, path.stat().st_mtime_ns)
    return f"/ds/component/{digest}/{name}/{part}" if part else f"/ds/component/{digest}/{name}.js"


@lru_cache(maxsize=16)
def _file_digest(path: Path, changed: int) -> str:
    return _digest(path.read_bytes())


def network(request: Request) -> Response:
    """/ds/network/<world>/<version>.onnx: the network of a world, for the browser; made when it is first asked for."""
    from deepselfie import export  # torch: only paid for where a network is wanted

    found, version = _world(request), request.path_params["version"]
    folder = found and export.for_browser(found.model_path)
    if not folder or version != export.version_of(folder):
        return _not_found()
    return _answer(request, export.exported(folder, version), TYPES[".bin"], etag=version)


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
    Route("/ds/component/{digest}/{name}.js", component),
    Route("/ds/component/{digest}/{name}/{part}", component),
    Route("/ds/network/{world}/{version}.onnx", network),
    Route("/ds/facets/{world}.json", facets),
    Route("/ds/values/{world}/{key}.bin", values),
    Route("/ds/find/{world}.json", find),
    Route("/ds/apart/{world}", apart, methods=["POST"]),
    Route("/ds/ids/{world}.csv", ids_csv, methods=["POST"]),
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


def _json(request: Request, world: World, value: dict) -> Response:
    return _answer(request, _dumps(value), "application/json", cache=_cache(request, world), zipped=True)


def _dumps(value: dict) -> bytes:
    return json.dumps(_json_safe(value), allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()


def _bad(why: str) -> Response:
    return Response(why, status_code=400, media_type="text/plain", headers={"Cache-Control": "no-store"})


def _not_found() -> Response:
    return Response("Not found", status_code=404, media_type="text/plain", headers={"Cache-Control": "no-store"})


def _world(request: Request) -> World | None:
    try:
        found = world(request.path_params["world"])
    except DeepselfieError:
        return None
    return found if found.exists else None


def _ordered(request: Request) -> World | None:
    """The world asked for, if its photos are in order."""
    found = _world(request)
    try:
        if found is not None:
            layout.order(found)
    except DeepselfieError:
        return None
    return found


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
