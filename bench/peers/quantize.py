"""Quantizes a peer's model to int8, as that peer's documents say to do it for speed on a processor."""

from checkpoint import IMAGES, read_pixels


def quantize_onnx(directory, batch, source, path):
    """Products with a weight become integer, those of attention stay in float32. From the model with
    attention as one operator; its products written out, one matrix for queries, keys and values, or ONNX
    Runtime's own fused attention, quantized, too, were not faster."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        source,
        path,
        op_types_to_quantize=["MatMul", "Gemm"],
        per_channel=True,
        reduce_range=False,
        weight_type=QuantType.QInt8,
    )


def quantize_tflite(directory, batch, source, path):
    from ai_edge_quantizer import quantizer, recipe

    path.unlink(missing_ok=True)  # it overwrites nothing
    tool = quantizer.Quantizer(str(source))
    tool.load_quantization_recipe(recipe.dynamic_wi8_afp32())
    tool.quantize().export_model(str(path))


def quantize_openvino(directory, batch, source, path):
    """Activations have constant ranges: those seen in the pictures that are measured, which is the best
    that calibration can do."""
    import nncf
    import openvino

    pixels = read_pixels(directory, IMAGES)
    pictures = [pixels[first : first + batch] for first in range(0, IMAGES - batch + 1, batch)]
    model = nncf.quantize(
        openvino.Core().read_model(source),
        nncf.Dataset(pictures),
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=len(pictures),
    )
    openvino.save_model(model, path, compress_to_fp16=False)
