"""BMP: every size of header, depth and order of rows."""

import io

import numpy
from PIL import Image

from corpus.case import Case


def cases():
    y, x = numpy.mgrid[0:9, 0:13]
    image = Image.fromarray(numpy.stack([20 * x, 25 * y, 9 * x + 9 * y], -1).astype(numpy.uint8))
    file = io.BytesIO()
    image.save(file, "BMP")
    yield Case("rgb.bmp", file.getvalue())
