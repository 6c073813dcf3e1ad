"""Photos scored a second, from the encoded bytes on and by the network alone, beside a plain torchvision loop.

    python -m benchmarks.scoring                           the shipped network
    python -m benchmarks.scoring --architecture vgg16      another one, with random weights

The rival: Pillow decodes, torchvision's transforms, float32, batches of 32, as many threads as torch takes. All take
turns, so that other work on the machine hits all alike; told are medians over the rounds, and of the ratios within a
round. Threads of torch wait for each other, and lose much on a busy machine: there the rival may take one, if quicker.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from PIL import Image
from torchvision import transforms

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.photos import encoded, photo
from deepselfie import models, pictures
from deepselfie import score as stage
from deepselfie.layout import order
from deepselfie.world import world

SIDES = 96, 640  # px: the demo's own photos, and Instagram's of 2015
BATCH = 32


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--architecture", help="by default the demo world's trained network")
    arguments.add_argument("--photos", type=int, default=512, help="512, as many as the stage takes at once")
    arguments.add_argument("--rounds", type=int, default=5)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = world("demo").model_path
        if asked.architecture:
            torch.manual_seed(0)
            network = models.build(asked.architecture, pretrained=False)
            model = Path(folder)
            models.save(network, model, {"calibration": {"slope": 1.0, "intercept": 0.0}})
        network, card = models.load(model)
        scorer = stage.Scorer(model)
    print(f"{card['architecture']}, {scorer.size} px, {os.cpu_count()} cores, {scorer.device}, {asked.rounds} rounds")
    print("| photos | | plain loop, /s | deepselfie, /s | ratio |\n|---|---|---|---|---|")
    for side in SIDES:
        data = photos(asked.photos, side)
        compare(f"{side} px", data, network, scorer, asked.rounds)


def photos(count: int, side: int) -> list[bytes]:
    """JPEGs of the demo's selfies, as heavy as a phone's."""
    ranks = len(order(world("demo")))
    shots = (photo(np.random.default_rng(i), i % ranks, (side, side)) for i in range(count))
    return [encoded(shot, 1, side)[1] for shot in shots]


def compare(name: str, data: list[bytes], network: models.Network, scorer: stage.Scorer, rounds: int) -> None:
    rival = Plain(network, scorer.device)
    seen = rival.tensors(data)
    squares = pictures.prepare(data, scorer.size)
    table = pa.table({"id": [str(i) for i in range(len(data))], "image": pa.array(data, pa.large_binary())})
    ways = {
        "theirs": lambda: rival.logits(rival.tensors(data[i : i + BATCH]) for i in range(0, len(data), BATCH)),
        "ours": lambda: stage._batch(table, scorer),
        "their network": lambda: rival.logits(seen.split(BATCH)),
        "our network": lambda: scorer.look(squares),
    }
    found = {way: run() for way, run in ways.items()}
    rates = {way: [] for way in ways}
    for _ in range(rounds):
        for way, run in ways.items():
            seconds = [timed(run)]
            if way.startswith("their"):
                seconds.append(timed(run, threads=1))
            rates[way].append(len(data) / min(seconds))
    rates = {way: np.array(values) for way, values in rates.items()}
    for what, theirs, ours in (("decoded too", "theirs", "ours"), ("network alone", "their network", "our network")):
        ratio = np.median(rates[ours] / rates[theirs])
        print(f"| {name} | {what} | {np.median(rates[theirs]):,.0f} | {np.median(rates[ours]):,.0f} | {ratio:.2f} |")
    apart = np.abs(scorer.calibrated(found["theirs"]) - found["ours"]["score"].to_numpy()).max()
    pixels = rival.normalised(squares)
    same = np.abs(
        scorer.calibrated(rival.logits(pixels.split(BATCH))) - scorer.calibrated(found["our network"][1])
    ).max()
    share = np.median(rates["ours"] / rates["our network"])
    rest = np.median(rates["ours"] / rates["their network"])
    print(
        f"  {name}: with decoding {share:.0%} of the rate of our network alone, {rest:.0%} of the plain network's; "
        f"scores at most {apart:.4f} from the plain loop's, {same:.6f} for the same pixels",
        flush=True,
    )


def timed(run, threads: int | None = None) -> float:
    """Seconds; with so many threads of torch."""
    usual = torch.get_num_threads()
    torch.set_num_threads(threads or usual)
    start = time.perf_counter()
    run()
    seconds = time.perf_counter() - start
    torch.set_num_threads(usual)
    return seconds


class Plain:
    """What one writes with torchvision at first."""

    def __init__(self, network: models.Network, device: str):
        self.network, self.device = network.to(device), device
        mean, std = network.mean.flatten().tolist(), network.std.flatten().tolist()
        size = network.size, network.size
        self.normalise = transforms.Compose([transforms.ToTensor(), transforms.Normalize(mean, std)])
        self.transform = transforms.Compose([transforms.Resize(size), self.normalise])

    def tensors(self, data: list[bytes]) -> torch.Tensor:
        return torch.stack([self.transform(Image.open(io.BytesIO(one)).convert("RGB")) for one in data])

    def normalised(self, squares: np.ndarray) -> torch.Tensor:
        return torch.stack([self.normalise(square) for square in squares])

    def logits(self, batches) -> np.ndarray:
        with torch.no_grad():
            late = [self.network.late(self.network.trunk(batch.to(self.device)))[1].cpu() for batch in batches]
        return torch.cat(late).numpy()


if __name__ == "__main__":
    main()
