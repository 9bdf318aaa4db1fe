"""AVIF: subsamplings, ranges, sizes, alpha, orientation, what is cut and what is broken."""

import io
import struct

import numpy
from PIL import Image, ImageCms

from corpus.case import Case


def pixels(width, height, channels, seed=0):
    y, x = numpy.mgrid[0:height, 0:width]
    waves = [128 + 127 * numpy.sin(x / (3 + c) + seed) * numpy.cos(y / (4 + c) + c) for c in range(channels)]
    return numpy.stack(waves, -1).clip(0, 255).astype(numpy.uint8)


def saved(image, **options):
    file = io.BytesIO()
    image.save(file, "AVIF", **({"speed": 9, "max_threads": 1} | options))
    return file.getvalue()


def ways():
    for subsampling in "4:2:0", "4:2:2", "4:4:4", "4:0:0":
        for range_ in "full", "limited":
            for width, height in (32, 24), (33, 25), (1, 1), (2, 3), (3, 2), (1, 8), (70, 1):
                for channels in 3, 4:
                    image = Image.fromarray(pixels(width, height, channels))
                    name = f"{subsampling.replace(':', '')}-{range_}-{width}x{height}-{channels}.avif"
                    yield name, saved(image, subsampling=subsampling, range=range_, quality=90)


def kinds():
    for name, data in ways():
        yield Case(name, data)
    large = Image.fromarray(pixels(530, 270, 3))
    for quality in 30, 75, 100:
        yield Case(f"quality{quality}.avif", saved(large, quality=quality))
    yield Case("tiles.avif", saved(large, tile_rows=1, tile_cols=1))
    yield Case("L.avif", saved(large.convert("L")))
    yield Case("LA.avif", saved(Image.fromarray(pixels(40, 30, 2), "LA")))
    rgba = Image.fromarray(pixels(40, 30, 4))
    yield Case("drop.avif", saved(rgba), options="drop")
    yield Case("premultiplied.avif", saved(rgba, alpha_premultiplied=True, quality=100))
    frames = [Image.fromarray(pixels(40, 30, 3, seed)) for seed in range(3)]
    yield Case("sequence.avif", saved(frames[0], save_all=True, append_images=frames[1:]))


def turned():
    for width, height in (32, 24), (33, 25):
        for orientation in range(1, 9):
            exif = Image.Exif()
            exif[0x112] = orientation
            for subsampling in "4:4:4", "4:2:0":
                data = saved(Image.fromarray(pixels(width, height, 3)), exif=exif, subsampling=subsampling)
                for options in "", "upright":
                    name = f"turned{orientation}-{width}-{subsampling.replace(':', '')}-{options}.avif"
                    yield Case(name, data, options=options)


def matrices():
    """The same samples said to be of another matrix, which is said in the file."""
    data = saved(Image.fromarray(pixels(33, 24, 3)), subsampling="4:4:4")
    at = data.index(b"colrnclx") + 8
    for matrix in 0, 1, 2, 4, 5, 6, 7, 9, 12:
        for range_ in 0, 0x80:
            for primaries in (1, 5, 9) if matrix == 12 else (1,):
                said = struct.pack(">HHHB", primaries, 13, matrix, range_)
                case = Case(f"matrix{matrix}-{range_}-{primaries}.avif", data[:at] + said + data[at + 7 :])
                if matrix in (4, 7):
                    case.largest, case.why = 2, "libavif reckons with floats where libyuv has no matrix"
                yield case
    said = struct.pack(">HHHB", 1, 13, 14, 0x80)
    yield Case("matrix14.avif", data[:at] + said + data[at + 7 :], None, says="matrix 14")


def in_stream(data, matrix):
    """The file without its word on colours, and the matrix in its stream another."""
    data = data.replace(b"colrnclx", b"freenclx")
    at = data.index(b"mdat") + 4
    header = "".join(f"{byte:08b}" for byte in data[at : at + 24])
    said = [f"{number:08b}" for number in (1, 13, 6)]  # primaries, transfer, matrix
    assert header.count("".join(said)) == 1
    header = header.replace("".join(said), "".join(said[:2]) + f"{matrix:08b}")
    return data[:at] + int(header, 2).to_bytes(24, "big") + data[at + 24 :]


def streams():
    """Nothing is said in the file of its colours, or by a profile that nobody asks, as libheif writes it."""
    for name, data in ways():
        case = Case(f"stream-{name}", data.replace(b"colrnclx", b"freenclx"))
        if name.startswith("400"):
            case.largest, case.why = 1, "then libheif converts, with floats"
        yield case
    image = Image.fromarray(pixels(33, 24, 3))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    for subsampling in "4:2:0", "4:2:2", "4:4:4":
        end = f"{subsampling.replace(':', '')}.avif"
        data = saved(image, subsampling=subsampling)
        for matrix in 1, 2, 5, 6, 9:
            yield Case(f"stream-matrix{matrix}-{end}", in_stream(data, matrix))
        data = saved(image, subsampling=subsampling, icc_profile=profile.tobytes())
        assert b"colrprof" in data
        yield Case(f"stream-profile-{end}", data.replace(b"colrnclx", b"freenclx"))


def broken():
    data = saved(Image.fromarray(pixels(64, 48, 3)))
    for part in range(1, 8):
        cut = data[: len(data) * part // 8]
        yield Case(f"cut{part}.avif", cut, None, says="ends before its last pixel")
    yield Case("cut-accepted.avif", data[:-40], None, options="truncated", or_error=True)
    for size in (1 << 20, 1 << 10), (1 << 15, 1 << 15), (0, 4), (65, 48):
        at = data.index(b"ispe") + 8
        claimed = data[:at] + struct.pack(">II", *size) + data[at + 8 :]
        yield Case(f"claims-{size[0]}.avif", claimed, None)
    for at in range(data.index(b"mdat"), len(data), 23):
        flipped = bytearray(data)
        flipped[at] ^= 0x55
        case = Case(f"flipped{at}.avif", bytes(flipped), or_error=True)
        try:
            case.right = case.expected()
        except (OSError, RuntimeError, SyntaxError, TypeError, ValueError):
            continue
        yield case


def cases():
    for some in kinds, turned, matrices, streams, broken:
        for case in some():
            case.needs = "libheif"
            yield case
