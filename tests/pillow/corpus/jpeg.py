"""JPEG: subsamplings, kinds of colour, processes, orders of markers; cut, corrupted and hostile files."""

import base64
import dataclasses
import io
import struct

import numpy
from PIL import Image

from corpus.case import Case, pillow

# Pillow writes no arithmetic code: 29 x 19 pixels in 4:2:0, sequential and progressive, written by libjpeg.
ARITHMETIC = """
/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKrarYqMyP/L2u71
////m8H////6/+b9//j/2wBDASstLTw1PHZBQXb4pYyl+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4
+Pj4+Pj4+Pj/yQARCAATAB0DASIAAhEBAxEB/8wACgAQEAUBEBEF/9oADAMBAAIRAxEAPwD+G/78qYiACWmcC7W+Bs5/ihx7VdQU
q7uxP3EeLVxq/ip8SbZL+2lSQr9LLpX/AJBR8INHz3hTgmVazkb1NGdGJciiG+AfM2KxN1TwX/0HQuz8lgOHgJJ4HCQxEoxlbcD/
2Q==

/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKrarYqMyP/L2u71
////m8H////6/+b9//j/2wBDASstLTw1PHZBQXb4pYyl+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4
+Pj4+Pj4+Pj/ygARCAATAB0DASIAAhEBAxEB/8wABgAQARD/2gAMAwEAAhADEAAAAfv9mBEl36rEC81QB3D/zAAEEAX/2gAIAQEA
AQUC/glaqixuSP/MAAQRBf/aAAgBAwEBPwEG87suQP/MAAQRBf/aAAgBAgEBPwElD7j/zAAEEAX/2gAIAQEABj8CwP/MAAQQBf/a
AAgBAQABPyEVSDn902200SWbIlAQ+a0E6wb/2gAMAwEAAgADAAAAEEQRtf/MAAQRBf/aAAgBAwEBPxBT1fLVoXT/zAAEEQX/2gAI
AQIBAT8QEygaRbj/zAAEEAX/2gAIAQEAAT8QyZdfgTfKkqh/BKKAIJ1yu96ecw0Bf9zHs1oti3g50Dn+/9k=
"""


def photograph(width, height):
    y, x = numpy.mgrid[0:height, 0:width]
    colors = [127 + 120 * numpy.sin(x / (3 + c) + c) * numpy.cos(y / (4 + c)) for c in range(3)]
    noise = numpy.random.default_rng(7).integers(-20, 20, (height, width, 3))
    pixels = numpy.stack(colors, -1) + noise
    pixels[: height // 3, : width // 3] = (250, 20, 30)  # edges of colour, where upsampling shows
    return Image.fromarray(numpy.clip(pixels, 0, 255).astype(numpy.uint8))


def jpeg(image, **options):
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def segments(data):
    """(marker, offset of its 0xff, offset behind the segment) up to the first scan's."""
    at = 2
    while True:
        end = at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
        yield data[at + 1], at, end
        if data[at + 1] == 0xDA:
            return
        at = end


def without(data, marker):
    kept = b"".join(data[at:end] for which, at, end in segments(data) if which != marker)
    return data[:2] + kept + data[list(segments(data))[-1][2] :]


def with_frame(data, **changes):
    """Other values in the frame header: width, height, bits, process, sampling (of the first component)."""
    data = bytearray(data)
    for marker, at, _ in segments(bytes(data)):
        if marker in (0xC0, 0xC1, 0xC2):
            data[at + 1] = changes.get("process", marker)
            data[at + 4] = changes.get("bits", 8)
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            size = changes.get("height", height), changes.get("width", width)
            data[at + 5 : at + 9] = struct.pack(">HH", *size)
            data[at + 11] = changes.get("sampling", data[at + 11])
    return bytes(data)


def segment(marker, contents):
    return struct.pack(">BBH", 0xFF, marker, len(contents) + 2) + contents


def first_scan(data):
    return list(segments(data))[-1][1]


def samplings():
    for width, height in (1, 1), (7, 9), (16, 16), (17, 33), (50, 37), (131, 5), (8, 64):
        for sampling in "4:4:4", "4:2:2", "4:2:0":
            for progressive in False, True:
                name = f"{sampling.replace(':', '')}-{width}x{height}{'-progressive' * progressive}"
                yield name, jpeg(
                    photograph(width, height), quality=90, subsampling=sampling, progressive=progressive
                )
    # What Pillow does not write, made of data that have as many blocks: a scrambled picture.
    for progressive in False, True:
        end = "-progressive" * progressive
        two = jpeg(photograph(64, 40), subsampling="4:2:2", progressive=progressive)
        four = jpeg(photograph(64, 64), subsampling="4:2:0", progressive=progressive)
        yield "440" + end, with_frame(two, width=29, height=77, sampling=0x12)
        yield "411" + end, with_frame(four, width=121, height=29, sampling=0x41)
        yield "1x4" + end, with_frame(four, width=31, height=115, sampling=0x14)
    yield "grey", jpeg(photograph(53, 21).convert("L"))
    yield "grey-progressive", jpeg(photograph(53, 21).convert("L"), progressive=True)
    yield "grey-2x2", with_frame(jpeg(photograph(53, 21).convert("L")), sampling=0x22)
    # The sampling factors of the chroma are larger than the luma's.
    small_luma = bytearray(jpeg(photograph(48, 32), subsampling="4:4:4"))
    yield "444-2x2", bytes(small_luma).replace(b"\1\x11\0\2\x11\1\3\x11\1", b"\1\x21\0\2\x21\1\3\x21\1")


def colors():
    image = photograph(45, 27)
    for subsampling in "4:4:4", "4:2:0":
        for progressive in False, True:
            name = f"-{subsampling.replace(':', '')}{'-progressive' * progressive}"
            cmyk = jpeg(image.convert("CMYK"), subsampling=subsampling, progressive=progressive)
            adobe = next(at for marker, at, _ in segments(cmyk) if marker == 0xEE)
            yield "cmyk" + name, cmyk
            yield "cmyk-without-adobe" + name, without(cmyk, 0xEE)
            yield "ycck" + name, cmyk[: adobe + 15] + b"\2" + cmyk[adobe + 16 :]
            yield "cmyk-transform-1" + name, cmyk[: adobe + 15] + b"\1" + cmyk[adobe + 16 :]
    inks = numpy.random.default_rng(5).integers(0, 256, (40, 40, 4)).astype(numpy.uint8)
    yield "cmyk-all-inks", jpeg(Image.fromarray(inks, "CMYK"), quality=100, subsampling="4:4:4")
    yield "rgb", jpeg(image, keep_rgb=True)
    ycc = jpeg(image)
    yield "without-jfif", without(ycc, 0xE0)
    named = without(ycc, 0xE0).replace(b"\3\1\x22\0\2\x11\1\3\x11\1", b"\3R\x22\0G\x11\1B\x11\1")
    yield "named-rgb", named.replace(b"\3\1\0\2\x11\3\x11", b"\3R\0G\x11B\x11")
    yield "adobe-0", without(ycc, 0xE0)[:2] + segment(0xEE, b"Adobe\0\x64\0\0\0\0\0") + ycc[20:]


def markers():
    image = photograph(64, 48)
    plain, progressive = jpeg(image), jpeg(image, progressive=True)
    for interval in 1, 2, 5:
        for more in {}, {"progressive": True}, {"subsampling": "4:4:4"}:
            kind = "".join(f"-{value}" for value in more.values()).replace(":", "")
            yield f"restart-{interval}{kind}", jpeg(image, restart_marker_blocks=interval, **more)
    yield "restart-rows", jpeg(image, restart_marker_rows=1)
    yield "optimized", jpeg(image, optimize=True)
    yield "quality-1", jpeg(image, quality=1)
    yield "quality-100", jpeg(image, quality=100, subsampling="4:4:4")
    coarse = struct.pack(">B64H", 0x10, *range(100, 420, 5))
    yield "16-bit-quantization", plain[:20] + segment(0xDB, coarse) + without(plain, 0xDB)[20:].replace(
        b"\2\x11\1\3\x11\1", b"\2\x11\0\3\x11\0"
    )
    yield "no-tables", without(plain, 0xC4)
    yield "fill-bytes", plain[:2] + b"\xff" * 9 + plain[2:]
    yield "junk-before-segment", plain[:20] + b"\0\1\2\3" + plain[20:]
    yield "restart-at-end", plain[:-2] + b"\xff\xd1" + plain[-2:]
    junk = b"\x12" * 8 + b"\xff\0" + b"\x12" * 8
    yield "junk-before-end", plain[:-2] + junk + plain[-2:]
    yield "junk-before-end-progressive", progressive[:-2] + junk + progressive[-2:]
    video = b"\0\0\0\x18ftypmp42" + b"\xff\xc4\1\0" + b"\xff\xda\0\x0c" + b"\x7f" * 40
    yield "motion-photo", plain + video
    yield "motion-photo-progressive", progressive + video
    yield "two-pictures", plain + jpeg(photograph(20, 20))
    yield "without-end-trailer", plain[:-2] + b"MotionPhoto_Data\0\0\0\x18ftypmp42" + bytes(500)
    file = io.BytesIO()
    image.save(file, "MPO", save_all=True, append_images=[photograph(30, 30)])
    yield "several", file.getvalue()


def orientations():
    image = photograph(40, 24)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x112] = orientation
        yield f"exif-{orientation}", jpeg(image, exif=exif)
    exif[0x112] = 6
    tiff = exif.tobytes()
    plain = jpeg(image)
    app1 = segment(0xE1, tiff)
    yield "exif-before-jfif", plain[:2] + app1 + plain[2:]
    two = segment(0xE1, tiff[:20]) + segment(0xE1, b"Exif\0\0" + tiff[20:])
    yield "exif-in-two", plain[:2] + two + plain[2:]
    xmp = b"http://ns.adobe.com/xap/1.0/\0<rdf:Description tiff:Orientation=\"8\"/>"
    yield "xmp", plain[:2] + segment(0xE1, xmp) + plain[2:]
    element = xmp.replace(b'="8"/>', b">3</tiff:Orientation>")
    yield "xmp-element", plain[:2] + segment(0xE1, element) + plain[2:]
    yield "xmp-and-exif", plain[:2] + segment(0xE1, xmp) + app1 + plain[2:]
    exif[0x112] = 1
    upright = segment(0xE1, exif.tobytes())
    yield "xmp-and-upright-exif", plain[:2] + upright + segment(0xE1, xmp) + plain[2:]
    yield "xmp-nonsense", plain[:2] + segment(0xE1, xmp.replace(b"8", b"9")) + plain[2:]


def arithmetic():
    for name, text in zip(("sequential", "progressive"), ARITHMETIC.strip().split("\n\n")):
        yield name, base64.b64decode(text)


def drafts():
    image = photograph(97, 71)
    two = jpeg(photograph(96, 64), subsampling="4:2:2")
    kinds = {
        "444": jpeg(image, subsampling="4:4:4"),
        "422": jpeg(image, subsampling="4:2:2"),
        "420": jpeg(image, subsampling="4:2:0"),
        "440": with_frame(two, width=43, height=123, sampling=0x12),
        "411": with_frame(jpeg(photograph(64, 64)), width=121, height=29, sampling=0x41),
        "progressive": jpeg(image, progressive=True),
        "grey": jpeg(image.convert("L")),
        "cmyk": jpeg(image.convert("CMYK")),
    }
    for name, data in kinds.items():
        for size in "8x8", "12x8", "24x17", "40x40", "49x10", "97x71", "1000x1000", "1x1":
            yield f"{name}-{size}", data, "draft=" + size


RESTARTS = [b"\0", *(bytes([marker]) for marker in range(0xD0, 0xD8))]


def until_whole(data):
    """Without the beginning of a segment at its end, which makes Pillow give up everything."""
    at = 2
    while at + 4 <= len(data):
        length = struct.unpack(">H", data[at + 2 : at + 4])[0]
        if at + 2 + length > len(data):
            return data[:at]
        scan = data[at + 1] == 0xDA
        at += 2 + length
        # Its data: up to a marker that is neither 0xff itself nor restarts.
        while scan and at < len(data) and (data[at] != 0xFF or data[at + 1 : at + 2] in RESTARTS):
            at += 1
    return data[:at]


def cut():
    image = photograph(64, 48)
    kinds = {
        "420": jpeg(image),
        "444": jpeg(image, subsampling="4:4:4"),
        "progressive": jpeg(image, progressive=True),
        "progressive-444": jpeg(image, progressive=True, subsampling="4:4:4", quality=95),
        "restart": jpeg(image, restart_marker_blocks=2),
        "grey": jpeg(image.convert("L"), progressive=True),
        "cmyk": jpeg(image.convert("CMYK")),
    }
    for name, data in kinds.items():
        start = first_scan(data) + 20
        for i in range(1, 9):
            yield f"{name}-{i}", data[: start + (len(data) - start) * i // 9]
        yield f"{name}-last-byte", data[:-1]
        if name.startswith("progressive"):
            table, scan = data.rindex(b"\xff\xc4"), data.rindex(b"\xff\xda")
            for inside in 1, 2, 3, 12:
                yield f"{name}-table-{inside}", data[: table + inside]
            for inside in 1, 2, 3, 9:
                yield f"{name}-scan-{inside}", data[: scan + inside]


def hostile():
    """(name, data, what the error says)."""
    # 150 bytes that claim gigabytes.
    tiny = jpeg(Image.new("L", (8, 8)), progressive=True, optimize=True)
    big = with_frame(tiny, width=16000, height=16000)
    yield "claims-gigabytes", big, "ends before its last pixel"
    color = with_frame(jpeg(Image.new("RGB", (8, 8))), width=16000, height=16000)
    yield "claims-gigabytes-sequential", color, "ends before its last pixel"
    # Scans without data, and scans that refine what is not there.
    grey = jpeg(Image.new("L", (2048, 2048)), progressive=True)
    empty = segment(0xDA, b"\1\1\0\0\0\x10")
    yield "empty-scans", grey[:-2] + empty * 2000 + grey[-2:], "scans"
    first, refining = segment(0xDA, b"\1\1\0\1\x3f\1"), segment(0xDA, b"\1\1\0\1\x3f\x10")
    yield "refining-scans", grey[:-2] + first + refining * 600 + grey[-2:], "scans"
    yield "many-scans", tiny[:-2] + empty * 5000 + tiny[-2:], "scans"


def broken():
    plain = jpeg(photograph(32, 32))
    yield "12-bit", with_frame(plain, bits=12), "12 bits"
    yield "lossless", with_frame(plain, process=0xC3), "without loss"
    yield "hierarchical", with_frame(plain, process=0xC5), "hierarch"
    yield "no-width", with_frame(plain, width=0), "0 x 32"
    yield "no-height", with_frame(plain, height=0), "32 x 0"
    yield "sampling-0", with_frame(plain, sampling=0x02), "sampling"
    yield "sampling-5", with_frame(plain, sampling=0x51), "sampling"
    frame = segment(0xC0, b"\x08\0\x20\0\x20\2\1\x11\0\2\x11\1")
    yield "two-channels", plain[:2] + frame + without(plain, 0xC0)[2:], "2 channels"
    yield "no-frame", without(plain, 0xC0), "frame"
    yield "two-frames", plain[:20] + frame.replace(b"\2\1\x11\0\2\x11\1", b"\1\1\x11\0") + plain[20:], ""
    yield "no-quantization", without(plain, 0xDB), "corrupted"
    yield "no-pixels", b"\xff\xd8\xff\xd9", "no pixels"
    yield "signature", b"\xff\xd8\xff", "ends"
    yield "long-table", plain[:2] + segment(0xC4, b"\0" + b"\xff" * 16 + bytes(300)) + plain[2:], "corrupted"
    for part in 0.1, 0.5, 0.9:
        yield f"cut-{part}", plain[: int(len(plain) * part)], "ends"
    progressive = jpeg(photograph(32, 32), progressive=True)
    for part in 0.3, 0.6, 0.9:
        yield f"cut-progressive-{part}", progressive[: int(len(progressive) * part)], "ends"


def all_cases():
    for kind in samplings, colors, markers, orientations:
        for name, data in kind():
            yield Case(f"{kind.__name__}-{name}.jpg", data)
    for name, data in arithmetic():
        yield Case(f"arithmetic-{name}.jpg", data)
        yield Case(f"arithmetic-{name}-cut.jpg", data[:-30], None, says="ends")
    for name, data, options in drafts():
        yield Case(f"draft-{name}.jpg", data, options=options)
    plain = jpeg(photograph(64, 48))
    yield Case("complete-without-end.jpg", plain[:-2], pillow(plain), or_error=True)
    yield Case("restart-cut.jpg", jpeg(photograph(64, 64), restart_marker_blocks=1)[:-900] + b"\xff\xd9")
    for name, data in cut():
        truncated = {"options": "truncated"}
        if name in ("progressive-1", "progressive-2", "progressive-3", "progressive-4"):
            truncated |= {"largest": 7, "why": "libjpeg-turbo before 3.0 smooths half-known 4:2:0 otherwise"}
        yield Case(f"cut-{name}.jpg", data, pillow(until_whole(data), "truncated"), **truncated)
    for name, data, says in [*hostile(), *broken()]:
        yield Case(f"broken-{name}.jpg", data, None, says=says)


def cases():
    # stb_image upsamples and rounds otherwise.
    return [dataclasses.replace(case, by="libjpeg") for case in all_cases()]
