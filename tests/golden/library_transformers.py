"""Models as transformers publishes them, beyond the ViTs of make_models.py: written and read by it."""

import json

import torch
import transformers
from transformers import ViTConfig, ViTForImageClassification
from transformers.models.deit.image_processing_pil_deit import DeiTImageProcessorPil
from transformers.models.deit.modeling_deit import (
    DeiTConfig,
    DeiTForImageClassification,
    DeiTForImageClassificationWithTeacher,
)
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil
from weights import set_weights

transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
CLASSES = {
    "ViTForImageClassification": (ViTForImageClassification, ViTConfig, ViTImageProcessorPil),
    # The names of a model without classifier, in whose directory there is one all the same.
    "ViTModel": (ViTForImageClassification, ViTConfig, ViTImageProcessorPil),
    "DeiTForImageClassification": (DeiTForImageClassification, DeiTConfig, DeiTImageProcessorPil),
    "DeiTForImageClassificationWithTeacher": (
        DeiTForImageClassificationWithTeacher,
        DeiTConfig,
        DeiTImageProcessorPil,
    ),
}


def classes(directory):
    return CLASSES[json.loads((directory / "config.json").read_text())["architectures"][0]]


def save(family, directory, random):
    Model, Config, Processor = CLASSES[family.model]
    model = Model(Config(**family.arguments, num_labels=family.labels))
    if family.model == "ViTModel":
        model.vit.pooler = transformers.models.vit.modeling_vit.ViTPooler(model.config)
    set_weights(model, random, family.embedding_scale)
    model.save_pretrained(directory)
    if family.model != Model.__name__:
        path = directory / "config.json"
        path.write_text(path.read_text().replace(Model.__name__, family.model))
    text = json.dumps(Processor(**family.preprocessing).to_dict(), indent=2, sort_keys=True)
    (directory / "preprocessor_config.json").write_text(text + "\n")


def load(directory, dtype):
    Model = classes(directory)[0]
    model, loading = Model.from_pretrained(
        directory, dtype=dtype, local_files_only=True, output_loading_info=True
    )
    unexpected = [name for name in loading.pop("unexpected_keys") if ".pooler." not in name]
    assert not unexpected and not any(loading.values()), f"{directory}: {unexpected} {loading}"
    return model.eval()


def compute(model, pixels):
    with torch.inference_mode():
        return model(torch.from_numpy(pixels).to(model.dtype)).logits.numpy()


def preprocess(directory):
    processor = classes(directory)[2].from_pretrained(directory, local_files_only=True)
    return lambda picture: processor(picture, return_tensors="np")["pixel_values"][0]
