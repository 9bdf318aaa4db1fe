"""The models that make_families.py makes: each is there for what its comment says."""

from dataclasses import dataclass, field

from configurations import BICUBIC, BILINEAR, IMAGENET, vit

CLIP = {
    "mean": (0.48145466, 0.4578275, 0.40821073),
    "std": (0.26862954, 0.26130258, 0.27577711),
}


@dataclass
class Family:
    name: str
    library: str  # "timm", "torchvision", "transformers": library_*.py
    model: str  # timm's architecture, or the name of a class
    arguments: dict  # of the model
    preprocessing: dict = field(default_factory=dict)  # as the library has it
    labels: int = 10
    picture: tuple = (30, 41)  # height, width
    brief: bool = False  # files as older versions wrote them: see library_*.py
    config: dict = field(default_factory=dict)  # more of timm's config.json
    embedding_scale: float = 0.5  # as in configurations.py
    batch: int = 2

    def image_size(self):
        arguments = self.arguments
        for name in ("img_size", "image_size"):
            if name in arguments:
                return arguments[name]


def timm(name, architecture, image, patch, heads, head_size, depth=2, others={}, **family):
    arguments = {
        "img_size": image,
        "patch_size": patch,
        "embed_dim": heads * head_size,
        "depth": depth,
        "num_heads": heads,
        **others,
    }
    return Family(f"timm-{name}", "timm", architecture, arguments, **family)


def transformers(name, model, *sizes, preprocessing={}, labels=10, picture=(30, 41), scale=0.5, **others):
    arguments = vit(*sizes, **others)
    size = arguments["image_size"]
    preprocessing = {"size": {"height": size, "width": size}} | preprocessing
    return Family(
        name, "transformers", model, arguments, preprocessing, labels, picture, embedding_scale=scale
    )


def timm_activation(activation):
    name = activation.replace("_", "-")
    others = {"mlp_ratio": 2, "act_layer": activation}
    return timm(name, "vit_small_patch16_224", 16, 4, 3, 8, depth=1, others=others)


def transformers_activation(activation):
    name = "vit-" + activation.replace("_", "-")
    return transformers(name, "ViTForImageClassification", 16, 4, 3, 8, 1, hidden_act=activation)


SMALL = [
    # Everything as timm does it by default; epsilon 1e-6 that matters; names and descriptions of labels.
    timm(
        "token",
        "vit_tiny_patch16_224",
        18,
        6,
        heads=3,
        head_size=9,
        others={"mlp_ratio": 2},
        embedding_scale=0.01,
        labels=3,
        config={
            "label_names": ["n01440764", "n01443537", "n01484850"],
            "label_descriptions": {
                "n01440764": "tench, Tinca tinca",
                "n01443537": "goldfish, Carassius auratus",
                "n01484850": "great white shark",
            },
        },
    ),
    # The same from a config.json that leaves out what the architecture's name tells; wider than high.
    timm(
        "wide",
        "vit_tiny_patch16_224",
        (16, 24),
        4,
        heads=2,
        head_size=11,
        brief=True,
        preprocessing={"crop_pct": 0.875, "interpolation": "bilinear"},
    ),
    # The norm follows the mean, of patches only although there is a class token.
    timm(
        "avg-fc-norm",
        "vit_base_patch16_224",
        16,
        4,
        heads=2,
        head_size=12,
        others={"mlp_ratio": 2, "global_pool": "avg"},
    ),
    # The norm comes before the mean; no class token, no biases of queries, keys and values, LayerScale.
    timm(
        "gap",
        "vit_medium_patch16_gap_240",
        18,
        6,
        heads=3,
        head_size=7,
        others={"mlp_ratio": 2.5},
        brief=True,
        preprocessing={"crop_mode": "squash", "crop_pct": 1.0},
    ),
    # Registers without positions, a mean without them, and fc_norm, as the architecture's name tells.
    timm(
        "registers-gap",
        "vit_medium_patch16_reg4_gap_256",
        15,
        5,
        heads=2,
        head_size=13,
        others={"mlp_ratio": 2},
        brief=True,
    ),
    # Registers between the class token and the patches, all with positions; epsilon matters.
    timm(
        "registers-token",
        "vit_small_patch16_224",
        16,
        4,
        heads=2,
        head_size=12,
        others={"reg_tokens": 3, "mlp_ratio": 2, "qkv_bias": False},
        embedding_scale=0.01,
        preprocessing={"crop_mode": "border", "crop_pct": 0.95, **CLIP},
    ),
    # A gated MLP (SwiGLUPacked) of 85, and registers without positions, by the architecture's name.
    timm("swiglu", "vit_giant_patch14_reg4_dinov2", 16, 4, heads=2, head_size=16, depth=1, brief=True),
    # DeiT-3: LayerScale, and a class token without position.
    timm(
        "deit3",
        "deit3_small_patch16_224",
        15,
        5,
        heads=3,
        head_size=9,
        others={"mlp_ratio": 2},
        brief=True,
    ),
    # Two tokens, two heads, and the mean of their answers.
    timm("deit-distilled", "deit_tiny_distilled_patch16_224", 16, 4, heads=3, head_size=7, brief=True),
    timm_activation("gelu_tanh"),
    timm_activation("quick_gelu"),
    timm_activation("relu"),
    timm_activation("silu"),
    timm_activation("tanh"),
    Family(
        "torchvision",
        "torchvision",
        "VisionTransformer",
        {
            "image_size": 18,
            "patch_size": 6,
            "num_layers": 2,
            "num_heads": 3,
            "hidden_dim": 27,
            "mlp_dim": 47,
        },
        {
            "crop_size": 18,
            "resize_size": 21,
            "interpolation": "bilinear",
            "mean": [0.485, 0.456, 0.406],
            "std": [0.229, 0.224, 0.225],
        },
        embedding_scale=0.01,
    ),
    # The layers of the MLP under their older names; no margin to crop; bicubic.
    Family(
        "torchvision-old-names",
        "torchvision",
        "VisionTransformer",
        {
            "image_size": 16,
            "patch_size": 4,
            "num_layers": 2,
            "num_heads": 2,
            "hidden_dim": 22,
            "mlp_dim": 44,
        },
        {
            "crop_size": 16,
            "resize_size": 16,
            "interpolation": "bicubic",
            "mean": [0.485, 0.456, 0.406],
            "std": [0.229, 0.224, 0.225],
        },
        brief=True,
    ),
    # A distillation token that no head reads; the picture is stretched, and more than cropped evenly.
    transformers(
        "deit",
        "DeiTForImageClassification",
        *(15, 5, 2, 11),
        preprocessing={
            "size": {"height": 20, "width": 18},
            "crop_size": {"height": 15, "width": 15},
            **IMAGENET,
        },
    ),
    # Both heads, and the mean of their answers; epsilon 1e-12 that matters.
    transformers(
        "deit-with-teacher",
        "DeiTForImageClassificationWithTeacher",
        *(16, 4, 3, 7),
        preprocessing={
            "size": {"height": 19, "width": 21},
            "crop_size": {"height": 16, "width": 16},
            "resample": BILINEAR,
        },
        scale=0.01,
    ),
    # config.json names the model without classifier; there is one, and a pooler that nothing reads.
    transformers(
        "vit-model", "ViTModel", *(16, 4, 2, 11), preprocessing={"resample": BICUBIC, **IMAGENET}
    ),
    transformers_activation("quick_gelu"),
    transformers_activation("relu"),
    transformers_activation("silu"),
    transformers_activation("swish"),
    transformers_activation("tanh"),
]


def full_timm(architecture):
    return Family(f"timm-{architecture}", "timm", architecture, {}, labels=1000, brief=True, batch=1)


FULL = [
    full_timm("vit_tiny_patch16_224"),
    full_timm("vit_small_patch32_224"),
    full_timm("deit_tiny_distilled_patch16_224"),
    full_timm("deit3_small_patch16_224"),
    full_timm("vit_medium_patch16_gap_240"),
    full_timm("vit_medium_patch16_reg4_gap_256"),
    Family(
        "torchvision-vit_b_32",
        "torchvision",
        "vit_b_32",
        {},
        {"weights": "ViT_B_32_Weights.IMAGENET1K_V1"},
        labels=1000,
        brief=True,
        batch=1,
    ),
    Family(
        "deit-tiny-distilled-patch16-224",
        "transformers",
        "DeiTForImageClassificationWithTeacher",
        vit(224, 16, heads=3, head_size=64, layers=12, mlp=768),
        IMAGENET,
        labels=1000,
        batch=1,
    ),
]
