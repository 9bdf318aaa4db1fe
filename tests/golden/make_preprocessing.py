"""Makes preprocessing/: photographs, and what the libraries' own transforms make of them.

    python make_preprocessing.py

cases.json is a list. A case names its picture, the library, and the settings as the library's files hold
them, and tells what comes out: height, width, the CRC-32 (as zlib computes it) of the pixels as float32
[3, height, width], and the file with all of them where there is one. A case of transformers holds a whole
preprocessor_config.json.

Needs what scripts/requirements-references.txt names. Run again, it writes the same files.
"""

import json
import pathlib
import shutil
import zlib

import library_torchvision
import numpy as np
import skimage
from PIL import Image
from timm.data import create_transform, resolve_data_config
from transformers.models.deit.image_processing_pil_deit import DeiTImageProcessorPil

HERE = pathlib.Path(__file__).resolve().parent / "preprocessing"
IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
HALF = {"mean": [0.5] * 3, "std": [0.5] * 3}
CLIP = {
    "mean": [0.48145466, 0.4578275, 0.40821073],
    "std": [0.26862954, 0.26130258, 0.27577711],
}
# Of pictures that are free to use: top, left, height, width.
PHOTOGRAPHS = {
    "astronaut": (skimage.data.astronaut, (60, 178, 97, 67)),  # upright
    "chelsea": (skimage.data.chelsea, (86, 118, 61, 102)),  # lying
    "coffee": (skimage.data.coffee, (130, 220, 59, 62)),  # nearly square
}


def timm_transform(settings):
    return create_transform(**resolve_data_config(pretrained_cfg=settings), is_training=False)


def torchvision_transform(settings):
    return library_torchvision.transform_of(settings)


def transformers_transform(settings):
    processor = DeiTImageProcessorPil(**settings)
    return lambda picture: processor(picture, return_tensors="np")["pixel_values"][0]


TRANSFORMS = {
    "timm": timm_transform,
    "torchvision": torchvision_transform,
    "transformers": transformers_transform,
}


def timm(size, crop_mode, crop_pct, interpolation, normalization):
    height, width = np.broadcast_to(size, 2).tolist()
    return {
        "input_size": [3, height, width],
        "interpolation": interpolation,
        "crop_pct": crop_pct,
        "crop_mode": crop_mode,
        **normalization,
    }


def preset(crop, resize, interpolation):
    return {
        "transforms": {
            "crop_size": crop,
            "resize_size": resize,
            "interpolation": interpolation,
            **IMAGENET,
        }
    }


def deit(resize, crop, resample=3):
    """A whole preprocessor_config.json; DeiT's own is that of 256 and 224."""
    (height, width), crop_size = np.broadcast_to(resize, 2).tolist(), np.broadcast_to(crop, 2).tolist()
    processor = DeiTImageProcessorPil(
        size={"height": height, "width": width},
        crop_size={"height": crop_size[0], "width": crop_size[1]},
        resample=resample,
        image_mean=IMAGENET["mean"],
        image_std=IMAGENET["std"],
    )
    return dict(sorted(processor.to_dict().items()))


def cases():
    """Of each: library, settings, the names of pictures, and whether all pixels are kept."""
    everything = list(PHOTOGRAPHS)
    # Every mode, share and filter, at a published size: margins differ by the picture's shape.
    for mode in ("center", "squash", "border"):
        for share in (0.9, 0.95, 1.0):
            for interpolation, normalization in (
                ("bilinear", IMAGENET),
                ("bicubic", HALF),
                ("lanczos", CLIP),
            ):
                yield "timm", timm(224, mode, share, interpolation, normalization), everything, False
    # Shares whose quotient is a whole number but for its rounding, or not quite: floor decides.
    for size, share in ((224, 0.875), (224, 0.965), (384, 0.95), (240, 0.95), (256, 0.95), (63, 0.9)):
        yield "timm", timm(size, "center", share, "bicubic", HALF), everything, False
    # Pictures that are not square.
    for mode in ("center", "squash", "border"):
        yield "timm", timm((48, 32), mode, 0.9, "bicubic", IMAGENET), everything, False
        yield "timm", timm((30, 45), mode, 0.95, "bilinear", CLIP), everything, False
        yield "timm", timm((33, 40), mode, 1.0, "bicubic", HALF), everything, False
    # Small ones, of which all pixels are kept, to be looked at when a sum is wrong.
    for mode in ("center", "squash", "border"):
        yield "timm", timm(16, mode, 0.9, "bicubic", IMAGENET), ["astronaut", "chelsea"], True

    for weights in (
        "ViT_B_16_Weights.IMAGENET1K_V1",  # 256, 224, bilinear
        "ViT_B_16_Weights.IMAGENET1K_SWAG_E2E_V1",  # 384, 384, bicubic
        "ViT_B_16_Weights.IMAGENET1K_SWAG_LINEAR_V1",  # 224, 224, bicubic
        "ViT_L_16_Weights.IMAGENET1K_V1",  # 242, 224, bilinear
    ):
        yield "torchvision", {"weights": weights}, everything, False
    yield "torchvision", preset(224, 232, "bilinear"), everything, False
    yield "torchvision", preset(32, 35, "bicubic"), everything, False
    yield "torchvision", preset(40, 30, "bilinear"), everything, False  # less than the crop: a black margin
    yield "torchvision", preset(16, 19, "bilinear"), ["astronaut", "chelsea"], True

    yield "transformers", deit(256, 224), everything, False
    yield "transformers", deit((47, 45), 42), everything, False
    yield "transformers", deit((31, 36), (34, 29)), everything, False  # a black margin above and below
    yield "transformers", deit((19, 21), 16, resample=2), ["astronaut", "chelsea"], True


def check_margins(found):
    """Halves of odd margins are rounded to even: both directions have to occur."""
    assert {1, 3} <= {margin % 4 for margin in found}, found


def margins(settings, picture):
    """What timm's centre crop of a square leaves over."""
    _, height, width = settings["input_size"]
    short = int(height / settings["crop_pct"])
    long = int(short * max(picture.size) / min(picture.size))
    return [short - height, long - height] if height == width else []


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    HERE.mkdir()
    pictures = {}
    for name, (photograph, (top, left, height, width)) in PHOTOGRAPHS.items():
        pictures[name] = Image.fromarray(photograph()[top : top + height, left : left + width])
        pictures[name].save(HERE / f"{name}.png", optimize=True)

    results, found = [], []
    for library, settings, names, kept in cases():
        transform = TRANSFORMS[library](settings)
        for name in names:
            if library == "timm" and settings["crop_mode"] == "center":
                found += margins(settings, pictures[name])
            pixels = np.ascontiguousarray(transform(pictures[name]), np.float32)
            result = {
                "picture": f"{name}.png",
                "library": library,
                "settings": settings,
                "height": pixels.shape[1],
                "width": pixels.shape[2],
                "crc32": f"{zlib.crc32(pixels.tobytes()):08x}",
            }
            if kept:
                result["pixels"] = f"{len(results):03}.npy"
                np.save(HERE / result["pixels"], pixels)
            results.append(result)
    check_margins(found)
    lines = ",\n".join(json.dumps(result) for result in results)
    (HERE / "cases.json").write_text(f"[\n{lines}\n]\n")
    print(f"{len(results)} cases")


if __name__ == "__main__":
    main()
