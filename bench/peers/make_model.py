"""Makes what the side-by-side bench runs: one model with random weights, in every peer's format.

    python make_model.py MODEL IMAGE_SIZE [--batch N]... [--format NAME]... [--into DIRECTORY]

    DIRECTORY/MODEL-IMAGE_SIZE/config.json, preprocessor_config.json, model.safetensors, pixels.f32
    DIRECTORY/MODEL-IMAGE_SIZE/model-bN.onnx     for ONNX Runtime and OpenVINO
    DIRECTORY/MODEL-IMAGE_SIZE/model-bN.tflite   for LiteRT
    DIRECTORY/MODEL-IMAGE_SIZE/model-bN-int8.*   the same, quantized

Shapes are static: every peer may then plan for the batch. What is there already, made by these sources and
versions, is not made again. The checkpoint needs numpy only; the others what
scripts/requirements-peers.txt names.
"""

import argparse
import hashlib
import importlib
import importlib.metadata
import os
import pathlib
import sys
from dataclasses import dataclass

import checkpoint
from sizes import SIZES

HERE = pathlib.Path(__file__).resolve().parent
MODELS = HERE.parent.parent / "build" / "bench" / "models"


@dataclass(frozen=True)
class Format:
    file: str
    module: str  # that has the function which writes it
    function: str
    packages: list  # whose versions count
    source: str = ""  # the format that it is made of; none: the checkpoint


FORMATS = {
    "onnx": Format("model-b{}.onnx", "export", "write_onnx", ["torch", "onnx", "onnxscript"]),
    "tflite": Format(
        "model-b{}.tflite", "export", "write_tflite", ["torch", "litert-torch", "litert-converter"]
    ),
    "onnx-int8": Format("model-b{}-int8.onnx", "quantize", "quantize_onnx", ["onnxruntime", "onnx"], "onnx"),
    "tflite-int8": Format(
        "model-b{}-int8.tflite", "quantize", "quantize_tflite", ["ai-edge-quantizer"], "tflite"
    ),
    "openvino-int8": Format(
        "model-b{}-int8.xml", "quantize", "quantize_openvino", ["openvino", "nncf"], "onnx"
    ),
}
NAMES = ["checkpoint", *FORMATS]


def path_of(directory, name, batch):
    """Of a model in a format; of a checkpoint, its directory."""
    return directory if name == "checkpoint" else directory / FORMATS[name].file.format(batch)


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


def make_format(directory, size, name, batch):
    """Returns what the file depends on."""
    form, path = FORMATS[name], path_of(directory, name, batch)
    packages = ["numpy", *form.packages]
    if form.source:
        key = make_format(directory, size, form.source, batch) + fingerprint(size, ["quantize.py"], packages)
        arguments = [directory, batch, path_of(directory, form.source, batch), path]
    else:
        key = fingerprint(size, ["checkpoint.py", "vit.py", "export.py"], packages)
        arguments = [directory, batch, path]
    make(path, key, lambda: getattr(importlib.import_module(form.module), form.function)(*arguments))
    return key


def make_model(model, image_size, batches, formats=NAMES, into=MODELS):
    """Returns the model's directory."""
    directory = into / f"{model}-{image_size}"
    size = SIZES[model]
    make(
        directory / "model.safetensors",
        fingerprint(size, ["checkpoint.py"], ["numpy"]),
        lambda: checkpoint.write_checkpoint(directory, size, image_size),
    )
    for batch in batches:
        for name in formats:
            if name != "checkpoint":
                make_format(directory, size, name, batch)
    return directory


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", choices=SIZES, metavar="MODEL", help=", ".join(SIZES))
    parser.add_argument("image_size", type=int, metavar="IMAGE_SIZE")
    parser.add_argument("--batch", type=int, action="append", choices=range(1, checkpoint.IMAGES + 1))
    parser.add_argument("--format", action="append", choices=NAMES, help="by default all")
    parser.add_argument("--into", type=pathlib.Path, default=MODELS)
    options = parser.parse_args()
    make_model(
        options.model, options.image_size, options.batch or [1], options.format or NAMES, options.into
    )


if __name__ == "__main__":
    main()
