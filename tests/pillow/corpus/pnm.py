"""Netpbm's maps: P1 to P6 of every maximum, headers with comments, and P7, which Pillow has not."""

import numpy

from corpus.case import Case

W, H = 13, 9
Y, X = numpy.mgrid[0:H, 0:W]
BITS = ((X * Y + X) % 3 == 0).astype(numpy.uint8)
LEVELS = X * 7 + Y * 13
COLORS = numpy.stack([19 * X, 28 * Y, 2 * X * Y], -1)


def scaled(values, maximum):
    return numpy.rint(numpy.minimum(values, maximum) / maximum * 255).astype(numpy.uint8)


def words(values, between=b" "):
    return between.join(str(v).encode() for v in values.ravel().tolist())


def binary(values, maximum):
    return values.astype(">u2" if maximum > 255 else "u1").tobytes()


def pnm(kind, data, maximum=None, size=b"13 9"):
    return b"P%d\n%s\n" % (kind, size) + (b"" if maximum is None else b"%d\n" % maximum) + data


def grey(levels):
    return numpy.repeat(levels[..., None], 3, 2)


def bits():
    yield Case("words.pbm", pnm(1, words(BITS)))
    yield Case("together.pbm", pnm(1, words(BITS, b"")))
    yield Case("lines.pbm", pnm(1, words(BITS, b"\r\n") + b"\n"))
    yield Case("comments.pbm", pnm(1, b"# 1 1\n" + words(BITS, b" # 0 0 0\n")))
    for width in range(1, 18):
        wide = numpy.resize(BITS, (H, width))
        size = b"%d 9" % width
        yield Case(f"packed-{width}.pbm", pnm(4, numpy.packbits(wide, axis=1).tobytes(), size=size))
    yield Case("eight.pbm", b"P4\n8 1\n\xaa", right=numpy.array([[[0] * 3, [255] * 3] * 4]))


def levels():
    for maximum in 1, 2, 3, 7, 14, 15, 100, 127, 128, 254, 255, 256, 300, 1000, 1023, 4095, 32767, 65535:
        values = numpy.r_[LEVELS.ravel() * 99991, maximum - 1][1:].reshape(H, W) % (maximum + 1)
        color = COLORS * 7919 % (maximum + 1)
        # Pillow clips grey of 16 bits at 255, instead of scaling it as it scales colours.
        right = "pillow" if maximum < 256 else grey(scaled(values, maximum))
        yield Case(f"words-{maximum}.pgm", pnm(2, words(values), maximum), right=right)
        yield Case(f"binary-{maximum}.pgm", pnm(5, binary(values, maximum), maximum), right=right)
        yield Case(f"words-{maximum}.ppm", pnm(3, words(color), maximum))
        yield Case(f"binary-{maximum}.ppm", pnm(6, binary(color, maximum), maximum))
    every = numpy.arange(65536).reshape(256, 256)
    yield Case("every-16.ppm", b"P6 256 256 65535\n" + every.repeat(3).astype(">u2").tobytes())
    for maximum in range(1, 256, 23):
        data = b"P5 16 16 %d\n" % maximum + bytes(range(256))  # above the maximum, too
        yield Case(f"above-{maximum}.pgm", data)
    yield Case("above.ppm", pnm(6, binary(COLORS * 3, 300), 300))


def headers():
    data = binary(COLORS % 256, 255)
    for i, header in enumerate([b"P6 13 9 255\n", b"P6\t13\r\n9\x0b255\x0c",
                                b"P6\n#one\n13 #two\n9\n# 255\n255\n", b"P6\n# \xff\xfe\n13 9\n255 ",
                                b"P6 0013 09 0255\n", b"P6\r13\r9\r255\r"]):
        yield Case(f"header-{i}.ppm", header + data)
    yield Case("behind-end.ppm", pnm(6, data + b"more" * 9, 255))
    yield Case("spaces.ppm", pnm(3, b"  \n" + words(COLORS % 256, b" \t\n "), 255))
    yield Case("comments.ppm", pnm(3, words(COLORS % 256, b" # so\n"), 255))
    for i, header in enumerate([b"P6 0 9 255\n", b"P6 13 0 255\n", b"P6 13 9 0\n", b"P6 13 9 65536\n",
                                b"P6 -13 9 255\n", b"P6 13 9 x\n", b"P6 13", b"P6\n#", b"P6 13 9 255",
                                b"P6 99999999999 9 255\n",
                                b"P5 13 9 ", b"P4 13", b"P1 x 9\n"]):
        yield Case(f"header-broken-{i}.ppm", header + (data if header.endswith(b"\n") else b""), right=None,
                   says="whose header does not hold")


def arbitrary():
    rgb, alpha = COLORS % 256, 255 - LEVELS % 256
    over = lambda s: (2 * (s * alpha[..., None] + 255 * (255 - alpha[..., None])) + 255) // 510  # noqa: E731
    level = LEVELS % 256

    def pam(values, depth, maximum, kind, extra=b""):
        kind = b"TUPLTYPE %s\n" % kind if kind else b""
        header = b"WIDTH 13\nHEIGHT 9\nDEPTH %d\nMAXVAL %d\n" % (depth, maximum)
        return b"P7\n" + extra + header + kind + b"ENDHDR\n" + binary(values, maximum)

    for kind in b"", b"BLACKANDWHITE":
        yield Case(f"bits{kind.decode()}.pam", pam(BITS, 1, 1, kind), right=grey(BITS * 255))
    for maximum in 1, 100, 255, 1000, 65535:
        values = LEVELS * 991 % (maximum + 1)
        yield Case(f"grey-{maximum}.pam", pam(values, 1, maximum, b"GRAYSCALE"),
                   right=grey(scaled(values, maximum)))
        color = COLORS * 991 % (maximum + 1)
        yield Case(f"rgb-{maximum}.pam", pam(color, 3, maximum, b"RGB"), right=scaled(color, maximum))
    grey_alpha, rgba = numpy.dstack([level, alpha]), numpy.dstack([rgb, alpha])
    for kind in b"", b"GRAYSCALE_ALPHA":
        yield Case(f"ga{kind.decode()}.pam", pam(grey_alpha, 2, 255, kind), right=over(grey(level)))
    for kind in b"", b"RGB_ALPHA":
        yield Case(f"rgba{kind.decode()}.pam", pam(rgba, 4, 255, kind), right=over(rgb))
    yield Case("drop.pam", pam(rgba, 4, 255, b"RGB_ALPHA"), right=rgb, options="drop")
    yield Case("wide-alpha.pam", pam(rgba * 257, 4, 65535, b"RGB_ALPHA"), right=over(rgb))
    bw = numpy.dstack([BITS, X % 2])
    yield Case("bits-alpha.pam", pam(bw, 2, 1, b"BLACKANDWHITE_ALPHA"),
               right=grey(numpy.where(X % 2, BITS * 255, 255)))
    yield Case("comment.pam", pam(rgb, 3, 255, b"RGB", b"# WIDTH 5\n\n"), right=rgb)
    good = pam(rgb, 3, 255, b"RGB")
    for i, (old, new) in enumerate([(b"WIDTH 13", b"WIDTH 0"), (b"DEPTH 3", b"DEPTH 5"), (b"DEPTH 3", b""),
                                    (b"MAXVAL 255", b"MAXVAL 65536"), (b"HEIGHT 9", b"HEIGHT x"),
                                    (b"ENDHDR", b"END"), (b"WIDTH 13", b"WIDTH 99999999999")]):
        yield Case(f"broken-{i}.pam", good.replace(old, new), right=None, says="whose header does not hold")
    yield Case("cut.pam", good[:-1], right=None, says="ends before its last pixel")


def broken():
    for kind, data, maximum in (1, words(BITS), None), (2, words(LEVELS % 256), 255), (
            4, numpy.packbits(BITS, axis=1).tobytes(), None), (5, binary(LEVELS, 255), 255), (
            6, binary(COLORS % 256, 255), 255), (6, binary(COLORS, 999), 999):
        whole = pnm(kind, data, maximum)
        name = f"{kind}-{maximum}"
        yield Case(f"cut-{name}.pnm", whole[:-3], right=None, says="ends before its last pixel")
        yield Case(f"cut-half-{name}.pnm", whole[:len(whole) // 2], right=None,
                   says="ends before its last pixel")
        if kind > 3 and maximum in (None, 255):
            yield Case(f"cut-accepted-{name}.pnm", whole[:len(whole) // 2], options="truncated")
        size = b"16000 16000"
        yield Case(f"claim-{name}.pnm", pnm(kind, data, maximum, size), right=None, says="ends before")
        yield Case(f"claim-accepted-{name}.pnm", pnm(kind, data, maximum, size), right=None,
                   options="truncated")
        yield Case(f"too-large-{name}.pnm", pnm(kind, data, maximum, b"60000 60000"), right=None,
                   says="60000 x 60000")
    yield Case("letter.pbm", pnm(1, b"0 1 x 1" + words(BITS)), right=None,
               says="no sample from 0 to 1 at byte 12")
    yield Case("two.pbm", pnm(1, b"0 1 2 1" + words(BITS)), right=None, says="no sample from 0 to 1")
    yield Case("above.pgm", pnm(2, b"0 101 " + words(LEVELS % 100), 100), right=None, says="from 0 to 100")
    yield Case("negative.pgm", pnm(2, b"0 -1 " + words(LEVELS % 100), 100), right=None, says="from 0 to 100")
    yield Case("long-number.pgm", pnm(2, b"0 " + b"9" * 50 + b" " + words(LEVELS % 100), 100), right=None)


def cases():
    for part in bits, levels, headers, arbitrary, broken:
        yield from part()
