"""The mirror in a real Chromium, whose camera is a short video: scores as Python's, and no frame leaves the browser."""

import base64
import io

import numpy as np
import pytest
import skimage.data
from PIL import Image
from playwright.sync_api import expect

from deepselfie import export, face_height, models, serve
from deepselfie.components.mirror import ENGINES
from deepselfie.world import world, write_json
from tests.browser.conftest import CHROMIUM, FLAGS, make_world, tab_on
from tests.browser.test_pages import visit
from tests.test_mirror import CALIBRATION, eye, golden, scores_in_python

SIDE = 240  # px of the video
WIDE = {"width": 1200, "height": 900}
once = pytest.mark.parametrize("page", [WIDE], indirect=True, ids=["wide"])
WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]  # in software
REAL = "Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', { get: () => false });"


@pytest.fixture(scope="module")
def network():
    return eye(golden().values())


@pytest.fixture(scope="module", autouse=True)
def model(cache, network):
    """The folder of the network of a world `looking`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPSELFIE_CACHE", str(cache))
        make_world("looking", 9)
        folder = world("looking").model_path
        card = models.save(network, folder, {"calibration": CALIBRATION})
        everywhere = {"weights": [0.0] * card["fc7"], "bias": 0.7}  # whatever is seen, its face is near
        write_json(folder / face_height.FACE, {"model": card["weights"]} | everywhere)
        return folder


def frames() -> list[np.ndarray]:
    """A face that comes closer."""
    astronaut = Image.fromarray(skimage.data.astronaut())
    boxes = [(5 * i, 0, 512 - 10 * i, 512 - 15 * i) for i in range(20)]
    return [np.asarray(astronaut.crop(box).resize((SIDE, SIDE))) for box in boxes]


@pytest.fixture(scope="module")
def with_camera(tmp_path_factory, chromium):
    """A Chromium that takes a Motion JPEG for its camera."""
    video = tmp_path_factory.mktemp("video") / "selfie.mjpeg"
    with video.open("wb") as out:
        for frame in frames():
            Image.fromarray(frame).save(out, "JPEG", quality=95, subsampling=0)
    camera = [f"--use-file-for-fake-video-capture={video}", "--use-fake-device-for-media-stream"]
    flags = [*FLAGS, *camera, *WEBGPU, "--use-fake-ui-for-media-stream"]
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=flags)
    yield browser
    browser.close()


@pytest.fixture(params=[WIDE, {"width": 390, "height": 800}], ids=["wide", "narrow"])
def page(with_camera, server, request):
    yield from tab_on(with_camera, server, viewport=request.param)


def started(page, frames: int = 5):
    """Opens the mirror and presses start, until some frames are scored."""
    visit(page, "mirror?world=looking")
    page.get_by_role("button", name="Start the mirror").click()
    expect(page.locator(".mirror")).to_have_attribute("data-state", "on", timeout=120_000)
    more_frames(page, frames)


def more_frames(page, n: int) -> None:
    seen = page.locator(".mirror").evaluate("mirror => Number(mirror.dataset.frames ?? 0)")
    page.locator(".mirror").evaluate(
        """(mirror, n) => new Promise(done => {
            const look = () => Number(mirror.dataset.frames ?? 0) >= n ? done() : setTimeout(look, 50); look(); })""",
        seen + n,
    )


def test_the_camera_is_scored_here_and_no_frame_leaves(page, network):
    sent, sockets = [], []
    page.on("websocket", lambda socket: sockets.append(socket))
    started(page)
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    page.on("request", lambda request: request.url.startswith(("data:", "blob:")) or sent.append(request.url))
    for socket in sockets:  # Streamlit's
        socket.on("framesent", lambda _: sent.append("a message to Streamlit"))
    page.context.set_offline(True)
    more_frames(page, 5)
    expect(page.get_by_role("meter", name="Score")).to_contain_text("%")
    expect(page.get_by_text("Step back: the face fills about 70 %")).to_be_visible()
    expect(page.locator(".rate")).to_contain_text("by WebAssembly")  # WebGPU in software is not taken
    page.get_by_role("button", name="Keep the best").click()
    link = page.locator(".snaps a")
    with page.expect_download() as download:
        link.click()
    shown, kept = float(link.get_attribute("data-score")), np.asarray(Image.open(download.value.path()).convert("RGB"))
    assert kept.shape == (SIDE, SIDE, 3)
    assert abs(scores_in_python(network, [kept])[0] - shown) < 0.01
    assert not sent
    page.context.set_offline(False)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("The camera is off.")).to_be_visible()


GOLDEN = """
async ({ worker, runtime, model, pictures }) => {
  const network = new Worker(worker, { type: 'module' });
  const asked = (order, given = []) => new Promise((done, failed) => {
    network.onmessage = ({ data }) => data.kind === 'failed' ? failed(new Error(data.why)) : done(data);
    network.postMessage(order, given);
  });
  await asked({ kind: 'load', runtime, model });
  const scores = [];
  for (const picture of pictures) {
    const bitmap = await createImageBitmap(await (await fetch(picture)).blob());
    const pen = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    pen.drawImage(bitmap, 0, 0);
    const pixels = pen.getImageData(0, 0, bitmap.width, bitmap.height).data.buffer;
    scores.push((await asked({ kind: 'frame', pixels, side: bitmap.width }, [pixels])).score);
  }
  return scores;
}
"""


@once
@pytest.mark.parametrize(
    ("worker", "runtime"), [engine[1:] for engine in ENGINES], ids=[engine[0] for engine in ENGINES]
)
def test_the_browser_scores_golden_pictures_as_python_does(page, network, model, worker, runtime):
    squares = [picture[: min(picture.shape[:2]), : min(picture.shape[:2])] for picture in golden().values()]
    pictures = [*squares, *frames()[::6]]
    if "gpu" in worker:  # in software a picture takes seconds
        pictures = pictures[::3]
    urls = []
    for picture in pictures:
        out = io.BytesIO()
        Image.fromarray(picture).save(out, "PNG")
        urls.append(f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}")
    visit(page, "mirror?world=looking")
    given = {
        "worker": serve.component_url("mirror", worker),
        "runtime": serve.component_url("mirror", runtime),
        "model": f"/ds/network/looking/{export.version_of(model)}.onnx",
        "pictures": urls,
    }
    expected = scores_in_python(network, pictures)
    assert np.ptp(expected) > 0.2
    assert np.abs(np.array(page.evaluate(GOLDEN, given)) - expected).max() < 0.01


@once
def test_a_graphics_card_is_used_where_there_is_one(page):
    page.add_init_script(REAL)
    started(page, 2)
    expect(page.locator(".rate")).to_contain_text("by WebGPU")


@once
def test_where_the_graphics_card_fails_the_processor_takes_its_place(page):
    page.add_init_script(REAL)
    asked = []
    page.route("**/runtime_gpu.wasm.gz", lambda route: (asked.append(route.request.url), route.abort()))
    started(page)
    expect(page.locator(".rate")).to_contain_text("by WebAssembly")
    assert asked


REFUSED = """
navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', NAME));
"""


@pytest.mark.parametrize(
    ("name", "said"), [("NotAllowedError", "was refused"), ("NotFoundError", "No camera was found")]
)
def test_without_a_camera_it_says_why(tab, name, said):
    tab.add_init_script(REFUSED.replace("NAME", repr(name)))
    visit(tab, "mirror?world=looking")
    tab.get_by_role("button", name="Start the mirror").click()
    expect(tab.get_by_text(said)).to_be_visible()
    expect(tab.get_by_role("button", name="Start again")).to_be_enabled()
