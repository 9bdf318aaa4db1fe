"""Makes of what `run` found on a GPU: README's table and figure, and a tuned file of that device's kind.

    python report.py DIRECTORY [--readme FILE] [--figure FILE] [--tuned DIRECTORY]

DIRECTORY holds results.json (bench/gpu/run.cpp). The table stands between the lines <!-- gpu:begin --> and
<!-- gpu:end -->. Without options it is printed.

Tuned values: kernels of one library share their blocks, so the blocks are chosen first: those whose fastest
candidates take the least over a pass of one image and a pass of many, each as a share of the best blocks'.
Of a linear layer the fastest for one image and the fastest for many are both kept.
"""

import argparse
import json
import math
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "peers"))
from readme import replace_between  # noqa: E402

BEGIN, END = "<!-- gpu:begin -->", "<!-- gpu:end -->"
TITLES = {"vit-b16": "ViT-B/16", "vit-l16": "ViT-L/16"}
LINEAR = "linear/"


def values_of(text):
    return {name: int(value) for name, value in (word.split("=") for word in text.split())}


def fastest(candidates):
    """{(layout, stage, batch): row}, of what was right and timed."""
    best = {}
    for row in candidates:
        key = row["layout"], row["stage"], row["batch"]
        if "ms" in row and (key not in best or row["ms"] < best[key]["ms"]):
            best[key] = row
    return best


def choose_layout(best):
    layouts = sorted({layout for layout, _, _ in best})
    stages = {stage for _, stage, _ in best}
    batches = sorted({batch for _, _, batch in best})

    def pass_ms(layout, batch):
        rows = [best.get((layout, stage, batch)) for stage in stages]
        return sum(row["ms"] * row["calls_in_pass"] for row in rows) if all(rows) else math.inf

    return min(layouts, key=lambda layout: math.prod(pass_ms(layout, batch) for batch in batches))


def write_tuned(results, directory):
    found = results["race"]["found"]
    best = fastest(found["candidates"])
    few, many = min(batch for _, _, batch in best), max(batch for _, _, batch in best)
    layout = choose_layout(best)
    stages = {"layout": {"values": values_of(layout)}}
    for (of_layout, stage, batch), row in best.items():
        if of_layout != layout:
            continue
        if batch == many:
            name = stage
        elif stage.startswith(LINEAR) and batch == few:
            name = stage + "/few"
        else:
            continue
        stages[name] = {
            "values": values_of(row["values"]),
            "provenance": {
                "shape": found["arch"],
                "batch": batch,
                "machine": found["device"],
                "date": results["date"][:10],
                "tuned_ms": float(f"{row['ms']:.4g}"),
                "gflops": float(f"{1e3 * row['tflops']:.4g}"),
                "peak_percent": float(f"{row['peak_percent']:.4g}"),
            },
        }
    capability = re.search(r"compute capability (\d+)\.(\d+)", found["device"])
    kind = f"cuda-{capability[1]}{capability[2]}" if capability else "opencl"
    backends = {backend["name"]: backend["target"] for backend in results["machine"]["backends"]}
    tuned = {"target": backends[found["backend"]], "halide": "21.0.0"}
    tuned["stages"] = {name: stages[name] for name in sorted(stages)}
    path = directory / f"{kind}.json"
    path.write_text(json.dumps(tuned, indent=2) + "\n")
    print(f"written: {path}; blocks {layout}")


def rows_of(results):
    """[(case, ours, {engine: row})]"""
    cases = {}
    for row in results.get("pytorch", {}).get("found", {}).get("rows", []):
        cases.setdefault((row["model"], row["batch"]), {})[row["engine"]] = row
    ours = "this project"
    return [(case, rows.pop(ours), rows) for case, rows in cases.items() if ours in rows]


def best_of(rows, precision):
    of_precision = [row for name, row in rows.items() if f" {precision} " in name]
    return min(of_precision, key=lambda row: row["ms"], default=None)


def number(milliseconds):
    return f"{milliseconds:.{1 if milliseconds >= 10 else 2}f}"


def table(results):
    found = results["race"]["found"]
    peak, memory = found["peak_tflops"], found["memory_gbs"]
    bench = {(case["model"], case["batch"]): case for case in results["bench"]["cases"]}
    torch = results["pytorch"]["found"]
    cuda = [name for name in results["machine"]["used"] if "cuda" in name]
    text = (
        "Milliseconds of a forward pass, from pixels in the host's memory to logits there, the lowest of"
        f" many: {found['device']}, {results['date'][:10]}, backend {found['backend']},"
        f" PyTorch {torch['torch']}"
        " (the fastest of eager, CUDA graph and, where time was left, compiled). The same weights and input;"
        " logits differ from float32 on the processor by the share of the largest in brackets."
        f" Measured there: {peak:.1f} TFLOP/s of float32 multiply-adds, {memory:.0f} GB/s of memory.\n\n"
    )
    text += "| case | this project, float32 | of the peak | PyTorch float32 | TF32 | bfloat16 | float16 |\n"
    text += "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    for (model, batch), ours, rows in rows_of(results):
        line = f"{TITLES.get(model, model)}, batch {batch}"
        line += f" | {number(ours['ms'])} ({ours['difference']:.0e})"
        share = bench.get((model, batch), {}).get("peak_percent")
        line += f" | {share:.0f} %" if share else " | "
        for precision in ("float32", "TF32", "bfloat16", "float16"):
            row = best_of(rows, precision)
            line += f" | {number(row['ms'])} ({row['difference']:.0e})" if row else " | "
        text += f"| {line} |\n"
    tests = results.get("tests", {}).get("programs", {})
    ran = sum(test.get("tests", 0) for test in tests.values())
    failed = sum(test.get("failures", 0) for test in tests.values())
    used = ", ".join(results["machine"]["used"])
    text += f"\n{ran} tests ran there on the backends {used}; {failed} failed."
    sanitizer = results.get("sanitizer", {"failed": ""})
    if cuda and not sanitizer.keys() & {"failed", "lacks"}:
        text += " compute-sanitizer found no error in a golden model."
    return text + "\n"


def draw(results, path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    cases = rows_of(results)
    peak = results["race"]["found"]["peak_tflops"]
    bench = {(case["model"], case["batch"]): case for case in results["bench"]["cases"]}
    plt.rcParams.update({"font.size": 9, "axes.titlesize": 10})
    columns = 2
    lines = -(-len(cases) // columns)
    figure, panels = plt.subplots(
        lines, columns, figsize=(11.2, 2.1 * lines + 0.7), layout="constrained", squeeze=False
    )
    for axes, (case, ours, rows) in zip(panels.flat, cases):
        bars = [("this project, float32", ours["ms"], "#1f6f8b")]
        for precision in ("float32", "TF32", "bfloat16", "float16"):
            if row := best_of(rows, precision):
                colour = "#7d949e" if precision == "float32" else "#d3dcdf"
                bars.append((f"PyTorch {precision}", row["ms"], colour))
        axes.barh(range(len(bars)), [ms for _, ms, _ in bars], color=[c for _, _, c in bars], height=0.7)
        axes.set_yticks(range(len(bars)), [name for name, _, _ in bars])
        axes.get_yticklabels()[0].set_fontweight("bold")
        axes.invert_yaxis()
        for y, (_, ms, _) in enumerate(bars):
            axes.annotate(number(ms), (ms, y), (4, 0), textcoords="offset points", va="center")
        if case in bench:
            axes.axvline(bench[case]["gflop"] / peak, color="#c0392b", linewidth=1.2)
        axes.set_xlim(0, 1.15 * max(ms for _, ms, _ in bars))
        axes.set_title(f"{TITLES.get(case[0], case[0])}, batch {case[1]}", loc="left")
        axes.spines[["top", "right"]].set_visible(False)
    for axes in panels.flat[len(cases) :]:
        axes.set_visible(False)
    figure.suptitle(
        "Milliseconds of a forward pass, host to host; line: its multiply-adds at the float32 peak there\n"
        f"{results['race']['found']['device']}, {results['date'][:10]}",
        fontsize=9,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--readme", type=pathlib.Path)
    parser.add_argument("--figure", type=pathlib.Path)
    parser.add_argument("--tuned", type=pathlib.Path)
    options = parser.parse_args()
    results = json.loads((options.directory / "results.json").read_text())
    steps = ("race", "bench", "pytorch")
    missing = [step for step in steps if not results.get(step, {}).keys() & {"found", "cases"}]
    if missing:
        sys.exit(f"{options.directory}: nothing was found by {', '.join(missing)}; README stays as it is")
    text = table(results)
    print(text)
    if options.tuned:
        write_tuned(results, options.tuned)
    if options.figure:
        draw(results, options.figure)
    if options.readme:
        if options.figure:
            path = os.path.relpath(options.figure, options.readme.resolve().parent)
            text += f"\n![The same numbers as bars beside the limit]({path})\n"
        replace_between(options.readme, BEGIN, END, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
