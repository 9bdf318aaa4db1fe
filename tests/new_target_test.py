"""A target without a preset, by what the README says: its lines are run as they stand there.

    python tests/new_target_test.py

Takes a minute or two, since the compiler of stages is built once more; `make test-targets` runs it.
"""

import pathlib
import re
import struct
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
RISCV = 243  # e_machine of ELF


def members(archive):
    """Names and contents of a static library, as GNU ar writes it."""
    data = archive.read_bytes()
    assert data.startswith(b"!<arch>\n")
    at, names = 8, b""
    while at < len(data):
        name, size = data[at : at + 16].rstrip(), int(data[at + 48 : at + 58])
        content = data[at + 60 : at + 60 + size]
        at += 60 + size + size % 2
        if name == b"//":
            names = content
        elif name != b"/":
            if name.startswith(b"/"):
                name = names[int(name[1:]) :].split(b"/\n")[0]
            yield name.rstrip(b"/").decode(), content


class NewTargetTest(unittest.TestCase):
    def test_the_readme_compiles_it(self):
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        (block,) = [b for b in re.findall(r"```sh\n(.*?)```", readme, re.DOTALL) if "VIT_TARGETS=riscv" in b]
        build = re.search(r"-B (\S+)", block).group(1)
        target = re.search(r"VIT_TARGETS=(\S+)", block).group(1)
        self.assertTrue(target.startswith("riscv-64-"), target)
        done = subprocess.run(["bash", "-ec", block], cwd=ROOT, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-3000:])

        suffix = re.sub(r"\W", "_", target)
        library = dict(members(ROOT / build / "runtime/libvit.a"))
        kernels = {n: c for n, c in library.items() if n.startswith("ViT_") and suffix in n}
        self.assertIn(f"ViT_linear_fc1_gelu_erf_{suffix}.o", kernels)
        self.assertGreaterEqual(len(kernels), 15)
        for name, content in kernels.items():
            with self.subTest(name):
                self.assertEqual(content[:4], b"\x7fELF")
                self.assertEqual(struct.unpack_from("<H", content, 18)[0], RISCV)


if __name__ == "__main__":
    unittest.main()
