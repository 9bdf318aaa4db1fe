"""Fashion-MNIST (Xiao, Rasul and Vollgraf 2017) as Debian's package dataset-fashion-mnist has it."""

import gzip
import pathlib

import numpy as np

FOLDER = pathlib.Path("/usr/share/datasets/fashion-mnist")
LABELS = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
]  # fmt: skip


def read(part):
    """part: "train" or "t10k" -> grey pictures uint8 [n, 28, 28], their labels uint8 [n]."""
    return read_idx(f"{part}-images-idx3-ubyte.gz", 3), read_idx(f"{part}-labels-idx1-ubyte.gz", 1)


def read_idx(name, dimensions):
    """idx: 0, 0, type (8: uint8), number of dimensions, their sizes (big-endian int32), the values."""
    with gzip.open(FOLDER / name) as file:
        content = file.read()
    if content[:4] != bytes([0, 0, 8, dimensions]):
        raise ValueError(f"{name}: not an idx file of uint8 in {dimensions} dimensions")
    shape = np.frombuffer(content, ">i4", dimensions, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)
