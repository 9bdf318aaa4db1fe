"""HEIF, and AVIF of more than 8 bits, which Pillow does not write: tests/data/images/make_heif.py does."""

import pathlib
import re
import sys

import numpy
from PIL import Image

from corpus.case import Case

IMAGES = pathlib.Path(__file__).parents[2] / "data/images"
sys.path.append(str(IMAGES))

from make_heif import of_8_bits, pattern, smooth  # noqa: E402


def rgb(image):
    return numpy.asarray(image.convert("RGB"))


def over_white(image):
    return rgb(Image.alpha_composite(Image.new("RGBA", image.size, "white"), image))


def sources():
    """Name, the picture that was encoded, and how much coding changes of it."""
    yield "lossless", pattern(), 1  # in YCbCr
    yield "grey", pattern()[..., :1].repeat(3, 2), 0
    yield "smooth", rgb(of_8_bits(smooth(64, 48))), 5
    yield "odd", rgb(of_8_bits(smooth(63, 47))), 5
    yield "odd422", rgb(of_8_bits(smooth(63, 47))), 6
    yield "rgb10", rgb(of_8_bits(smooth(64, 48))), 5
    yield "alpha", over_white(of_8_bits(smooth(40, 30, 4))), 4


def whole():
    for name, right, largest in sources():
        data = (IMAGES / f"{name}.heic").read_bytes()
        why = "coding changes them" if largest else ""
        yield Case(f"{name}.heic", data, right, largest=largest, why=why)
    right = rgb(of_8_bits(smooth(40, 30, 4)[..., :3]))
    yield Case("alpha-drop.heic", (IMAGES / "alpha.heic").read_bytes(), right, largest=4,
               why="coding changes them", options="drop")
    for path in sorted(IMAGES.glob("rgb*.avif")):
        yield Case(path.name, path.read_bytes())


def broken():
    for name in "smooth", "alpha":
        data = (IMAGES / f"{name}.heic").read_bytes()
        for part in range(1, 8):
            cut = data[: len(data) * part // 8]
            yield Case(f"cut-{name}{part}.heic", cut, None, says="ends before its last pixel")
        for size in (1 << 20, 1 << 10), (1 << 15, 1 << 15), (0, 4), (65, 48):
            said = b"ispe" + bytes(4) + size[0].to_bytes(4, "big") + size[1].to_bytes(4, "big")
            claimed = re.sub(b"ispe.{12}", lambda _: said, data, flags=re.DOTALL)
            yield Case(f"claims-{name}{size[0]}.heic", claimed, None)


def larger():
    for name in "larger.heic", "larger.avif":
        yield Case(name, (IMAGES / name).read_bytes(), None, says="holds a larger one")


def circles():
    data = (IMAGES / "alpha.heic").read_bytes()
    at = data.index(b"auxl") + 4  # the id of the alpha, how many are named, whose alpha it is
    own = data[: at + 4] + data[at : at + 2] + data[at + 6 :]
    yield Case("alpha-of-itself.heic", own, None, says="made of itself")


def cases():
    for some in whole, broken, larger, circles:
        for case in some():
            case.needs = "libheif"
            yield case
