"""GIF: the first frame, on screens of other sizes, in every order of rows, and streams that are broken."""

import io
import struct

import numpy
from PIL import Image

from corpus.case import Case

W, H = 13, 9
Y, X = numpy.mgrid[0:H, 0:W]
INDEX = ((X + 3 * Y) % 8).astype(numpy.uint8)
COLORS = numpy.random.default_rng(2).integers(0, 256, (256, 3), numpy.uint8)
GREYS = numpy.repeat(numpy.arange(256, dtype=numpy.uint8)[:, None], 3, 1)


def packed(codes):
    """(code, bits) pairs, the lowest bits first."""
    value = at = 0
    for code, bits in codes:
        value |= code << at
        at += bits
    return value.to_bytes((at + 7) // 8, "little")


def lzw(indices, bits, end=True, clear_full=True):
    """Codes of LZW as an encoder makes them."""
    clear = 1 << bits
    codes, width = [(clear, bits + 1)], bits + 1
    table, after = {}, clear + 2
    string = ()
    for index in map(int, indices):
        longer = string + (index,)
        if len(longer) == 1 or longer in table:
            string = longer
            continue
        codes.append((table.get(string, string[0]), width))
        if after < 4096:
            table[longer] = after
            if after == 1 << width and width < 12:
                width += 1
            after += 1
        elif clear_full:
            codes.append((clear, width))
            table, after, width = {}, clear + 2, bits + 1
        string = (index,)
    codes.append((table.get(string, string[0]), width))
    if after == 1 << width and width < 12:
        width += 1
    return packed(codes + ([(clear + 1, width)] if end else []))


def blocks(data, size=255):
    return b"".join(bytes([len(data[i:i + size])]) + data[i:i + size]
                    for i in range(0, len(data), size)) + b"\0"


def palette_flags(palette):
    return 0 if palette is None else 0x80 | (len(palette).bit_length() - 2)


def gif(index=INDEX, screen=None, at=(0, 0), palette=COLORS[:8], local=None, interlaced=False,
        transparent=None, bits=3, stream=None, before=b"", after=b";", block=255, background=0):
    h, w = index.shape
    data = b"GIF89a" + struct.pack("<HHBBB", *(screen or (w, h)), palette_flags(palette), background, 0)
    data += b"" if palette is None else palette.tobytes()
    if transparent is not None:
        data += bytes([0x21, 249, 4, 1, 0, 0, transparent, 0])
    flags = palette_flags(local) | (0x40 if interlaced else 0)
    data += before + b"," + struct.pack("<HHHHB", *at, w, h, flags)
    data += b"" if local is None else local.tobytes()
    order = numpy.r_[0:h:8, 4:h:8, 2:h:4, 1:h:2] if interlaced else numpy.arange(h)
    data += bytes([bits]) + blocks(lzw(index[order].ravel(), bits) if stream is None else stream, block)
    return data + after


def saved(image, **options):
    file = io.BytesIO()
    image.save(file, "GIF", **options)
    return file.getvalue()


def frames():
    yield Case("plain.gif", gif())
    yield Case("interlaced.gif", gif(interlaced=True))
    for height in range(1, 10):
        yield Case(f"interlaced-{height}.gif", gif(INDEX[:height], interlaced=True))
    for name, transparent in ("", None), ("-transparent", 3), ("-transparent-beyond", 200):
        extra = dict(transparent=transparent)
        yield Case(f"whole{name}.gif", gif(**extra))
        yield Case(f"smaller{name}.gif", gif(screen=(20, 15), at=(3, 4), **extra))
        yield Case(f"beyond{name}.gif", gif(screen=(10, 5), at=(2, 3), **extra))
        yield Case(f"outside{name}.gif", gif(screen=(4, 4), at=(6, 7), **extra))
        yield Case(f"no-screen{name}.gif", gif(screen=(0, 0), **extra))
        yield Case(f"drop{name}.gif", gif(screen=(20, 15), at=(3, 4), **extra), options="drop")
        yield Case(f"interlaced-smaller{name}.gif", gif(screen=(20, 15), interlaced=True, **extra))
    yield Case("background.gif", gif(screen=(20, 15), background=5))
    two = gif(after=b"") + gif(7 - INDEX, palette=None)[13:]
    yield Case("two-frames.gif", two)
    yield Case("other-extensions.gif", gif(before=b"!\xfe\3abc\2de\0!\xff\x0bNETSCAPE2.0\3\1\0\0\0"))
    yield Case("stray-bytes.gif", gif(before=b"\0\0\7"))
    yield Case("two-controls.gif", gif(transparent=3, before=bytes([0x21, 249, 4, 0, 0, 0, 1, 0])))
    yield Case("87a.gif", b"GIF87a" + gif()[6:])


def palettes():
    yield Case("local.gif", gif(local=COLORS[8:16]))
    yield Case("local-alone.gif", gif(palette=None, local=COLORS[8:16]))
    # Pillow takes the global palette instead.
    yield Case("local-greys.gif", gif(local=GREYS[:8]), right=GREYS[INDEX])
    yield Case("local-greys-alone.gif", gif(palette=None, local=GREYS[:8]))
    yield Case("greys.gif", gif(palette=GREYS[:8]))
    yield Case("greys-beyond.gif", gif(palette=GREYS[:2]))
    yield Case("no-palette.gif", gif(palette=None))
    yield Case("no-palette-transparent.gif", gif(palette=None, transparent=3))
    yield Case("beyond-palette.gif", gif(palette=COLORS[:2]))
    for bits in range(1, 9):
        index = ((X * 5 + Y * 11) % (1 << bits)).astype(numpy.uint8)
        yield Case(f"bits-{bits}.gif", gif(index, palette=COLORS[:1 << bits], bits=max(bits, 2)))
        yield Case(f"more-bits-{bits}.gif", gif(index, palette=COLORS[:1 << bits], bits=8))


def streams():
    noise = numpy.random.default_rng(3).integers(0, 256, (120, 97), numpy.uint8)
    yield Case("full-table.gif", gif(noise, palette=COLORS, bits=8))
    yield Case("deferred-clear.gif", gif(noise, palette=COLORS, bits=8,
                                         stream=lzw(noise.ravel(), 8, clear_full=False)))
    flat = numpy.full((300, 301), 5, numpy.uint8)
    yield Case("flat.gif", gif(flat))
    yield Case("flat-deferred.gif", gif(flat, stream=lzw(flat.ravel(), 3, clear_full=False)))
    for size in 1, 2, 7, 254:
        yield Case(f"blocks-of-{size}.gif", gif(noise, palette=COLORS, bits=8, block=size))
    yield Case("no-end.gif", gif(stream=lzw(INDEX.ravel(), 3, end=False)))
    unclear = packed([(int(i), 4) for i in INDEX.ravel()[:6]])
    yield Case("no-first-clear.gif", gif(stream=unclear), right=None)
    more = numpy.r_[INDEX.ravel(), INDEX.ravel()]
    yield Case("more-indices.gif", gif(stream=lzw(more, 3)))
    rgb = numpy.stack([X * 19, Y * 28, X * Y * 2], -1).astype(numpy.uint8)
    yield Case("saved.gif", saved(Image.fromarray(rgb).quantize(64)))
    yield Case("saved-plain.gif", saved(Image.fromarray(rgb).quantize(64), interlace=0, optimize=False))
    yield Case("saved-alpha.gif", saved(Image.fromarray(numpy.dstack([rgb, 30 * Y.astype(numpy.uint8)]))))


def broken():
    whole = gif()
    for size in 6, 12, 20, 37, 40, 46, 47, 50, len(whole) - 8:
        yield Case(f"cut-{size}.gif", whole[:size], right=None, says="GIF")
    codes = lzw(INDEX.ravel(), 3)
    early = gif(stream=codes[:len(codes) // 2])
    yield Case("stream-ends-early.gif", early, right=None, says="ends before its last pixel")
    yield Case("end-code-early.gif", gif(stream=packed([(8, 4), (1, 4), (9, 4)])), right=None)
    yield Case("cut-accepted.gif", whole[:len(whole) // 2 + 20], options="truncated")
    yield Case("cut-accepted-transparent.gif", gif(transparent=2)[:-20], options="truncated")
    for name, extra in ("", {}), ("-transparent", {"transparent": 2}), ("-interlaced", {"interlaced": True}):
        cut = gif(block=5, **extra)[:-20]
        yield Case(f"cut-blocks-accepted{name}.gif", cut, options="truncated")
        yield Case(f"cut-blocks{name}.gif", cut, right=None, says="ends before its last pixel")
    yield Case("unknown-code.gif", gif(stream=packed([(8, 4), (1, 4), (13, 4)] + [(0, 4)] * 90)), right=None,
               says="corrupted")
    yield Case("first-code-unknown.gif", gif(stream=packed([(8, 4), (10, 4)] + [(0, 4)] * 90)), right=None,
               says="corrupted")
    yield Case("no-frame.gif", gif()[:37] + b";", right=None, says="without a frame")
    yield Case("no-frame-size.gif", gif(INDEX[:0], screen=(4, 4), stream=b""), right=None, says="no size")
    for bits in 12, 13, 255:
        yield Case(f"bits-{bits}.gif", gif(bits=bits, stream=codes), right=None, says=f"{bits} bits")
    pixel = INDEX[:1, :1]
    yield Case("pixel.gif", gif(pixel))
    yield Case("large-screen.gif", gif(pixel, screen=(16000, 16000)), right=None, says="ends before")
    yield Case("larger-screen.gif", gif(pixel, screen=(65535, 65535)), right=None, says="65535 x 65535")
    claim = gif(pixel)
    claim = claim.replace(struct.pack("<HHHHB", 0, 0, 1, 1, 0), struct.pack("<HHHHB", 0, 0, 16000, 16000, 0))
    yield Case("large-frame.gif", claim, right=None, says="ends before its last pixel")
    yield Case("large-frame-accepted.gif", claim, right=None, options="truncated")
    yield Case("large-canvas.gif", gif(pixel, screen=(1500, 1000)))


def cases():
    for part in frames, palettes, streams, broken:
        yield from part()
