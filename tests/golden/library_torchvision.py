"""torchvision's VisionTransformer. It publishes weights and no configuration: what they do not tell stands
in a config.json of this project's own, as the weights' name or as the arguments of torchvision's classes."""

import json

import torch
import torchvision
from safetensors.torch import load_file, save_file
from torchvision.models import ViT_B_32_Weights, get_weight
from torchvision.transforms import InterpolationMode
from weights import set_weights


def build(arguments, weights):
    if weights:
        return torchvision.models.get_model(weights.partition("_Weights")[0].lower())
    return torchvision.models.VisionTransformer(**arguments)


def save(family, directory, random):
    weights = family.preprocessing.get("weights")
    model = build(family.arguments | {"num_classes": family.labels}, weights)
    set_weights(model, random, family.embedding_scale)
    tensors = model.state_dict()
    if family.brief:  # the names of files that are older than torchvision 0.13: all that are published
        for old, new in (("mlp.linear_1.", "mlp.0."), ("mlp.linear_2.", "mlp.3.")):
            tensors = {name.replace(new, old): tensor for name, tensor in tensors.items()}
    save_file(tensors, directory / "model.safetensors")
    config = {"weights": weights}
    if not weights:
        config = {"num_heads": family.arguments["num_heads"], "transforms": family.preprocessing}
    (directory / "config.json").write_text(json.dumps({"torchvision": config}, indent=2) + "\n")


def load(directory, dtype):
    config = json.loads((directory / "config.json").read_text())["torchvision"]
    tensors = load_file(directory / "model.safetensors")
    width, _, patch, _ = tensors["conv_proj.weight"].shape
    layers = len({name.split(".")[2] for name in tensors if name.startswith("encoder.layers.")})
    tokens = tensors["encoder.pos_embedding"].shape[1]
    new = "encoder.layers.encoder_layer_0.mlp.0.bias"
    hidden = tensors[new if new in tensors else new.replace("mlp.0", "mlp.linear_1")]
    arguments = {
        "image_size": patch * round((tokens - 1) ** 0.5),
        "patch_size": patch,
        "num_layers": layers,
        "num_heads": config.get("num_heads"),
        "hidden_dim": width,
        "mlp_dim": len(hidden),
        "num_classes": len(tensors["heads.head.bias"]),
    }
    model = build(arguments, config.get("weights"))
    model.load_state_dict(tensors)
    return model.to(dtype).eval()


def compute(model, pixels):
    with torch.inference_mode():
        return model(torch.from_numpy(pixels).to(next(model.parameters()).dtype)).numpy()


def transform_of(config):
    if "weights" in config:
        return get_weight(config["weights"]).transforms()
    settings = dict(config["transforms"])
    settings["interpolation"] = InterpolationMode(settings["interpolation"])
    return ViT_B_32_Weights.IMAGENET1K_V1.transforms(**settings)


def preprocess(directory):
    transform = transform_of(json.loads((directory / "config.json").read_text())["torchvision"])
    return lambda picture: transform(picture).numpy()
