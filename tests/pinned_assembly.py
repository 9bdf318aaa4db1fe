"""The assembly of the kernels, pinned: a change that is not about a kernel leaves its code as it is.

    python pinned_assembly.py STAGES [--refresh]

STAGES is a directory of stages' assembly. Each target whose code is the same wherever it is compiled has a
file of its own in tests/pinned: a line a kernel, with a hash of its assembly without names and comments.
Where one differs, look at the difference and at a bench; --refresh then takes what STAGES has. A kernel's
code may change with its mathematics, its schedule, its tuned values (schedules/tuned) or Halide.
"""

import argparse
import hashlib
import pathlib
import re
import sys

PINNED = pathlib.Path(__file__).resolve().parent / "pinned"
# As VIT_TARGETS has them; `host` is another one on every machine, and devices' code is no assembly.
TARGETS = ["x86-64-avx512-vnni", "x86-64-avx512", "x86-64-avx2", "x86-64", "arm64-dotprod", "arm64"]


def hash_of(assembly, function):
    """Of the instructions and data, without what the kernel is called and without comments."""
    text = assembly.replace(function, "kernel")
    lines = (re.sub(r"\s+", " ", re.sub(r"\s(#|//).*", "", line)).strip() for line in text.splitlines())
    kept = [line for line in lines if line and not re.match(r"\.(ident|file)\b", line)]
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()[:16]


def compiled(stages, target):
    """Hashes by kernel."""
    suffix = "_" + re.sub(r"[^a-z0-9]", "_", target)
    return {
        path.stem[len("ViT_") : -len(suffix)]: hash_of(path.read_text(), path.stem)
        for path in stages.glob(f"ViT_*{suffix}.s")
        if "race_" not in path.stem  # candidates of the GPU kit
    }


def pinned(target):
    path = PINNED / f"{target}.txt"
    return dict(line.split() for line in path.read_text().splitlines()) if path.exists() else {}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("stages", type=pathlib.Path)
    parser.add_argument("--refresh", action="store_true", help="pin what is there")
    options = parser.parse_args()
    wrong = targets = 0
    for target in TARGETS:
        now = compiled(options.stages, target)
        if not now:
            continue
        targets += 1
        before = pinned(target)
        for kernel in sorted(before.keys() | now.keys()):
            if before.get(kernel) == now.get(kernel):
                continue
            what = "is new" if kernel not in before else "is gone" if kernel not in now else "differs"
            print(f"{target}: {kernel} {what}")
            wrong += 1
        if options.refresh:
            PINNED.mkdir(exist_ok=True)
            lines = [f"{kernel} {code}\n" for kernel, code in sorted(now.items())]
            (PINNED / f"{target}.txt").write_text("".join(lines))
    if not targets:
        print(f"no assembly of {', '.join(TARGETS)} in {options.stages}")
        return 1
    if wrong and not options.refresh:
        print(f"after a look at the difference: {sys.argv[0]} {options.stages} --refresh")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
