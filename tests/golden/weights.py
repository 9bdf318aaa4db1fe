"""Random weights of which none is negligible."""

import numpy as np
import torch

UNSEEN = ("k_proj.bias",)  # the same is added to all of a query's scores: softmax does not see it


def neutral(name, parameter):
    """What a reader that overlooks this parameter would compute with instead."""
    scales = parameter.ndim == 1 and not name.endswith("bias")
    return torch.ones_like(parameter) if scales else torch.zeros_like(parameter)


def draw(name, shape, random, embedding_scale):
    values = random.standard_normal(shape, np.float32)
    if name.endswith("gamma"):  # LayerScale
        return random.uniform(0.2, 1.5, shape).astype(np.float32)
    if name.endswith("bias"):
        of_patches = "patch_embed" in name or "conv_proj" in name
        return values * (embedding_scale if of_patches else 0.3)
    if len(shape) == 1:  # of a norm
        return 1 + 0.3 * values
    if len(shape) == 3:  # tokens and positions
        return values * embedding_scale
    if len(shape) == 4:  # patches
        return values * embedding_scale / np.sqrt(values[0].size)
    values /= np.sqrt(shape[1])
    if "q_proj" in name or "k_proj" in name:
        values *= 1.7
    elif "qkv" in name or "in_proj" in name:
        values[: 2 * shape[0] // 3] *= 1.7
    return values


def set_weights(model, random, embedding_scale):
    """Attention is far from uniform, activations from linear, and every bias and scale shows."""
    for name, parameter in model.named_parameters():
        values = draw(name, tuple(parameter.shape), random, embedding_scale)
        parameter.data = torch.from_numpy(np.asarray(values, np.float32))
