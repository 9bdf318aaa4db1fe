"""TGA: every type, depth and order of pixels; run lengths; and what is none."""

import struct

import numpy

from corpus.case import Case

W, H = 13, 9
Y, X = numpy.mgrid[0:H, 0:W]
INDEX = ((X * 7 + Y * 31) % 256).astype(numpy.uint8)
RGBA = numpy.stack([19 * X, 28 * Y, 2 * X * Y, 255 - 21 * X], -1).astype(numpy.uint8)
RANDOM = numpy.random.default_rng(4)
FLAT = RGBA[:, X[0] // 4 * 4]  # pixels that repeat
TOP_DOWN, TO_THE_LEFT = 0x20, 0x10


def tga(data, kind, bits, flags=TOP_DOWN, entries=None, first=0, name=b"", width=W, height=H, map_bits=None):
    """entries: bytes of a colour map [n, bytes an entry]."""
    length, size = (0, 0) if entries is None else entries.shape
    head = struct.pack("<BBBHHBHHHHBB", len(name), entries is not None, kind, first, length,
                       8 * size if map_bits is None else map_bits, 0, 0, width, height, bits, flags)
    return head + name + (b"" if entries is None else entries.tobytes()) + data


def held(pixels, flags):
    """Rows and columns in the order that flags say."""
    pixels = pixels if flags & TOP_DOWN else pixels[::-1]
    return pixels[:, ::-1] if flags & TO_THE_LEFT else pixels


def runs(pixels, across_rows=False):
    """Packets of pixels [height, width, bytes]; across rows, only raw ones."""
    out = b""
    for row in [pixels.reshape(1, -1, pixels.shape[-1])] if across_rows else pixels[:, None]:
        row = [pixel.tobytes() for pixel in row.reshape(-1, pixels.shape[-1])]
        at = 0
        while at < len(row):
            n = 1
            while not across_rows and n < 128 and at + n < len(row) and row[at + n] == row[at]:
                n += 1
            if n > 1:
                out += bytes([127 + n]) + row[at]
            else:
                while n < 128 and at + n < len(row) and (across_rows or row[at + n] != row[at + n - 1]):
                    n += 1
                out += bytes([n - 1]) + b"".join(row[at:at + n])
            at += n
    return out


def bgr15(pixels, top=0):
    r, g, b = (pixels[..., i].astype(int) >> 3 for i in range(3))
    values = numpy.ascontiguousarray((r << 10 | g << 5 | b | top << 15).astype("<u2"))
    return values.view(numpy.uint8).reshape(*pixels.shape[:2], 2)


def kinds(source):
    """name, type, bits of a pixel, its bytes [height, width, bytes]."""
    yield "rgb", 2, 24, source[..., [2, 1, 0]]
    yield "rgba", 2, 32, source[..., [2, 1, 0, 3]]
    yield "rgb16", 2, 16, bgr15(source)
    yield "rgb16-transparent", 2, 16, bgr15(source, (X + Y) % 2)
    yield "grey", 3, 8, source[..., :1]
    yield "grey-alpha", 3, 16, source[..., [0, 3]]


def maps():
    for size in 2, 3, 4:
        for first in 0, 1, 100:
            entries = RANDOM.integers(0, 256, (256 - first, size), numpy.uint8)
            for name, data, kind in ("", INDEX.tobytes(), 1), ("-runs", runs(INDEX[..., None]), 9):
                yield Case(f"map-{8 * size}-from-{first}{name}.tga", tga(data, kind, 8, entries=entries,
                                                                        first=first))
        few = RANDOM.integers(0, 256, (9, size), numpy.uint8)
        yield Case(f"few-{8 * size}.tga", tga((INDEX % 9).tobytes(), 1, 8, entries=few))
        yield Case(f"beyond-{8 * size}.tga", tga(INDEX.tobytes(), 1, 8, entries=few))


def direct():
    for flags in 0, TOP_DOWN, TO_THE_LEFT, TOP_DOWN | TO_THE_LEFT:
        for source, of in (RGBA, ""), (FLAT, "-flat"):
            for name, kind, bits, pixels in kinds(source):
                data = held(pixels, flags)
                yield Case(f"{name}{of}-{flags}.tga", tga(data.tobytes(), kind, bits, flags))
                yield Case(f"{name}{of}-runs-{flags}.tga", tga(runs(data), kind + 8, bits, flags))
    for name, kind, bits, pixels in kinds(RGBA):
        yield Case(f"{name}-named.tga", tga(pixels.tobytes(), kind, bits, name=b"a name"))
        yield Case(f"{name}-across-rows.tga", tga(runs(pixels, True), kind + 8, bits))
        yield Case(f"{name}-drop.tga", tga(pixels.tobytes(), kind, bits), options="drop")
    bits = numpy.packbits(((X + Y) % 3 == 0), axis=1)
    yield Case("bits.tga", tga(bits.tobytes(), 3, 1))
    # A run that goes on in the next row, and 15 bits: Pillow refuses them.
    yield Case("run-across-rows.tga", tga(b"\xf4\x55", 11, 8), right=numpy.full((H, W, 3), 0x55))
    fifteen = (RGBA[..., :3] >> 3).astype(int) * 255 // 31
    yield Case("rgb15.tga", tga(bgr15(RGBA, 1).tobytes(), 2, 15), right=fifteen)
    # A map that no pixel uses: likewise.
    unused = RANDOM.integers(0, 256, (5, 3), numpy.uint8)
    yield Case("unused-map.tga", tga(RGBA[..., [2, 1, 0]].tobytes(), 2, 24, entries=unused),
               right=RGBA[..., :3])


def alphas():
    none = numpy.dstack([RGBA[..., [2, 1, 0]], numpy.zeros((H, W), numpy.uint8)])
    for bits in 0, 8:
        yield Case(f"no-alpha-{bits}.tga", tga(none.tobytes(), 2, 32, TOP_DOWN | bits))
        yield Case(f"alpha-{bits}.tga", tga(RGBA[..., [2, 1, 0, 3]].tobytes(), 2, 32, TOP_DOWN | bits))
    for kind_of_alpha in 0, 1, 2, 3, 4:
        body = tga(RGBA[..., [2, 1, 0, 3]].tobytes(), 2, 32)
        area = struct.pack("<H", 495) + bytes(492) + bytes([kind_of_alpha])
        footer = struct.pack("<II", len(body), 0) + b"TRUEVISION-XFILE.\0"
        yield Case(f"extension-{kind_of_alpha}.tga", body + area + footer)
        yield Case(f"extension-far-{kind_of_alpha}.tga",
                   body + struct.pack("<II", 1 << 31, 0) + b"TRUEVISION-XFILE.\0")


def broken():
    rgb = RGBA[..., [2, 1, 0]]
    whole, packed = tga(rgb.tobytes(), 2, 24), tga(runs(rgb), 10, 24)
    for name, data in ("", whole), ("-runs", packed):
        for size in 18, 19, 40, len(data) - 1:
            yield Case(f"cut{name}-{size}.tga", data[:size], right=None, says="ends before its last pixel")
        yield Case(f"cut{name}-17.tga", data[:17], right=None, says="is none of")
    for flags in 0, TOP_DOWN:
        raw = tga(held(rgb, flags).tobytes(), 2, 24, flags)
        yield Case(f"cut-accepted-{flags}.tga", raw[:len(raw) // 2], options="truncated")
        # Pillow wants the whole of a packet; here, a row is a row.
        one = runs(held(rgb, flags))
        yield Case(f"cut-runs-accepted-{flags}.tga", tga(one[:len(one) // 2], 10, 24, flags),
                   options="truncated")
    mapped = tga(INDEX.tobytes()[:50], 1, 8, entries=RANDOM.integers(0, 256, (256, 3), numpy.uint8))
    yield Case("cut-map-accepted.tga", mapped, options="truncated")
    yield Case("cut-in-map.tga", mapped[:100], right=None, says="ends before its last pixel")
    for name, data in ("claim", tga(b"\0" * 10, 2, 24, width=16000, height=16000)), \
            ("claim-runs", tga(b"\xff" * 10, 10, 32, width=16000, height=16000)), \
            ("claim-bits", tga(b"\xff" * 10, 3, 1, width=16000, height=16000)):
        yield Case(f"{name}.tga", data, right=None, says="ends before its last pixel")
        yield Case(f"{name}-accepted.tga", data, right=None, options="truncated")
    yield Case("too-large.tga", tga(b"", 2, 24, width=60000, height=60000), right=None, says="60000 x 60000")


def others():
    """What is no TGA, though it begins much as one."""
    rgb = RGBA[..., [2, 1, 0]].tobytes()
    for name, data in {
        "zeros": bytes(500),
        "icon": b"\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0\x68\4\0\0" + bytes(2000),
        "cursor": b"\0\0\2\0\1\0\x10\x10\0\0\1\0\x01\0\x18\x20\x18\0" + bytes(2000),
        "mp4": b"\0\0\0\x18ftypmp42" + bytes(500),
        "font": b"\0\1\0\0\0\x12\1\0\0\4\0\x20" + bytes(500),
        "video": b"\0\0\1\xba\x44\0\4\0\4\1\0\1\1\x89\xc3\xf8\0\x20" + bytes(500),
        "sheet": b"\0\0\2\0\6\4\6\0\x08\0\0\0\1\0\1\0\x18\0" + bytes(500),
        "type-4": tga(rgb, 4, 24), "type-32": tga(rgb, 32, 24), "map-2": b"\0\2" + tga(rgb, 2, 24)[2:],
        "interleaved": tga(rgb, 2, 24, 0x40), "alpha-9": tga(rgb, 2, 24, 9), "bits-8": tga(rgb, 2, 8),
        "bits-4": tga(rgb, 3, 4), "no-map": tga(rgb, 1, 8), "map-of-7": tga(
            rgb, 1, 8, entries=numpy.zeros((2, 1), numpy.uint8), map_bits=7),
        "no-width": tga(rgb, 2, 24, width=0), "no-height": tga(rgb, 2, 24, height=0),
        "runs-of-bits": tga(rgb, 11, 1),
    }.items():
        yield Case(f"{name}-none.tga", data, right=None, says="is none of")
    noise = RANDOM.integers(0, 256, (40, 200), numpy.uint8)
    for i, data in enumerate(noise):
        yield Case(f"noise-{i}.tga", data.tobytes(), right=None, says="is none of")


def cases():
    for part in maps, direct, alphas, broken, others:
        yield from part()
