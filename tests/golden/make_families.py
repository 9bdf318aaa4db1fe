"""Makes golden models of the families that timm, torchvision and transformers publish, with random weights.

    python make_families.py [--only NAME]                    into families/
    python make_families.py --full DIRECTORY [--only NAME]   of published sizes, too large to keep

Needs what scripts/requirements-references.txt names. Run again, it writes the same files. Each directory is
as the library writes it, and beside it stands what make_models.py leaves there too:

    pixels.npy            float32 [b, 3, height, width]   an input of the network
    logits.npy            float32 [b, labels]             what it gives
    picture.png           8-bit RGB; of full size, the photograph of an astronaut that scikit-image has
    picture-pixels.npy    float32 [3, height, width]      the library's own transform of it
    picture-logits.npy    float32 [labels]
    picture-scores.npy    float32 [labels]                their softmax

The library reads the weights from the directory just written and computes in float64.
"""

import argparse
import copy
import importlib
import pathlib
import shutil
import zlib

import numpy as np
import torch
from families import FULL, SMALL
from inputs import TOLERANCE, draw_picture, draw_until, relative_difference
from PIL import Image
from torch import nn
from weights import UNSEEN, neutral

HERE = pathlib.Path(__file__).resolve().parent


class QuickGelu(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


# What each activation is most easily taken for.
MISTAKEN = {
    "GELU": nn.GELU(approximate="tanh"),
    "GELUActivation": nn.GELU(approximate="tanh"),
    "GELUTanh": nn.GELU(),
    "QuickGELU": nn.GELU(),
    "QuickGELUActivation": nn.GELU(),
    "ReLU": nn.GELU(),
    "SiLU": QuickGelu(),
    "SiLUActivation": QuickGelu(),
    "Tanh": nn.Hardtanh(),
}


def with_mistaken_activation(model):
    model = copy.deepcopy(model)
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if type(child).__name__ in MISTAKEN:
                setattr(module, name, MISTAKEN[type(child).__name__])
    return model


def with_other_epsilon(model):
    model = copy.deepcopy(model)
    for module in model.modules():
        if isinstance(module, nn.LayerNorm):
            module.eps = 1e-12 if module.eps > 1e-9 else 1e-6
    return model


def check_parameters(model, compute, exact):
    """Would a reader be found out that overlooks one of them? The smallest difference, and its name."""
    found = []
    for name, parameter in model.named_parameters():
        if not name.endswith(UNSEEN):
            kept, parameter.data = parameter.data, neutral(name, parameter.data)
            found.append((relative_difference(compute(model), exact), name))
            parameter.data = kept
    return min(found)


def check(family, library, directory, model, pixels, exact):
    """Figures that tell whether this golden can find an error, and asserts that it can."""

    def compute(model):
        return library.compute(model, pixels)

    float32 = relative_difference(compute(library.load(directory, torch.float32)), exact)
    activation = relative_difference(compute(with_mistaken_activation(model)), exact)
    epsilon = relative_difference(compute(with_other_epsilon(model)), exact)
    print(
        f"{family.name:24} float32 is off by {float32:.1e}; another activation would be by {activation:.1e},"
        f" epsilon by {epsilon:.1e}; logits up to {np.abs(exact).max():.1f}",
        flush=True,
    )
    assert float32 < TOLERANCE / 4, "the library itself needs much of the tolerance"
    assert activation > 2 * TOLERANCE, "the wrong activation would pass"
    if family.embedding_scale < 0.1:
        assert epsilon > 2 * TOLERANCE, "the wrong epsilon would pass"
    if family.image_size():
        difference, name = check_parameters(model, compute, exact)
        assert difference > 2 * TOLERANCE, f"without {name} the difference would be {difference}"


def softmax(logits):
    scores = np.exp(logits - logits.max())
    return (scores / scores.sum()).astype(np.float32)


def make(family, directory, draw):
    library = importlib.import_module(f"library_{family.library}")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    random = np.random.default_rng(zlib.crc32(family.name.encode()))
    library.save(family, directory, random)
    model = library.load(directory, torch.float64)
    preprocess = library.preprocess(directory)

    picture, answer = draw_until(
        lambda: draw(random, *family.picture),
        lambda picture: library.compute(model, preprocess(picture)[None])[0],
    )
    picture.save(directory / "picture.png")
    picture_pixels = preprocess(picture)
    np.save(directory / "picture-pixels.npy", picture_pixels)
    np.save(directory / "picture-logits.npy", answer.astype(np.float32))
    np.save(directory / "picture-scores.npy", softmax(answer))

    inputs = [
        draw_until(
            lambda: random.standard_normal(picture_pixels.shape, np.float32),
            lambda pixels: library.compute(model, pixels[None])[0],
        )
        for _ in range(family.batch)
    ]
    pixels, exact = (np.stack(part) for part in zip(*inputs))
    np.save(directory / "pixels.npy", pixels)
    np.save(directory / "logits.npy", exact.astype(np.float32))
    check(family, library, directory, model, pixels, exact)


def astronaut(random, height, width):
    import skimage

    return Image.fromarray(skimage.data.astronaut())


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", metavar="NAME", help="this model alone")
    parser.add_argument("--full", metavar="DIRECTORY", type=pathlib.Path, help="published sizes, into there")
    arguments = parser.parse_args()
    chosen = [
        family
        for family in (FULL if arguments.full else SMALL)
        if arguments.only in (None, family.name)
    ]
    if not chosen:
        parser.error(f"there is no model named {arguments.only}")
    for family in chosen:
        root = arguments.full or HERE / "families"
        make(family, root / family.name, astronaut if arguments.full else draw_picture)


if __name__ == "__main__":
    main()
