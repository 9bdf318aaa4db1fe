"""Runs one peer on one case and answers commands: what vit_worker.cpp is for this project.

    python worker.py PEER MODEL THREADS BATCH
    python worker.py installed                   names the peers that this interpreter has

MODEL is a directory that make_model.py made. Says "ready JSON" on stdout when the model is loaded and warm,
with the versions and the configuration; then answers each line of stdin with one line:

    run            one forward pass, from pixels in the caller's memory to logits; its milliseconds
    logits FILE    writes the logits as float32 [batch, labels]; "ok"
"""

import gc
import importlib.metadata
import json
import os
import pathlib
import sys
import time

import numpy as np
from checkpoint import read_pixels
from make_model import path_of
from sizes import FLOAT32, QUANTIZED

WARM_UP = 3  # forward passes; the first touches memory, the second may still choose kernels


# Each returns a function that runs the network and returns its logits, and says how it is configured. Where
# a peer has no option for something that matters here, its default stands.


def onnxruntime(model, threads, pixels):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = ort.InferenceSession(model, options, ["CPUExecutionProvider"])
    return (
        lambda: session.run(["logits"], {"pixels": pixels})[0],
        "CPU execution provider, all graph optimizations, threads that spin as by default",
    )


def openvino(model, threads, pixels):
    import openvino as ov

    core = ov.Core()
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
    }
    compiled = core.compile_model(core.read_model(model), "CPU", settings)
    request = compiled.create_infer_request()
    request.set_input_tensor(ov.Tensor(pixels, shared_memory=True))

    def forward():
        request.infer()
        return request.get_output_tensor().data

    return forward, "CPU plugin, latency hint, one stream, threads pinned as by default"


def pytorch(model, threads, pixels):
    import torch
    import torch._inductor.config
    import vit

    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(model / "inductor")
    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    torch._inductor.config.compile_threads = 1
    torch._inductor.config.freezing = True  # weights are constants, packed when compiled
    network = torch.compile(vit.load_vit(model), fullgraph=True, dynamic=False)
    shared = torch.from_numpy(pixels)

    def forward():
        with torch.inference_mode():
            return network(shared).numpy()

    return forward, "torch.compile with frozen weights, inference_mode, scaled_dot_product_attention"


def litert(model, threads, pixels):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(model), num_threads=threads)
    interpreter.allocate_tensors()
    (entry,), (result,) = interpreter.get_input_details(), interpreter.get_output_details()

    def forward():
        interpreter.set_tensor(entry["index"], pixels)
        interpreter.invoke()
        return interpreter.get_tensor(result["index"])

    return forward, "XNNPACK delegate, model converted by litert-torch"


# Their loader, the packages whose versions count, and how the model was quantized (quantize.py).
PEERS = {
    "onnxruntime": (onnxruntime, ["onnxruntime"], ""),
    "openvino": (openvino, ["openvino"], ""),
    "pytorch": (pytorch, ["torch"], ""),
    "litert": (litert, ["ai-edge-litert", "litert-torch"], ""),
    "onnxruntime-int8": (
        onnxruntime,
        ["onnxruntime"],
        "quantize_dynamic: weights int8 for each channel, activations uint8 as they come",
    ),
    "litert-int8": (
        litert,
        ["ai-edge-litert", "litert-torch", "ai-edge-quantizer"],
        "dynamic range: weights int8 for each channel, activations int8 as they come",
    ),
    "openvino-int8": (
        openvino,
        ["openvino", "nncf"],
        "post-training quantization by NNCF, for transformers, calibrated with the pictures measured",
    ),
}


def serve(commands, answer, forward):
    for line in commands:
        command, _, argument = line.strip().partition(" ")
        if command == "run":
            start = time.perf_counter()
            forward()
            answer(f"{1e3 * (time.perf_counter() - start):.6f}")
        elif command == "logits":
            np.asarray(forward()).astype("<f4").tofile(argument)
            answer("ok")
        else:
            raise SystemExit(f"unknown command: {command}")


def is_installed(packages):
    try:
        return all(importlib.metadata.version(package) for package in packages)
    except importlib.metadata.PackageNotFoundError:
        return False


def main():
    if sys.argv[1:] == ["installed"]:
        print(*(peer for peer, (_, packages, _) in PEERS.items() if is_installed(packages)))
        return
    peer, model, threads, batch = sys.argv[1:]
    model, threads, batch = pathlib.Path(model), int(threads), int(batch)
    # Answers go out where stdout was; what the peers print goes to stderr.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(text):
        print(text, file=answers, flush=True)

    load, packages, quantized = PEERS[peer]
    pixels = read_pixels(model, batch)  # some engines read them where they lie
    file_format = (FLOAT32.peers | QUANTIZED.peers)[peer]
    forward, configuration = load(path_of(model, file_format, batch), threads, pixels)
    if quantized:
        configuration += f"; {quantized}"
    for _ in range(WARM_UP):
        forward()
    versions = {name: importlib.metadata.version(name) for name in packages}
    gc.collect()
    gc.disable()
    answer("ready " + json.dumps({"versions": versions, "configuration": configuration}))
    serve(sys.stdin, answer, forward)


if __name__ == "__main__":
    main()
