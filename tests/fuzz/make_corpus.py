#!/usr/bin/env python3
"""Writes the kept corpus of the fuzz targets: a small file for each path through the readers, good and bad.

    .venv-references/bin/python tests/fuzz/make_corpus.py

Pillow writes the pictures; everything else is spelled out here. The files are the same every time for the
same Pillow. A file that a fuzzer found is added by hand, under a name that begins with "found-".
"""

import io
import json
import pathlib
import struct

from PIL import Image

CORPUS = pathlib.Path(__file__).parent / "corpus"


def write(target, name, content):
    path = CORPUS / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def safetensors(header, data=b""):
    text = header if isinstance(header, str) else json.dumps(header, separators=(",", ":"))
    return struct.pack("<Q", len(text)) + text.encode() + data


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def make_safetensors():
    good = {
        "__metadata__": {"format": "pt"},
        "vit.layernorm.weight": tensor("F32", [2], 0, 8),
        "classifier.weight": tensor("BF16", [1, 2], 8, 12),
        "classifier.bias": tensor("F16", [1], 12, 14),
        "vit.embeddings.position_ids": tensor("I64", [1], 14, 22),
        "none": tensor("F32", [0], 22, 22),
    }
    data = struct.pack("<2f", 1, -2) + bytes(14)
    write("safetensors", "good", safetensors(good, data))
    write("safetensors", "no-tensors", safetensors("{}"))
    write("safetensors", "empty", b"")
    write("safetensors", "cut-in-length", safetensors(good, data)[:5])
    write("safetensors", "cut-in-header", safetensors(good, data)[:100])
    write("safetensors", "cut-in-data", safetensors(good, data)[:-3])
    write("safetensors", "length-of-all-ones", b"\xff" * 8 + b"{}")
    write("safetensors", "length-wraps", struct.pack("<Q", 2**64 - 8) + b"{}")
    write("safetensors", "not-json", safetensors("{never}"))
    write("safetensors", "malformed-utf8", struct.pack("<Q", 8) + b'{"\xff":1}')
    write("safetensors", "nested", safetensors('{"a":' + "[" * 200 + "]" * 200 + "}"))
    write("safetensors", "long-number", safetensors('{"a":' + "9" * 400 + "}"))
    write("safetensors", "duplicate", safetensors('{"a":1,"a":1}'))
    four = bytes(4)
    for name, entry in {
        "product-wraps": tensor("F32", [2**62 + 1], 0, 4),
        "product-wraps-to-zero": tensor("F32", [2**32, 2**32], 0, 0),
        "zero-times-huge": tensor("F32", [0, 2**63 - 1], 0, 0),
        "negative-size": tensor("F32", [-1], 0, 4),
        "out-of-bounds": tensor("F32", [2], 0, 8),
        "offsets-backwards": tensor("F32", [1], 4, 0),
        "offsets-huge": tensor("F32", [1], 2**64 - 4, 2**64 - 1),
        "odd-bytes": tensor("NEW", [1], 0, 3),
    }.items():
        write("safetensors", name, safetensors({"a": entry}, four))
    overlap = {"a": tensor("F16", [2], 0, 4), "b": tensor("U8", [1], 3, 4)}
    write("safetensors", "overlap", safetensors(overlap, four))


def make_config():
    model = {
        "model_type": "vit",
        "architectures": ["ViTForImageClassification"],
        "hidden_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "hidden_act": "gelu_pytorch_tanh",
        "layer_norm_eps": 1e-6,
        "image_size": [8, 12],
        "patch_size": 4,
        "num_channels": 3,
        "qkv_bias": False,
        "id2label": {"0": "cat", "1": "dog \u00e9"},
        "problem_type": "multi_label_classification",
    }
    steps = {
        "image_processor_type": "ViTImageProcessor",
        "do_resize": True,
        "size": {"height": 8, "width": 12},
        "resample": 3,
        "do_center_crop": True,
        "crop_size": {"height": 8, "width": 12},
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": 0.5,
    }
    write("config", "model.json", json.dumps(model))
    write("config", "defaults.json", '{"model_type":"vit"}')
    write("config", "steps.json", json.dumps(steps))
    write("config", "both.json", json.dumps(model | steps))
    write("config", "empty.json", "")
    write("config", "list.json", "[1,2,3]")
    write("config", "nested.json", "[" * 100)
    write("config", "cut.json", json.dumps(model)[:77])
    write("config", "huge-exponent.json", '{"model_type":"vit","layer_norm_eps":1e400}')
    write("config", "surrogate.json", '{"model_type":"\\ud800"}')
    for name, changes in {
        "huge-sizes": {"hidden_size": 2**63, "image_size": 2**20, "patch_size": 1},
        "negative-sizes": {"num_hidden_layers": -(2**63), "num_attention_heads": -1},
        "fractions": {"hidden_size": 8.5, "num_attention_heads": 2.0},
        "labels-with-a-gap": {"id2label": {"0": "a", "7": "b"}},
        "labels-not-numbered": {"id2label": {"a": 0, "b": 1}},
        "many-labels": {"id2label": None, "num_labels": 1000},
    }.items():
        write("config", name + ".json", json.dumps(model | changes))
    for name, changes in {
        "legacy": {
            "size": 8,
            "crop_size": 8,
            "image_processor_type": None,
            "feature_extractor_type": "CLIPFeatureExtractor",
        },
        "size-list": {"size": [8, 12], "crop_size": [8, 12]},
        "edges": {"size": {"shortest_edge": 8, "longest_edge": 12}},
        "zero-deviation": {"image_std": [0, 0, 0]},
        "other-order": {"image_processor_type": "DINOv3ViTImageProcessorFast"},
    }.items():
        write("config", name + ".json", json.dumps(model | steps | changes))


def make_naming():
    """For a model of 4 channels, one block, 2 heads, 2 labels, and patches of 4 pixels in pictures of 8."""
    arguments = {"embed_dim": 4, "depth": 1, "num_heads": 2, "mlp_ratio": 2, "patch_size": 4}
    steps = {
        "input_size": [3, 8, 8],
        "fixed_input_size": True,
        "interpolation": "bicubic",
        "crop_pct": 0.9,
        "crop_mode": "border",
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
        "num_classes": 2,
    }
    timm = {
        "architecture": "vit_tiny_patch16_224",
        "num_classes": 2,
        "label_names": ["n1", "n2"],
        "label_descriptions": {"n1": "cat", "n2": "dog"},
        "model_args": arguments,
        "pretrained_cfg": steps,
    }
    old = {"architecture": timm["architecture"], "labels": {"1": "dog"}, "model_args": arguments} | steps
    write("naming", "timm.json", json.dumps(timm))
    write("naming", "timm-old.json", json.dumps(old))
    write("naming", "timm-name-alone.json", '{"architecture":"vit_base_patch16_clip_224"}')
    for name, changes in {
        "sizes": {"img_size": [8, 8], "in_chans": 3, "dynamic_img_size": True, "dynamic_img_pad": True},
        "prefix": {"class_token": False, "reg_tokens": 2, "no_embed_class": True, "global_pool": "avg"},
        "nulls": {"init_values": None, "act_layer": None, "norm_layer": None, "global_pool": None},
        "other-norm": {"norm_layer": "rmsnorm", "pre_norm": True},
        "huge": {"embed_dim": 2**63, "mlp_ratio": 1e300, "patch_size": 1},
        "unknown": {"rope": {"theta": [1]}},
    }.items():
        write("naming", f"timm-{name}.json", json.dumps(timm | {"model_args": arguments | changes}))
    for name, changes in {
        "squash": {"crop_mode": "squash", "interpolation": "lanczos", "fixed_input_size": False},
        "odd-steps": {"crop_pct": 1e-300, "mean": [300, -1, 0], "std": [1, 1, 0]},
        "odd-size": {"input_size": [3, 9, 7], "label_offset": 1},
    }.items():
        write("naming", f"timm-{name}.json", json.dumps(timm | {"pretrained_cfg": steps | changes}))
    transforms = {"crop_size": 8, "resize_size": 9, "interpolation": "bilinear", "mean": [0.5, 0.5, 0.5]}
    torchvision = {"num_heads": 2, "transforms": transforms}
    write("naming", "torchvision.json", json.dumps({"torchvision": torchvision}))
    weights = {"weights": "ViT_B_16_Weights.IMAGENET1K_V1"}
    write("naming", "torchvision-weights.json", json.dumps({"torchvision": weights}))
    write("naming", "torchvision-nothing.json", "{}")
    for name, changes in {
        "both": weights,
        "heads": {"num_heads": 3},
        "unknown": {"transforms": transforms | {"antialias": True}},
        "odd": {"transforms": {"crop_size": 8.0, "std": 0}},
    }.items():
        write("naming", f"torchvision-{name}.json", json.dumps({"torchvision": torchvision | changes}))
    write("naming", "list.json", "[1]")
    write("naming", "cut.json", json.dumps(timm)[:99])


def picture(mode, size, **options):
    image = Image.new(mode, size)
    bands = len(image.getbands())
    count = size[0] * size[1] * bands
    if mode == "I;16":
        image.frombytes(b"".join(struct.pack("<H", i * 2311 % 65536) for i in range(count)))
    else:
        image.frombytes(bytes(i * 37 % 256 for i in range(count)))
    out = io.BytesIO()
    image.save(out, **options)
    return out.getvalue()


def make_image():
    for format, modes in {
        "PNG": ["L", "LA", "RGB", "RGBA", "P", "I;16"],
        "BMP": ["L", "RGB", "RGBA"],
        "TGA": ["L", "RGB", "RGBA"],
        "JPEG": ["L", "RGB"],
        "GIF": ["P"],
        "PPM": ["L", "RGB", "I;16"],
        "WEBP": ["RGB", "RGBA"],
    }.items():
        for mode in modes:
            write("image", f"{mode.replace(';', '')}.{format.lower()}", picture(mode, (7, 5), format=format))
    write("image", "progressive.jpeg", picture("RGB", (20, 18), format="JPEG", progressive=True))
    write("image", "run-lengths.tga", picture("RGB", (7, 5), format="TGA", compression="tga_rle"))
    write("image", "lossless.webp", picture("RGBA", (7, 5), format="WEBP", lossless=True))
    turned = Image.Exif()
    turned[0x112] = 6
    write("image", "turned.webp", picture("RGB", (7, 5), format="WEBP", exif=turned))
    write("image", "turned.png", picture("RGB", (7, 5), format="PNG", exif=turned))
    frames = [Image.new("RGBA", (7, 5), color) for color in ("red", "blue")]
    for format in ("WEBP", "PNG"):
        animation = picture("RGBA", (7, 5), format=format, save_all=True, append_images=frames)
        write("image", f"animation.{format.lower()}", animation)
    png, jpeg = picture("RGB", (7, 5), format="PNG"), picture("RGB", (7, 5), format="JPEG")
    write("image", "cut.png", png[: len(png) // 2])
    write("image", "cut.jpeg", jpeg[: len(jpeg) - 20])
    write("image", "huge.png", png[:16] + struct.pack(">II", 60000, 60000) + png[24:])
    write("image", "huge.ppm", b"P6 60000 60000 255\n")
    write("image", "wraps.ppm", b"P6 65536 65536 255\n" + bytes(12))
    write("image", "zero.ppm", b"P6 0 0 255\n")
    write("image", "text.jpg", b"this is a text and no picture\n")
    write("image", "empty", b"")
    write("image", "plain.pbm", b"P1\n3 2\n101 010\n")
    write("image", "packed.pbm", b"P4\n9 2\n\xaa\x80\x55\0")
    write("image", "plain.ppm", b"P3\n# one\n1 2 100\n1 2 3 # two\n98 99 100\n")
    write("image", "rgba.pam", b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nENDHDR\nabcd")
    header = struct.pack("<IiiHHIIiiII", 40, 3, 2, 1, 8, 1, 0, 0, 0, 2, 0) + bytes(8)
    runs = b"\2\1\0\2\1\0\0\3abc\0\0\1"
    write("image", "runs.bmp", b"BM" + struct.pack("<III", 0, 0, 14 + len(header)) + header + runs)
    header = struct.pack("<IiiHHIIiiII", 56, 2, -1, 1, 16, 3, 0, 0, 0, 0, 0)
    masks = struct.pack("<IIII", 0xF00, 0xF0, 0xF, 0xF000)
    write("image", "masks.bmp", b"BM" + struct.pack("<III", 0, 0, 70) + header + masks + b"abcd")


def without(jpeg, marker):
    """Without the segments of a marker."""
    out, at = jpeg[:2], 2
    while jpeg[at + 1] != 0xDA:
        end = at + 2 + jpeg[at + 2] * 256 + jpeg[at + 3]
        out += b"" if jpeg[at + 1] == marker else jpeg[at:end]
        at = end
    return out + jpeg[at:]


def make_image_pair():
    """Two bytes for the length of the first, the first, the second."""
    jpeg = {quality: picture("RGB", (16, 9), format="JPEG", quality=quality) for quality in (20, 90)}
    no_tables = without(picture("RGB", (16, 9), format="JPEG", quality=75), 0xC4)
    gif, png = picture("P", (7, 5), format="GIF"), picture("RGB", (7, 5), format="PNG")
    for name, first, second in [
        ("cut-then-no-tables.jpeg", jpeg[90][:-40], no_tables),
        ("tables-then-none.jpeg", jpeg[20], without(jpeg[90], 0xDB)),
        ("broken-then-whole.png", png[:-30] + bytes(30), png),
        ("cut-twice.gif", gif[:-5], gif[:-9]),
        ("nothing-then-bmp", b"", picture("L", (3, 2), format="BMP")[:400]),
    ]:
        write("image_pair", name, struct.pack("<H", len(first)) + first + second)


make_safetensors()
make_config()
make_naming()
make_image()
make_image_pair()
