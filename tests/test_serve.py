import asyncio
import io
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from deepselfie import serve
from deepselfie.atlas import atlas, read_atlas
from deepselfie.layout import layout, order
from deepselfie.world import world

FOREVER = "public, max-age=31536000, immutable"
N = 30


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A world `little` whose row r scores r / 30; row 4 has no score, and row 5 has no picture."""
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    w, pictures = world("little"), []
    for row in range(N):
        out = io.BytesIO()
        Image.new("RGB", (300, 400), (row * 8, 100, 50)).save(out, "JPEG")
        pictures.append(out.getvalue())
    pictures[5] = None
    ids, images = [f"c:{row}" for row in range(N)], pa.array(pictures, pa.large_binary())
    w.append(pa.table({"id": ids, "image": images, "name": ["Ada"] + [None] * (N - 1)}))
    score = pa.array([None if row == 4 else row / N for row in range(N)], pa.float32())
    fc7 = pa.FixedSizeListArray.from_arrays(pa.array(np.repeat(np.arange(N), 2), pa.float16()), 2)
    attributes = pa.array([{"brightness": float("nan"), "monochrome": row < 4} for row in range(N)])
    w.set_columns(pa.table({"score": score, "fc7": fc7, "attributes": attributes}))
    layout(w)
    atlas(w)
    world("bare").append(pa.table({"id": ["b:0"]}))
    (tmp_path / "secret.webp").write_bytes(b"secret")
    (w.path / "atlas" / "secret.webp").write_bytes(b"secret")
    return w


@pytest.fixture
def client(served):
    return TestClient(Starlette(routes=serve.routes, middleware=serve.middleware))


def test_atlas_files_are_kept_for_good(client, served):
    manifest = read_atlas(served)
    for name in (manifest["geometry"], manifest["levels"][0]["pages"]["map"][0]):
        first = client.get(f"/ds/atlas/little/{name}", headers={"Accept-Encoding": "gzip"})
        assert first.status_code == 200 and first.content == (served.path / "atlas" / name).read_bytes()
        assert first.headers["cache-control"] == FOREVER and first.headers["content-encoding"] == "identity"
        again = client.get(f"/ds/atlas/little/{name}", headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304 and not again.content and again.headers["cache-control"] == FOREVER


def test_the_manifest_is_asked_for_again_each_time(client, served):
    first = client.get("/ds/atlas/little/atlas.json")
    assert first.json() == read_atlas(served) and first.headers["cache-control"] == "no-cache"
    known = {"If-None-Match": first.headers["etag"]}
    assert client.get("/ds/atlas/little/atlas.json", headers=known).status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "atlas/little/secret.webp",
        "atlas/little/order.npy",
        "atlas/little/..%2F..%2Fsecret.webp",
        "atlas/..%2F..%2Fetc/passwd",
        "atlas/.%2e/atlas.json",
        "atlas/little/geometry.00000000.bin",
        "atlas/nowhere/atlas.json",
        "picture/little/0/300.webp",
        "picture/little/30/256.webp",
        "picture/little/-1/256.webp",
        "picture/little/5/256.webp",
        "picture/nowhere/0/256.webp",
        "photo/little/30.json",
        "photo/little/99999999999999999999.json",
        "photo/nowhere/0.json",
        "ranks/0000.bin",
        "component/0000/imagemap.js",
        "component/0000/..%2Fpage.js",
        "facets/nowhere.json",
        "facets/bare.json",
        "values/little/nothing.bin",
        "values/little/name.bin",
        "values/bare/score.bin",
        "find/nowhere.json?q=a",
    ],
)
def test_everything_else_is_not_there(client, path):
    answer = client.get(f"/ds/{path}")
    assert answer.status_code == 404 and b"secret" not in answer.content


def test_pictures_of_each_size(client, served):
    version = read_atlas(served)["version"]
    for size in serve.SIZES:
        answer = client.get(f"/ds/picture/little/7/{size}.webp?v={version}")
        picture = Image.open(io.BytesIO(answer.content))
        assert picture.format == "WEBP" and max(picture.size) == min(size, 400)
        assert answer.headers["cache-control"] == FOREVER
    for query in ("", "?v=old"):
        answer = client.get(f"/ds/picture/little/7/128.webp{query}")
        assert answer.headers["cache-control"] == "no-cache"
        known = {"If-None-Match": answer.headers["etag"]}
        assert client.get("/ds/picture/little/7/128.webp", headers=known).status_code == 304


def test_the_facts_of_a_photo(client, served):
    facts = client.get("/ds/photo/little/20.json").json()
    assert facts["row"] == 20 and facts["id"] == "c:20" and facts["score"] == pytest.approx(20 / N, abs=1e-5)
    assert facts["rank"] == 9 and order(served)[9] == 20
    assert facts["percentile"] == pytest.approx(100 * 19.5 / 29, abs=1e-3)
    assert set(facts["neighbours"][:2]) == {19, 21} and len(facts["neighbours"]) == 10
    assert facts["attributes"] == {"brightness": None, "monochrome": False}, "JSON has no NaN"
    assert facts["measured"] == [["Black and white", "no"]]
    assert client.get("/ds/photo/little/0.json").json()["name"] == "Ada"
    unknown = client.get("/ds/photo/little/4.json").json()
    assert unknown["score"] is None and unknown["rank"] is None


def test_a_world_that_only_was_gathered_has_facts_too(client, served):
    facts = client.get("/ds/photo/bare/0.json").json()
    assert facts["id"] == "b:0" and facts["score"] is None and facts["neighbours"] == []


def test_scripts_have_addresses_by_their_content(client, tmp_path, monkeypatch):
    monkeypatch.setattr(serve, "SCRIPTS", tmp_path)
    script = tmp_path / "mirror" / "built" / "mirror.js"
    script.parent.mkdir(parents=True)
    script.write_text("export default 1")
    address = serve.component_url("mirror")
    answer = client.get(address)
    assert answer.text == "export default 1" and answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == FOREVER
    script.write_text("export default 2")
    assert client.get(address).status_code == 404, "that content is no more"
    assert client.get(serve.component_url("mirror")).text == "export default 2"


def test_facets_and_their_values(client, served):
    version = read_atlas(served)["version"]
    answer = client.get(f"/ds/facets/little.json?v={version}")
    score, monochrome = answer.json()["facets"]
    assert answer.headers["cache-control"] == FOREVER
    assert monochrome == {
        "key": "monochrome", "label": "Black and white", "kind": "yes_no", "unit": "", "count": N - 1,
        "low": None, "high": None, "values": [[False, N - 5], [True, 4]],
    }  # fmt: skip
    assert (score["key"], score["unit"], score["low"], score["high"]) == (
        "score",
        "%",
        0,
        pytest.approx(29 / N, abs=1e-5),
    )
    numbers = np.frombuffer(client.get("/ds/values/little/score.bin").content, "<f4")
    np.testing.assert_allclose(numbers, order(served) / N, rtol=1e-6)
    assert np.frombuffer(client.get("/ds/values/little/monochrome.bin").content, "<f4").sum() == 4


def test_chosen_photos_are_told_of_and_listed(client, served):
    chosen = np.array([28, 0, 5], "<i4")
    told = client.post("/ds/apart/little", content=chosen.tobytes())
    mean = np.mean(order(served)[chosen] / N)
    assert told.json() == {"n": 3, "average": pytest.approx(mean, abs=1e-5), "apart": []}
    assert told.headers["cache-control"] == "no-store"
    listed = client.post("/ds/ids/little.csv", content=chosen.tobytes())
    assert listed.text == "rank,id,score\n29,c:0,0.000000\n1,c:29,0.966667\n6,c:24,0.800000\n"
    assert listed.headers["content-type"].startswith("text/csv")
    assert client.post("/ds/apart/little", content=b"").json() == {"n": 0, "average": None, "apart": []}
    assert client.post("/ds/apart/nowhere", content=b"").status_code == 404


@pytest.mark.parametrize("body", [b"abc", b"\xff\xff\xff\xff", b"\x1d\0\0\0", b"\0\0\0\0" * N])
def test_what_is_no_list_of_ranks_is_refused_with_a_reason(client, body):
    for path in ("/ds/apart/little", "/ds/ids/little.csv"):
        answer = client.post(path, content=body)
        assert answer.status_code == 400 and answer.text.endswith(".")


def test_no_more_is_read_than_a_list_of_ranks_may_hold(served):
    pieces, answers = [], []

    async def receive():
        assert len(pieces) < 10, "it reads on"
        pieces.append(b"\0" * 4 * N)
        return {"type": "http.request", "body": pieces[-1], "more_body": True}

    async def send(message):
        answers.append(message)

    path = "/ds/apart/little"
    scope = {"type": "http", "method": "POST", "path": path, "headers": [], "query_string": b""}
    with ThreadPoolExecutor() as pool:  # a thread of its own: the browser tests leave a loop running in this one
        pool.submit(asyncio.run, Starlette(routes=serve.routes)(scope, receive, send)).result()
    assert answers[0]["status"] == 400 and len(pieces) == 1


def test_photos_are_found_through_the_browser(client):
    assert client.get("/ds/find/little.json?q=c%3A7").json() == {
        "photos": [{"row": 7, "rank": 22, "id": "c:7", "name": None}]
    }
    assert client.get("/ds/find/little.json").json() == {"photos": []}


def test_long_lists_of_ranks_have_addresses_and_the_oldest_are_forgotten(client):
    lists = [np.arange(i, i + 1000, dtype="<i4").tobytes() for i in range(serve.MAX_RANKS + 1)]
    addresses = [serve.ranks_url(data) for data in lists]
    assert client.get(addresses[-1]).content == lists[-1]
    assert client.get(addresses[0]).status_code == 404


def test_security_headers_on_every_answer(client):
    for path in ("/ds/photo/little/1.json", "/ds/nothing"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy and "'unsafe-eval'" not in policy.replace("'wasm-unsafe-eval'", "")
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"
        assert "camera=(self)" in headers["permissions-policy"]


def test_facts_are_valid_json_for_strict_readers(client):
    text = client.get("/ds/photo/little/1.json").text
    json.loads(text, parse_constant=lambda name: pytest.fail(name))
