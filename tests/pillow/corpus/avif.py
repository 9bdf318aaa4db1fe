"""AVIF: subsamplings, ranges, sizes, alpha, orientation; what is cut and what is broken."""

import io

import numpy
from PIL import Image

from corpus.case import Case


def pixels(width, height, channels, seed=0):
    y, x = numpy.mgrid[0:height, 0:width]
    waves = [128 + 127 * numpy.sin(x / (3 + c) + seed) * numpy.cos(y / (4 + c) + c) for c in range(channels)]
    return numpy.stack(waves, -1).clip(0, 255).astype(numpy.uint8)


def saved(image, **options):
    file = io.BytesIO()
    image.save(file, "AVIF", **({"speed": 8, "max_threads": 1} | options))
    return file.getvalue()


def ways():
    for subsampling in "4:2:0", "4:2:2", "4:4:4", "4:0:0":
        for range_ in "full", "limited":
            for width, height in (32, 24), (33, 25), (1, 1), (2, 3), (3, 2), (1, 8), (70, 1):
                for channels in 3, 4:
                    image = Image.fromarray(pixels(width, height, channels))
                    name = f"{subsampling.replace(':', '')}-{range_}-{width}x{height}-{channels}.avif"
                    yield name, saved(image, subsampling=subsampling, range=range_, quality=90)


def cases():
    for name, data in ways():
        yield Case(name, data, needs="libheif")
