"""PyTorch on a GPU beside this project: same weights, same input, answers compared.

    python torch_gpu.py --worker WORKER --backend NAME --output FILE --models DIRECTORY [--seconds N]

Each engine is timed from pixels in the host's memory to logits there, as an app sees it, and on the device
alone. Engines: float32 with and without TF32, bfloat16 and float16, each eager and as a CUDA graph, then,
while time is left, compiled. Results are written as they come. Exit status 3: PyTorch has no GPU here, and
says so last.
"""

import argparse
import json
import pathlib
import sys
import time

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import checkpoint  # noqa: E402
import vit  # noqa: E402
from engine import Engine  # noqa: E402
from sizes import SIZES  # noqa: E402

CASES = [("vit-b16", 1), ("vit-b16", 8), ("vit-b16", 64), ("vit-l16", 1)]
SMALL_CASES = [("vit-smoke", 2)]
# How far logits may be from float32's, of the largest: what a type's precision and 12 to 24 blocks explain.
PRECISIONS = {
    "float32": (torch.float32, False, 1e-4),
    "TF32": (torch.float32, True, 2e-2),
    "bfloat16": (torch.bfloat16, False, 1e-1),
    "float16": (torch.float16, False, 2e-2),
}


def best_ms(call, least=5, seconds=0.6):
    times, end = [], time.monotonic() + seconds
    while len(times) < least or (time.monotonic() < end and len(times) < 200):
        torch.cuda.synchronize()
        start = time.perf_counter()
        call()
        torch.cuda.synchronize()
        times.append(1e3 * (time.perf_counter() - start))
    return min(times)


def worker_ms(engine, seconds=0.6):
    times, end = [], time.monotonic() + seconds
    while len(times) < 5 or (time.monotonic() < end and len(times) < 200):
        times.append(float(engine.ask("run")))
    return min(times)


class Model:
    """PyTorch's, in one precision; what runs it takes pixels on the device and gives logits there."""

    def __init__(self, directory, pixels, precision):
        self.dtype, tf32, self.tolerance = PRECISIONS[precision]
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
        self.network = vit.load_vit(directory).to("cuda", self.dtype)
        self.host = torch.from_numpy(pixels)
        self.pixels = self.host.to("cuda", self.dtype)

    def eager(self):
        return self.network

    def graph(self):
        stream = torch.cuda.Stream()
        with torch.cuda.stream(stream):
            for _ in range(3):
                self.network(self.pixels)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            logits = self.network(self.pixels)

        def call(pixels):
            if pixels is not self.pixels:
                self.pixels.copy_(pixels)
            graph.replay()
            return logits

        return call

    def compiled(self):
        torch._dynamo.reset()
        return torch.compile(self.network, mode="reduce-overhead", fullgraph=True)

    def measure(self, call):
        def from_host():
            return call(self.host.to("cuda", self.dtype, non_blocking=True)).float().cpu()

        for _ in range(3):
            logits = from_host()
        logits = logits.numpy().copy()
        return logits, best_ms(from_host), best_ms(lambda: call(self.pixels))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worker", type=pathlib.Path, required=True)
    parser.add_argument("--backend", required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--models", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=float, default=150)
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print("PyTorch has no GPU here")
        return 3
    end = time.monotonic() + options.seconds
    found = {"torch": torch.__version__, "device": torch.cuda.get_device_name(), "rows": []}

    def add(row):
        found["rows"].append(row)
        options.output.write_text(json.dumps(found, indent=1) + "\n")
        print(row, flush=True)

    inputs, references = {}, {}
    cases = SMALL_CASES if options.small else CASES
    for model, batch in cases:
        image_size = 48 if options.small else 224
        directory = options.models / f"{model}-{image_size}"
        if not directory.exists():
            checkpoint.write_checkpoint(directory, SIZES[model], image_size)
        pixels = checkpoint.read_pixels(directory, min(batch, checkpoint.IMAGES))
        pixels = np.tile(pixels, (-(-batch // checkpoint.IMAGES), 1, 1, 1))[:batch]
        if batch > checkpoint.IMAGES:
            pixels.astype("<f4").tofile(directory / "pixels.f32")
        command = [options.worker, directory, 1, batch, options.backend]
        engine = Engine("vit", command, options.models / "worker.log")
        engine.wait_until_ready()
        engine.ask(f"logits {options.models / 'logits.f32'}")
        logits = np.fromfile(options.models / "logits.f32", "<f4").reshape(batch, -1)
        with torch.inference_mode():
            exact = vit.load_vit(directory)(torch.from_numpy(pixels[:1])).numpy()  # on the processor
        inputs[model, batch], references[model, batch] = pixels, exact
        difference = float(np.abs(logits[:1] - exact).max() / np.abs(exact).max())
        row = {"model": model, "batch": batch, "engine": "this project", "ms": worker_ms(engine)}
        add(row | {"difference": difference, "wrong": not difference <= PRECISIONS["float32"][2]})
        engine.stop()

    for how in ("eager", "graph", "compiled"):
        for precision in PRECISIONS:
            for model, batch in cases:
                if time.monotonic() > end:
                    print("no time was left")
                    return 0
                exact = references[model, batch]
                directory = options.models / f"{model}-{48 if options.small else 224}"
                with torch.inference_mode():
                    runner = Model(directory, inputs[model, batch], precision)
                    logits, ms, device_ms = runner.measure(getattr(runner, how)())
                difference = float(np.abs(logits[:1] - exact).max() / np.abs(exact).max())
                row = {"model": model, "batch": batch, "engine": f"PyTorch {precision} {how}", "ms": ms}
                row |= {"device_ms": device_ms, "difference": difference}
                add(row | {"wrong": not difference <= runner.tolerance})
    return 0


if __name__ == "__main__":
    sys.exit(main())
