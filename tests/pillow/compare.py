"""Compares preprocessing with Pillow, live and to the bit.

    compare.py RESIZE_TOOL

resize_tool runs the compiled stage. Every filter is compared over scikit-image's sample photographs, up and
down, at odd and extreme sizes, then the rules of transformers for sizes, crops and normalization. Exits
with 1 if any value differs.
"""

import importlib.util
import math
import pathlib
import subprocess
import sys
import time

import numpy
from PIL import Image

NEAREST, LANCZOS, BILINEAR, BICUBIC, BOX, HAMMING = range(6)
FILTERS = [NEAREST, LANCZOS, BILINEAR, BICUBIC, BOX, HAMMING]
PHOTOGRAPHS = ["astronaut.png", "chelsea.png", "coffee.png", "color.png", "hubble_deep_field.jpg", "ihc.png",
               "motorcycle_left.png", "retina.jpg", "rocket.jpg"]
SIZES = [(224, 224), (37, 41), (225, 1), (1, 1), (7, 300), (801, 643)]  # width, height
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


class Tool:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def preprocess(self, image, filter=BILINEAR, size=(0, 0), shortest_edge=0, longest_edge=0, crop=(0, 0),
                   scale=0.0, mean=(0, 0, 0), std=(0, 0, 0)):
        """image [height, width, channels] uint8, rows of any stride; sizes are (width, height)."""
        height, width, channels = image.shape
        stride = image.strides[0]
        fields = [width, height, channels, stride, filter, size[1], size[0], shortest_edge, longest_edge,
                  crop[1], crop[0], repr(scale), *map(repr, mean), *map(repr, std)]
        rows = image if stride == width * channels else padded_rows(image)
        self.process.stdin.write((" ".join(map(str, fields)) + "\n").encode())
        self.process.stdin.write(numpy.ascontiguousarray(rows).data)
        self.process.stdin.flush()
        answer = self.process.stdout.readline().decode().strip()
        if answer.startswith("error") or not answer:
            raise RuntimeError(answer or "resize_tool ended")
        w, h = map(int, answer.split())
        return numpy.frombuffer(self.process.stdout.read(3 * h * w * 4), numpy.float32).reshape(3, h, w)

    def close(self):
        self.process.stdin.close()
        return self.process.wait()


def padded_rows(image):
    """The rows of a view into a wider array, with something else behind each."""
    height, stride = image.shape[0], image.strides[0]
    rows = numpy.full((height, stride), 99, numpy.uint8)
    rows[:, :image.shape[1] * image.shape[2]] = image.reshape(height, -1)
    return rows


class Comparison:
    def __init__(self, tool):
        self.tool, self.count, self.values, self.different = tool, 0, 0, 0

    def check(self, name, image, expected, **arguments):
        """expected [3, h, w]; integers stand for the same float32."""
        got = self.tool.preprocess(image, **arguments)
        expected = numpy.ascontiguousarray(expected, numpy.float32)
        self.count += 1
        self.values += expected.size
        if got.shape != expected.shape:
            self.different += expected.size
            print(f"{name}: {got.shape} instead of {expected.shape}")
            return
        different = numpy.count_nonzero(got.view(numpy.uint32) != expected.view(numpy.uint32))
        self.different += different
        if different:
            print(f"{name}: {different} of {expected.size} values differ, the largest difference is "
                  f"{numpy.abs(got - expected).max()}")

    def resize(self, name, image, filter, size, **arguments):
        resized = Image.fromarray(image).resize(size, filter)
        label = f"{name} to {size}, filter {filter}"
        self.check(label, image, planes(resized), filter=filter, size=size, **arguments)


def planes(picture):
    return numpy.asarray(picture).transpose(2, 0, 1)


def shortest_edge_size(width, height, shortest, longest=0):
    """transformers 5.24, image_transforms.get_size_with_aspect_ratio and get_resize_output_image_size."""
    short, long = min(width, height), max(width, height)
    exact = shortest
    if longest and long / short * shortest > longest:
        exact = longest * short / long
    new_short, new_long = round(exact), int(exact * long / short)
    if longest and new_short == short:
        new_long = long
    return (new_short, new_long) if width <= height else (new_long, new_short)


def center_crop(image, width, height):
    """transformers 5.24, image_transforms.center_crop: floor of half the difference, zeros outside."""
    h, w = image.shape[1:]
    top, left = (h - height) // 2, (w - width) // 2
    out = numpy.zeros((3, height, width), image.dtype)
    y0, y1, x0, x1 = max(top, 0), min(top + height, h), max(left, 0), min(left + width, w)
    out[:, y0 - top:y1 - top, x0 - left:x1 - left] = image[:, y0:y1, x0:x1]
    return out


def normalize(image, scale, mean, std):
    """transformers 5.24, PilBackend: rescale in double, keep float32, normalize in float32."""
    image = (image.astype(numpy.float64) * (scale or 1)).astype(numpy.float32)
    mean, std = numpy.array(mean, numpy.float32), numpy.array(std, numpy.float32)
    return ((image.T - mean) / std).T


def photographs():
    package = importlib.util.find_spec("skimage")
    if package is None:
        sys.exit("compare.py: scikit-image is not installed")
    folder = pathlib.Path(package.origin).parent / "data"
    return {name: numpy.asarray(Image.open(folder / name).convert("RGB")) for name in PHOTOGRAPHS}


def compare_sizes(comparison, pictures):
    for name, image in pictures.items():
        height, width = image.shape[:2]
        for filter in FILTERS:
            for size in SIZES + [(width, height), (width, 100), (100, height), (width + 1, height - 1)]:
                comparison.resize(name, image, filter, size)


def compare_extremes(comparison, pictures):
    coffee = Image.fromarray(pictures["coffee.png"])
    large = numpy.asarray(coffee.resize((4000, 3000), BICUBIC))
    shapes = [(1, 1), (1, 500), (500, 1), (2, 3), (3, 2), (7, 7), (7, 900), (8, 8), (9, 1), (13, 5),
              (1, 20000), (20000, 1), (1, 65535), (65535, 1)]
    for filter in FILTERS:
        for width, height in shapes:
            crop = numpy.asarray(coffee.resize((width, height), NEAREST))
            for size in [(1, 1), (3, 2), (8, 8), (17, 9), (224, 224)]:
                comparison.resize(f"{width} x {height}", crop, filter, size)
        more_sizes = [(1, 1), (640, 480), (4001, 2999)] if filter in (BILINEAR, LANCZOS) else []
        for size in [(224, 224)] + more_sizes:
            comparison.resize("4000 x 3000", large, filter, size)
    # Black and white alone: sums beyond 0 and 255.
    noise = numpy.random.default_rng(1).integers(0, 2, (301, 403, 3), numpy.uint8) * 255
    for filter in FILTERS:
        for size in SIZES:
            comparison.resize("noise", noise, filter, size)
    window = large[100:800, 1000:1600]
    for filter in FILTERS:
        resized = Image.fromarray(numpy.ascontiguousarray(window)).resize((224, 224), filter)
        comparison.check("rows with a stride", window, planes(resized), filter=filter, size=(224, 224))


def compare_rules(comparison, pictures):
    for name in ["astronaut.png", "coffee.png", "rocket.jpg", "retina.jpg"]:
        for image in (pictures[name], numpy.ascontiguousarray(pictures[name].transpose(1, 0, 2))):
            height, width = image.shape[:2]
            edges = [(256, 0), (224, 0), (100, 120), (333, 400), (97, 1333), (min(width, height), 4000)]
            for shortest, longest in edges:
                size = shortest_edge_size(width, height, shortest, longest)
                resized = planes(Image.fromarray(image).resize(size, BICUBIC))
                asked = dict(filter=BICUBIC, shortest_edge=shortest, longest_edge=longest)
                label = f"{name}, edges {shortest} {longest}"
                comparison.check(label, image, resized, **asked)
                for crop in [(224, 224), (99, 98), (98, 99), (401, 300), (3, 1000)]:
                    cropped = center_crop(resized, *crop)
                    comparison.check(f"{label}, crop {crop}", image, cropped, **asked, crop=crop)
                mean, std = IMAGENET
                for scale in (1 / 255, 0.00392156862745098, 1 / 127.5):
                    expected = normalize(center_crop(resized, 225, 323), scale, mean, std)
                    comparison.check(f"{label}, normalized", image, expected, **asked, crop=(225, 323),
                                     scale=scale, mean=mean, std=std)
            for crop in [(224, 224), (width + 5, 10), (10, height + 4)]:
                comparison.check(f"{name}, no resize", image, center_crop(planes(image), *crop), crop=crop)
            mean, std = (128.0, 1.5, 3.25), (127.5, 3, 7)
            comparison.check(f"{name}, no rescale", image, normalize(planes(image), 0, mean, std),
                             mean=mean, std=std)


def main():
    start = time.monotonic()
    comparison = Comparison(Tool(sys.argv[1]))
    pictures = photographs()
    compare_sizes(comparison, pictures)
    compare_extremes(comparison, pictures)
    compare_rules(comparison, pictures)
    status = comparison.tool.close()
    print(f"{comparison.count} comparisons with Pillow {Image.__version__}, {comparison.values} values, "
          f"{comparison.different} different ({math.ceil(time.monotonic() - start)} s)")
    sys.exit(1 if comparison.different or status else 0)


if __name__ == "__main__":
    main()
