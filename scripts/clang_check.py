"""What clang says of the sources, of which it makes nothing here.

    python clang_check.py BUILD [--compiled BUILD] [--jobs N] [--clang COMPILER]

BUILD is a directory that CMake configured for GCC: what it compiles is in its compile_commands.json. Passed
over is what clang has compiled in another one (build/fuzz). The headers that GCC parses ahead for a library
or program are parsed ahead for clang, too. The exit status is 1 if there is something to mend.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

# What GCC alone has, and what says how code is made.
GCC_ONLY = ("--param=", "-Winvalid-pch", "-Wno-restrict", "-Wno-stringop-overflow", "-O")


class Source:
    def __init__(self, row):
        words = shlex.split(row["command"])[1:]
        self.directory, self.file = row["directory"], row["file"]
        self.object = self._take(words, "-o")
        self._take(words, "-c")
        self.header = self._take(words, "-include") if "-include" in words else None
        self.options = [word for word in words if not word.startswith(GCC_ONLY)]

    @staticmethod
    def _take(words, option):
        at = words.index(option)
        value = words[at + 1]
        del words[at : at + 2]
        return value

    def clang(self, compiler, *more):
        if self.file.endswith(".c"):
            compiler = compiler.replace("clang++", "clang")
        command = [compiler, *self.options, "-Werror", *more]
        done = subprocess.run(command, cwd=self.directory, capture_output=True, text=True)
        return done.returncode, done.stderr


def sources(build):
    """The sources of a build; the same source in two programs is one."""
    rows = json.loads((build / "compile_commands.json").read_text())
    found = {}
    for row in rows:
        if not row["file"].endswith(".hxx.cxx"):
            source = Source(row)
            found.setdefault((source.file, source.header is None), source)
    files = {source.file for source in found.values() if source.header}
    return [s for s in found.values() if s.header or s.file not in files]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--compiled", type=pathlib.Path, help="where clang has compiled")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--clang", default="clang++-14")
    arguments = parser.parse_args()

    compiled = set()
    if arguments.compiled:
        compiled = {s.file for s in sources(arguments.compiled) if (arguments.compiled / s.object).exists()}
    todo = [source for source in sources(arguments.build) if source.file not in compiled]
    faults = []
    with tempfile.TemporaryDirectory() as directory, concurrent.futures.ThreadPoolExecutor(
        arguments.jobs
    ) as pool:
        headers = {source.header: source for source in todo if source.header}
        parsed = {header: f"{directory}/{i}.pch" for i, header in enumerate(headers)}

        def parse(header):
            options = ["-Wno-pragma-system-header-outside-header", "-x", "c++-header", header]
            return headers[header].clang(arguments.clang, *options, "-o", parsed[header])

        def check(source):
            ahead = ["-include-pch", parsed[source.header]] if source.header else []
            return source.clang(arguments.clang, *ahead, "-fsyntax-only", source.file)

        for status, said in [*pool.map(parse, headers), *pool.map(check, todo)]:
            if status:
                faults.append(said)
    if faults:
        sys.exit("\n".join(faults))
    print(f"clang: {len(todo)} sources, and nothing to say; {len(compiled)} it has compiled")


if __name__ == "__main__":
    main()
