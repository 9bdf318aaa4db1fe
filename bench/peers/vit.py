"""The Vision Transformer (Dosovitskiy et al., arXiv 2010.11929) in PyTorch: what all peers run."""

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
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.proj = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width, epsilon)
        self.fc1 = nn.Linear(width, mlp_width)
        self.fc2 = nn.Linear(mlp_width, width)

    def forward(self, x):  # [b, t, c]
        batch, tokens, width = x.shape

        def heads(y):  # [b, t, c] -> [b, h, t, d]
            return y.reshape(batch, tokens, self.heads, width // self.heads).transpose(1, 2)

        y = self.norm1(x)
        q, k, v = heads(self.query(y)), heads(self.key(y)), heads(self.value(y))
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


BLOCK_NAMES = {
    "norm1": "layernorm_before",
    "query": "attention.attention.query",
    "key": "attention.attention.key",
    "value": "attention.attention.value",
    "proj": "attention.output.dense",
    "norm2": "layernorm_after",
    "fc1": "intermediate.dense",
    "fc2": "output.dense",
}


def published_name(name):
    """Of a parameter of ViT, in the checkpoint."""
    if name == "class_token":
        return "vit.embeddings.cls_token"
    if name == "positions":
        return "vit.embeddings.position_embeddings"
    module, _, part = name.rpartition(".")  # part: weight, bias
    if module.startswith("blocks."):
        _, i, layer = module.split(".")
        return f"vit.encoder.layer.{i}.{BLOCK_NAMES[layer]}.{part}"
    names = {
        "patch": "vit.embeddings.patch_embeddings.projection",
        "norm": "vit.layernorm",
        "head": "classifier",
    }
    return f"{names[module]}.{part}"


def load_vit(directory):
    """directory: a checkpoint that checkpoint.py wrote."""
    config = json.loads((directory / "config.json").read_text())
    with torch.device("meta"):
        model = ViT(config)
    tensors = read_safetensors(directory / "model.safetensors")
    state = {name: torch.from_numpy(tensors[published_name(name)]) for name in model.state_dict()}
    model.load_state_dict(state, assign=True)
    return model.eval()
