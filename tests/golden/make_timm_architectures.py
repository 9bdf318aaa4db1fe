"""Writes the table of runtime/checkpoint/namings/timm_architectures.cpp: what timm builds for each name.

    python make_timm_architectures.py

The entry points of timm's plain ViTs and DeiTs are called, and what they give to VisionTransformer is caught
before anything is built. Needs what scripts/requirements-references.txt names. Run again with the same
version of timm, it changes nothing.
"""

import functools
import inspect
import json
import pathlib
import warnings

from timm.models import deit, vision_transformer
from timm.models._registry import _model_entrypoints, _module_to_models

TABLE = pathlib.Path(__file__).parents[2] / "runtime/checkpoint/namings/timm_architectures.cpp"
COLUMNS = 109
# The arguments that say which network it is, as they are where nothing is said.
DEFAULTS = {
    "distilled": False,
    "embed_dim": 768,
    "depth": 12,
    "num_heads": 12,
    "mlp_ratio": 4,
    "patch_size": 16,
    "class_token": True,
    "reg_tokens": 0,
    "no_embed_class": False,
    "qkv_bias": True,
    "proj_bias": True,
    "init_values": None,
    "act_layer": None,
    "mlp_layer": "Mlp",
    "global_pool": "token",
    "pool_include_prefix": False,
    "dynamic_img_size": False,
    "pre_norm": False,
    "qk_norm": False,
    "scale_attn_norm": False,
    "scale_mlp_norm": False,
    "final_norm": True,
    "block_fn": "Block",
    "attn_layer": "Attention",
    "norm_layer": None,
}
ALTOGETHER = ("block_fn", "mlp_layer")  # where they are others, nothing else matters
WORDS = {"SiLU": "silu", "GluMlp act_layer=silu gate_last=False": "SwiGLUPacked"}


class Caught(Exception):
    pass


def word(value):
    """What JSON has for an argument: of a class its name, with the arguments that are bound to it."""
    if isinstance(value, functools.partial):
        bound = (f"{key}={word(bound)}" for key, bound in value.keywords.items())
        value = " ".join([value.func.__name__, *bound])
    elif inspect.isclass(value):
        value = value.__name__
    elif isinstance(value, float) and value >= 2 and value.is_integer():
        value = int(value)
    return WORDS.get(value, value) if isinstance(value, str) else value


def arguments_of(name, defaults):
    """None where timm itself fails: of names that it keeps for weights that it does not have."""
    try:
        _model_entrypoints[name](pretrained=False)
    except RuntimeError:
        return None
    except Caught as caught:
        given = {key: word(value) for key, value in {**defaults, **caught.args[0]}.items()}
    said = {key: given[key] for key, default in DEFAULTS.items() if given[key] != default}
    others = {key: said[key] for key in ALTOGETHER if said.get(key, "SwiGLUPacked") != "SwiGLUPacked"}
    return others or said


def row(name, arguments):
    items = [f'"{key}": {json.dumps(value)}' for key, value in arguments.items()]
    if not items:
        return f'    {{"{name}", "{{}}"}},'
    alone = f'    {{"{name}", R"({{{", ".join(items)}}})"}},'
    if len(alone) <= COLUMNS:
        return alone
    lines = [items[0]]
    for item in items[1:]:
        if len(lines[-1]) + len(item) + 2 > COLUMNS - 16:
            lines[-1] += ","
            lines.append(item)
        else:
            lines[-1] += ", " + item
    return f'    {{"{name}",\n     R"({{{(chr(10) + " " * 9).join(lines)}}})"}},'


def main():
    warnings.filterwarnings("ignore")
    parameters = inspect.signature(vision_transformer.VisionTransformer.__init__).parameters
    defaults = {key: parameter.default for key, parameter in parameters.items() if key != "self"}

    def catch(self, **given):
        raise Caught({**given, "distilled": isinstance(self, deit.VisionTransformerDistilled)})

    vision_transformer.VisionTransformer.__init__ = catch
    names = sorted({name for module in ("vision_transformer", "deit") for name in _module_to_models[module]})
    arguments = {name: arguments_of(name, defaults) for name in names}
    rows = [row(name, given) for name, given in arguments.items() if given is not None]
    begin, end = "constexpr Row table[] = {\n", "\n};\n"
    before, rest = TABLE.read_text().split(begin)
    TABLE.write_text(before + begin + "\n".join(rows) + rest[rest.index(end) :])
    print(f"{len(rows)} architectures")


if __name__ == "__main__":
    main()
