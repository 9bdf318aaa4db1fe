"""What each precision of this project costs and gives: file, memory, start, time, agreement.

    python modes.py [--model vit-b16] [--rounds 10] [--output JSON]
    python modes.py --smoke

Of a model with random weights, packed in each precision: bytes of the file; of a whole process, vit
classify of one photograph, the peak of its memory and its time from start to end; a forward pass. The
precisions take turns, the file is in the system's cache, and the lowest of all rounds counts. Of the bundled
model: the labels that Fashion-MNIST's test pictures get, where that data set is installed. Needs
scikit-image, for a photograph; make_model.py, which it calls, needs numpy.

--smoke: a tiny model, one round and no data set: does it still work?
"""

# No numpy here: of a process's memory, Linux reports no less than its parent had when it was started.

import argparse
import gzip
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from sizes import THREADS

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PRECISIONS = ["f32", "bf16", "f16", "i16", "i8"]
BUNDLED = ROOT / "models/fashion-mnist"
PICTURES, SIDE = 10000, 28


def run(command):
    """Of a process: what it printed, milliseconds, and bytes at its peak."""
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE)
    text = process.stdout.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    milliseconds = 1e3 * (time.perf_counter() - start)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))} ended with status {process.returncode}")
    return text, milliseconds, 1024 * usage.ru_maxrss


def make_checkpoint(model, image_size, models):
    command = [sys.executable, HERE / "make_model.py", model, str(image_size), "--format", "checkpoint"]
    subprocess.run([*command, "--into", models], check=True)
    return models / f"{model}-{image_size}"


def photograph():
    return pathlib.Path(importlib.util.find_spec("skimage").origin).parent / "data/astronaut.png"


def measure(options, packed):
    """{precision: what was measured of its file}"""
    modes = {name: {"file_bytes": path.stat().st_size} for name, path in packed.items()}
    lowest = {name: {} for name in packed}

    def take(name, key, value):
        lowest[name][key] = min(value, lowest[name].get(key, value))

    for number in range(1, options.rounds + 1):
        for name, path in packed.items():
            command = [options.vit, "classify", path, photograph(), "--format", "json"]
            _, milliseconds, peak = run(command)
            take(name, "start_ms", milliseconds)
            take(name, "peak_bytes", peak)
            for threads in THREADS:
                command = [options.vit, "bench", path, "--threads", threads, "--repeat", 3]
                report = json.loads(run([*command, "--format", "json"])[0])
                take(name, threads, report["compute_ms"]["min"])
        print(f"round {number} of {options.rounds}: {lowest}", file=sys.stderr, flush=True)
    for name, values in lowest.items():
        modes[name] |= {key: values[key] for key in ("start_ms", "peak_bytes")}
        modes[name]["pass_ms"] = {threads: values[threads] for threads in THREADS}
    return modes


def read_idx(path, values):
    """The last bytes of a compressed file, which are its values."""
    with gzip.open(path) as file:
        return file.read()[-values:]


def write_pictures(data, into):
    pixels = read_idx(data / "t10k-images-idx3-ubyte.gz", PICTURES * SIDE * SIDE)
    for i in range(PICTURES):
        picture = pixels[i * SIDE * SIDE : (i + 1) * SIDE * SIDE]
        (into / f"{i:05}.pgm").write_bytes(b"P5 %d %d 255\n" % (SIDE, SIDE) + picture)


def classify_all(vit, pictures, precision):
    """The label's number of every picture, by name."""
    command = [vit, "classify", BUNDLED, pictures, "--precision", precision, "--top-k", 1]
    lines = run([*command, "--format", "json"])[0].splitlines()
    labels = [json.loads(line)["predictions"][0]["index"] for line in lines]
    if len(labels) != PICTURES:
        raise SystemExit(f"{len(labels)} pictures were classified, not {PICTURES}")
    return labels


def agree(options, modes):
    """Adds how many pictures get the label that they get in float32, and how many the right one."""
    truth = read_idx(options.fashion_mnist / "t10k-labels-idx1-ubyte.gz", PICTURES)
    with tempfile.TemporaryDirectory(prefix="fashion-mnist-") as folder:
        write_pictures(options.fashion_mnist, pathlib.Path(folder))
        labels = {name: classify_all(options.vit, folder, name) for name in modes}
    for name, mode in modes.items():
        mode["as_float32"] = sum(a == b for a, b in zip(labels[name], labels["f32"]))
        mode["right"] = sum(a == b for a, b in zip(labels[name], truth))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="vit-b16", metavar="MODEL")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--vit", type=pathlib.Path, default=ROOT / "build/host/vit")
    parser.add_argument("--fashion-mnist", type=pathlib.Path, default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--directory", type=pathlib.Path, default=ROOT / "build/bench", help="of models")
    parser.add_argument("--output", type=pathlib.Path, help="by default DIRECTORY/modes.json")
    options = parser.parse_args()
    image_size = 224
    if options.smoke:
        options.model, image_size, options.rounds = "vit-smoke", 48, 1
    output = options.output or options.directory / "modes.json"

    checkpoint = make_checkpoint(options.model, image_size, options.directory / "models")
    packed = {name: checkpoint / f"modes-{name}.vit" for name in PRECISIONS}
    for name, path in packed.items():
        run([options.vit, "pack", checkpoint, "--precision", name, "--output", path])
    modes = measure(options, packed)
    for path in packed.values():
        path.unlink()
    pictures = 0
    if options.smoke:
        pass
    elif options.fashion_mnist.is_dir():
        agree(options, modes)
        pictures = PICTURES
    else:
        print(f"{options.fashion_mnist} is not there: no labels to compare", file=sys.stderr)
    results = {"model": options.model, "image_size": image_size, "smoke": options.smoke, "threads": THREADS}
    results |= {"rounds": options.rounds, "pictures": pictures, "modes": modes}
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(results, indent=1) + "\n")
    print(f"written: {output}", file=sys.stderr)


if __name__ == "__main__":
    main()
