"""Pictures of every format, decoded by the library and by Pillow: the same pixels.

    python pictures.py PICTURE_TOOL VIT [SUBSTRING]

PICTURE_TOOL is tests/pillow/picture_tool.cpp, built; VIT is the command, which says what decodes here. All
pictures are decoded by one process, in an order that is shuffled, each twice. Every module in corpus/ has a
function cases(), which yields Case (corpus/case.py); SUBSTRING picks some by name.
"""

import collections
import importlib
import os
import pathlib
import pkgutil
import random
import subprocess
import sys
import tempfile

import numpy

import corpus
from corpus.case import Case


SHOWN = 40  # failures, at most


class Tool:
    def __init__(self, program):
        # New and freed memory is not zero.
        environment = os.environ | {"MALLOC_PERTURB_": "171"}
        self.printed = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.printed, env=environment
        )

    def decode(self, path, options):
        """[height, width, 3], or a sentence."""
        self.process.stdin.write(f"{options}\n{path}\n".encode())
        self.process.stdin.flush()
        line = self.process.stdout.readline().decode(errors="replace").rstrip("\n")
        if not line:
            return f"the program ended with status {self.process.wait()}"
        if line.startswith("error "):
            return line[6:]
        width, height = (int(n) for n in line.split())
        data = self.process.stdout.read(3 * width * height)
        return numpy.frombuffer(data, numpy.uint8).reshape(height, width, 3)

    def end(self):
        """What it printed on standard error, and its status, which sanitizers set for leaks."""
        self.process.stdin.close()
        status = self.process.wait()
        self.printed.seek(0)
        return self.printed.read().decode(errors="replace"), status


def wrong(case, found, decoders):
    """Why it is not right, or None; and the largest difference."""
    if case.or_error and isinstance(found, str) and not found.startswith("the program"):
        return None, 0
    if case.needs and case.needs not in decoders and isinstance(found, str):
        return None, 0
    if case.by and case.by not in decoders:
        return (found if isinstance(found, str) and found.startswith("the program") else None), 0
    if case.right is None:
        if not isinstance(found, str) or found.startswith("the program"):
            return f"should be an error: {found if isinstance(found, str) else found.shape}", 0
        return (None if case.says in found else f"says \"{found}\", not \"{case.says}\""), 0
    if isinstance(found, str):
        return found, 0
    expected = case.expected()
    if found.shape != expected.shape:
        return f"{found.shape}, should be {expected.shape}", 0
    difference = numpy.abs(found.astype(int) - expected)
    largest = int(difference.max())
    if largest > case.largest:
        pixels = int((difference.max(axis=2) > case.largest).sum())
        at = tuple(int(i) for i in numpy.argwhere(difference == largest)[0])
        return f"{pixels} pixels differ, by up to {largest}, as at (y, x, c) {at}", largest
    return None, largest


def main():
    program, vit = sys.argv[1:3]
    only = sys.argv[3] if len(sys.argv) > 3 else ""
    decoders = subprocess.run([vit, "info"], capture_output=True, text=True, check=True).stdout
    cases = []
    for module in pkgutil.iter_modules(corpus.__path__):
        if module.name != "case":
            cases += importlib.import_module(f"corpus.{module.name}").cases()
    cases = [case for case in cases if only in case.name and case.only in decoders]
    assert len({case.name for case in cases}) == len(cases), "two cases have the same name"
    assert cases and all(isinstance(case, Case) for case in cases)
    twice = cases + cases
    random.Random(1).shuffle(twice)
    failures = {}
    count, largest = collections.Counter(), collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        tool = Tool(program)
        for case in twice:
            path = pathlib.Path(folder, case.name)
            if not path.exists():
                path.write_bytes(case.data)
            why, difference = wrong(case, tool.decode(path, case.options), decoders)
            ending = path.suffix
            count[ending] += 1
            largest[ending] = max(largest[ending], difference)
            if why:
                failures[case.name] = why
        printed, status = tool.end()
        if status or printed:  # the library never prints
            failures["the program"] = f"ended with status {status}, and printed\n{printed[-4000:]}"
    for ending in sorted(count):
        print(f"{ending:6} {count[ending] // 2:4} pictures, largest difference {largest[ending]}")
    for name, why in sorted(failures.items())[:SHOWN]:
        print(f"{name}: {why}")
    if failures:
        sys.exit(f"{len(failures)} of {len(cases)} pictures are wrong")


if __name__ == "__main__":
    main()
