"""The kit for a machine with a GPU (`make gpu-kit`), as such a machine gets it: moved to another folder,
with nothing but what Debian 12 has.

    python gpu_kit_test.py KIT RACE_WITH_A_WRONG_CANDIDATE FAKE_CUDA_DIRECTORY [unittest's options]
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

MEGABYTES = 60
SMALL_SECONDS = 600  # at most, for everything on OpenCL with small shapes: on a busy machine, too
OF_DEBIAN = {"libstdc++.so.6", "libgcc_s.so.1", "libm.so.6", "libc.so.6", "ld-linux-x86-64.so.2"}
NO_OPENCL = {"HL_OCL_PLATFORM_NAME": "no platform is called this"}

KIT = WRONG = FAKE_CUDA = None


class KitTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.kit = cls.folder / "elsewhere"
        shutil.copytree(KIT, cls.kit)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def run_kit(self, *arguments, environment=None):
        """(exit status, what it printed, results.json)"""
        out = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        done = subprocess.run(
            [self.kit / "run", "--small", "--out", out, *arguments],
            env={k: v for k, v in os.environ.items() if k != "VIT_SOURCE_DIR"} | (environment or {}),
            stdout=subprocess.PIPE,
            text=True,
            timeout=2 * SMALL_SECONDS,
        )
        return done.returncode, done.stdout, json.loads((out / "results.json").read_text())

    def test_is_small_and_asks_for_nothing(self):
        files = [path for path in self.kit.rglob("*") if path.is_file()]
        self.assertLess(sum(path.stat().st_size for path in files), MEGABYTES << 20)
        for name in ("run", "race", "vit", "worker", "tests/backend_tests"):
            command = ["ldd", self.kit / name]
            listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            libraries = {pathlib.Path(line.split()[0]).name for line in listed.splitlines()}
            self.assertNotIn("not found", listed)
            self.assertLessEqual(libraries - {"linux-vdso.so.1", "libvit_shared.so"}, OF_DEBIAN, name)

    def test_without_a_device_every_step_says_what_it_lacks(self):
        status, text, results = self.run_kit(environment=NO_OPENCL)
        self.assertEqual(status, 0, text)
        self.assertIn("there is no CUDA driver here", text)
        for step in ("sanitizer", "tests", "race", "bench", "pytorch", "counters"):
            self.assertIn("no device that runs here", results[step]["lacks"])

    def test_does_on_opencl_all_that_opencl_can_do(self):
        status, text, results = self.run_kit("--seconds", str(SMALL_SECONDS))
        self.assertEqual(status, 0, text)
        self.assertEqual(results["machine"]["used"], ["opencl"])
        for suite in ("ModelTest", "LinearTest", "AttentionTest", "PoolTest"):
            self.assertIn(f"{suite}-opencl", results["tests"]["programs"])
        for name in ("ModelTest-opencl", "LinearTest-opencl", "AttentionTest-opencl", "Device", "Backend"):
            program = results["tests"]["programs"][name]
            self.assertGreater(program["tests"], 0, name)
            self.assertEqual(program["failures"], 0, name)
        rows = results["race"]["found"]["candidates"]
        self.assertTrue(all("ms" in row for row in rows), text)
        self.assertEqual({row["batch"] for row in rows}, {1, 2})
        self.assertEqual(len(results["bench"]["cases"]), 2)

    def test_a_wrong_candidate_is_named_and_not_timed(self):
        out = self.folder / "wrong.json"
        command = [WRONG, "--backend", "opencl", "--arch", "vit-ti16", "--image-size", "32", "--batch", "1"]
        done = subprocess.run([*command, "--output", out], stdout=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 3, done.stdout)
        right, wrong = json.loads(out.read_text())["candidates"]
        self.assertIn("ms", right)
        self.assertNotIn("ms", wrong)
        self.assertIn("are wrong, the worst at", wrong["wrong"])
        self.assertIn(f"{wrong['layout']} {wrong['values']} is not timed", done.stdout)

    def test_what_a_device_cannot_do_is_said(self):
        driver = NO_OPENCL | {"LD_LIBRARY_PATH": str(FAKE_CUDA)}
        sentences = {
            None: "cannot create a context (CUDA error 2)",
            "memory": "bytes on the device",
            "module": "cuModuleLoadData",
        }
        for mode, sentence in sentences.items():
            status, text, results = self.run_kit(
                "--only", "machine,tests", environment=driver | ({"FAKE_CUDA": mode} if mode else {})
            )
            self.assertEqual(status, 1, text)
            self.assertIn("cuda-90: CUDA has no device of compute capability 9.0", text)
            self.assertIn("cuda: Newer GPU, compute capability 8.0", text)
            self.assertIn("cuda does not classify", results["machine"]["failed"], mode)
            self.assertIn(sentence, results["machine"]["failed"], mode)
            self.assertIn("no device", results["tests"]["lacks"], mode)


if __name__ == "__main__":
    KIT, WRONG, FAKE_CUDA = (pathlib.Path(sys.argv.pop(1)) for _ in range(3))
    unittest.main()
