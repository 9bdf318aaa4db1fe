"""The Vision Transformer (Dosovitskiy et al., arXiv 2010.11929) in PyTorch: what the peers run is made from it."""

import json

import torch
from checkpoint import read_safetensors
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    def __init__(self, width, heads, mlp_width, epsilon):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width, epsilon)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width, epsilon)
        self.fc1 = nn.Linear(width, mlp_width)
        self.fc2 = nn.Linear(mlp_width, width)

    def forward(self, x):  # [b, t, c]
        batch, tokens, width = x.shape
        qkv = self.qkv(self.norm1(x)).reshape(batch, tokens, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # [b, h, t, d]
        context = functional.scaled_dot_product_attention(q, k, v)
        x = x + self.proj(context.transpose(1, 2).reshape(batch, tokens, width))
        return x + self.fc2(functional.gelu(self.fc1(self.norm2(x))))


class ViT(nn.Module):
    def __init__(self, config):
        super().__init__()
        width, patch, epsilon = config["hidden_size"], config["patch_size"], config["layer_norm_eps"]
        tokens = (config["image_size"] // patch) ** 2 + 1
        self.patch = nn.Conv2d(config["num_channels"], width, patch, patch)
        self.class_token = nn.Parameter(torch.empty(1, 1, width))
        self.positions = nn.Parameter(torch.empty(1, tokens, width))
        self.blocks = nn.ModuleList(
            Block(width, config["num_attention_heads"], config["intermediate_size"], epsilon)
            for _ in range(config["num_hidden_layers"])
        )
        self.norm = nn.LayerNorm(width, epsilon)
        self.head = nn.Linear(width, len(config["id2label"]))

    def forward(self, pixels):  # [b, C, H, W] -> [b, labels]
        patches = self.patch(pixels).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_token.expand(pixels.shape[0], -1, -1), patches], 1) + self.positions
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)[:, 0])


def state_of(tensors, depth):
    """The checkpoint's tensors under the names above; query, key and value joined into one matrix."""
    tensors = {name: torch.from_numpy(array) for name, array in tensors.items()}
    state = {
        "class_token": tensors["vit.embeddings.cls_token"],
        "positions": tensors["vit.embeddings.position_embeddings"],
    }
    for part in ("weight", "bias"):
        state[f"patch.{part}"] = tensors[f"vit.embeddings.patch_embeddings.projection.{part}"]
        state[f"norm.{part}"] = tensors[f"vit.layernorm.{part}"]
        state[f"head.{part}"] = tensors[f"classifier.{part}"]
        for i in range(depth):
            layer, block = f"vit.encoder.layer.{i}", f"blocks.{i}"
            qkv = [tensors[f"{layer}.attention.attention.{role}.{part}"] for role in ("query", "key", "value")]
            state[f"{block}.qkv.{part}"] = torch.cat(qkv)
            state[f"{block}.norm1.{part}"] = tensors[f"{layer}.layernorm_before.{part}"]
            state[f"{block}.proj.{part}"] = tensors[f"{layer}.attention.output.dense.{part}"]
            state[f"{block}.norm2.{part}"] = tensors[f"{layer}.layernorm_after.{part}"]
            state[f"{block}.fc1.{part}"] = tensors[f"{layer}.intermediate.dense.{part}"]
            state[f"{block}.fc2.{part}"] = tensors[f"{layer}.output.dense.{part}"]
    return state


def load_vit(directory):
    """directory: a checkpoint that checkpoint.py wrote."""
    config = json.loads((directory / "config.json").read_text())
    with torch.device("meta"):
        model = ViT(config)
    state = state_of(read_safetensors(directory / "model.safetensors"), config["num_hidden_layers"])
    model.load_state_dict(state, assign=True)
    return model.eval()
