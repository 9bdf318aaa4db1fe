"""Makes the golden models: small random Vision Transformers and what transformers computes with them.

    python make_models.py [--only NAME]                     into this directory
    python make_models.py --large DIRECTORY [--only NAME]   models of published sizes, too large to keep

Needs torch, transformers, safetensors and Pillow. Run again, it writes the same files. A model's directory:

    config.json, preprocessor_config.json, model.safetensors   the checkpoint, as configurations.py says
    pixels.npy            float32 [b, 3, height, width]   an input of the network
    logits.npy            float32 [b, labels]             what it gives
    picture.png           8-bit RGB
    picture-pixels.npy    float32 [3, height, width]      ViTImageProcessor (its Pillow backend) on it
    picture-logits.npy    float32 [labels]
    picture-scores.npy    float32 [labels]                the image classification pipeline on it

transformers reads the weights from the directory just written, computes in float64 and is rounded to float32
at the end, so that the files hold the right answer and not one machine's order of summation. Inputs are
drawn until the answer can be judged: see check_order in inputs.py.
"""

import argparse
import json
import pathlib
import shutil
import zlib

import numpy as np
import torch
import transformers
from configurations import LARGE, SMALL
from inputs import TOLERANCE, draw_picture, draw_until, relative_difference
from safetensors.torch import load_file, save_file
from transformers import ViTConfig, ViTForImageClassification
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

HERE = pathlib.Path(__file__).resolve().parent


def set_weights(model, random, embedding_scale):
    """Draws every parameter so that nothing is negligible: attention is far from uniform, GELU from linear,
    and every bias, gamma and beta shows in the logits. (The usual initialization would hide most errors.)"""
    for name, parameter in model.named_parameters():
        values = random.standard_normal(parameter.shape, np.float32)
        if name.endswith(("cls_token", "position_embeddings")):
            values *= embedding_scale
        elif "projection" in name:
            values *= embedding_scale / np.sqrt(values[0].size)
        elif "layernorm" in name:
            values = 1 + 0.3 * values if name.endswith("weight") else 0.3 * values
        elif name.endswith("bias"):
            values *= 0.3
        else:
            gain = 1.7 if "q_proj" in name or "k_proj" in name else 1
            values *= gain / np.sqrt(parameter.shape[1])
        parameter.data = torch.from_numpy(values)


def save_checkpoint(configuration, directory, random):
    labels = configuration.labels
    if isinstance(labels, int):
        labels = [f"LABEL_{i}" for i in range(labels)]
    indices = {label: i for i, label in enumerate(labels)}
    model = ViTForImageClassification(
        ViTConfig(**configuration.vit, id2label=dict(enumerate(labels)), label2id=indices)
    )
    set_weights(model, random, configuration.embedding_scale)
    if configuration.dtype != "mixed":
        model = model.to(getattr(torch, configuration.dtype))
    model.save_pretrained(directory, max_shard_size=configuration.max_shard_size)
    tensors = directory / "model.safetensors"
    if configuration.names == "in_memory":
        save_file(model.state_dict(), tensors, metadata={"format": "pt"})
    elif configuration.dtype == "mixed":
        stored = load_file(tensors)
        matrices = {name: value.bfloat16() for name, value in stored.items() if value.ndim > 1}
        save_file(stored | matrices, tensors, metadata={"format": "pt"})


def save_processor(configuration, directory):
    size = configuration.vit["image_size"]
    settings = {"size": {"height": size, "width": size}} | configuration.processor
    processor = ViTImageProcessorPil(**settings).to_dict()
    if configuration.processor_file == "processor_config.json":
        processor = {"image_processor": processor, "processor_class": "ViTProcessor"}
    text = json.dumps(processor, indent=2, sort_keys=True)
    (directory / configuration.processor_file).write_text(text + "\n")


def load(directory, dtype):
    model, loading = ViTForImageClassification.from_pretrained(
        directory, dtype=dtype, local_files_only=True, output_loading_info=True
    )
    assert not any(loading.values()), f"{directory}: {loading}"
    return model.eval()


def compute(model, pixels):
    """float32 [b, 3, height, width] -> [b, labels] in the model's precision."""
    with torch.inference_mode():
        return model(torch.from_numpy(pixels).to(model.dtype)).logits.numpy()


def with_change(model, pixels, **changes):
    """The logits of the same weights under a changed configuration."""
    config = ViTConfig.from_dict(model.config.to_dict() | changes)
    changed = ViTForImageClassification(config).to(model.dtype).eval()
    changed.load_state_dict(model.state_dict())
    return compute(changed, pixels)


def attention_focus(model, pixels):
    """The largest attention probability of a query in multiples of a uniform one's, on average."""
    model.set_attn_implementation("eager")
    with torch.inference_mode():
        layers = model(torch.from_numpy(pixels).to(model.dtype), output_attentions=True).attentions
    model.set_attn_implementation("sdpa")
    return float(np.mean([layer.amax(-1).mean() * layer.shape[-1] for layer in layers]))


def check(configuration, directory, model, pixels, exact):
    """Figures that tell whether this golden can find an error, and asserts that it can."""
    config = model.config
    tanh = config.hidden_act != "gelu"
    epsilon = 1e-6 if config.layer_norm_eps < 1e-9 else 1e-12
    figures = {
        "float32": relative_difference(compute(load(directory, torch.float32), pixels), exact),
        "gelu": relative_difference(
            with_change(model, pixels, hidden_act="gelu" if tanh else "gelu_pytorch_tanh"), exact
        ),
        "epsilon": relative_difference(with_change(model, pixels, layer_norm_eps=epsilon), exact),
        "focus": attention_focus(model, pixels),
    }
    print(
        f"{configuration.name:18} float32 is off by {figures['float32']:.1e}; the other GELU would be by"
        f" {figures['gelu']:.1e}, epsilon {epsilon} by {figures['epsilon']:.1e};"
        f" attention's peak is {figures['focus']:.1f} times uniform; logits up to {np.abs(exact).max():.1f}",
        flush=True,
    )
    assert figures["float32"] < TOLERANCE / 4, "transformers itself needs much of the tolerance"
    assert figures["gelu"] > 2 * TOLERANCE, "the wrong GELU would pass"
    if configuration.embedding_scale < 0.1:
        assert figures["epsilon"] > 2 * TOLERANCE, "the wrong epsilon would pass"
    assert figures["focus"] > 1.5, "attention is nearly uniform"


def classify(model, processor, picture):
    """Every label's score, float32 [labels], by the pipeline, which chooses what makes scores of logits."""
    pipeline = transformers.pipeline(
        "image-classification", model=model, image_processor=processor, device="cpu"
    )
    scores = np.full(model.config.num_labels, np.nan, np.float32)
    for prediction in pipeline(picture, top_k=len(scores)):
        scores[model.config.label2id[prediction["label"]]] = prediction["score"]
    largest = np.sort(scores)[::-1][:6]
    assert np.all(np.diff(largest) < 0), "equal scores have no order"
    return scores


def make(configuration, directory):
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    random = np.random.default_rng(zlib.crc32(configuration.name.encode()))
    save_checkpoint(configuration, directory, random)
    save_processor(configuration, directory)
    model = load(directory, torch.float64)
    processor = ViTImageProcessorPil.from_pretrained(directory, local_files_only=True)
    size = np.broadcast_to(configuration.vit["image_size"], 2)

    inputs = [
        draw_until(
            lambda: random.standard_normal((3, *size), np.float32),
            lambda pixels: compute(model, pixels[None])[0],
        )
        for _ in range(configuration.batch)
    ]
    pixels, exact = (np.stack(part) for part in zip(*inputs))
    check(configuration, directory, model, pixels, exact)
    np.save(directory / "pixels.npy", pixels)
    np.save(directory / "logits.npy", exact.astype(np.float32))

    def preprocess(picture):
        return processor(picture, return_tensors="np")["pixel_values"]

    picture, exact = draw_until(
        lambda: draw_picture(random, *configuration.picture),
        lambda picture: compute(model, preprocess(picture))[0],
    )
    picture.save(directory / "picture.png")
    np.save(directory / "picture-pixels.npy", preprocess(picture)[0])
    np.save(directory / "picture-logits.npy", exact.astype(np.float32))
    np.save(directory / "picture-scores.npy", classify(model, processor, picture))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", metavar="NAME", help="this model alone")
    parser.add_argument("--large", metavar="DIRECTORY", type=pathlib.Path, help="the large ones, into there")
    arguments = parser.parse_args()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    chosen = [
        configuration
        for configuration in (LARGE if arguments.large else SMALL)
        if arguments.only in (None, configuration.name)
    ]
    if not chosen:
        parser.error(f"there is no model named {arguments.only}")
    for configuration in chosen:
        make(configuration, (arguments.large or HERE) / configuration.name)


if __name__ == "__main__":
    main()
