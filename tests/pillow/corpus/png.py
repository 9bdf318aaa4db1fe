"""PNG: every type of colour and depth, interlaced or not, transparent colours, chunks beside the pixels; files
that are cut, corrupted or claim too much. Written here from the bytes up, as Pillow writes few of them."""

import struct
import zlib

import numpy

from corpus.case import Case

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
DEPTHS = {GREY: [1, 2, 4, 8, 16], RGB: [8, 16], PALETTE: [1, 2, 4, 8], GREY_ALPHA: [8, 16], RGBA: [8, 16]}
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Nobody makes a picture of what Pillow 13 makes of grey of 16 bits: all above 255 is white.
GREY16 = "the high byte, where Pillow clips at 255"
KEY = "the key is of the file's samples, where Pillow compares it with those scaled to 8 bits"


def chunk(kind, data=b"", checksum=None):
    if checksum is None:
        checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def header(width, height, depth, color, interlaced=False):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced))


def packed(samples, depth):
    """[height, width, channels] -> rows of bytes."""
    height = samples.shape[0]
    flat = samples.reshape(height, -1)
    if depth == 16:
        return flat.astype(">u2").view(numpy.uint8).reshape(height, -1)
    if depth == 8:
        return flat.astype(numpy.uint8)
    bits = (flat[..., None] >> numpy.arange(depth)[::-1]) & 1
    return numpy.packbits(bits.reshape(height, -1).astype(numpy.uint8), axis=1)


def paeth(a, b, c):
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return numpy.where((pa <= pb) & (pa <= pc), a, numpy.where(pb <= pc, b, c))


def filtered(rows, step):
    """Every filter in turn."""
    out = b""
    above = numpy.zeros(rows.shape[1], int)
    for y, row in enumerate(rows.astype(int)):
        left = numpy.concatenate([numpy.zeros(step, int), row])[: len(row)]
        corner = numpy.concatenate([numpy.zeros(step, int), above])[: len(row)]
        guess = [0 * row, left, above, (left + above) // 2, paeth(left, above, corner)][y % 5]
        out += bytes([y % 5]) + ((row - guess) % 256).astype(numpy.uint8).tobytes()
        above = row
    return out


def scanlines(samples, depth, interlaced=False):
    step = max(1, samples.shape[2] * depth // 8)
    if not interlaced:
        return filtered(packed(samples, depth), step)
    parts = (samples[y::dy, x::dx] for x, y, dx, dy in PASSES)
    return b"".join(filtered(packed(part, depth), step) for part in parts if part.size)


def samples_of(width, height, depth, color, entries=None):
    random = numpy.random.default_rng(width + 31 * height + 7 * depth + color)
    end = entries or 1 << depth
    samples = random.integers(0, end, (height, width, CHANNELS[color]))
    ramp = (numpy.arange(width) * end // max(width, 1))[None, :, None]
    return numpy.where(random.integers(0, 3, (height, width, 1)) > 0, ramp, samples)


def palette(entries):
    return chunk(b"PLTE", numpy.random.default_rng(5).integers(0, 256, 3 * entries, numpy.uint8).tobytes())


def png(samples, depth, color, interlaced=False, before=b"", after=b"", block=None):
    """A file; its pixels are in chunks of `block` bytes."""
    data = zlib.compress(scanlines(samples, depth, interlaced))
    block = block or len(data)
    blocks = [chunk(b"IDAT", data[i : i + block]) for i in range(0, len(data), block)]
    height, width = samples.shape[:2]
    start = SIGNATURE + header(width, height, depth, color, interlaced) + before
    return start + b"".join(blocks) + after + chunk(b"IEND")


def grey(values):
    return numpy.repeat(values.reshape(*values.shape[:2], 1), 3, axis=2)


def colors():
    """Every type, depth and interlacing, at sizes that leave passes of Adam7 empty."""
    for color, depths in DEPTHS.items():
        for depth in depths:
            for interlaced in (False, True):
                for width, height in ((33, 19), (1, 1), (3, 2), (5, 9), (8, 8)):
                    entries = min(1 << depth, 200) if color == PALETTE else None
                    samples = samples_of(width, height, depth, color, entries)
                    before = palette(entries) if entries else b""
                    data = png(samples, depth, color, interlaced, before)
                    right = grey(samples >> 8) if (color, depth) == (GREY, 16) else "pillow"
                    why = GREY16 if (color, depth) == (GREY, 16) else ""
                    name = f"{color}-{depth}-{'adam7-' if interlaced else ''}{width}x{height}.png"
                    yield Case(name, data, right, why=why)


def transparent():
    for depth in (1, 2, 4, 8):
        samples = samples_of(21, 11, depth, PALETTE)
        for alphas in (b"\0", b"\xff\0", b"\x40\x80", bytes(range(0, 256, 3))[: 1 << depth]):
            data = png(samples, depth, PALETTE, True, palette(1 << depth) + chunk(b"tRNS", alphas))
            for options in ("", "drop"):
                yield Case(f"palette-alpha-{depth}-{alphas[:3].hex()}-{options}.png", data, options=options)
    # A key of 8 bits has a high byte that means nothing. Pillow agrees at 1 and 8 bits.
    for depth in DEPTHS[GREY]:
        samples = samples_of(21, 11, depth, GREY)
        key = int(samples[3, 4, 0])
        scale = 255 / ((1 << depth) - 1)
        levels = samples >> 8 if depth == 16 else numpy.rint(samples * scale)
        right = grey(numpy.where(samples == key, 255, levels).astype(int))
        data = png(samples, depth, GREY, before=chunk(b"tRNS", struct.pack(">H", key)))
        yield Case(f"grey-key-{depth}.png", data, right, why=KEY)
        yield Case(f"grey-key-{depth}-drop.png", data, grey(levels.astype(int)), options="drop")
        if depth in (1, 8):
            yield Case(f"grey-key-{depth}-pillow.png", data)
    for depth in DEPTHS[RGB]:
        samples = samples_of(21, 11, depth, RGB)
        samples[0, 0] = samples[3, 4] + [0, 0, 1 if samples[3, 4, 2] % 256 < 255 else -1]
        key = samples[3, 4]
        hit = (samples == key).all(axis=2, keepdims=True)
        right = numpy.where(hit, 255, samples >> (depth - 8))
        data = png(samples, depth, RGB, before=chunk(b"tRNS", struct.pack(">3H", *key.tolist())))
        yield Case(f"rgb-key-{depth}.png", data, right, why=KEY)
        if depth == 8:
            yield Case("rgb-key-8-pillow.png", data)
    for color in (GREY_ALPHA, RGBA):
        for depth in DEPTHS[color]:
            data = png(samples_of(21, 11, depth, color), depth, color)
            yield Case(f"drop-{color}-{depth}.png", data, options="drop")


def exif(orientation, order=">"):
    mark = b"MM" if order == ">" else b"II"
    return mark + struct.pack(order + "HIHHHIHHI", 42, 8, 1, 0x112, 3, 1, orientation, 0, 0)


def raw_profile(data):
    return f"\nexif\n{len(data):8}\n".encode() + "\n".join(
        data.hex()[i : i + 72] for i in range(0, 2 * len(data), 72)
    ).encode() + b"\n"


def orientations():
    samples = samples_of(7, 4, 8, RGB)
    for n in range(10):
        data = png(samples, 8, RGB, before=chunk(b"eXIf", exif(n, "><"[n % 2])))
        yield Case(f"exif-{n}.png", data)
    yield Case("exif-upright.png", png(samples, 8, RGB, before=chunk(b"eXIf", exif(6))), options="upright")
    after = [chunk(b"eXIf", exif(6)), chunk(b"tEXt", b"Raw profile type exif\0" + raw_profile(exif(8)))]
    yield Case("exif-after.png", png(samples, 8, RGB, after=after[0]))
    profile = b"Exif\0\0" + exif(5)
    texts = {
        "text": chunk(b"tEXt", b"Raw profile type exif\0" + raw_profile(exif(3))),
        "ztxt": chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(raw_profile(profile))),
        "itxt": chunk(b"iTXt", b"Raw profile type exif\0\0\0\0\0" + raw_profile(exif(7))),
        "itxt-z": chunk(b"iTXt", b"Raw profile type exif\0\1\0en\0x\0" + zlib.compress(raw_profile(exif(2)))),
        "xmp": chunk(b"iTXt", b'XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation="6"/>'),
        "xmp-element": chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<tiff:Orientation>8</tiff:Orientation>"),
        "both": after[0] + after[1],
        "exif-and-xmp": chunk(b"eXIf", exif(1)) + chunk(b"iTXt", b'XML:com.adobe.xmp\0\0\0\0\0tiff:Orientation="6"'),
        "xmp-nine": chunk(b"iTXt", b'XML:com.adobe.xmp\0\0\0\0\0tiff:Orientation="9"'),
        "other-text": chunk(b"tEXt", b"Comment\0Orientation"),
    }
    for name, text in texts.items():
        yield Case(f"orientation-{name}.png", png(samples, 8, RGB, before=text))
        yield Case(f"orientation-{name}-after.png", png(samples, 8, RGB, after=text))


def chunks():
    samples = samples_of(23, 15, 8, RGB)
    plain = png(samples, 8, RGB)
    color = chunk(b"gAMA", struct.pack(">I", 100000)) + chunk(b"cHRM", struct.pack(">8I", *range(1, 9)))
    yield Case("gamma.png", png(samples, 8, RGB, before=color + chunk(b"sBIT", b"\5\5\5")))
    profile = chunk(b"iCCP", b"x\0\0" + zlib.compress(b"no profile"))
    yield Case("profile.png", png(samples, 8, RGB, before=profile))
    yield Case("background.png", png(samples, 8, RGB, before=chunk(b"bKGD", bytes(6))))
    yield Case("suggested-palette.png", png(samples, 8, RGB, before=palette(16)))
    yield Case("blocks-of-1.png", png(samples, 8, RGB, block=1))
    yield Case("empty-blocks.png", plain.replace(chunk(b"IDAT"), b"")[:33] + chunk(b"IDAT") + plain[33:])
    yield Case("private.png", png(samples, 8, RGB, before=chunk(b"vpAg", bytes(9)), after=chunk(b"prIv", b"x")))
    yield Case("trailer.png", plain + b"PK\3\4 and more")
    # Apps write such files; the pixels are there.
    yield Case("no-end.png", plain[:-12])
    yield Case("half-an-end.png", plain[:-5])
    yield Case("no-last-checksum.png", plain[:-14])
    yield Case("checksum-after.png", png(samples, 8, RGB, after=chunk(b"tEXt", b"a\0b", checksum=7)))
    short = png(samples_of(9, 5, 8, PALETTE), 8, PALETTE, before=palette(7))
    yield Case("short-palette.png", short, why="an index beyond the palette is black")
    yield Case("short-palette-alpha.png", short.replace(palette(7), palette(7) + chunk(b"tRNS", b"\x30\x60")))


def animations():
    samples, other = samples_of(11, 6, 8, RGBA), zlib.compress(scanlines(samples_of(4, 3, 8, RGBA), 8))
    control = chunk(b"acTL", struct.pack(">II", 2, 0))

    def frame(n, width, height, x=0, y=0):
        return chunk(b"fcTL", struct.pack(">IIIIIHHBB", n, width, height, x, y, 1, 10, 0, 1))

    second = frame(1, 4, 3, 2, 1) + chunk(b"fdAT", struct.pack(">I", 2) + other)
    yield Case("animation.png", png(samples, 8, RGBA, before=control + frame(0, 11, 6), after=second))
    first = frame(0, 4, 3, 2, 1) + chunk(b"fdAT", struct.pack(">I", 1) + other)
    yield Case("still-first.png", png(samples, 8, RGBA, before=control, after=first))


def cut():
    """The rows that are there, with the option; otherwise a sentence."""
    ends = "ends before its last pixel"
    for color, interlaced in ((RGB, False), (RGB, True), (PALETTE, False), (RGBA, False), (GREY, True)):
        samples = samples_of(40, 31, 8, color)
        data = png(samples, 8, color, interlaced, palette(256) if color == PALETTE else b"", block=300)
        start = data.index(b"IDAT") + 4
        for part in (0.0, 0.3, 0.7, 0.99):
            size = start + int((len(data) - 40 - start) * part)
            name = f"cut-{color}{'-adam7' if interlaced else ''}-{part}"
            yield Case(f"{name}.png", data[:size], None, says=ends)
            yield Case(f"{name}-truncated.png", data[:size], options="truncated")
    whole = png(samples, 8, GREY)
    for size in (8, 20, 32):
        yield Case(f"cut-at-{size}.png", whole[:size], None, says="ends before its last pixel")
    yield Case("no-pixels.png", SIGNATURE + header(3, 3, 8, 0) + chunk(b"IEND"), None, says="without pixels")
    few = zlib.compress(scanlines(samples, 8)[:500])
    data = SIGNATURE + header(40, 31, 8, GREY) + chunk(b"IDAT", few) + chunk(b"IEND")
    yield Case("few-rows.png", data, None, says=ends)
    yield Case("few-rows-truncated.png", data, options="truncated")
    more = zlib.compress(scanlines(samples, 8) + bytes(5000))
    yield Case("more-rows.png", SIGNATURE + header(40, 31, 8, GREY) + chunk(b"IDAT", more) + chunk(b"IEND"))


def broken():
    samples = samples_of(30, 20, 8, RGB)
    data = png(samples, 8, RGB, block=200)
    at = data.index(b"IDAT")

    def flipped(place):
        return data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :]

    for name, place in {"header": 19, "type": at, "length": at - 1, "pixels": at + 60, "checksum": at + 205}.items():
        yield Case(f"flipped-{name}.png", flipped(place), None)
    yield Case("flipped-says.png", flipped(at + 60), None, says="a checksum is wrong in the chunk IDAT at byte 33")
    text = chunk(b"tEXt", b"a\0b", checksum=7)
    yield Case("checksum.png", png(samples, 8, RGB, before=text), None, says="in the chunk tEXt")
    yield Case("checksum-truncated.png", png(samples, 8, RGB, before=text), options="truncated")
    stream = zlib.compress(scanlines(samples, 8))

    def with_header(head, stream=stream, before=b""):
        return SIGNATURE + head + before + chunk(b"IDAT", stream) + chunk(b"IEND")

    for depth, color in ((3, 0), (1, 2), (16, 3), (4, 4), (8, 1), (8, 5), (8, 7), (0, 0), (32, 2), (8, 255)):
        yield Case(f"depth-{depth}-{color}.png", with_header(header(30, 20, depth, color)), None)
    fields = {"compression": (8, 2, 1, 0, 0), "filter": (8, 2, 0, 1, 0), "interlace": (8, 2, 0, 0, 2)}
    for name, values in fields.items():
        head = chunk(b"IHDR", struct.pack(">II5B", 30, 20, *values))
        yield Case(f"wrong-{name}.png", with_header(head), None)
    for name, size in {"no-width": (0, 5), "no-height": (5, 0), "negative": (1 << 31, 5)}.items():
        yield Case(f"{name}.png", with_header(header(*size, 8, 2)), None)
    yield Case("short-header.png", SIGNATURE + chunk(b"IHDR", bytes(12)) + data[33:], None, says="header")
    yield Case("long-header.png", SIGNATURE + chunk(b"IHDR", bytes(14)) + data[33:], None, says="header")
    yield Case("no-header.png", SIGNATURE + data[33:], None, says="does not begin with a header")
    yield Case("two-headers.png", data[:33] + data[8:], None)
    yield Case("no-palette.png", with_header(header(30, 20, 8, 3)), None, says="PLTE")
    wrong_palette = chunk(b"PLTE", bytes(7))
    yield Case("palette-of-7.png", with_header(header(30, 20, 8, 3), before=wrong_palette), None)
    lines = scanlines(samples, 8)
    yield Case("filter-9.png", with_header(data[8:33], zlib.compress(b"\x09" + lines[1:])), None, says="filter")
    yield Case("no-zlib.png", with_header(data[8:33], lines[:400]), None)
    yield Case("raw-deflate.png", with_header(data[8:33], stream[2:-4]), None)
    apple = SIGNATURE + chunk(b"CgBI", b"\x50\0\x20\2") + data[8:33] + chunk(b"IDAT", stream[2:-4])
    yield Case("cgbi.png", apple, None, says="CgBI")


def hostile():
    """What must take neither memory nor time: the test would take long."""
    samples = samples_of(10, 10, 8, RGB)
    bomb = zlib.compress(bytes(1 << 26), 9)  # 64 MiB of 64 KiB
    texts = {
        "iccp": chunk(b"iCCP", b"x\0\0" + bomb),
        "ztxt": chunk(b"zTXt", b"Raw profile type exif\0\0" + bomb) * 3,
        "itxt": chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + bomb),
    }
    for name, text in texts.items():
        # Pillow refuses the picture.
        yield Case(f"bomb-{name}.png", png(samples, 8, RGB, before=text), samples)
    yield Case("bomb-pixels.png", SIGNATURE + header(4, 4, 8, 0) + chunk(b"IDAT", bomb) + chunk(b"IEND"))
    claim = SIGNATURE + header(16384, 16384, 16, RGBA) + chunk(b"IDAT", zlib.compress(bytes(999)))
    yield Case("claim.png", claim + chunk(b"IEND"), None, says="ends before its last pixel")
    yield Case("claim-adam7.png", claim.replace(header(16384, 16384, 16, RGBA), header(16384, 16384, 1, 0, True)), None)
    wide = SIGNATURE + header(60000, 60000, 8, RGB) + chunk(b"IDAT", bomb) + chunk(b"IEND")
    yield Case("wide.png", wide, None, says="60000 x 60000")
    many = png(samples, 8, RGB, before=chunk(b"tEXt", b"a\0b") * 20000)
    yield Case("many-texts.png", many)


def cases():
    for group in (colors, transparent, orientations, chunks, animations, cut, broken, hostile):
        for case in group():
            case.name = "png-" + case.name
            yield case
