"""Draws what run.py measured: a panel for each case and number of threads, a bar for each engine."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from labels import OURS, TITLES, case_title, machine_line, number  # noqa: E402

COLOURS = {True: "#1f6f8b", False: "#b8c4c9"}  # this project, a peer
LIMIT_COLOUR = "#c0392b"


def draw_panel(axes, case):
    engines = sorted(case["engines"].items(), key=lambda entry: entry[1]["min_ms"])
    times = [engine["min_ms"] for _, engine in engines]
    axes.barh(range(len(engines)), times, color=[COLOURS[name == OURS] for name, _ in engines], height=0.7)
    axes.set_yticks(range(len(engines)), [TITLES[name] for name, _ in engines])
    axes.invert_yaxis()  # the fastest on top
    for y, (name, _) in enumerate(engines):
        if name == OURS:
            axes.get_yticklabels()[y].set_fontweight("bold")
        axes.annotate(number(times[y]), (times[y], y), (4, 0), textcoords="offset points", va="center")
    axes.axvline(case["limit_ms"], color=LIMIT_COLOUR, linewidth=1.2)
    axes.set_xlim(0, 1.15 * max(times))
    axes.set_title(
        f"{case_title(case)}, {case['threads']} thread{'s' if case['threads'] > 1 else ''}", loc="left"
    )
    axes.spines[["top", "right"]].set_visible(False)


def draw(results, path):
    cases = [case for case in results["cases"] if "engines" in case]
    columns = min(2, len({case["threads"] for case in cases}))
    rows = -(-len(cases) // columns)
    plt.rcParams.update({"font.size": 9, "axes.titlesize": 10})
    figure, panels = plt.subplots(
        rows, columns, figsize=(5.6 * columns, 1.75 * rows + 0.7), layout="constrained", squeeze=False
    )
    for axes, case in zip(panels.flat, cases):
        draw_panel(axes, case)
    for axes in panels.flat[len(cases) :]:
        axes.set_visible(False)
    figure.suptitle(
        f"Milliseconds of a forward pass, {results['precision']}; line: the limit, its multiply-adds at the"
        f" machine's peak\n{machine_line(results['machine'])}, {results['date']}",
        fontsize=9,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)
