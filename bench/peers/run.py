"""Measures this project and its peers side by side: same weights, same input, interleaved call by call.

    python run.py [--case vit-b16@224/b1]... [--threads N]... [--peer NAME]... [--rounds 10] [--seconds 20]
    python run.py --quantized ...
    python run.py [--quantized] --smoke

For each case and number of threads, every engine loads the model in a process of its own; all answers are
compared; then the engines take turns, a forward pass each, the first one changing from round to round. A
turn begins when no other engine computes any more. No thread is pinned to a processor, unless an engine does
so by itself. The machine's peak is measured in every round. Writes the numbers as JSON (report.py makes a
table of them) and says on stderr how far it is. Exits with 1 if a case was refused because an answer
differed, or if an engine failed.

--quantized: the suite with int16 and int8 beside float32 (sizes.py: QUANTIZED); answers may differ more.

--smoke: a tiny model, two rounds, the peers that are installed, a reference in numpy: does it still work?
"""

import argparse
import contextlib
import datetime
import json
import pathlib
import statistics
import subprocess
import sys
import time

import machine
import numpy as np
import reference
from engine import Engine, EngineFailed, end_of
from labels import OURS
from sizes import CASES, FLOAT32, QUANTIZED, SMOKE_CASES, THREADS, is_quantized

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# Of the largest logit, for engines that compute in float32, in different orders. A mistake (another GELU,
# another epsilon, a wrong weight) shows at 1e-3 or more; orders of summation were seen to differ by 1e-6.
DIFFERENCE_LIMIT = 1e-4
# Of logits to this project's in float32, the lowest of the batch, for engines that quantize.
COSINE_LIMIT = 0.99
OTHER_LOAD_LIMIT = 0.02  # of the processors' time; above it the numbers are not worth much


def say(text):
    print(text, file=sys.stderr, flush=True)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [case.name for case in CASES]
    parser.add_argument("--quantized", action="store_true", help="the suite in fixed point")
    parser.add_argument("--case", action="append", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--threads", action="append", type=int, metavar="N", help=f"by default {THREADS}")
    peers = FLOAT32.peers | QUANTIZED.peers
    parser.add_argument("--peer", action="append", choices=peers, help="by default all of the suite")
    parser.add_argument("--rounds", type=int, default=10, help="at least so many")
    parser.add_argument("--seconds", type=float, default=20, help="rounds go on for at least so long")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--worker", type=pathlib.Path, default=ROOT / "build/host/bench_worker")
    parser.add_argument("--peers-python", type=pathlib.Path, default=ROOT / ".venv-peers/bin/python")
    parser.add_argument("--directory", type=pathlib.Path, default=ROOT / "build/bench", help="models, logs")
    parser.add_argument("--output", type=pathlib.Path, help="by default in DIRECTORY")
    options = parser.parse_args()
    if options.smoke:
        options.rounds, options.seconds = 2, 0
    options.suite = QUANTIZED if options.quantized else FLOAT32
    options.cases = SMOKE_CASES if options.smoke else options.suite.cases
    if options.case:
        options.cases = [case for case in options.cases if case.name in options.case]
    options.threads = options.threads or THREADS
    options.output = options.output or options.directory / options.suite.file
    return options


def choose_peers(options):
    installed = []
    if options.peers_python.exists():
        command = [options.peers_python, HERE / "worker.py", "installed"]
        installed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    wanted = [peer for peer in options.suite.peers if not options.peer or peer in options.peer]
    missing = [peer for peer in wanted if peer not in installed]
    if missing and not options.smoke:
        sys.exit(f"not installed: {', '.join(missing)}; scripts/setup peers installs them")
    return [peer for peer in wanted if peer in installed]


def make_model(case, peers, options):
    """The directory of the case's model; makes what is not there."""
    formats = sorted({"checkpoint", *(options.suite.peers[peer] for peer in peers)})
    command = [options.peers_python if peers else sys.executable, HERE / "make_model.py"]
    command += [case.model, str(case.image_size), "--batch", str(case.batch)]
    command += ["--into", options.directory / "models"]
    for name in formats:
        command += ["--format", name]
    log = options.directory / "logs" / f"make-{case.model_name}-b{case.batch}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "w") as output:
        status = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT).returncode
    if status != 0:
        raise EngineFailed(f"the model of {case.name} could not be made; {end_of(log)}")
    return options.directory / "models" / case.model_name


def start_engines(case, threads, peers, model, options, stack):
    engines = []
    for name in [*options.suite.ours, *peers]:
        if name in options.suite.ours:
            command = [options.worker, model, threads, case.batch, "", options.suite.ours[name]]
        else:
            command = [options.peers_python, HERE / "worker.py", name, model, threads, case.batch]
        log = options.directory / "logs" / f"{case.model_name}-b{case.batch}-t{threads}-{name}.log"
        start = time.monotonic()
        engine = Engine(name, command, log)
        stack.callback(engine.stop)
        engine.wait_until_ready()
        say(f"  {name} ready after {time.monotonic() - start:.1f} s")
        engines.append(engine)
    return engines


def agreement(engines, case, model, options):
    """{engine: how far its logits are from this project's in float32}"""
    logits = {}
    for engine in engines:
        path = model / f"logits-{engine.name}.f32"
        engine.ask(f"logits {path}")
        logits[engine.name] = np.fromfile(path, "<f4").reshape(case.batch, -1).astype(np.float64)
    if options.smoke:
        logits["reference"] = reference.logits(model, case.batch)
    ours = logits.pop(OURS)
    return {name: compare(ours, theirs) for name, theirs in logits.items()}


def compare(ours, theirs):
    """The largest difference relative to the largest logit; of the batch's cosines, what the lowest lacks to
    one, which is exact where the cosine itself would be rounded."""
    if ours.shape != theirs.shape:
        return {"difference": float("inf"), "one_minus_cosine": float("inf")}
    difference = np.abs(theirs - ours).max() / np.abs(theirs).max()
    a, b = (logits / np.linalg.norm(logits, axis=1, keepdims=True) for logits in (ours, theirs))
    lacking = ((a - b) ** 2).sum(1).max() / 2
    return {"difference": float(difference), "one_minus_cosine": float(lacking)}


def check(agreement):
    # Not "greater than": a difference may be NaN.
    wrong = []
    for name, values in agreement.items():
        if not is_quantized(name):
            fine = values["difference"] <= DIFFERENCE_LIMIT
        else:
            fine = values["one_minus_cosine"] <= 1 - COSINE_LIMIT
        if not fine:
            cosine = 1 - values["one_minus_cosine"]
            wrong.append(f"{name} by {values['difference']:.2g}, with a cosine of {cosine:.5f}")
    if wrong:
        text = "; ".join(wrong)
        raise EngineFailed(f"answers differ from this project's, relative to the largest logit: {text}")


def take_turns(engines, options):
    """Milliseconds of every pass by engine, and the machine's peak of every round in GFLOP/s."""
    pids = [engine.process.pid for engine in engines]
    times = {engine.name: [] for engine in engines}
    peaks = []
    end = time.monotonic() + options.seconds
    while len(peaks) < options.rounds or time.monotonic() < end:
        machine.settle(pids)
        peaks.append(float(engines[0].ask("peak")))
        first = len(peaks) % len(engines)
        for engine in engines[first:] + engines[:first]:
            if not machine.settle(pids):
                say("  an engine computes although it is not its turn")
            times[engine.name].append(float(engine.ask("run")))
        if len(peaks) <= options.rounds:
            passes = ", ".join(f"{name} {ms[-1]:.1f}" for name, ms in times.items())
            say(f"  round {len(peaks)}: {passes} ms; peak {peaks[-1]:.1f} GFLOP/s")
    return times, peaks


def summary(times, peaks, gflop):
    engines = {
        name: {"min_ms": min(ms), "median_ms": statistics.median(ms), "ms": ms} for name, ms in times.items()
    }
    ours, peak = engines[OURS], max(peaks)
    result = {
        "gflop": gflop,
        "peak_gflops": peak,
        "limit_ms": 1e3 * gflop / peak,
        "peak_percent": 100 * gflop / peak / (ours["min_ms"] / 1e3),
        "rounds": len(peaks),
        "engines": engines,
    }
    peers = [name for name in engines if name != OURS and not is_quantized(name)]
    if peers:
        fastest = min(peers, key=lambda name: engines[name]["min_ms"])
        result["fastest_peer"] = fastest
        result["ratio"] = ours["min_ms"] / engines[fastest]["min_ms"]
        fastest_median = min(engines[name]["median_ms"] for name in peers)
        result["median_ratio"] = ours["median_ms"] / fastest_median
    return result


def measure(case, threads, peers, options, facts):
    """One case with one number of threads: what goes into the JSON. Adds what the engines say to facts."""
    result = {"case": case.name, "model": case.model, "image_size": case.image_size}
    result |= {"batch": case.batch, "threads": threads}
    with contextlib.ExitStack() as stack:
        try:
            start = time.monotonic()
            model = make_model(case, peers, options)
            say(f"  model ready after {time.monotonic() - start:.1f} s")
            engines = start_engines(case, threads, peers, model, options, stack)
            for engine in engines:
                facts[engine.name] = {key: engine.facts[key] for key in ("versions", "configuration")}
            result["agreement"] = agreement(engines, case, model, options)
            check(result["agreement"])
            load = machine.OtherLoad([engine.process.pid for engine in engines])
            times, peaks = take_turns(engines, options)
            result["other_load"] = load.fraction()
            result |= summary(times, peaks, engines[0].facts["gflop"])
            result["peak_instructions"] = engines[0].facts["peak_instructions"]
        except EngineFailed as failure:
            result["refused"] = str(failure)
            say(f"  refused: {failure}")
            return result
    passes = ", ".join(f"{name} {engine['min_ms']:.2f}" for name, engine in result["engines"].items())
    say(f"  lowest of {result['rounds']}: {passes} ms; {result['peak_percent']:.1f} % of the peak")
    if result["other_load"] > OTHER_LOAD_LIMIT:
        say(f"  not quiet: {100 * result['other_load']:.0f} % of the processors' time went elsewhere")
    return result


def main():
    options = parse_arguments()
    if not options.worker.exists():
        sys.exit(f"{options.worker} is not there; build it first")
    peers = choose_peers(options)
    if not options.smoke:
        say(f"models, made once, and logs: {options.directory}; 9 GB for all cases of both suites")
    facts = {}
    results = {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": machine.describe(),
        "precision": options.suite.precision,
        "smoke": options.smoke,
        "engines": facts,
        "cases": [],
    }
    todo = [(case, threads) for case in options.cases for threads in options.threads]
    for number, (case, threads) in enumerate(todo, 1):
        say(f"{number} of {len(todo)}: {case.name}, {threads} thread{'s' if threads > 1 else ''}")
        results["cases"].append(measure(case, threads, peers, options, facts))
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(results, indent=1) + "\n")
    say(f"written: {options.output}")
    return 1 if any("refused" in case for case in results["cases"]) else 0


if __name__ == "__main__":
    sys.exit(main())
