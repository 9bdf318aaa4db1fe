"""BMP: every size of header, depth, mask, run lengths and order of rows."""

import struct

import numpy

from corpus.case import Case

W, H = 13, 9
Y, X = numpy.mgrid[0:H, 0:W]
IMAGE = numpy.stack([20 * X, 25 * Y, 9 * X + 9 * Y], -1).astype(numpy.uint8)
COLORS = numpy.random.default_rng(1).integers(0, 256, (256, 3), numpy.uint8)
HEADERS = [12, 40, 52, 56, 64, 108, 124]


def bmp(data, bits, header=40, compression=0, width=W, height=H, masks=(), palette=None, colors=0, gap=0,
        offset=None):
    """data: rows as they are held; masks: as many as are written; palette: [n, 3] RGB."""
    if header == 12:
        head = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        head = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, 0, 0, 0, colors, 0)
        masked = b"".join(struct.pack("<I", mask) for mask in masks)
        head = (head + masked).ljust(max(header, 40 + len(masked)), b"\0")
    entry = b"" if header == 12 else b"\0"
    for r, g, b in [] if palette is None else palette.tolist():
        head += bytes([b, g, r]) + entry
    head += bytes(gap)
    at = 14 + len(head) if offset is None else offset
    return b"BM" + struct.pack("<III", 14 + len(head) + len(data), 0, at) + head + data


def rows(values, bits, top_down=False):
    """[height, width, bytes] or indices [height, width], packed and padded."""
    held = []
    for row in values if top_down else values[::-1]:
        if bits < 8:
            bit = (row[:, None] >> numpy.arange(bits)[::-1]) & 1
            packed = numpy.packbits(bit.astype(numpy.uint8).ravel()).tobytes()
        else:
            packed = row.tobytes()
        held.append(packed + bytes(-len(packed) % 4))
    return b"".join(held)


def pixels(masks, size, levels=IMAGE, alpha=None):
    """Samples of 8 bits in the bits of masks, little-endian."""
    value = numpy.zeros((H, W), numpy.uint64)
    for i, mask in enumerate(masks):
        sample = (alpha if i == 3 else levels[..., i]).astype(numpy.uint64)
        shift = (mask & -mask).bit_length() - 1 if mask else 0
        most = mask >> shift
        value |= numpy.uint64(mask) & ((sample * most // 255) << numpy.uint64(shift))
    return value[..., None].astype("<u4").view(numpy.uint8).reshape(H, W, 4)[..., :size]


def generic(masks, levels=IMAGE, alpha=None):
    """What masks leave of samples, laid over white."""
    left = [levels[..., i].astype(int) * (m := masks[i] // (masks[i] & -masks[i])) // 255 * 255 // m
            for i in range(3)]
    rgb = numpy.stack(left, -1)
    if alpha is None:
        return rgb
    most = masks[3] // (masks[3] & -masks[3])
    a = (alpha.astype(int) * most // 255 * 255 // most)[..., None]
    return (2 * (rgb * a + 255 * (255 - a)) + 255) // 510


def plain():
    bgr = IMAGE[..., ::-1]
    fourth = ((Y * W + X) % 256).astype(numpy.uint8)
    bgrx = numpy.dstack([bgr, fourth])
    indices = (Y * W + X) * 7 % 256
    for header in HEADERS:
        yield Case(f"rgb-{header}.bmp", bmp(rows(bgr, 24), 24, header))
        for bits in 1, 4, 8:
            index = (indices % (1 << bits)).astype(numpy.uint8)
            yield Case(f"palette-{bits}-{header}.bmp",
                       bmp(rows(index, bits), bits, header, palette=COLORS[:1 << bits]))
        if header > 12:
            yield Case(f"rgbx-{header}.bmp", bmp(rows(bgrx, 32), 32, header))
            yield Case(f"top-down-{header}.bmp",
                       bmp(rows(bgr, 24, True), 24, header, height=-H))
            yield Case(f"555-{header}.bmp", bmp(rows(pixels((0x7c00, 0x3e0, 0x1f), 2), 16), 16, header))
    for width in range(1, 10):  # padding of every kind
        yield Case(f"rgb-wide-{width}.bmp", bmp(rows(bgr[:, :width], 24), 24, width=width))
        for bits in 1, 4, 8:
            index = (indices[:, :width] % (1 << bits)).astype(numpy.uint8)
            yield Case(f"palette-{bits}-wide-{width}.bmp",
                       bmp(rows(index, bits), bits, width=width, palette=COLORS[:1 << bits]))
    yield Case("rgbx-zero.bmp", bmp(rows(numpy.dstack([bgr, 0 * fourth]), 32), 32))
    yield Case("gap.bmp", bmp(rows(bgr, 24), 24, gap=6))
    yield Case("no-offset.bmp", bmp(rows(bgr, 24), 24, offset=0))
    eight = (indices % 100).astype(numpy.uint8)
    yield Case("no-offset-palette.bmp", bmp(rows(eight, 8), 8, palette=COLORS, offset=0))
    yield Case("offset-without-palette.bmp", bmp(rows(eight, 8), 8, palette=COLORS, offset=54))
    yield Case("unpadded-end.bmp", bmp(rows(bgr, 24)[:-1], 24))
    yield Case("behind-end.bmp", bmp(rows(bgr, 24) + b"more" * 9, 24))


def palettes():
    index = ((Y * W + X) % 256).astype(numpy.uint8)
    two = rows(index % 2, 1)
    greys = numpy.repeat(numpy.arange(256, dtype=numpy.uint8)[:, None], 3, 1)
    yield Case("few-colors.bmp", bmp(rows(index % 50, 8), 8, palette=COLORS[:50], colors=50))
    yield Case("beyond-colors.bmp", bmp(rows(index, 8), 8, palette=COLORS[:50], colors=50))
    yield Case("beyond-greys.bmp", bmp(rows(index, 8), 8, palette=greys[:50], colors=50))
    yield Case("greys.bmp", bmp(rows(index, 8), 8, palette=greys))
    yield Case("negative.bmp", bmp(rows(index, 8), 8, palette=greys[::-1]))
    # Pillow reads no more than 256, and none of the three is out of the picture's reach.
    more = numpy.repeat(COLORS, 2, 0)
    yield Case("more-colors.bmp", bmp(rows(index, 8), 8, palette=more[:300], colors=300), right=more[index])
    yield Case("more-than-bits.bmp", bmp(rows(index % 16, 4), 4, palette=COLORS[:200], colors=200))
    yield Case("black-white.bmp", bmp(two, 1, palette=greys[[0, 255]]))
    yield Case("white-black.bmp", bmp(two, 1, palette=greys[[255, 0]]))
    yield Case("one-color.bmp", bmp(rows(index % 1, 1), 1, palette=COLORS[:1], colors=1))
    # Pillow takes these for 8 bits a pixel.
    yield Case("greys-of-4-bits.bmp", bmp(rows(index % 16, 4), 4, palette=greys[:16]),
               right=greys[index % 16])
    yield Case("black-white-8.bmp", bmp(rows(index % 2, 8), 8, palette=greys[[0, 255]], colors=2),
               right=greys[index % 2 * 255])


def masks():
    alpha = ((Y * W + X) * 2).astype(numpy.uint8)
    known = {"rgbx": (0xff0000, 0xff00, 0xff, 0), "xbgr": (0xff000000, 0xff0000, 0xff00, 0),
             "abgr": (0xff000000, 0xff0000, 0xff00, 0xff), "rgba": (0xff, 0xff00, 0xff0000, 0xff000000),
             "bgra": (0xff0000, 0xff00, 0xff, 0xff000000), "bgxr": (0xff000000, 0xff00, 0xff, 0),
             "bgar": (0xff000000, 0xff00, 0xff, 0xff0000)}
    for name, four in known.items():
        data = rows(pixels(four, 4, alpha=alpha), 32)
        for header in 40, 52, 56, 64, 108, 124:
            if header >= 56 or four[3] == 0:
                kept = four if header >= 56 else four[:3]
                yield Case(f"masked-{name}-{header}.bmp", bmp(data, 32, header, 3, masks=kept))
    yield Case("alpha-dropped.bmp", bmp(rows(pixels(known["bgra"], 4, alpha=alpha), 32), 32, 56, 3,
                                        masks=known["bgra"]), options="drop")
    bgra = rows(pixels(known["bgra"], 4, alpha=alpha), 32)
    yield Case("no-masks.bmp", bmp(bgra, 32, 56, 3, masks=(0,) * 4))
    for name, three in {"565": (0xf800, 0x7e0, 0x1f), "555": (0x7c00, 0x3e0, 0x1f)}.items():
        for header in 40, 52, 56, 124:
            kept = three + ((0x8000,) if header >= 56 else ())
            data = bmp(rows(pixels(three, 2), 16), 16, header, 3, masks=kept)
            yield Case(f"{name}-masked-{header}.bmp", data)
    yield Case("masked-24.bmp", bmp(rows(IMAGE[..., ::-1], 24), 24, 40, 3, masks=(0xff0000, 0xff00, 0xff)))
    # Other masks Pillow refuses.
    for name, three in {"444": (0xf00, 0xf0, 0xf), "332": (0xe0, 0x1c, 3),
                        "bgr565": (0x1f, 0x7e0, 0xf800)}.items():
        data = bmp(rows(pixels(three, 2), 16), 16, 40, 3, masks=three)
        yield Case(f"{name}.bmp", data, right=generic(three))
    wide = (0x3ff00000, 0xffc00, 0x3ff)
    yield Case("101010.bmp", bmp(rows(pixels(wide, 4), 32), 32, 40, 3, masks=wide), right=generic(wide))
    four = (0xf00, 0xf0, 0xf, 0xf000)
    yield Case("4444.bmp", bmp(rows(pixels(four, 2, alpha=alpha), 16), 16, 56, 3, masks=four),
               right=generic(four, alpha=alpha))
    yield Case("alpha-masks.bmp", bmp(rows(pixels(known["bgra"], 4, alpha=alpha), 32), 32, 40, 6,
                                      masks=known["bgra"]), right=generic(known["bgra"], alpha=alpha))


def run_lengths():
    index = ((Y // 2 * 3 + X // 3) % 16).astype(numpy.uint8)
    for bits in 8, 4:
        data = b""
        for row in index[::-1].tolist():
            for x in range(0, W - 4, 3):  # runs, then some as they are
                data += bytes([3, row[x] * (17 if bits == 4 else 1)])
            rest = row[12:]
            data += bytes([len(rest), rest[0] * (17 if bits == 4 else 1)]) if rest else b""
            data += b"\0\0"
        palette = COLORS[:1 << bits]
        yield Case(f"runs-{bits}.bmp", bmp(data + b"\0\1", bits, compression=1 if bits == 8 else 2,
                                           palette=palette), right=palette[held_runs(data, bits)])
    palette = COLORS
    absolute = b""
    for row in index[::-1].tolist():
        absolute += bytes([0, W]) + bytes(row) + bytes(W % 2) + b"\0\0"
    yield Case("absolute-8.bmp", bmp(absolute + b"\0\1", 8, compression=1, palette=palette))
    half = b""
    for row in index[::-1].tolist():
        pairs = bytes(row[x] << 4 | (row[x + 1] if x + 1 < W else 0) for x in range(0, W, 2))
        half += bytes([0, W]) + pairs + bytes(len(pairs) % 2) + b"\0\0"
    yield Case("absolute-4.bmp", bmp(half + b"\0\1", 4, compression=2, palette=palette[:16]))
    yield Case("two-colors-4.bmp", bmp((bytes([W, 0x5a]) + b"\0\0") * H + b"\0\1", 4, compression=2,
                                       palette=palette[:16]))
    top = bmp(absolute + b"\0\1", 8, compression=1, palette=palette, height=-H)
    yield Case("runs-top-down.bmp", top)
    deltas = bytes([2, 7, 0, 2, 3, 1, 5, 9, 0, 0]) + bytes([13, 3, 0, 0]) * 6 + bytes([13, 4])
    yield Case("delta.bmp", bmp(deltas + b"\0\1", 8, compression=1, palette=palette))
    # What is behind the end of the picture, and empty rows: Pillow has no answer, or no empty rows.
    ended = numpy.zeros((H, W), int)
    ended[H - 1, :4] = 5
    yield Case("ended.bmp", bmp(b"\4\5\0\1", 8, compression=1, palette=palette), right=palette[ended])
    empty = numpy.zeros((H, W), int)
    empty[H - 3, :4] = 5
    yield Case("empty-rows.bmp", bmp(b"\0\0\0\0\4\5\0\1", 8, compression=1, palette=palette),
               right=palette[empty])
    yield Case("too-long-run.bmp", bmp(b"\xff\5\0\0" * H + b"\0\1", 8, compression=1, palette=palette))


def held_runs(data, bits):
    """Indices of runs and ends of lines alone."""
    out, row = [], []
    for n, byte in zip(data[::2], data[1::2]):
        if n:
            row += ([byte >> 4, byte & 15] * n)[:n] if bits == 4 else [byte] * n
        else:
            out.append((row + [0] * W)[:W])
            row = []
    return numpy.array(out)[::-1]


def broken():
    bgr = IMAGE[..., ::-1]
    whole = bmp(rows(bgr, 24), 24)
    for size in 2, 13, 20, 40, 53, 60, len(whole) - 3:
        yield Case(f"cut-{size}.bmp", whole[:size], right=None, says="ends before its last pixel")
    yield Case("cut-accepted.bmp", whole[:len(whole) // 2], options="truncated")
    eight = bmp(rows(((Y * W + X) % 256).astype(numpy.uint8), 8), 8, palette=COLORS)
    yield Case("cut-palette-accepted.bmp", eight[:-50], options="truncated")
    yield Case("cut-in-palette.bmp", eight[:100], right=None)
    runs = bmp(b"\4\5", 8, compression=1, palette=COLORS)
    yield Case("cut-runs.bmp", runs, right=None, says="ends before its last pixel")
    yield Case("large-claim.bmp", bmp(b"", 24, width=16000, height=16000), right=None, says="ends before")
    yield Case("large-claim-runs.bmp", bmp(b"\0\1", 8, compression=1, width=16000, height=16000,
                                           palette=COLORS), right=None, says="ends before")
    yield Case("large-claim-accepted.bmp", bmp(b"\1" * 100, 24, width=16000, height=16000), right=None,
               options="truncated")
    yield Case("too-large.bmp", bmp(b"", 24, width=60000, height=60000), right=None, says="60000 x 60000")
    yield Case("lowest-height.bmp", bmp(b"", 24, height=-(1 << 31)), right=None)
    yield Case("lowest-width.bmp", bmp(b"", 24, width=-W), right=None)
    yield Case("no-size.bmp", bmp(b"", 24, width=0), right=None, says="of no size")
    yield Case("no-header.bmp", bmp(b"", 24, header=41), right=None, says="header of 41 bytes")
    for bits, compression in (2, 0), (0, 0), (64, 0), (24, 1), (8, 2), (8, 3), (24, 4), (24, 5), (24, 9):
        data = bmp(bytes(4096), bits, compression=compression, masks=(1, 2, 4))
        yield Case(f"unknown-{bits}-{compression}.bmp", data, right=None, says="bits a pixel")


def cases():
    for part in plain, palettes, masks, run_lengths, broken:
        yield from part()
