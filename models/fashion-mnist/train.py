"""Trains the small Vision Transformer of this directory.

    python train.py OUT [EPOCHS]

Needs torch, transformers, Pillow and Debian's package dataset-fashion-mnist. An epoch takes about four
minutes on two cores. Writes the checkpoint (config.json, model.safetensors, preprocessor_config.json), what
PyTorch predicts for the 10,000 test images (reference-predictions.u8, a byte each) and the logits of the
first 64 (reference-logits.npy). The recipe is fixed and the test images choose nothing in it: their accuracy
is only printed.
"""

import math
import sys

import fashion_mnist
import numpy as np
import torch
import torch.nn.functional as F
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

BATCH = 128
WARM_UP = 400  # steps
PEAK_RATE = 1.5e-3


def read(part):
    """Pictures uint8 [n, 1, 28, 28], labels int64 [n]."""
    images, labels = fashion_mnist.read(part)
    return torch.tensor(images)[:, None], torch.tensor(labels, dtype=torch.int64)


def pixels(images):
    """uint8 [b, 1, 28, 28] -> float [b, 3, 28, 28] in [-1, 1], as the saved preprocessor says."""
    return ((images.float() / 255 - 0.5) / 0.5).expand(-1, 3, -1, -1)


def augment(images):
    """Shifts a batch by up to two pixels and mirrors half of it."""
    y, x = np.random.randint(0, 5, 2)
    shifted = F.pad(images, (2, 2, 2, 2))[:, :, y : y + 28, x : x + 28]
    mirror = torch.rand(len(shifted)) < 0.5
    return torch.where(mirror[:, None, None, None], shifted.flip(3), shifted)


def logits(model, images):
    """uint8 [n, 1, 28, 28] -> float [n, 10]."""
    model.eval()
    with torch.inference_mode():
        answer = torch.cat([model(pixels(part)).logits for part in images.split(500)])
    model.train()
    return answer


def create_model():
    return ViTForImageClassification(
        ViTConfig(
            image_size=28,
            patch_size=4,
            hidden_size=128,
            num_hidden_layers=6,
            num_attention_heads=2,
            intermediate_size=384,
            layer_norm_eps=1e-6,
            id2label=dict(enumerate(fashion_mnist.LABELS)),
            label2id={label: i for i, label in enumerate(fashion_mnist.LABELS)},
        )
    )


def create_optimizer(model):
    """AdamW that lets biases and norms decay not at all."""
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": 0.05},
        {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0},
    ]
    return torch.optim.AdamW(groups, lr=PEAK_RATE, betas=(0.9, 0.98))


def rate(step, steps):
    """The learning rate as a share of its peak: a linear rise, and half a cosine down over all steps."""
    return min(1, step / WARM_UP) * 0.5 * (1 + math.cos(math.pi * min(1, step / steps)))


def train(model, epochs):
    images, labels = read("train")
    test_images, test_labels = read("t10k")
    optimizer = create_optimizer(model)
    steps = len(images) // BATCH  # of an epoch
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate(step, steps * epochs))
    for epoch in range(epochs):
        order = torch.randperm(len(images))
        for picked in order[: steps * BATCH].split(BATCH):
            answer = model(pixels(augment(images[picked]))).logits
            loss = F.cross_entropy(answer, labels[picked], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        accuracy = (logits(model, test_images).argmax(1) == test_labels).float().mean().item()
        print(f"epoch {epoch + 1} of {epochs}: {100 * accuracy:.2f} % of the test images", flush=True)


def save(model, out):
    model.save_pretrained(out)
    half = [0.5, 0.5, 0.5]
    size = {"height": 28, "width": 28}
    ViTImageProcessor(size=size, image_mean=half, image_std=half).save_pretrained(out)
    answer = logits(model, read("t10k")[0])
    answer.argmax(1).to(torch.uint8).numpy().tofile(f"{out}/reference-predictions.u8")
    np.save(f"{out}/reference-logits.npy", answer[:64].numpy())


def main(out, epochs=14):
    torch.manual_seed(0)
    np.random.seed(0)
    model = create_model()
    train(model, int(epochs))
    save(model, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
