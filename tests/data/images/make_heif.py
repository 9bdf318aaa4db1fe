"""Writes the small HEIF and AVIF pictures that tests/pillow/corpus/heif.py decodes, with libheif's heif-enc
1.15.1 (Debian's libheif-examples), which takes x265 for HEVC, in a grid of tiles, and libaom for AV1. Pillow
writes no HEVC and nothing of more than 8 bits.

    make_heif.py [FOLDER]
"""

import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy
from PIL import Image

from make_images import pattern

LOSSLESS = ["-L", "-p", "chroma=444"]


def smooth(width, height, channels=3):
    """Of a kind that is much the same after coding; in [0, 1]."""
    y, x = numpy.mgrid[:height, :width]
    waves = [0.4 * numpy.sin(x / 20 + c) * numpy.cos(y / (16 + c)) for c in range(channels)]
    return 0.5 + numpy.stack(waves, -1)


def of_8_bits(picture):
    return Image.fromarray((255 * picture).astype(numpy.uint8))


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of_16_bits(picture):
    height, width, channels = picture.shape
    header = struct.pack(">IIBBBBB", width, height, 16, {3: 2, 4: 6}[channels], 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in (65535 * picture).astype(">u2"))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(*one) for one in [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")])


def say_smaller(path, width, height):
    """The file says another size than the stream that it holds."""
    said = path.read_bytes()
    for place in re.finditer(b"ispe", said):
        at = place.end() + 4
        said = said[:at] + struct.pack(">II", width, height) + said[at + 8:]
    path.write_bytes(said)


def main():
    target = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "source.png")

        def encode(name, *options):
            subprocess.run(["heif-enc", *options, "-o", target / name, source], check=True)

        Image.fromarray(pattern()).save(source)
        encode("lossless.heic", *LOSSLESS)
        Image.fromarray(pattern()[..., 0]).save(source)
        encode("grey.heic", "-L")
        of_8_bits(smooth(64, 48)).save(source)
        encode("smooth.heic", "-q", "95")
        of_8_bits(smooth(63, 47)).save(source)
        encode("odd.heic", "-q", "95")
        encode("odd422.heic", "-q", "95", "-p", "chroma=422")
        of_8_bits(smooth(40, 30, 4)).save(source)
        encode("alpha.heic", "-q", "95", "-p", "chroma=444")
        source.write_bytes(png_of_16_bits(smooth(64, 48)))
        encode("rgb10.heic", "-q", "95", "-b", "10")
        # Of 10 bits, heif-enc 1.15 writes no other AVIF, and none with alpha.
        encode("rgb10_422.avif", "-q", "95", "-b", "10", "-p", "chroma=422")
        encode("rgb12_420.avif", "-q", "95", "-b", "12", "-p", "chroma=420")
        encode("rgb12_444.avif", "-q", "95", "-b", "12", "-p", "chroma=444")
        Image.new("RGB", (2048, 2048), "teal").save(source)
        for name in ("larger.heic", "larger.avif"):
            encode(name, "-q", "50")
            say_smaller(target / name, 64, 48)


if __name__ == "__main__":
    main()
