"""The hot loops of the compiled stages, as the compiler left them: a register tile stays in registers.

    python assembly_test.py STAGES [unittest's options]

STAGES is the directory with the stages' assembly. A compiler may drop in silence what a schedule asks for: a
spill in these loops costs a tenth of the speed and fails no other test.
"""

import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from hot_loops import innermost_loops, product_loops, whole_product_loops  # noqa: E402

STAGES = None

# Products in the loops of a generator's kernels; attention has that of queries and keys, and that of weights
# and values.
PRODUCTS = {"linear": 1, "patch_embed": 1, "attention": 2}

# The instruction of the products of whole numbers, by precision and what is in the name of a target, the
# products that a step of a register tile takes of it, and the step's others: loads, broadcasts, sums, the
# next panel's prefetch, addresses and the loop. Eight bits are only worth their while where dot products of
# them are; without, no more is asked than that the loop multiplies whole numbers.
WHOLE_PRODUCTS = [
    ("i16", r"-avx512_(zen4|sapphirerapids)", "vpdpwssd", 1),
    ("i8", r"-avx512_(zen4|sapphirerapids)", "vpdpbusd", 1),
    ("i16", r"-avx", "vpmaddwd", 1),
    ("i16", r"^x86", "pmaddwd", 1),
    ("i16", r"^arm-64", "smlal2?", 1),
    ("i8", r"^arm-64.*-arm_dot_prod", "sdot", 1),
    ("i8", r"^x86", "v?pmaddwd", 2),
    ("i8", r"^arm-64", "smull2?", 2),
]
ALLOWED_OF_WHOLE = re.compile(
    r"vpdp\w+|v?pmaddwd|smlal2?|sdot|v?paddd|v?movdq[au](32|64)?|v?mov[au]ps|v?pbroadcastd"
    r"|movd|pshufd|prefetch\w+"
    r"|add[q]?|sub[q]?|inc[q]?|dec[q]?|lea[q]?|cmp[q]?|test[q]?|mov[qls]\w*|j\w+"
    r"|ldu?r|ldp|ld1\w*|dup|prfm|add|sub|subs|cmp|mov|b\.\w+|cbn?z"
)

# By what is in the name of a target: lanes, rows and vectors of the register tile (schedules/machine.cpp).
TILES = [
    (r"-avx512", (16, 11, 2)),
    (r"-fma\b", (8, 6, 2)),
    (r"^x86", (4, 6, 2)),
    (r"^arm-64", (4, 8, 2)),
]

# What the loop of a register tile consists of: multiply-adds, loads, broadcasts, the next panel's prefetch,
# and the loop itself.
ALLOWED = re.compile(
    r"vfmadd\d+ps|mulps|addps|fmla|v?mov[ua]ps|vbroadcastss|movss|v?shufps|prefetch\w+"
    r"|add[q]?|sub[q]?|inc[q]?|dec[q]?|lea[q]?|cmp[q]?|test[q]?|mov[qls]\w*|j\w+"
    r"|ldu?r|ldp|ld1\w*|dup|prfm|add|sub|subs|cmp|mov|b\.\w+|cbn?z"
)


def tile_of(target):
    return next(tile for pattern, tile in TILES if re.search(pattern, target))


class AssemblyTest(unittest.TestCase):
    def kernels(self, wanted=PRODUCTS):
        """Assembly, target, generator and name of each kernel with products, as the backends' tables have
        them (runtime/backend/kernel_table.cpp.in)."""
        found = []
        for table in sorted(STAGES.parent.glob("kernel_table_*.cpp")):
            for name, symbol in re.findall(r'\{"([\w/]+)", (\w+)_argv,', table.read_text()):
                generator = name.split("/")[0]
                statement = STAGES / f"{symbol}.stmt"
                precision = re.search(r"/(i16|i8|f16|bf16)\b", name)
                if generator in wanted:
                    target = re.search(r"target=([\w-]+)", statement.read_text(errors="replace")).group(1)
                    if not re.search(r"-(opencl|cuda)", target):  # whose products are not in the assembly
                        found.append((STAGES / f"{symbol}.s", target, generator, precision and precision[1]))
        self.assertEqual({generator for _, _, generator, _ in found}, set(wanted), f"in {STAGES}")
        return found

    def test_products_keep_their_tile_in_registers(self):
        for path, target, generator, precision in self.kernels():
            lanes, rows, vectors = tile_of(target)
            tile = rows * vectors
            loops = product_loops(path.read_text(), tile)
            is_half = precision in ("f16", "bf16")
            if precision and not is_half:
                # A loop for the last panel finds two of its addresses on the stack, which costs no cycle.
                self.assertTrue(any(not loop.spills for loop in loops), path.name)
                for loop in loops:
                    loop.lines = [line for line in loop.lines if "8-byte Reload" not in line]
            with self.subTest(path.name):
                self.assertGreaterEqual(len(loops), PRODUCTS[generator])
            for loop in loops:
                with self.subTest(path.name, loop=loop.label):
                    # Where no instruction widens float16, its constants find no room in 16 registers.
                    widens = precision == "f16" and re.match(r"x86", target) and "f16c" not in target
                    self.assertLessEqual(len(loop.spills), 8 if widens else 0)
                    steps = loop.multiply_adds / tile
                    # Attention's second product walks over tiles of keys, all others over chunks.
                    blocks = (lanes, rows) if generator == "attention" else (lanes,)
                    whole = {n for block in blocks for n in range(1, block + 1) if block % n == 0}
                    self.assertIn(steps, whole, "whole steps that divide a block")
                    if is_half:  # whose weights are widened, by instructions of many kinds
                        continue
                    others = [o for o in loop.opcodes() if not ALLOWED.fullmatch(o)]
                    self.assertEqual(others, [])
                    if lanes == 8:
                        # One load of weights a vector, one broadcast a row, and at most 8 more.
                        loads = [o for o in loop.opcodes() if o in ("vmovups", "vmovaps")]
                        self.assertEqual(len(loads), vectors * steps)
                        self.assertEqual(loop.opcodes().count("vbroadcastss"), rows * steps)
                        self.assertLessEqual(len(loop.opcodes()) - (tile + rows + vectors) * steps, 8)

    def test_products_of_whole_numbers_keep_their_tile_in_registers(self):
        for path, target, _, precision in self.kernels({"linear_fixed": 1}):
            _, rows, vectors = tile_of(target)
            instruction, products = next(
                (name, products)
                for of, pattern, name, products in WHOLE_PRODUCTS
                if of == precision and re.search(pattern, target)
            )
            tile = rows * vectors * products
            loops = whole_product_loops(path.read_text(), tile)
            with self.subTest(path.name):
                self.assertEqual(len(loops), 1)
            for loop in loops:
                with self.subTest(path.name, loop=loop.label):
                    self.assertEqual(loop.count(re.compile(instruction)) % tile, 0)
                    self.assertEqual(loop.whole_multiply_adds, loop.count(re.compile(instruction)))
                    if products == 1:
                        self.assertEqual(loop.spills, [])
                        others = [o for o in loop.opcodes() if not ALLOWED_OF_WHOLE.fullmatch(o)]
                        self.assertEqual(others, [])


class ReaderTest(unittest.TestCase):
    """The reader itself sees what it is there to see."""

    STEP = (
        "\tvbroadcastss\t(%rax), %ymm14\n\tvmovups\t(%rcx), %ymm15\n"
        + 12 * "\tvfmadd231ps\t%ymm14, %ymm15, %ymm0\n"
    )

    def test_finds_the_innermost_loop(self):
        text = f"f:\n.L1:\n\tincq\t%rax\n.L2:\n{self.STEP}\tjne\t.L2\n\tjne\t.L1\n"
        (loop,) = innermost_loops(text)
        self.assertEqual((loop.function, loop.label, loop.multiply_adds), ("f", ".L2", 12))
        self.assertEqual(len(product_loops(text, 12)), 1)
        self.assertEqual(product_loops(text, 24), [])

    def test_takes_no_block_behind_a_loop_for_one(self):
        text = (
            f"f:\n.L1:\n\tincq\t%rax\n\tjle\t.L4\n.L2:\n{self.STEP}\tjne\t.L2\n"
            ".L3:\n\tincq\t%rdx\n\tjne\t.L1\n\tjmp\t.L5\n"
            ".L4:\n\tincq\t%rcx\n\tjmp\t.L3\n.L5:\n\tretq\n"
        )
        self.assertEqual([loop.label for loop in innermost_loops(text)], [".L2"])

    def test_sees_a_spill(self):
        spill = "\tvmovups\t%ymm0, -40(%rsp)   # 32-byte Spill\n"
        (loop,) = product_loops(f"f:\n.L2:\n{self.STEP}{spill}\tjne\t.L2\n", 12)
        self.assertEqual(len(loop.spills), 1)

    def test_finds_products_of_whole_numbers(self):
        step = "\tvpbroadcastd\t(%rax), %ymm14\n" + 12 * "\tvpmaddwd\t%ymm14, %ymm15, %ymm0\n"
        text = f"f:\n.L2:\n{step}\tjne\t.L2\n"
        (loop,) = whole_product_loops(text, 12)
        self.assertEqual(loop.whole_multiply_adds, 12)
        self.assertEqual(product_loops(text, 1), [])

    def test_takes_no_polynomial_for_a_product(self):
        step = 12 * (
            "\tvfmadd213ps\t%ymm1, %ymm2, %ymm3\n\tvbroadcastss\tc(%rip), %ymm1\n"
            "\tvmaxps\t%ymm1, %ymm2, %ymm3\n"
        )
        self.assertEqual(product_loops(f"f:\n.L2:\n{step}\tjne\t.L2\n", 12), [])


if __name__ == "__main__":
    STAGES = pathlib.Path(sys.argv.pop(1))
    unittest.main()
