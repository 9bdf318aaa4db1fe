"""How tables and figures name and write things."""

from sizes import QUANTIZED

OURS = "vit"
TITLES = {
    OURS: "this project",
    "litert": "LiteRT (XNNPACK)",
    "onnxruntime": "ONNX Runtime",
    "openvino": "OpenVINO",
    "pytorch": "PyTorch",
    "litert-int8": "LiteRT, int8",
    "onnxruntime-int8": "ONNX Runtime, int8",
    "openvino-int8": "OpenVINO, int8",
}
MODEL_TITLES = {"vit-ti16": "ViT-Ti/16", "vit-b16": "ViT-B/16", "vit-l16": "ViT-L/16"}


def title(engine):
    """Where a suite has several precisions of this project."""
    precision = QUANTIZED.ours.get(engine)
    return f"{TITLES[OURS]}, {precision}" if precision else TITLES[engine]


def case_title(case):
    model = MODEL_TITLES.get(case["model"], case["model"])
    batch = f", batch {case['batch']}" if case["batch"] > 1 else ""
    return f"{model}, {case['image_size']} px{batch}"


def number(milliseconds):
    """Three to four digits."""
    return f"{milliseconds:.{0 if milliseconds >= 1000 else 1 if milliseconds >= 100 else 2}f}"


def machine_line(machine):
    processor = f"{machine['cpu']} (family {machine['family']}, model {machine['model']})"
    return f"{processor}, {machine['cpus']} processors"
