"""Writes the PyTorch model in the formats that other peers read, with static shapes."""

import torch
from checkpoint import read_pixels
from vit import load_vit

ONNX_OPSET = 23  # the first with Attention as one operator; Gelu is one since 20


def write_onnx(directory, batch, path):
    """For ONNX Runtime and OpenVINO."""
    torch.onnx.export(
        load_vit(directory),
        (torch.from_numpy(read_pixels(directory, batch)),),
        path,
        dynamo=True,
        opset_version=ONNX_OPSET,
        input_names=["pixels"],
        output_names=["logits"],
        external_data=False,
        verbose=False,
    )


def write_tflite(directory, batch, path):
    """For LiteRT."""
    import litert_torch

    pixels = torch.from_numpy(read_pixels(directory, batch))
    litert_torch.convert(load_vit(directory), (pixels,)).export(str(path))
