"""The mirror's speed in this machine's Chromium, with a still picture for a camera, and what it loads.

`streamlit run app.py`, then `python -m benchmarks.mirror [http://localhost:8501]`: frames a second over ten seconds.
"""

import sys
import tempfile
import time
from pathlib import Path

import skimage.data
from PIL import Image
from playwright.sync_api import sync_playwright

SECONDS = 10
FLAGS = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
CHROMIUM = "/usr/bin/chromium"


def main(address: str = "http://localhost:8501") -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        video = Path(folder) / "camera.mjpeg"
        Image.fromarray(skimage.data.astronaut()).resize((480, 480)).save(video, "JPEG")
        flags = [*FLAGS, f"--use-file-for-fake-video-capture={video}"]
        page = playwright.chromium.launch(executable_path=CHROMIUM, args=flags).new_page()
        page.set_default_timeout(120_000)
        loaded = []
        page.on("requestfinished", lambda request: loaded.append((request.url, request.sizes()["responseBodySize"])))
        page.goto(f"{address}/mirror")
        began = time.perf_counter()
        page.get_by_role("button", name="Start the mirror").click()
        mirror = page.locator(".mirror[data-state=on]")
        mirror.and_(page.locator("[data-frames]")).wait_for()
        print(f"first score after {time.perf_counter() - began:.1f} s")
        megabytes = sum(size for url, size in loaded if "/mirror" in url or "/ds/network/" in url) / 1e6
        print(f"{megabytes:.1f} MB loaded for it")
        page.wait_for_timeout(3000)  # until the browser has compiled it well
        first, began = int(mirror.get_attribute("data-frames")), time.perf_counter()
        page.wait_for_timeout(1000 * SECONDS)
        frames = int(mirror.get_attribute("data-frames")) - first
        rate = frames / (time.perf_counter() - began)
        print(f"{rate:.1f} frames a second; the mirror itself says: {page.locator('.rate').inner_text()}")


if __name__ == "__main__":
    main(*sys.argv[1:])
