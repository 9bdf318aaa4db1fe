"""The network in plain numpy and float64: what the smoke test compares answers with."""

import json
import math

import numpy as np
from checkpoint import read_pixels, read_safetensors

erf = np.vectorize(math.erf, [np.float64])


def logits(directory, batch):
    """float64 [batch, labels] of a checkpoint that checkpoint.py wrote. Slow: for small models."""
    config = json.loads((directory / "config.json").read_text())
    tensors = {
        name: array.astype(np.float64)
        for name, array in read_safetensors(directory / "model.safetensors").items()
    }
    heads, patch = config["num_attention_heads"], config["patch_size"]

    def linear(x, name):
        weight = tensors[f"{name}.weight"]
        return x @ weight.reshape(len(weight), -1).T + tensors[f"{name}.bias"]

    def norm(x, name):
        centred = x - x.mean(-1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(-1, keepdims=True) + config["layer_norm_eps"])
        return centred / deviation * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]

    def split(x):  # [b, t, c] -> [b, h, t, d]
        return x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3)

    def attention(y, name):
        q, k, v = (split(linear(y, f"{name}.attention.{role}")) for role in ("query", "key", "value"))
        scores = q @ k.transpose(0, 1, 3, 2) / math.sqrt(q.shape[-1])
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        context = weights / weights.sum(-1, keepdims=True) @ v
        return linear(context.transpose(0, 2, 1, 3).reshape(y.shape), f"{name}.output.dense")

    pixels = read_pixels(directory, batch).astype(np.float64)
    _, channels, height, width = pixels.shape
    tiles = pixels.reshape(batch, channels, height // patch, patch, width // patch, patch)
    tiles = tiles.transpose(0, 2, 4, 1, 3, 5).reshape(batch, -1, channels * patch * patch)
    patches = linear(tiles, "vit.embeddings.patch_embeddings.projection")
    class_token = np.broadcast_to(tensors["vit.embeddings.cls_token"], (batch, 1, patches.shape[-1]))
    x = np.concatenate([class_token, patches], 1) + tensors["vit.embeddings.position_embeddings"]
    for i in range(config["num_hidden_layers"]):
        block = f"vit.encoder.layer.{i}"
        x = x + attention(norm(x, f"{block}.layernorm_before"), f"{block}.attention")
        z = linear(norm(x, f"{block}.layernorm_after"), f"{block}.intermediate.dense")
        x = x + linear(z * (1 + erf(z / math.sqrt(2))) / 2, f"{block}.output.dense")
    return linear(norm(x[:, 0], "vit.layernorm"), "classifier")
