"""Writes images/*.png: real test images of Fashion-MNIST, 28x28 grey, named by their label.

    python make_images.py

Of each label the first test image that PyTorch classifies correctly (reference-predictions.u8), and the
second one of the two labels that it finds hardest. Needs numpy, Pillow and Debian's package
dataset-fashion-mnist.
"""

import pathlib
import re

import fashion_mnist
import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent


def file_name(label):
    return re.sub(r"[^a-z]+", "-", fashion_mnist.LABELS[label].lower())


def main():
    images, labels = fashion_mnist.read("t10k")
    correct = np.fromfile(HERE / "reference-predictions.u8", np.uint8) == labels
    hardest = np.argsort([correct[labels == label].mean() for label in range(10)], kind="stable")[:2]
    (HERE / "images").mkdir(exist_ok=True)
    for label in range(10):
        first, second = np.flatnonzero(correct & (labels == label))[:2]
        name = file_name(label)
        Image.fromarray(images[first]).save(HERE / "images" / f"{name}.png")
        if label in hardest:
            Image.fromarray(images[second]).save(HERE / "images" / f"{name}-2.png")


if __name__ == "__main__":
    main()
