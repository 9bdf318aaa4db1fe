"""From a photograph to a label: the command beside ONNX Runtime fed by Pillow, pictures a second.

    python photographs.py [--model vit-ti16]... [--threads 2] [--rounds 5]

24 photographs of 12 megapixels, smooth and with detail, whole and as drafts, in batches of 8; the command
with a packed model, its start counted, the peer's not. The two take turns, each when the other has come to
rest; of each, the fastest round counts. All labels have to be the same. Preparing pictures (reading,
decoding, preprocessing) and the network are also measured apart, by one thread each: their sum is what a
picture takes if nothing waits.
Writes build/bench/photographs.json and a table for the README.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import time

import machine
from engine import Engine
from make_model import MODELS, make_model

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PHOTOGRAPHS = ROOT / "build/bench/photographs"
BATCH = 8
NAMES = {"vit-ti16": "ViT-Ti/16", "vit-b16": "ViT-B/16", "vit-l16": "ViT-L/16"}


def ours(packed, folder, threads, draft):
    """Seconds, and labels in the order of names."""
    command = [ROOT / "build/host/vit", "classify", packed, folder, "--top-k", "1", "--format", "json"]
    command += ["--threads", str(threads), "--batch", str(BATCH)] + (["--draft"] if draft else [])
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    seconds = time.perf_counter() - start
    return seconds, [json.loads(line)["predictions"][0]["index"] for line in done.stdout.splitlines()]


class Peer:
    def __init__(self, python, model, folder, threads, draft):
        command = [python, HERE / "photographs_worker.py", model, folder, str(threads), str(BATCH)]
        self.process = subprocess.Popen(
            command + (["draft"] if draft else []), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        seconds, *labels = self.process.stdout.readline().split()
        return float(seconds), [int(label) for label in labels]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Alone:
    """One thread of this project's, with nothing beside it; seconds a picture."""

    def __init__(self, model):
        command = [ROOT / "build/host/bench_worker", MODELS / f"{model}-224", 1, BATCH]
        self.worker = Engine("vit", command, ROOT / f"build/bench/photographs-{model}.log")
        self.worker.wait_until_ready()

    def network(self, rounds):
        return min(float(self.worker.ask("run")) for _ in range(rounds)) / BATCH / 1000

    def prepare(self, folder, draft, rounds):
        verb, pictures = "draft" if draft else "prepare", sorted(folder.glob("*.jpg"))
        return min(sum(float(self.worker.ask(f"{verb} {picture}")) for picture in pictures)
                   for _ in range(rounds)) / len(pictures) / 1000

    def close(self):
        self.worker.stop()


def race(options, model, packed, kind, draft, alone):
    folder = PHOTOGRAPHS / kind
    parts = {"prepare": alone.prepare(folder, draft, options.rounds)}
    parts["network"] = alone.network(options.rounds)
    onnx = MODELS / f"{model}-224/model-b{BATCH}.onnx"
    peer = Peer(options.peers_python, onnx, folder, options.threads, draft)
    best, labels = {}, {}
    for _ in range(options.rounds):
        for name, run in (("vit", lambda: ours(packed, folder, options.threads, draft)), ("peer", peer.run)):
            machine.settle([peer.process.pid])
            seconds, labels[name] = run()
            best[name] = min(best.get(name, seconds), seconds)
    peer.close()
    if labels["vit"] != labels["peer"]:
        sys.exit(f"{model}, {kind}: the labels differ: {labels}")
    count = len(labels["vit"])
    row = {"model": model, "photographs": kind, "draft": draft}
    row |= {name: count / seconds for name, seconds in best.items()}
    row |= parts | {"limit": options.threads / sum(parts.values())}
    print(f"{model} {kind:6} {'draft' if draft else 'whole'}: {row['vit']:6.2f} pictures/s, "
          f"peer {row['peer']:6.2f}, {row['vit'] / row['peer']:.2f} times; alone "
          + " + ".join(f"{1000 * seconds:.1f}" for seconds in parts.values())
          + f" ms, {row['vit'] / row['limit']:.2f} of {row['limit']:.2f}", file=sys.stderr)
    return row


def table(rows):
    lines = ["| 24 photographs of 12 megapixels | this project | ONNX Runtime fed by Pillow | | bound |",
             "| --- | ---: | ---: | ---: | ---: |"]
    for row in rows:
        what = f"{NAMES[row['model']]}, {row['photographs']}" + (", as drafts" if row["draft"] else "")
        numbers = f"{row['vit']:.1f} | {row['peer']:.1f} | {row['vit'] / row['peer']:.2f} times"
        limit = f"{row['limit']:.1f} ({row['vit'] / row['limit']:.2f})"
        lines.append(f"| {what} | {numbers} | {limit} |")
    return "\n".join(lines)


def write_readme(path, text, where):
    readme = path.read_text()
    begin, end = "<!-- photographs:begin -->", "<!-- photographs:end -->"
    body = f"{begin}\nPictures a second, {where}:\n\n{text}\n{end}"
    path.write_text(re.sub(f"{begin}.*?{end}", lambda _: body, readme, flags=re.DOTALL))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", action="append", choices=list(NAMES), help="by default Ti and B")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers-python", type=pathlib.Path, default=ROOT / ".venv-peers/bin/python")
    parser.add_argument("--readme", type=pathlib.Path, help="whose table is replaced")
    options = parser.parse_args()
    if not (PHOTOGRAPHS / "detail/23.jpg").exists():
        subprocess.run([ROOT / ".venv/bin/python", HERE / "make_photographs.py", PHOTOGRAPHS], check=True)
    rows = []
    for model in options.model or ["vit-ti16", "vit-b16"]:
        directory = make_model(model, 224, [BATCH], ["checkpoint", "onnx"])
        packed = directory / "model.vit"
        pack = [ROOT / "build/host/vit", "pack", directory, "--output", packed]
        subprocess.run(pack, check=True, stdout=subprocess.DEVNULL)
        alone = Alone(model)
        for kind in ("smooth", "detail"):
            for draft in (False, True):
                rows.append(race(options, model, packed, kind, draft, alone))
        alone.close()
    (ROOT / "build/bench/photographs.json").write_text(json.dumps(rows, indent=2))
    print(table(rows))
    if options.readme:
        cpu = machine.describe()
        where = f"{options.threads} threads of {cpu['cpu']} (family {cpu['family']}, model {cpu['model']})"
        write_readme(options.readme, table(rows), where)


if __name__ == "__main__":
    main()
