"""Makes the README's tables and figure from what run.py and modes.py measured.

    python report.py [JSON] [--readme README.md] [--figure PNG]
    python report.py --quantized [JSON] [--modes JSON] [--readme README.md]

Prints the tables. With --readme, puts them between the lines <!-- bench:begin --> and <!-- bench:end -->, or
<!-- quantized:begin --> and <!-- quantized:end -->, for which the run has to be complete; with --figure,
draws the same numbers, and the README shows the figure.
"""

import argparse
import json
import os
import pathlib
import sys

from labels import OURS, TITLES, case_title, machine_line, number, title
from readme import replace_between
from sizes import FLOAT32, QUANTIZED, THREADS, is_quantized

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def versions_line(results):
    parts = []
    for name, title in TITLES.items():
        if name in results["engines"]:
            engine = results["engines"][name]
            version = next(iter(engine["versions"].values()))
            parts.append(f"{title} {version} ({engine['configuration']})")
    return "; ".join(parts) + "."


def measured_cases(results):
    return [case for case in results["cases"] if "engines" in case]


def how_measured(results):
    rounds = min(case["rounds"] for case in measured_cases(results))
    return (
        f"Milliseconds of a forward pass in {results['precision']}: the lowest of at least {rounds} and, in"
        " brackets, the median. The engines took turns, a pass each, with the same weights and the same"
        " input"
    )


def where_measured(results):
    load = max(case["other_load"] for case in measured_cases(results))
    return (
        f"{machine_line(results['machine'])}, {results['date']}; meanwhile at most {100 * load:.1f} % of the"
        " processors' time went to anything else."
    )


def largest_difference(results, engines):
    return max(
        (
            values["difference"]
            for case in measured_cases(results)
            for name, values in case["agreement"].items()
            if name in engines
        ),
        default=0,
    )


def introduction(results):
    difference = largest_difference(results, FLOAT32.engines)
    return (
        f"{how_measured(results)}; their answers differ by at most {difference:.0e} of the largest logit."
        " The limit is the pass's multiply-adds at the machine's peak, measured in the same run.\n\n"
        + where_measured(results)
    )


def markdown(rows, left):
    """Rows of cells, the first of them the head; `left`: columns of text."""
    rule = ["---" if column in left else "---:" for column in range(len(rows[0]))]
    return "\n".join("| " + " | ".join(row) + " |" for row in [rows[0], rule, *rows[1:]])


def milliseconds(case, name):
    engine = case["engines"].get(name)
    return f"{number(engine['min_ms'])} ({number(engine['median_ms'])})" if engine else ""


def table(results):
    peers = [name for name in TITLES if name != OURS and name in results["engines"]]
    columns = ["case", "threads", TITLES[OURS], "fastest peer", "ratio", "limit", "of peak"]
    rows = [columns + [TITLES[peer] for peer in peers]]
    for case in results["cases"]:
        row = [case_title(case), str(case["threads"])]
        if "refused" in case:
            rows.append([*row, "refused", *[""] * (len(rows[0]) - 3)])
            continue
        fastest = case.get("fastest_peer")
        row.append(milliseconds(case, OURS))
        row.append(f"{TITLES[fastest]} {number(case['engines'][fastest]['min_ms'])}" if fastest else "")
        row.append(f"{case['ratio']:.2f}" if fastest else "")
        row.append(number(case["limit_ms"]))
        row.append(f"{case['peak_percent']:.1f} %")
        rows.append(row + [milliseconds(case, peer) for peer in peers])
    return markdown(rows, left=(0, 3))


def quantized_introduction(results):
    difference = largest_difference(results, FLOAT32.engines)
    return (
        f"{how_measured(results)}. In float32 their answers differ by at most {difference:.0e} of the"
        f" largest logit. The ratio is that of {title('vit-i8')}, to the fastest peer in int8.\n\n"
        + where_measured(results)
    )


def fastest(case, engines):
    return min(engines, key=lambda name: case["engines"][name]["min_ms"])


def quantized_table(results):
    """The peers in int8; of those in float32, the fastest."""
    ours = [name for name in QUANTIZED.ours if name in results["engines"]]
    peers = [name for name in QUANTIZED.peers if name in results["engines"]]
    floats = [name for name in peers if not is_quantized(name)]
    int8 = [name for name in peers if is_quantized(name)]
    head = ["case", "threads", *(title(name) for name in ours), "fastest peer, float32"]
    rows = [[*head, *(title(name) for name in int8), "ratio"]]
    for case in results["cases"]:
        row = [case_title(case), str(case["threads"])]
        if "refused" in case:
            rows.append([*row, "refused", *[""] * (len(rows[0]) - 3)])
            continue
        row += [milliseconds(case, name) for name in ours]
        best = fastest(case, floats) if floats else ""
        row.append(f"{TITLES[best]} {number(case['engines'][best]['min_ms'])}" if floats else "")
        row += [milliseconds(case, name) for name in int8]
        times = case["engines"]
        ratio = times["vit-i8"]["min_ms"] / times[fastest(case, int8)]["min_ms"] if int8 else None
        rows.append([*row, f"{ratio:.2f}" if int8 else ""])
    return markdown(rows, left=(0, len(head) - 1))


def agreement_table(results):
    """Of a case, the worst of what was compared, with any number of threads."""
    engines = [name for name in QUANTIZED.engines if is_quantized(name) and name in results["engines"]]
    cases = {}
    for case in measured_cases(results):
        cases.setdefault(case["case"], []).append(case)
    rows = [["logits beside float32", *(title(name) for name in engines)]]
    for same in cases.values():
        row = [case_title(same[0])]
        for name in engines:
            values = [case["agreement"][name] for case in same if name in case["agreement"]]
            lacking, difference = (
                max(value[key] for value in values) for key in ("one_minus_cosine", "difference")
            )
            row.append(f"{lacking:.1e} ({difference:.1e})")
        rows.append(row)
    return (
        "What the lowest cosine in the batch lacks to 1 and, in brackets, the largest difference, of the"
        " largest logit:\n\n" + markdown(rows, left=(0,))
    )


def modes_table(modes):
    threads = modes["threads"]
    head = ["precision", "file, MB", "memory, MB", "start, ms"]
    head += [f"pass, {n} thread{'s' if n > 1 else ''}, ms" for n in threads]
    pictures = modes["pictures"]
    if pictures:
        head += ["as float32", "right"]
    rows = [head]
    for name, mode in modes["modes"].items():
        row = [name, f"{mode['file_bytes'] / 1e6:.1f}", f"{mode['peak_bytes'] / 1e6:.0f}"]
        row.append(number(mode["start_ms"]))
        row += [number(mode["pass_ms"][str(n)]) for n in threads]
        if pictures:
            row += [str(mode["as_float32"]), str(mode["right"])]
        rows.append(row)
    of_pictures = (
        f" Of the bundled model: how many of Fashion-MNIST's {pictures} test pictures get the label that"
        " they get in float32, and how many the right one."
        if pictures
        else " Fashion-MNIST's test pictures were not there to be classified."
    )
    model = case_title({"model": modes["model"], "image_size": modes["image_size"], "batch": 1})
    return (
        f"{model}, packed: the file; of a whole process, `vit classify` of one photograph, its most memory,"
        " with what it maps of the file, and its time, the file in the system's cache; a forward pass."
        f" The lowest of {modes['rounds']}.{of_pictures}\n\n" + markdown(rows, left=(0,))
    )


def incomplete(results, suite):
    """Why the README cannot show these results, or nothing."""
    if results["smoke"]:
        return "a smoke test is no measurement"
    there = {(case["case"], case["threads"]) for case in results["cases"] if "engines" in case}
    wanted = [(case.name, threads) for case in suite.cases for threads in THREADS]
    missing = [f"{case} with {threads}" for case, threads in wanted if (case, threads) not in there]
    absent = [title(name) for name in suite.engines if name not in results["engines"]]
    if missing or absent:
        return "not measured: " + ", ".join(absent + missing)
    return ""


def body(results, options):
    """What the README shows, without the figure."""
    if not options.quantized:
        return [introduction(results), table(results)]
    parts = [quantized_introduction(results), quantized_table(results), agreement_table(results)]
    modes = json.loads(options.modes.read_text()) if options.modes.exists() else None
    if modes:
        parts.append(modes_table(modes))
    if options.readme and (not modes or modes["smoke"]):
        sys.exit(f"{options.readme} stays as it is; modes.py has not measured into {options.modes}")
    return parts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("json", type=pathlib.Path, nargs="?")
    parser.add_argument("--quantized", action="store_true")
    parser.add_argument("--modes", type=pathlib.Path, default=ROOT / "build/bench/modes.json")
    parser.add_argument("--readme", type=pathlib.Path)
    parser.add_argument("--figure", type=pathlib.Path, help="of float32")
    options = parser.parse_args()
    suite = QUANTIZED if options.quantized else FLOAT32
    path = options.json or ROOT / "build/bench" / suite.file
    results = json.loads(path.read_text())
    if not measured_cases(results):
        sys.exit(f"{path} has no case that was measured")
    parts = body(results, options)
    print("\n\n".join([*parts, versions_line(results)]))
    if options.figure:
        from figure import draw

        draw(results, options.figure)
    if options.readme:
        reason = incomplete(results, suite)
        if reason:
            sys.exit(f"{options.readme} stays as it is; {reason}")
        if options.figure:
            path = os.path.relpath(options.figure, options.readme.resolve().parent)
            parts.append(f"![The same numbers as bars beside the limit]({path})")
        text = "\n\n".join([*parts, versions_line(results)]) + "\n"
        lines = [f"<!-- {suite.marker}:{end} -->" for end in ("begin", "end")]
        replace_between(options.readme, *lines, text)


if __name__ == "__main__":
    main()
