"""The library as apps get it: by find_package, pkg-config, add_subdirectory and FetchContent, static and
shared, in C and in C++17, 20 and 23.

    python consumers_test.py BUILD CMAKE COMPILER [unittest's options]

BUILD has the library, static and shared. Projects that build it as a part of theirs take its objects
(reuse.py, generators). An installed package is used by the CMake of Debian 12, 3.25, where that is.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MODEL = ROOT / "models/fashion-mnist"
BUILD, CMAKE, COMPILER = (sys.argv[i] if i < len(sys.argv) else "" for i in (1, 2, 3))
C_APP = ROOT / "apps/embed/embed.c"
KINDS = ["static", "shared"]


def old_cmake():
    return "/usr/bin/cmake" if os.path.exists("/usr/bin/cmake") else CMAKE


class ConsumersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.at = pathlib.Path(cls.directory.name)
        cls.must([CMAKE, "--install", BUILD, "--prefix", cls.at / "static"])
        cls.must([CMAKE, "--install", BUILD, "--prefix", cls.at / "shared", "--component", "shared"])

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    @staticmethod
    def must(command, **environment):
        words = [str(word) for word in command]
        done = subprocess.run(words, env={**os.environ, **environment}, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def expect_bag(self, app, kind):
        answer = self.must(
            [app, MODEL, MODEL / "images/bag.png"], LD_LIBRARY_PATH=str(self.at / kind / "lib")
        )
        self.assertRegex(answer, r"Bag \d")

    def build(self, how, kind, cmake, *options):
        build = self.at / f"{how}-{kind}"
        stages = str(pathlib.Path(BUILD) / "stages")
        self.must(
            [cmake, "-G", "Ninja", "-S", HERE, "-B", build, f"-DVIT_BY={how}", f"-DVIT_SOURCE={ROOT}",
             f"-DCMAKE_CXX_COMPILER={COMPILER}", *options]
        )
        self.must([cmake, "--build", build], VIT_TEST_STAGES=stages)
        return build

    def test_find_package(self):
        for kind in KINDS:
            with self.subTest(kind):
                prefix = f"-DCMAKE_PREFIX_PATH={self.at / kind}"
                build = self.build("find_package", kind, old_cmake(), prefix)
                for app in build.glob("app_*"):
                    self.expect_bag(app, kind)

    def test_an_app_in_an_older_cpp_is_told_in_one_sentence(self):
        include = f"-I{self.at / 'static' / 'include'}"
        empty = [COMPILER, "-std=c++11", "-fsyntax-only", "-x", "c++", "/dev/null", include]
        done = subprocess.run([*empty, "-include", "vit/vit.h"], capture_output=True, text=True)
        self.assertNotEqual(done.returncode, 0)
        errors = re.findall(r"error: .*", done.stderr)
        self.assertEqual(len(errors), 1, done.stderr)
        self.assertIn("compile with -std=c++17 or later, or use the C interface", errors[0])
        self.must([*empty, "-include", "vit/vit.c.h"])

    def test_pkg_config(self):
        for kind in KINDS:
            found = {"PKG_CONFIG_PATH": str(self.at / kind / "lib/pkgconfig")}
            self.must(["pkg-config", "--exact-version=0.1.0", "vit"], **found)
            options = self.must(["pkg-config", "--cflags", "--libs", "vit"], **found).split()
            libraries = [word for word in options if word.startswith("-l")]
            if kind == "shared":
                self.assertEqual(libraries, ["-lvit"])
            apps = [(COMPILER, f"c++{standard}", ROOT / "apps/embed/embed.cpp") for standard in (17, 20, 23)]
            if C_APP.exists():
                apps.append((os.environ.get("CC", "cc"), "c11", C_APP))
            for compiler, standard, source in apps:
                with self.subTest(kind=kind, standard=standard):
                    app = self.at / f"pkg-config-{kind}-{standard}"
                    warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
                    self.must([compiler, f"-std={standard}", *warnings, source, "-o", app, *options])
                    self.expect_bag(app, kind)

    def test_as_a_part_of_another_project(self):
        # A `vit_generators` with nothing beside it that could be brought up to date.
        tools = self.at / "tools/bin"
        tools.mkdir(parents=True)
        shutil.copy(HERE / "generators", tools)
        for how in "add_subdirectory", "FetchContent":
            for kind in KINDS:
                with self.subTest(how=how, kind=kind):
                    launcher = f"{sys.executable};{HERE / 'reuse.py'};{BUILD}"
                    build = self.build(
                        how, kind, CMAKE, "-DCMAKE_BUILD_TYPE=Release",
                        f"-DVIT_GENERATORS={tools / 'generators'}",
                        f"-DCMAKE_CXX_COMPILER_LAUNCHER={launcher}",
                        *(["-DBUILD_SHARED_LIBS=ON"] if kind == "shared" else []),
                    )
                    for app in build.glob("app_*"):
                        self.expect_bag(app, "none")
                    # Nothing of the library's is installed with the parent.
                    prefix = build / "prefix"
                    self.must([CMAKE, "--install", build, "--prefix", prefix])
                    installed = [path for path in prefix.rglob("*") if path.is_file()]
                    self.assertEqual(installed, [prefix / "bin/app_cxx17"])

    def test_without_halide_there_is_a_sentence(self):
        # A copy of the sources has no .venv.
        sources = self.at / "sources"
        sources.mkdir()
        files = self.must(["git", "-C", ROOT, "ls-files", "cmake", "schedules", "CMakeLists.txt"]).split()
        for name in files:
            (sources / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, sources / name)
        done = subprocess.run(
            [CMAKE, "-S", HERE, "-B", self.at / "no-halide", "-DVIT_BY=add_subdirectory",
             f"-DVIT_SOURCE={sources}", f"-DCMAKE_CXX_COMPILER={COMPILER}"],
            capture_output=True, text=True,
        )
        self.assertNotEqual(done.returncode, 0)
        said = re.sub(r"\s+", " ", done.stderr)
        self.assertIn("vit needs Halide 21", said)
        self.assertIn(f"{sources}/scripts/setup", said)
        self.assertIn("pip install halide==21.0.0", said)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
