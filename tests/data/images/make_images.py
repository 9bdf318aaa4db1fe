"""Writes the small pictures that tests/image_test.cpp decodes, with Pillow; its tests say what they show.

    make_images.py [FOLDER]
"""

import pathlib
import struct
import sys
import zlib

import numpy
from PIL import Image

WIDTH, HEIGHT = 19, 11


def pattern():
    y, x = numpy.mgrid[:HEIGHT, :WIDTH]
    return numpy.stack([13 * x, 23 * y, 7 * x + 11 * y], axis=-1).astype(numpy.uint8)


def grey():
    return pattern()[..., 0]


def alpha():
    y, x = numpy.mgrid[:HEIGHT, :WIDTH]
    return ((x * 29 + y * 3) % 256).astype(numpy.uint8)


def few_colors():
    """Four colours of a palette, by x + y modulo 4."""
    y, x = numpy.mgrid[:HEIGHT, :WIDTH]
    picture = Image.fromarray(((x + y) % 4).astype(numpy.uint8), "P")
    picture.putpalette([250, 10, 20, 30, 240, 50, 60, 70, 230, 0, 0, 0])
    return picture


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(color_type, bits, rows, extra=b""):
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, color_type, 0, 0, 0)
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    chunks = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def wide(samples):
    """16 bits whose low byte differs from the high one."""
    return (samples.astype(numpy.uint16) * 256 + (255 - samples)).astype(">u2")


def blocks():
    """8 x 8 blocks that JPEG keeps exactly: black, white, grey, red."""
    image = numpy.zeros((8, 32, 3), numpy.uint8)
    image[:, 8:16], image[:, 16:24], image[:, 24:] = 255, 128, (255, 0, 0)
    return Image.fromarray(image)


def gif_of_a_corner():
    """A canvas of which the only frame covers the lower right 3 x 2 pixels, in (30, 240, 50)."""
    canvas = b"GIF89a" + struct.pack("<HHBBB", 5, 4, 0x80 | 1, 2, 0)
    palette = bytes([250, 10, 20, 30, 240, 50, 60, 70, 230, 0, 0, 0])
    frame = b"\x2c" + struct.pack("<HHHHB", 2, 2, 3, 2, 0)
    codes, bits = 0, 0
    for code in [4, 1, 1, 4, 1, 1, 4, 1, 1, 5]:  # cleared often enough to stay at 3 bits
        codes |= code << bits
        bits += 3
    data = codes.to_bytes((bits + 7) // 8, "little")
    return canvas + palette + frame + b"\x02" + bytes([len(data)]) + data + b"\0\x3b"


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    rgb = Image.fromarray(pattern())
    rgba = Image.fromarray(numpy.dstack([pattern(), alpha()]))
    la = Image.fromarray(numpy.dstack([grey(), alpha()]), "LA")
    for name in ["png", "bmp", "tga", "ppm"]:
        rgb.save(folder / f"rgb.{name}")
    for name in ["png", "bmp", "tga", "pgm"]:
        Image.fromarray(grey()).save(folder / f"grey.{name}")
    rgba.save(folder / "rgba.png")
    rgba.save(folder / "rgba.tga")
    la.save(folder / "grey_alpha.png")
    rgb.save(folder / "run_lengths.tga", compression="tga_rle")
    few_colors().save(folder / "palette.png")
    few_colors().save(folder / "palette_alpha.png", transparency=bytes([255, 0, 128, 255]))
    few_colors().save(folder / "palette.gif")
    few_colors().save(folder / "transparent.gif", transparency=1)
    few_colors().save(folder / "interlaced.gif", interlace=1)
    (folder / "corner.gif").write_bytes(gif_of_a_corner())
    (folder / "rgb16.png").write_bytes(png(2, 16, wide(pattern())))
    (folder / "grey16.png").write_bytes(png(0, 16, wide(grey())))
    (folder / "key.png").write_bytes(png(2, 8, pattern(), chunk(b"tRNS", struct.pack(">HHH", 13, 23, 18))))
    y_x = numpy.mgrid[:HEIGHT, :WIDTH]
    (folder / "levels.pgm").write_bytes(b"P5\n# fifteen levels\n19 11\n14\n" +
                                        ((y_x[0] + y_x[1]) % 15).astype(numpy.uint8).tobytes())
    (folder / "rgb16.ppm").write_bytes(b"P6 19 11 65535\n" + (pattern().astype(numpy.uint16) * 257)
                                       .astype(">u2").tobytes())
    blocks().save(folder / "blocks.jpg", quality=100, subsampling=0)
    blocks().save(folder / "progressive.jpg", quality=100, subsampling=0, progressive=True)
    blocks().save(folder / "restarts.jpg", quality=100, subsampling=0, restart_marker_blocks=1)
    blocks().convert("L").save(folder / "grey.jpg", quality=100)


if __name__ == "__main__":
    main()
