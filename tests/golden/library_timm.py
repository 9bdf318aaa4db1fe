"""Models as timm publishes them: config.json and model.safetensors, written and read by timm itself."""

import json

import numpy as np
import timm
import torch
from timm.data import create_transform, resolve_data_config
from timm.models import save_for_hf
from weights import set_weights


def save(family, directory, random):
    arguments = dict(family.arguments)
    overlay = dict(family.preprocessing)
    if "img_size" in arguments and family.brief:
        # The picture's size is not an argument of the model: it follows from input_size.
        overlay["input_size"] = (3, *np.broadcast_to(arguments.pop("img_size"), 2).tolist())
    model = timm.create_model(
        family.model, num_classes=family.labels, pretrained_cfg_overlay=overlay, **arguments
    )
    set_weights(model, random, family.embedding_scale)
    save_for_hf(model, directory, safe_serialization=True, model_config=dict(family.config))
    if family.brief:
        path = directory / "config.json"
        config = json.loads(path.read_text())
        # What was not given is not written, as by the versions that wrote most of what is published.
        config["model_args"] = arguments
        if not arguments:
            del config["model_args"]
        path.write_text(json.dumps(config, indent=2))


def load(directory, dtype):
    return timm.create_model(f"local-dir:{directory}", pretrained=True).to(dtype).eval()


def compute(model, pixels):
    with torch.inference_mode():
        return model(torch.from_numpy(pixels).to(next(model.parameters()).dtype)).numpy()


def preprocess(directory):
    model = timm.create_model(f"local-dir:{directory}", pretrained=True)
    transform = create_transform(**resolve_data_config({}, model=model), is_training=False)
    return lambda picture: transform(picture).numpy()
