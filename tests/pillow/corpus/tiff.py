"""TIFF: kinds of colour, depths, compressions, strips and tiles, both orders of bytes, BigTIFF."""

import io
import itertools
import struct

import numpy
from PIL import Image

from corpus.case import Case

WIDTH, HEIGHT = 37, 22

SHORT, LONG, LONG8 = 3, 4, 16
SIZES = {SHORT: 2, LONG: 4, LONG8: 8}
CODES = {SHORT: "H", LONG: "I", LONG8: "Q"}


def levels(channels, seed=0):
    """[HEIGHT, WIDTH, channels], smooth, of 16 bits whose low bytes mean nothing."""
    y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH]
    waves = [128 + 120 * numpy.sin(x / (4 + c) + seed) * numpy.cos(y / (5 + c)) for c in range(channels)]
    low = (7 * x + 13 * y)[..., None] % 256
    return (numpy.stack(waves, -1).clip(0, 255) * 256 + low).astype(numpy.uint16)


def packed(samples, bits, order, lsb_first=False):
    """The bytes of [rows, columns, samples of `bits` bits]."""
    rows = samples.reshape(len(samples), -1)
    if bits == 16:
        data = rows.astype(order + "u2").tobytes()
    elif bits == 8:
        data = rows.astype(numpy.uint8).tobytes()
    else:
        of_bits = rows[..., None] >> numpy.arange(bits - 1, -1, -1) & 1
        data = numpy.packbits(of_bits.reshape(len(rows), -1).astype(numpy.uint8), axis=1).tobytes()
    if lsb_first:
        data = bytes(int(f"{byte:08b}"[::-1], 2) for byte in data)
    return data


def tiff(samples, bits, photometric, order="<", big=False, tile=None, rows=None, separate=False, tags=(),
         lsb_first=False, first=True, next_page=0):
    """A file that is not compressed, of samples [height, width, n] that already have `bits` bits."""
    height, width, n = samples.shape
    planes = [samples[..., c : c + 1] for c in range(n)] if separate else [samples]
    chunks = []
    for plane in planes:
        if tile:
            down, across = -(-height // tile[1]) * tile[1], -(-width // tile[0]) * tile[0]
            padded = numpy.full((down, across, plane.shape[2]), 1, plane.dtype)
            padded[:height, :width] = plane
            corners = itertools.product(range(0, height, tile[1]), range(0, width, tile[0]))
            chunks += [padded[y : y + tile[1], x : x + tile[0]] for y, x in corners]
        else:
            chunks += [plane[y : y + (rows or height)] for y in range(0, height, rows or height)]
    data = [packed(chunk, bits, order, lsb_first) for chunk in chunks]
    entries = {256: (SHORT, [width]), 257: (SHORT, [height]), 258: (SHORT, [bits] * n), 259: (SHORT, [1]),
               262: (SHORT, [photometric]), 277: (SHORT, [n]), 284: (SHORT, [2 if separate else 1])}
    if lsb_first:
        entries[266] = (SHORT, [2])
    entries |= dict(tags)
    offsets, counts = (324, 325) if tile else (273, 279)
    if tile:
        entries |= {322: (SHORT, [tile[0]]), 323: (SHORT, [tile[1]])}
    else:
        entries[278] = (SHORT, [rows or height])
    kind = LONG8 if big else LONG
    entries[offsets] = (kind, [0] * len(data))
    entries[counts] = (kind, [len(one) for one in data])
    entries = {tag: value for tag, value in sorted(entries.items()) if value}
    at = 16 if big else 8
    word, inline, entry_size = ("Q", 8, 20) if big else ("I", 4, 12)
    directory_size = (8 if big else 2) + entry_size * len(entries) + inline
    values_at = at + directory_size
    values_size = sum(SIZES[kind] * len(v) for kind, v in entries.values() if SIZES[kind] * len(v) > inline)
    start = values_at + values_size
    places = list(itertools.accumulate([len(one) for one in data], initial=start))
    entries[offsets] = (kind, places[:-1])
    body = struct.pack(order + ("Q" if big else "H"), len(entries))
    values = b""
    for tag, (kind, numbers) in entries.items():
        value = struct.pack(f"{order}{len(numbers)}{CODES[kind]}", *numbers)
        body += struct.pack(order + "HH" + word, tag, kind, len(numbers))
        if len(value) > inline:
            body += struct.pack(order + word, values_at + len(values))
            values += value
        else:
            body += value.ljust(inline, b"\0")
    body += struct.pack(order + word, next_page)
    mark = b"II" if order == "<" else b"MM"
    header = mark + (struct.pack(order + "HHHQ", 43, 8, 0, at) if big else struct.pack(order + "HI", 42, at))
    return header + body + values + b"".join(data)


def saved(image, **options):
    file = io.BytesIO()
    image.save(file, "TIFF", **options)
    return file.getvalue()


def high_bytes(samples):
    return numpy.repeat((samples >> 8).astype(numpy.uint8), 3, axis=2)


def kinds():
    """Name, samples [height, width, n], bits, photometric, tags: every kind of pixels that Pillow reads."""
    grey, rgb, rgba, cmyk = levels(1), levels(3), levels(4, 1), levels(4, 2)
    rgba[3:9, 5:11, 3] = 0
    rgba[9:12, 5:11, 3] = 0xffff
    colors = (numpy.arange(3 * 256) * 40503 % 65536).tolist()
    for bits in 1, 2, 4, 8:
        yield f"black{bits}", grey >> 16 - bits, bits, 1, {}
        yield f"white{bits}", grey >> 16 - bits, bits, 0, {}
        palette = numpy.reshape(colors, (3, 256))[:, : 1 << bits].ravel().tolist()
        yield f"palette{bits}", grey >> 16 - bits, bits, 3, {320: (SHORT, palette)}
    for bits in 8, 16:
        down = 16 - bits
        yield f"rgb{bits}", rgb >> down, bits, 2, {}
        yield f"rgba{bits}", rgba >> down, bits, 2, {338: (SHORT, [2])}
        yield f"rgba{bits}-unsaid", rgba >> down, bits, 2, {}
        yield f"rgbx{bits}", rgba >> down, bits, 2, {338: (SHORT, [0])}
        yield f"rgba{bits}-premultiplied", rgba >> down, bits, 2, {338: (SHORT, [1])}
        yield f"cmyk{bits}", cmyk >> down, bits, 5, {}
    yield "rgba8-999", rgba >> 8, 8, 2, {338: (SHORT, [999])}
    yield "rgba-and-more", levels(6) >> 8, 8, 2, {338: (SHORT, [2, 0, 0])}
    yield "rgb-and-more", levels(6) >> 8, 8, 2, {338: (SHORT, [0, 0, 0])}
    yield "cmyk-and-more", levels(5) >> 8, 8, 5, {338: (SHORT, [0])}
    yield "grey-alpha", levels(2) >> 8, 8, 1, {338: (SHORT, [2])}
    yield "grey-x", levels(2) >> 8, 8, 1, {338: (SHORT, [0])}
    yield "palette-alpha", levels(2) >> 8, 8, 3, {320: (SHORT, colors), 338: (SHORT, [2])}
    yield "palette-x", levels(2) >> 8, 8, 3, {320: (SHORT, colors), 338: (SHORT, [0])}
    yield "ycbcr", rgb >> 8, 8, 6, {530: (SHORT, [1, 1])}


def uncompressed():
    for name, samples, bits, photometric, tags in kinds():
        plain = Case("", tiff(samples, bits, photometric, tags=tags)).expected()
        for order, big in itertools.product("<>", [False, True]):
            end = ("-big" if big else "") + ("-mm" if order == ">" else "-ii") + ".tif"
            # Pillow 13 looks for BigTIFF's 43 in the wrong byte of a big-endian file.
            right = plain if big and order == ">" else "pillow"
            yield Case(name + end, tiff(samples, bits, photometric, order, big, tags=tags), right)
        yield Case(f"{name}-strips.tif", tiff(samples, bits, photometric, rows=5, tags=tags))
        # Pillow takes the samples of a tile that is cut by the edge from wrong places below 8 bits.
        right = "pillow" if bits == 8 else plain
        yield Case(f"{name}-tiles.tif", tiff(samples, bits, photometric, tile=(16, 16), tags=tags), right)
        if bits <= 8 and samples.shape[2] == 1 or name == "rgb8":
            # Some of Pillow's modes of reversed bits are in its table and nowhere else.
            right = "pillow" if name in ("black1", "white1", "black8", "rgb8") else plain
            data = tiff(samples, bits, photometric, rows=4, tags=tags, lsb_first=True)
            yield Case(f"{name}-lsb.tif", data, right)
    for drop in "", "drop":
        for name, samples, bits, photometric, tags in kinds():
            if "alpha" in name or "rgba8" in name:
                yield Case(f"{name}-{drop}.tif", tiff(samples, bits, photometric, tags=tags), options=drop)


def planes():
    for name, samples, bits, photometric, tags in kinds():
        # Of planes that are not compressed Pillow takes 16 bits as 8, and knows no planes of alpha
        # multiplied in; grey and alpha are mixed up.
        data = tiff(samples, bits, photometric, rows=5, separate=True, tags=tags)
        together = tiff(samples, bits, photometric, tags=tags)
        right = "pillow" if name in ("rgb8", "rgba8", "cmyk8") else Case("", together).expected()
        yield Case(f"{name}-planes.tif", data, right)
    for name, samples, bits, photometric, tags in kinds():
        if bits >= 8:
            data = tiff(samples, bits, photometric, ">", tile=(32, 16), separate=True, tags=tags)
            yield Case(f"{name}-planes-tiles.tif", data,
                       Case("", tiff(samples, bits, photometric, tags=tags)).expected())


def compressed():
    grey, rgb = (levels(1)[..., 0] >> 8).astype(numpy.uint8), (levels(3) >> 8).astype(numpy.uint8)
    rgba = (levels(4) >> 8).astype(numpy.uint8)
    images = {"1": Image.fromarray(grey).convert("1"), "L": Image.fromarray(grey),
              "P": Image.fromarray(rgb).quantize(50), "LA": Image.fromarray(rgba[..., :2], "LA"),
              "RGB": Image.fromarray(rgb), "RGBA": Image.fromarray(rgba),
              "CMYK": Image.fromarray(rgba, "CMYK"), "YCbCr": Image.fromarray(rgb, "YCbCr")}
    for mode, image in images.items():
        for name in "tiff_lzw", "tiff_adobe_deflate", "packbits", "raw":
            yield Case(f"{mode}-{name}.tif", saved(image, compression=name))
        for name in "group3", "group4", "tiff_ccitt":
            if mode == "1":
                yield Case(f"{mode}-{name}.tif", saved(image, compression=name))
                yield Case(f"{mode}-{name}-white.tif", saved(image, compression=name, tiffinfo={262: 0}))
        if mode in ("L", "RGB", "YCbCr", "CMYK"):
            # libjpeg-turbo 2.1.5 and Pillow's 3.2 give the same.
            yield Case(f"{mode}-jpeg.tif", saved(image, compression="jpeg", quality=85))
    for predictor, name in itertools.product([1, 2], ["tiff_lzw", "tiff_adobe_deflate"]):
        data = saved(images["RGB"], compression=name, tiffinfo={317: predictor})
        yield Case(f"predictor{predictor}-{name}.tif", data)
    large = Image.fromarray(numpy.kron(rgb, numpy.ones((9, 8, 1), numpy.uint8)))
    for name in "tiff_lzw", "jpeg", "raw":
        yield Case(f"large-{name}.tif", saved(large, compression=name, strip_size=20000))
    yield Case("big-lzw.tif", saved(images["RGB"], compression="tiff_lzw", big_tiff=True))
    yield Case("big.tif", saved(images["RGB"], big_tiff=True))
    wide = levels(1)
    data = saved(Image.fromarray(wide[..., 0]), compression="tiff_lzw")
    yield Case("16-lzw.tif", data, high_bytes(wide))


def shortened(data, height):
    """The file with fewer rows than its strips hold."""
    data = bytearray(data)
    (at,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, at)
    entries = range(at + 2, at + 2 + 12 * count, 12)
    (entry,) = [one for one in entries if struct.unpack_from("<H", data, one)[0] == 257]
    struct.pack_into("<HII", data, entry + 2, LONG, 1, height)
    return bytes(data)


def filled_up():
    """Last strips of as many rows as the others, as some writers make them."""
    y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH]
    noise = (levels(3) >> 8 ^ (x * 40503 * (y + 1) >> 7)[..., None] % 256).astype(numpy.uint8)
    smooth = (levels(3) >> 8).astype(numpy.uint8)
    for kind, rgb in ("smooth", smooth), ("noise", noise):
        images = {"RGB": Image.fromarray(rgb), "L": Image.fromarray(rgb[..., 0]),
                  "1": Image.fromarray(rgb[..., 0]).convert("1")}
        for mode, image in images.items():
            names = ["tiff_lzw", "tiff_adobe_deflate", "packbits"] + (["group4"] if mode == "1" else [])
            for name, rows in itertools.product(names, [HEIGHT - 1, HEIGHT - 4, 9, 1]):
                data = shortened(saved(image, compression=name), rows)
                yield Case(f"filled-up-{kind}-{mode}-{name}-{rows}.tif", data)


def turned():
    rgb = levels(3) >> 8
    for orientation in range(0, 10):
        for options in "", "upright":
            # Pillow turns a TIFF in any case.
            data = tiff(rgb, 8, 2, tags={274: (SHORT, [orientation])})
            right = rgb.astype(numpy.uint8) if options else "pillow"
            yield Case(f"orientation{orientation}-{options}.tif", data, right, options=options)
    image = Image.fromarray(rgb.astype(numpy.uint8))
    yield Case("orientation6-lzw.tif", saved(image, compression="tiff_lzw", tiffinfo={274: 6}))


def pages():
    rgb = (levels(3) >> 8).astype(numpy.uint8)
    images = [Image.fromarray(rgb), Image.fromarray(255 - rgb[:10, :8])]
    for name in "raw", "tiff_lzw":
        data = saved(images[0], compression=name, save_all=True, append_images=images[1:])
        yield Case(f"pages-{name}.tif", data)


def of_16_bits():
    # Pillow cuts grey of 16 bits at 255 when it makes RGB, all white: the high byte is right.
    wide = levels(1)
    for order, end in ("<", "ii"), (">", "mm"):
        yield Case(f"grey16-{end}.tif", tiff(wide, 16, 1, order, rows=7), high_bytes(wide))
        yield Case(f"grey16-white-{end}.tif", tiff(wide, 16, 0, order), 255 - high_bytes(wide))


def wrong():
    rgb, grey = levels(3) >> 8, levels(1) >> 8
    for name, tags in ("signed", {339: (SHORT, [2])}), ("lab", {262: (SHORT, [8])}):
        yield Case(f"{name}.tif", tiff(rgb, 8, 2, tags=tags), None, says="supported")
    for name, tags in ("float", {339: (SHORT, [3])}), ("signed16", {339: (SHORT, [2])}):
        yield Case(f"{name}.tif", tiff(levels(1), 16, 1, tags=tags), None, says="supported")
    yield Case("compression.tif", tiff(rgb, 8, 2, tags={259: (SHORT, [34925])}), None, says="supported")
    yield Case("no-palette.tif", tiff(grey >> 4, 4, 3), None, says="olormap")
    yield Case("no-size.tif", tiff(rgb, 8, 2, tags={256: (SHORT, [0])}), None)
    for name, size in ("wide", 256), ("high", 257):
        for compression in 1, 2, 3, 4, 5, 7, 8, 32773:
            tags = {size: (LONG, [1 << 20]), 259: (SHORT, [compression]), 278: (LONG, [1 << 20])}
            for options in "", "truncated":
                yield Case(f"claims-{name}-{compression}-{options}.tif", tiff(rgb, 8, 2, tags=tags), None,
                           says="", options=options)
    tags = {322: (LONG, [1 << 20]), 323: (LONG, [1 << 20]), 259: (SHORT, [5])}
    yield Case("claims-tile.tif", tiff(grey, 8, 1, tile=(48, 32), tags=tags), None)
    yield Case("count.tif", tiff(rgb, 8, 2, tags={277: (SHORT, [60000])}), None)


def cut():
    rgb, grey = levels(3) >> 8, levels(1) >> 8
    palette = {320: (SHORT, list(range(5000, 5768)))}
    files = {"rgb": tiff(rgb, 8, 2, rows=4), "grey": tiff(grey, 8, 1), "white": tiff(grey, 8, 0, rows=3),
             "palette": tiff(grey, 8, 3, tags=palette), "cmyk": tiff(levels(4) >> 8, 8, 5),
             "rgba": tiff(levels(4) >> 8, 8, 2, tags={338: (SHORT, [2])}),
             "tiles": tiff(rgb, 8, 2, tile=(16, 16))}
    for name, data in files.items():
        for part in 4, 2:
            short = data[: len(data) * (part - 1) // part]
            yield Case(f"cut-{name}-{part}.tif", short, None, says="ends before its last pixel")
            if (name, part) != ("palette", 2):  # where the palette itself is cut
                yield Case(f"cut-{name}-{part}-accepted.tif", short, options="truncated")
    data = saved(Image.fromarray(rgb.astype(numpy.uint8)), compression="tiff_lzw")
    yield Case("cut-lzw.tif", data[: len(data) // 2], None, says="ends before its last pixel")
    # Flipped bits are decoded as by Pillow, or told.
    for at in range(8, len(data), 97):
        flipped = bytearray(data)
        flipped[at] ^= 0x55
        case = Case(f"flipped-{at}.tif", bytes(flipped), or_error=True)
        try:
            case.right = case.expected()
        except (OSError, RuntimeError, SyntaxError, TypeError, ValueError):
            case.right = None
        yield case


def cases():
    for some in uncompressed, planes, compressed, filled_up, turned, pages, of_16_bits, wrong, cut:
        for case in some():
            case.needs = "libtiff"
            yield case
