"""A careful Python user: photographs to labels by ONNX Runtime, fed by Pillow in threads.

    python photographs_worker.py MODEL.onnx FOLDER THREADS BATCH [draft]

Pillow lets go of Python's lock while it decodes and resizes; two batches are on their way while the network
runs. For every line on the standard input, classifies the folder once and answers
"seconds label label ...".
"""

import collections
import concurrent.futures
import pathlib
import sys
import time

import numpy as np
import onnxruntime
from PIL import Image

SIZE = 224


def load(path, draft):
    image = Image.open(path)
    if draft:
        image.draft("RGB", (SIZE, SIZE))
    image = image.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    pixels = np.asarray(image, np.float32) * (2 / 255) - 1  # mean and standard deviation of 0.5
    return pixels.transpose(2, 0, 1)


def main():
    model, folder, threads, batch, draft = (*sys.argv[1:5], len(sys.argv) > 5)
    threads, batch = int(threads), int(batch)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    paths = sorted(pathlib.Path(folder).iterdir())
    assert len(paths) % batch == 0, "the model takes whole batches"
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        for _ in sys.stdin:
            start = time.perf_counter()
            rest = iter(paths)
            ahead = collections.deque(pool.submit(load, p, draft) for p, _ in zip(rest, range(3 * batch)))
            labels = []
            while ahead:
                pixels = np.stack([ahead.popleft().result() for _ in range(batch)])
                ahead.extend(pool.submit(load, p, draft) for p, _ in zip(rest, range(batch)))
                (logits,) = session.run(None, {"pixels": pixels})
                labels += logits.argmax(axis=1).tolist()
            print(time.perf_counter() - start, *labels, flush=True)


if __name__ == "__main__":
    main()
