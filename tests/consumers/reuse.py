"""A compiler launcher that takes what another build has made of the same source by the same words.

    python reuse.py BUILD COMPILER [ARGUMENT...]

It lets a test build the library as a part of another project in seconds. Words that say where things go,
what is warned of and what is parsed ahead are not compared.
"""

import json
import os
import pathlib
import shutil
import sys


def compared(words):
    """What decides the object, and where it goes."""
    kept, out, takes = [], None, {"-o", "-MF", "-MT", "-include"}
    words = iter(words)
    for word in words:
        if word in takes:
            value = next(words)
            out = value if word == "-o" else out
        elif not word.startswith(("-W", "--param=", "-MD", "-Dvit_EXPORTS")):
            kept.append(word)
    return kept, out


def main():
    build, command = pathlib.Path(sys.argv[1]), sys.argv[2:]
    wanted, out = compared(command)
    for row in json.loads((build / "compile_commands.json").read_text()):
        if row["file"] == command[-1] and out and out.endswith(".o"):
            same, made = compared(row["command"].split())
            if same == wanted and (build / made).exists():
                shutil.copyfile(build / made, out)
                depends = [command[i + 1] for i, word in enumerate(command) if word == "-MF"]
                for path in depends:
                    pathlib.Path(path).write_text(f"{out}: {command[-1]}\n")
                return
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
