"""A picture of a corpus, and what is right for it."""

import dataclasses
import io

import numpy
from PIL import Image, ImageFile, ImageOps


def pillow(data, options=""):
    """What Pillow makes of a file, with the options of picture_tool.cpp: [height, width, 3]."""
    words = options.split()
    ImageFile.LOAD_TRUNCATED_IMAGES = "truncated" in words
    try:
        image = Image.open(io.BytesIO(data))
        for word in words:
            if word.startswith("draft="):
                image.draft("RGB", tuple(int(n) for n in word[6:].split("x")))
        image.load()
        if "upright" not in words:
            image = ImageOps.exif_transpose(image)
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    if "drop" not in words and image.has_transparency_data:
        rgba = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
    return numpy.asarray(image.convert("RGB"))


@dataclasses.dataclass
class Case:
    name: str  # with the ending of its format
    data: bytes
    right: object = "pillow"  # [height, width, 3]; "pillow": what it says; None: an error
    or_error: bool = False  # an error is right, too
    largest: int = 0  # difference that is granted, and
    why: str = ""  # why
    options: str = ""  # of picture_tool.cpp
    by: str = ""  # part of a decoder's name ("libjpeg") by which alone it is so: others need not crash
    needs: str = ""  # part of a decoder's name ("libjpeg") without which an error is right as well
    only: str = ""  # part of a decoder's name without which it is no case
    says: str = ""  # part of the sentence of an error

    def expected(self):
        return pillow(self.data, self.options) if isinstance(self.right, str) else self.right
