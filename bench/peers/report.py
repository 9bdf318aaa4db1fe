"""Makes the README's table and figure from what run.py measured.

    python report.py [JSON] [--readme README.md] [--figure PNG]

Prints the table. With --readme, puts it between the lines <!-- bench:begin --> and <!-- bench:end -->, for
which the run has to be complete; with --figure, draws the same numbers, and the README shows the figure.
"""

import argparse
import json
import os
import pathlib
import sys

from labels import OURS, TITLES, case_title, machine_line, number
from readme import replace_between
from sizes import CASES, THREADS

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"


def versions_line(results):
    parts = []
    for name, title in TITLES.items():
        if name in results["engines"]:
            engine = results["engines"][name]
            version = next(iter(engine["versions"].values()))
            parts.append(f"{title} {version} ({engine['configuration']})")
    return "; ".join(parts)


def introduction(results):
    measured = [case for case in results["cases"] if "engines" in case]
    rounds = min(case["rounds"] for case in measured)
    load = max(case["other_load"] for case in measured)
    difference = max((value for case in measured for value in case["differences"].values()), default=0)
    return (
        f"Milliseconds of a forward pass in {results['precision']}: the lowest of at least {rounds} and, in"
        " brackets, the median. The engines took turns, a pass each, with the same weights and the same"
        f" input; their answers differ by at most {difference:.0e} of the largest logit. The limit is the"
        " pass's multiply-adds at the machine's peak, measured in the same run.\n\n"
        f"{machine_line(results['machine'])}, {results['date']}; meanwhile at most {100 * load:.1f} % of the"
        " processors' time went to anything else."
    )


def table(results):
    peers = [name for name in TITLES if name != OURS and name in results["engines"]]
    columns = ["case", "threads", TITLES[OURS], "fastest peer", "ratio", "limit", "of peak"]
    rows = [columns + [TITLES[peer] for peer in peers]]
    rows.append(["---", *["---:"] * 2, "---", *["---:"] * (len(rows[0]) - 4)])
    for case in results["cases"]:
        row = [case_title(case), str(case["threads"])]
        if "refused" in case:
            rows.append([*row, "refused", *[""] * (len(rows[0]) - 3)])
            continue

        def cell(name):
            engine = case["engines"].get(name)
            return f"{number(engine['min_ms'])} ({number(engine['median_ms'])})" if engine else ""

        fastest = case.get("fastest_peer")
        row.append(cell(OURS))
        row.append(f"{TITLES[fastest]} {number(case['engines'][fastest]['min_ms'])}" if fastest else "")
        row.append(f"{case['ratio']:.2f}" if fastest else "")
        row.append(number(case["limit_ms"]))
        row.append(f"{case['peak_percent']:.1f} %")
        rows.append(row + [cell(peer) for peer in peers])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def incomplete(results):
    """Why the README cannot show these results, or nothing."""
    if results["smoke"]:
        return "a smoke test is no measurement"
    there = {(case["case"], case["threads"]) for case in results["cases"] if "engines" in case}
    missing = [f"{case.name} with {n}" for case in CASES for n in THREADS if (case.name, n) not in there]
    absent = [title for name, title in TITLES.items() if name not in results["engines"]]
    if missing or absent:
        return "not measured: " + ", ".join(absent + missing)
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("json", type=pathlib.Path, nargs="?", default=ROOT / "build/bench/peers.json")
    parser.add_argument("--readme", type=pathlib.Path)
    parser.add_argument("--figure", type=pathlib.Path)
    options = parser.parse_args()
    results = json.loads(options.json.read_text())
    if not any("engines" in case for case in results["cases"]):
        sys.exit(f"{options.json} has no case that was measured")
    print(introduction(results) + "\n\n" + table(results) + "\n\n" + versions_line(results))
    if options.figure:
        from figure import draw

        draw(results, options.figure)
    if options.readme:
        reason = incomplete(results)
        if reason:
            sys.exit(f"{options.readme} stays as it is; {reason}")
        text = introduction(results) + "\n\n" + table(results) + "\n"
        if options.figure:
            path = os.path.relpath(options.figure, options.readme.resolve().parent)
            text += f"\n![The same numbers as bars beside the limit]({path})\n"
        replace_between(options.readme, BEGIN, END, text + "\n" + versions_line(results) + ".\n")


if __name__ == "__main__":
    main()
