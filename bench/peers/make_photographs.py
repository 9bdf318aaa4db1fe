"""Makes photographs of 12 megapixels, as phones take them: scikit-image's, enlarged.

    python make_photographs.py DIRECTORY

    DIRECTORY/smooth/00.jpg to 23.jpg    about 0.9 MB each
    DIRECTORY/detail/00.jpg to 23.jpg    the same with noise, 4 MB or more each
"""

import importlib.util
import pathlib
import sys

import numpy as np
from PIL import Image

COUNT, WIDTH, HEIGHT = 24, 4032, 3024
PHOTOGRAPHS = ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg"]
NOISE = 12  # standard deviation, of 255


def main():
    directory = pathlib.Path(sys.argv[1])
    data = pathlib.Path(importlib.util.find_spec("skimage").origin).parent / "data"
    random = np.random.default_rng(0)
    for kind in ("smooth", "detail"):
        (directory / kind).mkdir(parents=True, exist_ok=True)
    for i in range(COUNT):
        picture = Image.open(data / PHOTOGRAPHS[i % len(PHOTOGRAPHS)]).convert("RGB")
        # Another part of it each time, so that no two are alike.
        margin = 4 * (i // len(PHOTOGRAPHS))
        box = (margin, margin, picture.width - margin, picture.height - margin)
        large = picture.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC, box)
        large.save(directory / f"smooth/{i:02}.jpg", quality=90)
        noise = random.normal(0, NOISE, (HEIGHT, WIDTH, 1))
        noisy = np.clip(np.asarray(large) + noise, 0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(directory / f"detail/{i:02}.jpg", quality=90)


if __name__ == "__main__":
    main()
