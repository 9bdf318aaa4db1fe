"""WebP: lossy, lossless, alpha, animations, EXIF; files that are cut, corrupted or claim too much."""

import io
import struct

import numpy
from PIL import Image

from corpus.case import Case


def image_of(width, height, mode, seed=0):
    y, x = numpy.mgrid[0:height, 0:width]
    waves = [127 + 120 * numpy.sin(x / (5 + c) + c + seed) * numpy.cos(y / (6 + c)) for c in range(4)]
    pixels = numpy.stack(waves, -1).astype(numpy.uint8)
    noise = numpy.random.default_rng(seed + width).integers(0, 20, pixels.shape, numpy.uint8)
    return Image.fromarray((pixels // 2 + noise)[..., : len(mode)], mode)


def webp(image, **options):
    file = io.BytesIO()
    image.save(file, "WEBP", **({"method": 0} | options))
    return file.getvalue()


def chunk(kind, data):
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def riff(chunks):
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


def extended(width, height, flags, chunks):
    size = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    return riff(chunk(b"VP8X", bytes([flags, 0, 0, 0]) + size) + chunks)


def frame(x, y, width, height, flags, image):
    numbers = (x // 2, y // 2, width - 1, height - 1, 100)
    data = b"".join(struct.pack("<I", n)[:3] for n in numbers) + bytes([flags]) + image
    return chunk(b"ANMF", data)


def chunks_of(data):
    """What is behind RIFF's header, and VP8X."""
    chunks = data[12:]
    return chunks[18:] if chunks.startswith(b"VP8X") else chunks


ALPHA, ANIMATED, EXIF, XMP = 16, 2, 8, 4
LOOP = chunk(b"ANIM", bytes([1, 2, 3, 255, 0, 0]))


def sound():
    for mode in ("RGB", "RGBA"):
        for width, height in ((1, 1), (2, 3), (17, 33), (64, 64), (101, 75)):
            image = image_of(width, height, mode)
            for name, options in {
                "lossless": {"lossless": True},
                "exact": {"lossless": True, "exact": True, "method": 4},
                "lossy": {"quality": 75},
                "low": {"quality": 5, "method": 4},
                "high": {"quality": 100, "alpha_quality": 40},
            }.items():
                yield Case(f"{mode}-{name}-{width}x{height}.webp", webp(image, **options))
        yield Case(f"{mode}-drop.webp", webp(image), options="drop")
    colors = numpy.random.default_rng(1).integers(0, 256, (5, 3), numpy.uint8)
    indices = numpy.random.default_rng(2).integers(0, 5, (20, 31))
    for count in (1, 2, 3, 5):  # pixels share bytes
        few = Image.fromarray(colors[indices % count])
        yield Case(f"colors-{count}.webp", webp(few, lossless=True))
    grey = Image.fromarray(numpy.repeat(numpy.arange(256, dtype=numpy.uint8)[None, :, None], 3, axis=2))
    yield Case("grey.webp", webp(grey, lossless=True))


def metadata():
    image = image_of(9, 6, "RGB")
    exif = Image.Exif()
    for n in range(1, 10):
        exif[0x112] = n
        yield Case(f"exif-{n}.webp", webp(image, lossless=True, exif=exif.tobytes()))
    yield Case("upright.webp", webp(image, exif=webp_exif(6)), options="upright")
    xmp = b'<x tiff:Orientation="8"/>'
    yield Case("xmp.webp", webp(image, xmp=xmp))
    yield Case("exif-and-xmp.webp", webp(image, xmp=xmp, exif=webp_exif(3)))
    yield Case("profile.webp", webp(image, icc_profile=b"no profile"))
    inner = chunks_of(webp(image))
    yield Case("unknown.webp", extended(9, 6, 0, chunk(b"abcd", b"odd") + inner + chunk(b"efgh", b"")))
    yield Case("trailer.webp", webp(image) + b"PK\3\4 and more")
    # The flag says that alpha means nothing.
    inner = chunks_of(webp(image_of(9, 6, "RGBA"), lossless=True))
    yield Case("unflagged-alpha.webp", extended(9, 6, 0, inner))
    yield Case("flagged-alpha.webp", extended(9, 6, ALPHA, inner))
    yield Case("flagged-opaque.webp", extended(9, 6, ALPHA, chunks_of(webp(image))))


def webp_exif(orientation):
    exif = Image.Exif()
    exif[0x112] = orientation
    return exif.tobytes()


def animations():
    for mode in ("RGB", "RGBA"):
        frames = [image_of(40, 30, mode, seed) for seed in range(3)]
        for lossless in (False, True):
            data = webp(frames[0], save_all=True, append_images=frames[1:], lossless=lossless)
            yield Case(f"animation-{mode}-{lossless}.webp", data)
            small = chunks_of(webp(frames[0].crop((0, 0, 11, 7)), lossless=lossless))
            for flags in (0, ALPHA):
                for blend in (0, 1, 2, 3):
                    inner = LOOP + frame(6, 4, 11, 7, blend, small) + frame(0, 0, 11, 7, blend, small)
                    name = f"first-frame-{mode}-{lossless}-{flags}-{blend}.webp"
                    yield Case(name, extended(20, 16, ANIMATED | flags, inner))
    inner = LOOP + frame(6, 4, 11, 7, 0, small) + chunk(b"EXIF", webp_exif(6))
    yield Case("animation-exif.webp", extended(20, 16, ANIMATED | ALPHA | EXIF, inner))
    inner = LOOP + frame(12, 4, 11, 7, 0, small)
    yield Case("frame-outside.webp", extended(20, 16, ANIMATED, inner), None, says="not within")
    yield Case("frame-of-other-size.webp", extended(20, 16, ANIMATED, LOOP + frame(0, 0, 10, 7, 0, small)), None)
    yield Case("no-frame.webp", extended(20, 16, ANIMATED, LOOP), None, says="without an image")


def first_rows(data, image, rows):
    """What of a cut lossless picture is certain."""
    return numpy.asarray(image)[:rows]


def cut():
    ends = "ends before its last pixel"
    for name, image, options in (
        ("lossy", image_of(64, 64, "RGB"), {}),
        ("lossless", image_of(64, 64, "RGB"), {"lossless": True}),
        ("alpha", image_of(64, 64, "RGBA"), {}),
        ("animation", image_of(64, 64, "RGBA"), {"save_all": True, "append_images": [image_of(64, 64, "RGBA", 1)]}),
    ):
        data = webp(image, **options)
        for size in (12, 15, 20, 25, 29, 40, 60, len(data) // 4 if name == "animation" else len(data) - 2):
            yield Case(f"cut-{name}-{size}.webp", data[:size], None, says=ends)
        whole = webp(image, **options)
        yield Case(f"cut-{name}-whole.webp", whole, options="truncated")
    # Pillow decodes nothing of a cut file. Of one colour, what is there and what is not can be told.
    flat = numpy.full((64, 64, 3), 200, numpy.uint8)
    flat[40:] = numpy.random.default_rng(1).integers(0, 256, (24, 64, 3))
    data = webp(Image.fromarray(flat), lossless=True)
    yield Case("cut-rows.webp", data[:-20], None, says=ends)


def broken():
    image = image_of(31, 17, "RGB")
    lossy, lossless = webp(image), webp(image, lossless=True)
    inner = chunks_of(lossy)
    yield Case("other-canvas.webp", extended(32, 17, 0, inner), None, says="contradicts itself")
    yield Case("nothing.webp", riff(b""), None, says="without an image")
    yield Case("no-image.webp", riff(chunk(b"abcd", bytes(30))), None)
    yield Case("short-header.webp", riff(chunk(b"VP8X", bytes(6)) + inner), None, says="too short")
    yield Case("no-signature.webp", lossless[:20] + b"\0" + lossless[21:], None, says="no header of WebP")
    noise = numpy.random.default_rng(3).integers(0, 256, 400, numpy.uint8).tobytes()
    yield Case("noise.webp", lossless[:30] + noise[: len(lossless) - 30], None, says="cannot be decoded")
    vp8 = lossy.index(b"\x9d\x01\x2a")
    yield Case("no-start-code.webp", lossy[:vp8] + b"\0" + lossy[vp8 + 1 :], None)


def hostile():
    tiny = chunks_of(webp(image_of(2, 2, "RGB"), lossless=True))
    data = extended(1 << 24, 200, ANIMATED, LOOP + frame(0, 0, 2, 2, 0, tiny))
    yield Case("claim.webp", data, None, says="16777216 x 200")
    many = LOOP + frame(0, 0, 2, 2, 0, tiny) * 20000
    yield Case("many-frames.webp", extended(2, 2, ANIMATED, many))
    # An image of 16384 x 16384 needs more data than its header, and gets none.
    header = struct.pack("<BI", 0x2F, 16383 | 16383 << 14)
    yield Case("claim-image.webp", riff(chunk(b"VP8L", header)), None)


def cases():
    for group in (sound, metadata, animations, cut, broken, hostile):
        for case in group():
            case.name = "webp-" + case.name
            yield case
