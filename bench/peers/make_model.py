"""Makes what the side-by-side bench runs: one model with random weights, in every peer's format.

    python make_model.py MODEL IMAGE_SIZE [--batch N]... [--format NAME]... [--into DIRECTORY]

    DIRECTORY/MODEL-IMAGE_SIZE/config.json, preprocessor_config.json, model.safetensors, pixels.f32
    DIRECTORY/MODEL-IMAGE_SIZE/model-bN.onnx     for ONNX Runtime and OpenVINO
    DIRECTORY/MODEL-IMAGE_SIZE/model-bN.tflite   for LiteRT

Shapes are static: every peer may then plan for the batch. What is there already, made by these sources and
versions, is not made again. The checkpoint needs numpy only; the others what
scripts/requirements-peers.txt names.
"""

import argparse
import hashlib
import importlib.metadata
import os
import pathlib
import sys

import checkpoint
from sizes import SIZES

HERE = pathlib.Path(__file__).resolve().parent
MODELS = HERE.parent.parent / "build" / "bench" / "models"
FORMATS = ["checkpoint", "onnx", "tflite"]


def fingerprint(size, sources, packages):
    """Changes with whatever the contents of a file depend on."""
    parts = [repr(size).encode(), *((HERE / name).read_bytes() for name in sources)]
    parts += [f"{name} {importlib.metadata.version(name)}".encode() for name in packages]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def make(path, key, write):
    """Calls write(), which writes path, unless it has with this key. What is interrupted leaves no stamp."""
    stamp = path.with_name(f".{path.name}.stamp")
    if path.exists() and stamp.exists() and stamp.read_text() == key:
        return
    print(f"making {os.path.relpath(path)}", file=sys.stderr, flush=True)
    stamp.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    write()
    stamp.write_text(key)


def make_model(model, image_size, batches, formats=FORMATS, into=MODELS):
    """Returns the model's directory."""
    directory = into / f"{model}-{image_size}"
    size = SIZES[model]
    make(
        directory / "model.safetensors",
        fingerprint(size, ["checkpoint.py"], ["numpy"]),
        lambda: checkpoint.write_checkpoint(directory, size, image_size),
    )
    sources = ["checkpoint.py", "vit.py", "export.py"]
    for batch in batches:
        if "onnx" in formats:
            from export import write_onnx

            key = fingerprint(size, sources, ["numpy", "torch", "onnx", "onnxscript"])
            path = directory / f"model-b{batch}.onnx"
            make(path, key, lambda: write_onnx(directory, batch, path))
        if "tflite" in formats:
            from export import write_tflite

            key = fingerprint(size, sources, ["numpy", "torch", "litert-torch", "litert-converter"])
            path = directory / f"model-b{batch}.tflite"
            make(path, key, lambda: write_tflite(directory, batch, path))
    return directory


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", choices=SIZES, metavar="MODEL", help=", ".join(SIZES))
    parser.add_argument("image_size", type=int, metavar="IMAGE_SIZE")
    parser.add_argument("--batch", type=int, action="append", choices=range(1, checkpoint.IMAGES + 1))
    parser.add_argument("--format", action="append", choices=FORMATS, help="by default all")
    parser.add_argument("--into", type=pathlib.Path, default=MODELS)
    options = parser.parse_args()
    make_model(
        options.model, options.image_size, options.batch or [1], options.format or FORMATS, options.into
    )


if __name__ == "__main__":
    main()
