"""The loops of compiled stages that do the multiply-adds of matrix products, read from their assembly.

    python scripts/hot_loops.py build/host/stages [--measured build/bench/stages]

prints the instructions of each, the cycles that LLVM's model of the processor gives it (llvm-mca, of any
version that is installed) and, beside it, what the stage as a whole was measured to reach.
tests/assembly_test.py holds what is read here against the register tile.
"""

import argparse
import dataclasses
import json
import pathlib
import re
import shutil
import subprocess
import sys

# Multiply-adds of vectors, fused and not, in every dialect; and what pointwise functions have beside them,
# to which the widening of weights in half precision does not belong.
FUSED = re.compile(r"vfn?madd\d+ps|fmla|vfmacc\.vf")
# Those of whole numbers, fused with their sum or not.
WHOLE = re.compile(r"vpdp(wss|bus)d|v?pmaddwd|smlal2?|smull2?|sdot")
PRODUCT, SUM = re.compile(r"v?mulps"), re.compile(r"v?addps")
POINTWISE = re.compile(
    r"v?(div|min|max|round|cvt(?!ph2ps))\w+|v?rndscaleps|fdiv|frint\w|fcvt(?!l)\w+|f(min|max)\w*"
)
BRANCH = re.compile(r"j[a-z]+|b|b\.[a-z]+|cbn?z|tbn?z|bne[z]?|beqz?|blt|bge|bltu|bgeu")
JUMP = re.compile(r"jmp\w?|b|j|ret\w?")  # after which nothing falls through
SPILL = re.compile(r"\b(Spill|Reload)\b")


@dataclasses.dataclass
class Loop:
    """An innermost loop: its lines from the label to the branch back to it."""

    function: str
    label: str
    lines: list[str]

    def opcodes(self):
        words = (line.split("#")[0].split("//")[0].split() for line in self.lines[1:])
        return [w[0] for w in words if w and not w[0].startswith(".") and not w[0].endswith(":")]

    def count(self, pattern):
        return sum(1 for opcode in self.opcodes() if pattern.fullmatch(opcode))

    @property
    def multiply_adds(self):
        return self.count(FUSED) or min(self.count(PRODUCT), self.count(SUM))

    @property
    def whole_multiply_adds(self):
        return self.count(WHOLE)

    @property
    def spills(self):
        return [line.strip() for line in self.lines if SPILL.search(line)]


def words_of(line):
    return line.split("#")[0].split("//")[0].split()


def branch_target(line):
    words = words_of(line)
    return words[-1].split(",")[-1] if len(words) >= 2 and BRANCH.fullmatch(words[0]) else None


def comes_back(lines, labels, first, last):
    """Whether lines from `first` on lead to the branch at `last`, which goes back to `first`: a block that
    the compiler put behind the loop jumps back into it, too."""
    to_see, seen = [first], set()
    while to_see:
        number = to_see.pop()
        while first <= number < last and number not in seen:
            seen.add(number)
            if branch_target(lines[number]) in labels:
                to_see.append(labels[branch_target(lines[number])])
            words = words_of(lines[number])
            if words and JUMP.fullmatch(words[0]):
                break
            number += 1
        if number == last:
            return True
    return False


def innermost_loops(text):
    """All loops of an assembly file that have no other loop in them."""
    lines = text.split("\n")
    functions = {}  # of each line
    labels = {}
    function = ""
    for number, line in enumerate(lines):
        label = re.match(r"([.\w$]+):", line)
        if label:
            labels[label.group(1)] = number
            if not label.group(1).startswith((".L", "L")):
                function = label.group(1)
        functions[number] = function
    loops = []
    for number, line in enumerate(lines):
        first = labels.get(branch_target(line), number)
        if first < number and functions[first] == functions[number]:
            if comes_back(lines, labels, first, number):
                loops.append((first, number))
    return [
        Loop(functions[first], lines[first].split(":")[0], lines[first : last + 1])
        for first, last in loops
        if not any((a, b) != (first, last) and first <= a and b <= last for a, b in loops)
    ]


def product_loops(text, tile):
    """Those that step through the k of a product: a step is `tile` multiply-adds, and there is nothing of
    what every pointwise function has."""
    return [
        loop
        for loop in innermost_loops(text)
        if loop.multiply_adds >= tile and not loop.count(POINTWISE)
    ]


def whole_product_loops(text, tile):
    """Those of whole numbers, likewise."""
    return [loop for loop in innermost_loops(text) if loop.whole_multiply_adds >= tile]


def mca_program():
    names = ["llvm-mca", *(f"llvm-mca-{version}" for version in range(30, 13, -1))]
    return next((path for name in names if (path := shutil.which(name))), None)


def predicted_cycles(loop, program, processor):
    """Cycles of one iteration, far into the loop."""
    body = "\n".join(loop.lines)
    totals = []
    for iterations in (100, 200):
        said = subprocess.run(
            [program, f"-mcpu={processor}", f"-iterations={iterations}"],
            input=body, capture_output=True, text=True, check=True,
        ).stdout
        totals.append(int(re.search(r"Total Cycles:\s+(\d+)", said).group(1)))
    return (totals[1] - totals[0]) / 100


def measured_percent(directory, shape):
    """Of the peak, on one thread, by stage: from what the stages' benches wrote (--benchmark_out)."""
    percent = {}
    for path in sorted(directory.glob("*.json")):
        for run in json.loads(path.read_text())["benchmarks"]:
            stage, *names = run["name"].split("/")
            if shape in names and "threads:1" in names and "peak_percent" in run:
                role = next((name for name in names if name in ("qkv", "proj", "fc1", "fc2")), "")
                percent[f"{stage}_{role}".rstrip("_")] = run["peak_percent"]
    return percent


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stages", type=pathlib.Path, help="directory of assembly files")
    parser.add_argument("--measured", type=pathlib.Path, help="directory of the benches' JSON")
    parser.add_argument("--shape", default="vit-b16", help="whose measurements to show")
    parser.add_argument("--cpu", default="native", help="whose model: llvm-mca -mcpu=help lists them")
    parser.add_argument("--tile", type=int, default=12, help="multiply-adds of a step of k, 12 for 6 x 2")
    parser.add_argument("--units", type=float, default=2, help="vector multiply-adds a cycle at the peak")
    options = parser.parse_args()
    program = mca_program()
    if not program:
        print("llvm-mca is not installed (Debian: llvm-14); no prediction", file=sys.stderr)
    measured = measured_percent(options.measured, options.shape) if options.measured else {}
    print("loop of                 FMAs others spills  cycles    model  measured")
    for path in sorted(options.stages.glob("ViT_*.s")):
        name = path.stem.removeprefix("ViT_")
        stage = max((s for s in measured if name.startswith(s)), key=len, default="")
        rows = []
        for loop in product_loops(path.read_text(), options.tile):
            fmas, others = loop.multiply_adds, len(loop.opcodes()) - loop.multiply_adds
            row = f"{name[:22]:22} {fmas:5} {others:6} {len(loop.spills):6}"
            if program:
                cycles = predicted_cycles(loop, program, options.cpu)
                row += f" {cycles:7.1f} {100 * fmas / options.units / cycles:6.1f} %"
            rows.append(row + (f" {measured[stage]:7.1f} %" if stage else ""))
        print("\n".join(dict.fromkeys(rows)), end="\n" if rows else "")


if __name__ == "__main__":
    main()
