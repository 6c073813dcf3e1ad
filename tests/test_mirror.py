"""The network's file for the browser gives Python's scores, and is served for good under the hash of its model."""

import numpy as np
import onnxruntime
import pyarrow as pa
import pytest
import skimage.data
import torch
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from deepselfie import export, models, serve
from deepselfie.components.mirror import BUILT, ENGINES
from deepselfie.errors import DeepselfieError
from deepselfie.pictures import prepare
from deepselfie.world import world

FOREVER = "public, max-age=31536000, immutable"
CALIBRATION = {"slope": 0.9, "intercept": -0.4}


def eye(pictures) -> models.Network:
    """ImageNet's backbone, and a head whose logits of these pictures have mean 0 and standard deviation 1/2."""
    torch.manual_seed(0)
    made = models.build("lite0")
    with torch.no_grad():
        logits = made(torch.from_numpy(prepare(list(pictures), made.size)))
        scale = 2 * logits.std()
        made.fc8.weight /= scale
        made.fc8.bias.copy_((made.fc8.bias - logits.mean()) / scale)
    return made


@pytest.fixture(scope="module")
def network():
    return eye(golden().values())


@pytest.fixture(scope="module")
def file(network):
    return export.onnx(network, CALIBRATION)


def golden() -> dict[str, np.ndarray]:
    """Pictures smaller and larger than the network's square, upright and wide, smooth and all edges."""
    astronaut, noise = skimage.data.astronaut(), np.random.default_rng(0).integers(0, 256, (480, 480, 3), np.uint8)
    checks = np.uint8(255 * (np.indices((300, 500)).sum(0) % 2))
    return {
        "astronaut": astronaut,
        "her face": astronaut[:240, 130:330],
        "a cat": skimage.data.chelsea(),
        "small": np.asarray(Image.fromarray(astronaut).resize((70, 50))),
        "square": np.asarray(Image.fromarray(astronaut).resize((96, 96))),
        "noise": noise,
        "dark noise": noise // 6,
        "checks": np.dstack([checks, checks, 255 - checks]),
    }


def scores_in_python(network, images) -> np.ndarray:
    """float (N,), in float32: the Scorer may compute in bfloat16, where the processor does so."""
    with torch.inference_mode():
        logits = network(torch.from_numpy(prepare(images, network.size))).numpy()
    return 1 / (1 + np.exp(-(CALIBRATION["slope"] * logits + CALIBRATION["intercept"])))


def rgba(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.dstack([image, np.full(image.shape[:2], 255, np.uint8)]))


def test_the_file_scores_pixels_as_python_scores_pictures(network, file):
    pictures = golden()
    expected = scores_in_python(network, list(pictures.values()))
    assert np.ptp(expected) > 0.2  # or they would agree whatever was computed
    session = onnxruntime.InferenceSession(file)
    for (name, picture), score in zip(pictures.items(), expected, strict=True):
        (found,) = session.run(None, {"pixels": rgba(picture)})
        assert found.shape == (1,) and abs(found[0] - score) < 0.01, name


def test_what_is_transparent_makes_no_difference(file):
    session, picture = onnxruntime.InferenceSession(file), rgba(golden()["her face"])
    (opaque,) = session.run(None, {"pixels": picture})
    picture[..., 3] = 7
    assert session.run(None, {"pixels": picture})[0] == opaque


def test_with_the_score_comes_how_tall_the_face_is_where_that_was_learned(network):
    face = {"weights": np.random.default_rng(0).normal(size=256).tolist(), "bias": 0.3}
    session = onnxruntime.InferenceSession(export.onnx(network, CALIBRATION, face))
    for picture in golden().values():
        with torch.inference_mode():
            fc7 = network.features(torch.from_numpy(prepare([picture], network.size)))[0]
        expected = float((fc7.numpy() @ np.float32(face["weights"]) + 0.3)[0])
        score, found = session.run(None, {"pixels": rgba(picture)})
        assert found.shape == (1,) and found[0] == pytest.approx(expected, abs=0.02 * (1 + abs(expected)))
        assert score[0] == pytest.approx(scores_in_python(network, [picture])[0], abs=0.01)


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine[0])
def test_the_file_and_the_runtime_stay_under_twelve_megabytes(file, engine):
    parts = ("mirror.js", "mirror.css", *engine[1:])
    assert len(file) + sum((BUILT / part).stat().st_size for part in parts) < 12_000_000


@pytest.fixture
def client(tmp_path, monkeypatch, network):
    monkeypatch.setenv("DEEPSELFIE_CACHE", str(tmp_path))
    world("demo").append(pa.table({"id": ["b:0"]}))
    models.save(network, world("demo").model_path, {"calibration": CALIBRATION})
    monkeypatch.setattr(export, "onnx", lambda network, calibration, face: f"{calibration}".encode())
    return TestClient(Starlette(routes=serve.routes, middleware=serve.middleware))


def test_the_file_is_kept_for_good_and_changes_its_address_with_the_model(client, network):
    folder = world("demo").model_path
    version = export.version_of(folder)
    answer = client.get(f"/ds/network/demo/{version}.onnx")
    assert answer.status_code == 200 and b"-0.4" in answer.content
    assert answer.headers["cache-control"] == FOREVER and answer.headers["content-encoding"] == "identity"
    again = client.get(f"/ds/network/demo/{version}.onnx", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    models.save(network, folder, {"calibration": CALIBRATION | {"intercept": 0.9}})
    newer = export.version_of(folder)
    assert newer != version
    assert client.get(f"/ds/network/demo/{version}.onnx").status_code == 404
    assert b"0.9" in client.get(f"/ds/network/demo/{newer}.onnx").content


@pytest.mark.parametrize("address", ["nowhere/{}.onnx", "demo/0123456789abcdef.onnx", "..%2Fdemo/{}.onnx"])
def test_other_addresses_are_not_found(client, address):
    version = export.version_of(world("demo").model_path)
    assert client.get(f"/ds/network/{address.format(version)}").status_code == 404


@pytest.mark.parametrize("part", [part for engine in ENGINES for part in engine[1:]])
def test_the_parts_of_the_mirror_are_kept_for_good(client, part):
    answer = client.get(serve.component_url("mirror", part))
    assert answer.content == (BUILT / part).read_bytes() and answer.headers["cache-control"] == FOREVER
    assert client.get(f"/ds/component/0123456789abcdef/mirror/{part}").status_code == 404
    assert client.get(serve.component_url("mirror", part).replace(part, "..%2Fsrc%2Fworker.ts")).status_code == 404


def test_the_camera_is_lent_to_this_server_alone_and_webassembly_may_run(client):
    headers = client.get("/ds/nothing").headers | client.get(serve.component_url("mirror", "worker.js")).headers
    assert "camera=(self)" in headers["permissions-policy"]
    assert "'wasm-unsafe-eval'" in headers["content-security-policy"]


def test_a_network_too_large_for_a_browser_has_no_file(client, monkeypatch):
    from deepselfie.components.mirror import mirror

    monkeypatch.setattr(export, "LIMIT", 1_000_000)
    assert export.version_of(world("demo").model_path) is None
    with pytest.raises(DeepselfieError, match="deepselfie distil demo"):
        mirror(world("demo"), key="mirror")


def test_in_place_of_a_network_too_large_its_student_is_served(client, network, monkeypatch):
    folder = world("demo").model_path
    teacher = models.save(network, folder, {"calibration": CALIBRATION})["weights"]
    small = models.build("mobilenet", pretrained=False)
    own = {"calibration": {"slope": 1.0, "intercept": 0.25}, "teacher": teacher, "rank_correlation": 0.97}
    models.save(small, folder / "student", own)
    monkeypatch.setattr(export, "LIMIT", (folder / "student" / models.WEIGHTS).stat().st_size)
    served = export.for_browser(folder)
    assert served == folder / "student"
    assert b"0.25" in client.get(f"/ds/network/demo/{export.version_of(served)}.onnx").content
    for wrong in ({"rank_correlation": 0.94}, {"teacher": "another"}):
        models.save(small, folder / "student", own | wrong)
        assert export.for_browser(folder) is None
    monkeypatch.undo()
    assert export.for_browser(folder) == folder
