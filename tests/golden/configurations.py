"""The models that make_models.py makes: each is there for what its comment says."""

from dataclasses import dataclass, field

IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
NEAREST, LANCZOS, BILINEAR, BICUBIC, BOX, HAMMING = range(6)  # Pillow's filters


@dataclass
class Configuration:
    name: str
    vit: dict  # of ViTConfig
    labels: int | list = 10  # how many, or their names
    processor: dict = field(default_factory=dict)  # of ViTImageProcessor; by default to the model's size
    processor_file: str = "preprocessor_config.json"
    picture: tuple = (45, 60)  # height, width
    names: str = "published"  # as save_pretrained writes them, or "in_memory", as the model's own
    dtype: str = "float32"  # of the file; "mixed": matrices in bfloat16, vectors in float32
    max_shard_size: str = "5GB"
    # Deviation of what enters the first block. Where it is small, so is the variance that the first norm
    # divides by, and layer_norm_eps matters.
    embedding_scale: float = 0.5
    batch: int = 3


def vit(image, patch, heads, head_size, layers=2, mlp=None, **others):
    width = heads * head_size
    return {
        "image_size": image,
        "patch_size": patch,
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": mlp or 2 * width,
        **others,
    }


SMALL = [
    # Everything as save_pretrained does it by default; only whole vectors.
    Configuration("plain", vit(32, 8, heads=2, head_size=32)),
    # Names of transformers 5; head size and width no multiple of a vector; eps 1e-12 that matters.
    Configuration(
        "in-memory-names",
        vit(32, 8, heads=3, head_size=12, layers=3, layer_norm_eps=1e-12),
        names="in_memory",
        processor={"resample": BICUBIC, **IMAGENET},
        embedding_scale=0.01,
    ),
    # Heads no wider than a vector; eps 1e-6 that matters; a picture that is only stretched.
    Configuration(
        "float16",
        vit(28, 4, heads=5, head_size=8, layers=3, layer_norm_eps=1e-6),
        dtype="float16",
        processor={"resample": LANCZOS},
        picture=(28, 20),
        embedding_scale=0.01,
    ),
    Configuration(
        "bfloat16",
        vit(32, 8, heads=3, head_size=20, mlp=100),
        dtype="bfloat16",
        processor={"resample": BOX, "do_normalize": False},
        picture=(100, 75),
    ),
    Configuration(
        "mixed-dtypes",
        vit(24, 8, heads=5, head_size=12),
        dtype="mixed",
        processor={
            "resample": HAMMING,
            "rescale_factor": 1 / 127.5,
            "image_mean": [1.0] * 3,
            "image_std": [1.0] * 3,
        },
    ),
    Configuration("no-qkv-bias", vit(24, 8, heads=1, head_size=104, qkv_bias=False)),
    # The tanh approximation of GELU, by both of its usual names; pixels normalized without rescaling.
    Configuration(
        "gelu-new",
        vit(24, 8, heads=1, head_size=72, hidden_act="gelu_new"),
        processor={"do_rescale": False, "image_mean": [127.5] * 3, "image_std": [127.5] * 3},
    ),
    Configuration(
        "gelu-pytorch-tanh", vit(16, 4, heads=1, head_size=80, mlp=240, hidden_act="gelu_pytorch_tanh")
    ),
    # Several files and an index; four layers.
    Configuration("sharded", vit(32, 8, heads=4, head_size=16, layers=4), max_shard_size="150KB"),
    # A picture that is wider than high, in patches and in pixels.
    Configuration(
        "wide",
        vit([24, 56], 8, heads=2, head_size=24),
        processor={"size": {"height": 24, "width": 56}, "resample": NEAREST},
    ),
    # Patches higher than wide, so that the two cannot be exchanged unnoticed; a picture of the right size.
    Configuration(
        "rectangular-patch",
        vit([40, 24], [10, 4], heads=2, head_size=20),
        processor={"size": {"height": 40, "width": 24}},
        picture=(40, 24),
    ),
    # Pixels at the right and at the bottom belong to no patch.
    Configuration("remainder", vit(32, 7, heads=2, head_size=28)),
    # Two tokens, the fewest that a picture can make.
    Configuration("one-patch", vit(16, 16, heads=2, head_size=16)),
    # As many tokens as ViT-B/16 has at 384 pixels: 24 x 24 + 1.
    Configuration("many-tokens", vit(96, 4, heads=2, head_size=16, layers=1), batch=2, picture=(120, 90)),
    # Widths of 33 and 31, beside a vector's 32; a single label, whose score is a sigmoid.
    Configuration("one-label", vit(24, 8, heads=3, head_size=11, mlp=31), labels=1),
    # The number of labels that config.json does not even mention.
    Configuration("two-labels", vit(24, 8, heads=1, head_size=17, mlp=67), labels=2),
    Configuration(
        "multi-label",
        vit(24, 8, heads=2, head_size=16, problem_type="multi_label_classification"),
        processor={
            "size": {"shortest_edge": 28},
            "resample": BICUBIC,
            "do_center_crop": True,
            "crop_size": {"height": 24, "width": 24},
        },
        labels=["tabby, tabby cat", "crème brûlée", 'the "big" one', "a\\b", "日本", "", "LABEL_0"],
    ),
    # Scores are the logits. The crop is larger than the picture, in both directions oddly so.
    Configuration(
        "regression",
        vit(32, 8, heads=2, head_size=16, problem_type="regression"),
        processor={"do_resize": False, "do_center_crop": True, "crop_size": {"height": 32, "width": 32}},
        picture=(25, 21),
        labels=3,
    ),
    # ImageNet's number of labels, and a processor's file with the parts side by side.
    Configuration(
        "thousand-labels",
        vit(32, 16, heads=2, head_size=20),
        labels=1000,
        processor_file="processor_config.json",
        processor={"resample": BICUBIC, **IMAGENET},
    ),
]


def published(name, image, patch, width, layers, heads):
    sizes = vit(image, patch, heads, width // heads, layers, mlp=4 * width)
    return Configuration(name, sizes, labels=1000, picture=(480, 640), batch=2)


LARGE = [
    published("vit-ti16", 224, 16, width=192, layers=12, heads=3),
    published("vit-b16", 224, 16, width=768, layers=12, heads=12),
    published("vit-b16-384", 384, 16, width=768, layers=12, heads=12),
    published("vit-l16", 224, 16, width=1024, layers=24, heads=16),
]
