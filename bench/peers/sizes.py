"""The models, cases and engines of the side-by-side bench. Standard library only."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """A Vision Transformer, with the paper's symbols."""

    width: int  # D
    depth: int  # L
    heads: int  # k
    mlp_width: int
    patch: int = 16  # P
    labels: int = 1000  # K
    channels: int = 3  # C
    epsilon: float = 1e-12  # of the layer norms

    def tokens(self, image_size):
        return (image_size // self.patch) ** 2 + 1


SIZES = {
    "vit-smoke": Size(width=48, depth=2, heads=3, mlp_width=96, labels=10),  # seconds, not a published size
    "vit-ti16": Size(width=192, depth=12, heads=3, mlp_width=768),
    "vit-b16": Size(width=768, depth=12, heads=12, mlp_width=3072),
    "vit-l16": Size(width=1024, depth=24, heads=16, mlp_width=4096),
}


@dataclass(frozen=True)
class Case:
    model: str
    image_size: int
    batch: int

    @property
    def name(self):
        return f"{self.model}@{self.image_size}/b{self.batch}"

    @property
    def model_name(self):
        """Of the model's directory: cases that differ in batch share their weights."""
        return f"{self.model}-{self.image_size}"


CASES = [
    Case("vit-b16", 224, 1),
    Case("vit-b16", 224, 8),
    Case("vit-b16", 384, 1),
    Case("vit-l16", 224, 1),
    Case("vit-ti16", 224, 1),
]
QUANTIZED_CASES = [
    Case("vit-b16", 224, 1),
    Case("vit-b16", 224, 8),
    Case("vit-l16", 224, 1),
    Case("vit-ti16", 224, 1),
]
SMOKE_CASES = [Case("vit-smoke", 48, 2)]
THREADS = [1, 2]


@dataclass(frozen=True)
class Suite:
    """What one run of run.py measures, and what the README shows of it between two lines."""

    file: str  # of the results, in build/bench
    marker: str  # names these two lines
    precision: str
    ours: dict  # engine: precision; the first one is what answers are compared with
    peers: dict  # engine: the format of the model that it reads
    cases: list

    @property
    def engines(self):
        return [*self.ours, *self.peers]


FLOAT32 = Suite(
    "peers.json",
    "bench",
    "float32",
    {"vit": "f32"},
    {"litert": "tflite", "onnxruntime": "onnx", "openvino": "onnx", "pytorch": "checkpoint"},
    CASES,
)
# PyTorch is the slowest in float32.
QUANTIZED = Suite(
    "quantized.json",
    "quantized",
    "float32 and fixed point",
    {"vit": "f32", "vit-i16": "i16", "vit-i8": "i8"},
    {
        "litert": "tflite",
        "onnxruntime": "onnx",
        "openvino": "onnx",
        "litert-int8": "tflite-int8",
        "onnxruntime-int8": "onnx-int8",
        "openvino-int8": "openvino-int8",
    },
    QUANTIZED_CASES,
)


def is_quantized(engine):
    return engine in QUANTIZED.engines and engine not in FLOAT32.engines
