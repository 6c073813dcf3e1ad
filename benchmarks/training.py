"""Photos a second in training beside a plain torchvision loop; and vgg16 fine-tuned from end to end, on real photos.

    python -m benchmarks.training                                            speed, of the small default
    python -m benchmarks.training --proof vgg16                              from random weights, at 64 px
    python -m benchmarks.training --proof vgg16 --checkpoint FILE --side 224 from ImageNet's, as the article did

The plain loop: Pillow decodes anew each epoch, torchvision's transforms, float32, batches of 64, all layers learn, as
many threads as torch takes, or one if that is quicker. Ours counts decoding as well. They take turns.

The proof learns whether there is a face in a photo of the demo's training world, from all that the stage `train` does.
Its interval is bootstrapped over authors, whom validation shares none of with training.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from PIL import Image
from torchvision import transforms

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.scoring import photos, timed
from deepselfie import architectures, models, pictures, train
from deepselfie.training_set import Examples
from deepselfie.world import World, world

SIDE = 96  # px of the photos of the speed test: the demo's own


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--photos", type=int, default=512)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--proof", metavar="ARCHITECTURE", help="fine-tunes this one on `--photos` photos")
    arguments.add_argument("--checkpoint", help="weights to begin from; without, random ones")
    arguments.add_argument("--side", type=int, default=64, help="px that the network looks at in the proof")
    arguments.add_argument("--epochs", type=int, default=train.EPOCHS)
    asked = arguments.parse_args()
    if asked.proof:
        with tempfile.TemporaryDirectory() as folder:
            prove(asked.proof, asked.checkpoint, asked.side, asked.photos, asked.epochs, Path(folder))
    else:
        speed(asked.photos, asked.rounds)


def speed(count: int, rounds: int) -> None:
    data, label = photos(count, SIDE), np.random.default_rng(0).integers(0, 2, count).astype(np.float32)
    rates = []
    for _ in range(rounds):
        theirs = min(timed(lambda: plain_epoch(data, label)), timed(lambda: plain_epoch(data, label), threads=1))
        rates.append((count / theirs, count / timed(lambda: our_epoch(data, label))))
    theirs, ours = np.array(rates).T
    print(
        f"{models.DEFAULT}, {os.cpu_count()} cores, an epoch of {count} JPEGs of {SIDE} px, medians of {rounds} rounds"
    )
    print(f"plain loop {np.median(theirs):.0f} photos/s, deepselfie {np.median(ours):.0f}, ", end="")
    print(f"ratio {np.median(ours / theirs):.2f}")


def our_epoch(data: list[bytes], label: np.ndarray) -> None:
    """What the stage does, decoding included; one photo stands in for validation."""
    torch.manual_seed(0)
    network = models.build()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        squares = np.stack(list(pool.map(lambda one: pictures.try_square(one, network.size), data)))
        split = np.array(["validation"] + ["train"] * (len(data) - 1))
        examples = Examples(squares, label, label, split, np.arange(len(data)))
        with models.core_threads() as cores:
            path = Path(folder) / "course.safetensors"
            train.fit(network, examples, path, epochs=1, seed=0, progress=lambda done, total: None, pool=cores)


def plain_epoch(data: list[bytes], label: np.ndarray) -> None:
    """What one writes with torchvision at first, of the same network with all its layers."""
    torch.manual_seed(0)
    full = architectures.lite0(pretrained=True)
    full.reset_classifier(1)
    full.train()
    transform = transforms.Compose(
        [
            transforms.Resize((SIDE, SIDE)),
            transforms.RandomHorizontalFlip(),
            transforms.RandomCrop(SIDE, padding=train.SHIFT, padding_mode="edge"),
            transforms.ToTensor(),
            transforms.Normalize((0.5,) * 3, (0.5,) * 3),
        ]
    )
    optimizer = torch.optim.AdamW(full.parameters(), lr=train.RATE, weight_decay=train.WEIGHT_DECAY)
    order = torch.randperm(len(data)).tolist()
    for first in range(0, len(order), train.BATCH):
        rows = order[first : first + train.BATCH]
        x = torch.stack([transform(Image.open(io.BytesIO(data[row])).convert("RGB")) for row in rows])
        loss = torch.nn.functional.binary_cross_entropy_with_logits(full(x)[:, 0], torch.from_numpy(label[rows]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def prove(name: str, checkpoint: str | None, side: int, count: int, epochs: int, folder: Path) -> None:
    classify, cut = architectures.architecture_named(name)
    architectures.ARCHITECTURES["proof"] = (
        lambda pretrained: classify(False),
        lambda full: architectures.Parts(**vars(cut(full)) | {"size": side}),
    )
    made = faces_or_none(count, folder)
    report = train.train(made, architecture="proof", checkpoint=checkpoint, epochs=epochs)
    print(report)
    found = report.details["validation"]
    low, high = found["intervals"]["accuracy"]
    began = f"the weights of {checkpoint}" if checkpoint else "random weights"
    print(
        f"{name} from {began}, {side} px: tells photos with a face from those without in {found['accuracy']:.1%} of "
        f"{found['photos']} photos by {found['authors']} others (95 % interval {low:.1%} to {high:.1%}; a coin 50 %)"
    )
    print("better than chance" if low > 0.5 else "NOT shown to be better than chance")


def faces_or_none(count: int, folder: Path) -> World:
    """A world of as many photos with a face as without; three quarters of the authors to learn from."""
    crowd, rng = world("demo-training"), np.random.default_rng(0)
    faces = crowd.read(["faces"])["faces"].combine_chunks()
    seen = np.array([len(found or ()) > 0 for found in faces.to_pylist()])
    rows = np.sort(
        np.concatenate([rng.permutation(np.flatnonzero(seen == kind))[: count // 2] for kind in (False, True)])
    )
    photos = crowd.take(rows, ["id", "author", "image"])
    authors = photos["author"].to_pylist()
    split = {author: rng.choice(["train", "validation", "calibration"], p=[0.75, 0.2, 0.05]) for author in set(authors)}
    made = World(folder / "proof")
    made.append(photos)
    made.set_columns(
        pa.table(
            {
                "label": pa.array(seen[rows].astype(np.int8), pa.int8()),
                "split": [str(split[author]) for author in authors],
            }
        )
    )
    return made


if __name__ == "__main__":
    main()
