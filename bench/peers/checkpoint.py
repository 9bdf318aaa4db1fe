"""A Vision Transformer with random weights, as published on the Hugging Face Hub. Needs numpy only.

    config.json, preprocessor_config.json   as transformers writes them
    model.safetensors                       float32, the names of ViTForImageClassification
    pixels.f32                              float32 [8, C, H, W]: the input; a case takes what it needs
"""

import json
import math

import numpy as np

SEED = 20101192
IMAGES = 8


def draw_tensors(size, image_size, random):
    """Yields (name, float32 array). Drawn so that nothing is negligible: attention is far from uniform, GELU
    from linear, and every bias, gamma and beta shows in the logits, which are of the order of one."""

    def normal(*shape):
        return random.standard_normal(shape, np.float32)

    def linear(name, outputs, *inputs, gain=1.0):
        yield f"{name}.weight", normal(outputs, *inputs) * np.float32(gain / math.sqrt(math.prod(inputs)))
        yield f"{name}.bias", normal(outputs) * np.float32(0.3)

    def norm(name):
        yield f"{name}.weight", 1 + normal(size.width) * np.float32(0.3)
        yield f"{name}.bias", normal(size.width) * np.float32(0.3)

    width, patch = size.width, size.patch
    yield "vit.embeddings.cls_token", normal(1, 1, width) * np.float32(0.5)
    yield (
        "vit.embeddings.position_embeddings",
        normal(1, size.tokens(image_size), width) * np.float32(0.5),
    )
    projection = "vit.embeddings.patch_embeddings.projection"
    yield from linear(projection, width, size.channels, patch, patch, gain=0.5)
    for i in range(size.depth):
        block = f"vit.encoder.layer.{i}"
        yield from norm(f"{block}.layernorm_before")
        yield from linear(f"{block}.attention.attention.query", width, width, gain=1.7)
        yield from linear(f"{block}.attention.attention.key", width, width, gain=1.7)
        yield from linear(f"{block}.attention.attention.value", width, width)
        yield from linear(f"{block}.attention.output.dense", width, width)
        yield from norm(f"{block}.layernorm_after")
        yield from linear(f"{block}.intermediate.dense", size.mlp_width, width)
        yield from linear(f"{block}.output.dense", width, size.mlp_width)
    yield from norm("vit.layernorm")
    yield from linear("classifier", size.labels, width)


def write_safetensors(path, tensors):
    """tensors: {name: float32 array}. A little-endian length, a JSON header of that length, the values."""
    header, offset = {}, 0
    for name, array in tensors.items():
        header[name] = {
            "dtype": "F32",
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little"))
        file.write(text)
        for array in tensors.values():
            file.write(array.astype("<f4", copy=False).tobytes())


def read_safetensors(path):
    """{name: float32 array}, of a file that write_safetensors wrote."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        start = file.tell()
    values = np.memmap(path, "<f4", "c", start)
    tensors = {}
    for name, entry in header.items():
        begin, end = (offset // 4 for offset in entry["data_offsets"])
        tensors[name] = values[begin:end].reshape(entry["shape"])
    return tensors


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def write_checkpoint(directory, size, image_size):
    random = np.random.default_rng(SEED)
    directory.mkdir(parents=True, exist_ok=True)
    write_json(
        directory / "config.json",
        {
            "architectures": ["ViTForImageClassification"],
            "model_type": "vit",
            "hidden_act": "gelu",
            "hidden_size": size.width,
            "num_hidden_layers": size.depth,
            "num_attention_heads": size.heads,
            "intermediate_size": size.mlp_width,
            "image_size": image_size,
            "patch_size": size.patch,
            "num_channels": size.channels,
            "layer_norm_eps": size.epsilon,
            "qkv_bias": True,
            "id2label": {str(i): f"LABEL_{i}" for i in range(size.labels)},
            "label2id": {f"LABEL_{i}": i for i in range(size.labels)},
        },
    )
    write_json(
        directory / "preprocessor_config.json",
        {
            "image_processor_type": "ViTImageProcessor",
            "do_resize": True,
            "size": {"height": image_size, "width": image_size},
            "resample": 2,
            "do_rescale": True,
            "rescale_factor": 1 / 255,
            "do_normalize": True,
            "image_mean": [0.5] * size.channels,
            "image_std": [0.5] * size.channels,
        },
    )
    write_safetensors(directory / "model.safetensors", dict(draw_tensors(size, image_size, random)))
    pixels = random.standard_normal((IMAGES, size.channels, image_size, image_size), np.float32)
    pixels.astype("<f4").tofile(directory / "pixels.f32")


def read_pixels(directory, batch):
    """float32 [batch, C, H, W]"""
    config = json.loads((directory / "config.json").read_text())
    shape = (batch, config["num_channels"], config["image_size"], config["image_size"])
    values = np.fromfile(directory / "pixels.f32", "<f4", math.prod(shape))
    return values.astype(np.float32).reshape(shape)
