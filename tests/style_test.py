"""The house's rules that a program can check.

A rule is a function from a tree {path: text} to the places that break it. It carries files, each of which
breaks it, and a tree that comes close and does not: a test holds every rule against both.
"""

import pathlib
import re
import unittest

ROOMS = ["generators", "schedules", "runtime", "apps", "tests", "bench", "cmake", "scripts", "models", ".ci"]
CPP = (".h", ".cpp", ".cpp.in")
LINE_LIMIT = 110  # columns, exclusive
FILE_LIMIT = 500  # lines

RULES = []  # (function, breaking files, sound tree)


def rule(breaks, sound):
    def register(function):
        RULES.append((function, breaks, sound))
        return function

    return register


COMMENT = r"//[^\n]*|/\*.*?\*/"
LITERAL = r'R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|' + r"'(?:\\.|[^'\\\n])'"


def code_and_literals(text):
    """C++ with its comments blanked; lines keep their numbers."""

    def blank(match):
        token = match.group(0)
        return token if token[0] in "\"'R" else re.sub(r"[^\n]", " ", token)

    return re.sub(f"{COMMENT}|{LITERAL}", blank, text, flags=re.DOTALL)


def code(text):
    """C++ with its comments and literals blanked."""
    return re.sub(
        LITERAL,
        lambda token: re.sub(r"[^\n]", " ", token.group(0)),
        code_and_literals(text),
        flags=re.DOTALL,
    )


def matches(tree, pattern, why, prepare=lambda text: text):
    """Every place where the pattern occurs, with the reason why it must not."""
    for path, text in tree.items():
        text = prepare(text)
        for match in re.finditer(pattern, text):
            line = text.count("\n", 0, match.start()) + 1
            yield f'{path}:{line}: {why}: "{match.group(0).strip()}"'


def under(tree, folder, suffixes=CPP):
    return {path: text for path, text in tree.items() if path.startswith(folder) and path.endswith(suffixes)}


def sources(tree):
    """What people write and read: neither data nor prose."""

    names = ("CMakeLists.txt", "CMakePresets.json", ".clang-format")
    suffixes = CPP + (".py", ".sh", ".cmake", ".in", ".map")

    def is_source(path):
        name = path.rpartition("/")[2]
        if path.startswith(("tests/golden/", "tests/data/", "models/")):
            return name.endswith((".py", ".sh"))
        return name in names or name.endswith(suffixes) or "." not in name  # Makefile, scripts

    return {path: text for path, text in tree.items() if is_source(path)}


DIRECTIVES = """
    align_bounds align_extent align_storage allow_race_conditions async atomic bound bound_extent
    bound_storage clone_in compute_at compute_inline compute_root compute_with copy_to_device
    copy_to_host fold_storage fuse gpu gpu_blocks gpu_lanes gpu_single_thread gpu_threads gpu_tile
    hexagon hoist_storage hoist_storage_root in memoize never_partition parallel partition prefetch
    rename reorder reorder_storage rfactor ring_buffer serial set_estimate set_estimates specialize
    split store_at store_in store_root tile trace_loads trace_stores unroll vectorize
""".split()


@rule(
    breaks={"generators/blur.h": "blur.compute_root();", "generators/sharpen.h": "blur->vectorize (x);"},
    sound={
        "generators/blur.h": "// .tile() is elsewhere\nint tile;",
        "generators/blur.cpp": "y.bound(x, 0, 8);",
    },
)
def mathematics_has_no_scheduling_word(tree):
    pattern = r"(?:\.|->)\s*(?:" + "|".join(DIRECTIVES) + r")\s*\("
    return matches(under(tree, "generators/", ".h"), pattern, "a scheduling directive", code)


INCLUDE = r'#\s*include\s*[<"]'


@rule(
    breaks={
        "generators/blur.h": '#include "schedules/blur.h"',
        "generators/sharpen.cpp": '#include "tests/cases/sharpen.h"',
        "schedules/blur.cpp": '#include "vit/vit.h"',
        "schedules/sharpen.cpp": '#include "apps/autotune/sharpen.h"',
    },
    sound={
        "generators/blur.cpp": '#include "schedules/blur.h"',
        "schedules/blur.h": '#include "generators/blur.h"',
        "apps/autotune/blur.cpp": '#include "runtime/backend/thread_pool.h"',
    },
)
def dependencies_point_one_way(tree):
    why = "mathematics includes a schedule"
    yield from matches(under(tree, "generators/", ".h"), INCLUDE + "(?:.*/)?schedules/", why)
    for room in ("generators/", "schedules/"):
        pattern = INCLUDE + "(?:runtime|vit|apps|tests|bench)/"
        yield from matches(under(tree, room), pattern, "a compiled stage includes who uses it")


@rule(
    breaks={
        "schedules/blur.h": "void schedule(Blur &stage, const BlurTuning &tuning,\n"
        "              const Halide::Target &target);",
        "schedules/sharpen.h": "void schedule(Sharpen &stage);",
    },
    sound={
        "schedules/blur.h": "// schedule(stage)\nvoid schedule(Blur &stage, Halide::Pipeline pipeline,\n"
        "              const BlurGpuTuning &tuning, const Halide::Target &target);\n"
        "void schedule_rows(Blur &stage);",
    },
)
def schedules_have_one_form(tree):
    form = (
        r"\(\w+ &stage, Halide::Pipeline pipeline, const \w+Tuning &tuning,"
        r" const Halide::Target &target\)"
    )
    for path, text in under(tree, "schedules/", ".h").items():
        for match in re.finditer(r"\bvoid schedule(\([^)]*\))", code(text)):
            arguments = re.sub(r"\s+", " ", match.group(1))
            if not re.fullmatch(form, arguments):
                line = text.count("\n", 0, match.start()) + 1
                yield f"{path}:{line}: schedule{arguments} is not of stage, pipeline, tuning and target"


@rule(
    breaks={
        "apps/autotune/blur.cpp": '#include "tests/reference/blur.h"',
        "bench/blur_bench.cpp": '#include "tests/reference/blur.h"',
        "runtime/blur.cpp": '#include "tests/cases/blur.h"',
        "apps/vit/blur.cpp": '#include "bench/support/stage_bench.h"',
    },
    sound={
        "tests/cases/blur.cpp": '#include "tests/reference/blur.h"',
        "apps/autotune/blur.cpp": '#include "tests/cases/blur.h"',
        "bench/blur_bench.cpp": '#include "tests/cases/blur.h"',
    },
)
def references_are_for_tests(tree):
    sources_of_others = under(tree, "", CPP).items()
    others = {path: text for path, text in sources_of_others if not path.startswith("tests/")}
    yield from matches(others, INCLUDE + "tests/(?:reference|support)/", "what tests alone use")
    for room in ("runtime/", "apps/"):
        # The autotuner checks and times candidates by the cases of the tests.
        product = {p: t for p, t in under(others, room).items() if not p.startswith("apps/autotune/")}
        yield from matches(product, INCLUDE + "(?:tests|bench)/", "the product includes a test or bench")


@rule(
    breaks={
        "runtime/model.cpp": "#include <Halide.h>",
        "runtime/image.h": '#include "generators/linear.h"',
        "generators/layout.h": '#include "Halide.h"',
    },
    sound={
        "runtime/model.cpp": "#include <HalideRuntime.h>\n#include <HalideBuffer.h>",
        "runtime/geometry.h": '#include "generators/layout.h"',
    },
)
def runtime_sees_no_compiler(tree):
    # How matrices lie in memory is a matter of both sides; that file includes nothing.
    pattern = INCLUDE + r"(?:[^<>\"\n]*/)?(?:Halide\.h|generators/(?!layout\.h\")|schedules/)"
    why = "the runtime includes the compiler's side"
    yield from matches(under(tree, "runtime/"), pattern, why, code_and_literals)
    yield from matches(under(tree, "generators/layout.h"), INCLUDE, why, code_and_literals)


@rule(
    breaks={
        "runtime/a.cpp": "throw 1;",
        "runtime/b.cpp": "std::cerr << 1;",
        "runtime/c.cpp": "std::abort();",
        "runtime/d.cpp": 'std::printf("1");',
        "runtime/e.cpp": "exit(1);",
    },
    sound={
        "runtime/a.cpp": 'std::snprintf(a, 1, "throw 1; abort()");  // abort()',
        "runtime/b.cpp": "catch (...) { throw; }\nat_exit(1);",
        "apps/a.cpp": "throw 1;",
    },
)
def library_neither_prints_nor_aborts_nor_throws(tree):
    calls = r"\b(?:v?f?printf|puts|fputs|putchar|perror|abort|exit|_Exit|quick_exit|terminate|assert)\s*\("
    streams = r"\bstd::(?:cout|cerr|clog)\b|\b(?:stdout|stderr)\b"
    throws = r"\bthrow\b(?!\s*;)"  # passing on what the standard library threw is what a clean-up does
    why = "the library prints, ends the process or throws"
    return matches(under(tree, "runtime/"), f"{calls}|{streams}|{throws}", why, code)


@rule(
    breaks={
        "tests/reference/blur.h": '#include "runtime/backend/buffer.h"',
        "tests/reference/a.h": "#include <Halide.h>",
    },
    sound={"tests/reference/blur.h": '#include <cmath>\n#include "tests/reference/sizes.h"'},
)
def references_share_no_code(tree):
    pattern = INCLUDE + r"(?:[^<>\"\n]*/)?(?:Halide|generators/|schedules/|runtime/|vit/)"
    return matches(
        under(tree, "tests/reference/"), pattern, "a reference includes what it judges", code_and_literals
    )


STAGE = 'struct Blur { Halide::Func across{"across"}; };'
STAGE_FILES = [
    "generators/{}.h",
    "generators/{}.cpp",
    "schedules/{}.h",
    "schedules/{}.cpp",
    "tests/{}_test.cpp",
    "tests/cases/{}.h",
    "tests/reference/{}.h",
    "bench/{}_bench.cpp",
]


@rule(
    breaks={"generators/blur.h": STAGE},
    sound={name.format("blur"): STAGE for name in STAGE_FILES}
    | {f"{room}/rounded.h": STAGE for room in ("generators", "schedules")}
    | {"generators/dims.h": 'Halide::Var x{"x"};'}
    | {f"{room}/blur_wide.{kind}": STAGE for room in ("generators", "schedules") for kind in ("h", "cpp")},
)
def stages_have_the_same_stem_in_every_room(tree):
    for path, text in under(tree, "generators/", ".h").items():
        if re.search(r"\bFunc \w+[{;]", code_and_literals(text)):
            stem = path[len("generators/") : -len(".h")]
            # A part of several stages (quantized) is scheduled and has no kernel of its own.
            if f"schedules/{stem}.h" in tree and f"generators/{stem}.cpp" not in tree:
                continue
            # A variant of a stage (attention_parts of attention) is tested and measured with it.
            of_stage = f"generators/{stem.rpartition('_')[0]}.h" in tree
            for name in STAGE_FILES:
                if of_stage and name.startswith(("tests/", "bench/")):
                    continue
                if name.format(stem) not in tree:
                    yield f"{path}: the stage {stem} has no {name.format(stem)}"


@rule(
    breaks={"runtime/model.h": "struct Model;\n"}, sound={"runtime/model.h": "// A model.\n#pragma once\n"}
)
def headers_are_included_once(tree):
    for path, text in tree.items():
        if path.endswith(".h") and not re.search(r"^#pragma once$", text, re.MULTILINE):
            yield f"{path}: no #pragma once"


@rule(
    breaks={"scripts/setup": "x" * LINE_LIMIT, "Makefile": "\n" + "x" * LINE_LIMIT},
    sound={"scripts/setup": "x" * (LINE_LIMIT - 1), "README.md": "x" * 200},
)
def lines_are_short(tree):
    for path, text in sources(tree).items():
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) >= LINE_LIMIT:
                yield f"{path}:{number}: {len(line)} columns, {LINE_LIMIT - 1} at most"


@rule(breaks={"apps/a.cpp": "\n" * (FILE_LIMIT + 1)}, sound={"apps/a.cpp": "\n" * FILE_LIMIT})
def files_are_short(tree):
    for path, text in sources(tree).items():
        lines = len(text.splitlines())
        if lines > FILE_LIMIT:
            yield f"{path}: {lines} lines, {FILE_LIMIT} at most"


@rule(
    breaks={"apps/a.cpp": "int a; \n", "apps/b.cpp": "int b;", "apps/c.cpp": "\tint c;\n"},
    sound={"apps/a.cpp": "int a;\n", "Makefile": "all:\n\techo\n"},
)
def whitespace_is_clean(tree):
    for path, text in sources(tree).items():
        for number, line in enumerate(text.splitlines(), 1):
            if line != line.rstrip() or "\t" in line.lstrip("\t" if path == "Makefile" else ""):
                yield f"{path}:{number}: a tab or a space at the end"
        if text and not text.endswith("\n"):
            yield f"{path}: no newline at the end"


@rule(breaks={"README.md": "TO" + "DO: more"}, sound={"apps/a.cpp": "todo XX" + "XXXX"})
def nothing_is_left_for_later(tree):
    return matches(tree, r"\b(?:T[O]DO|F[I]XME|X[X]X|H[A]CK)\b", "a note of what is not done")


@rule(
    breaks={
        "CMakeLists.txt": "/wo" + "rk/main",
        "README.md": "py" + "pi.org",
        "models/a.json": "../" + "shared",
    },
    sound={"apps/a.cpp": "/usr/share/datasets/x\nframe/work\nPyPI"},
)
def no_machine_is_named(tree):
    folders = r"(?<![\w.])/(?:work|tmp|root|home)\b"
    hosts = r"\b(?:pypi|pythonhosted|debian)\.org\b"
    return matches(tree, rf"{folders}|\.\./shared\b|{hosts}", "a place that other machines do not have")


def repository():
    root = pathlib.Path(__file__).resolve().parent.parent
    paths = [path for path in root.iterdir() if path.is_file()]
    for room in ROOMS:
        paths += [path for path in (root / room).rglob("*") if path.is_file()]
    tree = {}
    for path in paths:
        name = path.relative_to(root).as_posix()
        # A work tree beside the repository has a file .git, which says where that is.
        if "__pycache__" in name or name == ".git" or name.startswith("tests/fuzz/corpus/"):
            continue
        try:
            tree[name] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            pass  # pictures, weights
    return tree


class StyleTest(unittest.TestCase):
    def test_every_rule_finds_what_breaks_it(self):
        for find, breaks, sound in RULES:
            for path, text in breaks.items():
                with self.subTest(find.__name__, path=path):
                    self.assertTrue([place for place in find({path: text}) if place.startswith(path)])
            with self.subTest(find.__name__):
                self.assertEqual(list(find(sound)), [])

    def test_the_repository_keeps_the_rules(self):
        tree = repository()
        self.assertIn("runtime/include/vit/vit.h", tree)
        for find, _, _ in RULES:
            with self.subTest(find.__name__):
                places = list(find(tree))
                if places:
                    self.fail("\n" + "\n".join(places))


if __name__ == "__main__":
    unittest.main()
