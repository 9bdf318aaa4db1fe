# The front door. Each target does its own set-up, asks nothing, and does nothing that is already done.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
SHELL := bash
.SHELLFLAGS := -e -o pipefail -c

JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 600

PRESETS := host checked tsan fuzz x86-64 x86-64-avx2 x86-64-avx512 arm64 avx512-emulated opencl cuda gpu
CMAKE := .venv/bin/cmake
CTEST := .venv/bin/ctest

.PHONY: help
help:
	@echo 'make demo      classify the bundled pictures with the bundled model'
	@echo 'make test      all tests'
	@echo 'make test-runtime  the tests that a change of runtime/ or apps/ concerns: all but the stages alone'
	@echo 'make bench     this project beside ONNX Runtime, OpenVINO, PyTorch and LiteRT, in float32 and int8'
	@echo '               (gigabytes to install)'
	@echo 'make bench-photographs  from photographs to labels, beside ONNX Runtime fed by Pillow'
	@echo 'make bench-stages  each stage alone, in percent of the peak, and what llvm-mca says of its loops'
	@echo 'make checked   all tests, under AddressSanitizer and UndefinedBehaviorSanitizer, with the assertions'
	@echo '               of Halide in the kernels (asan and ubsan are the same)'
	@echo 'make tsan      the tests that start threads, under ThreadSanitizer'
	@echo 'make test-targets   other targets: SSE4.1 here, arm64 and AVX-512 in emulators, OpenCL on PoCL'
	@echo 'make test-arm64-all  of arm64, the large shapes, too: minutes in an emulator'
	@echo 'make gpu-kit   build/gpu-kit, for a machine with a GPU and nothing else: ./run there does it all'
	@echo 'make gpu-report FROM=DIR   tables, figure and tuned values of what ./run --out DIR found there'
	@echo 'make fuzz      search for inputs that break a reader, FUZZ_SECONDS=$(FUZZ_SECONDS) for each reader'
	@echo 'make clang-check  what clang warns of, in all sources; what GCC warns of, it says when it builds'
	@echo 'make pin-assembly  take the code of the kernels as it is, where it differs from tests/pinned'
	@echo 'make install   library and command into PREFIX=$(PREFIX)'
	@echo 'make setup     system packages, and Halide and CMake in .venv; the others do this by themselves'
	@echo 'make format    clang-format over all C++'
	@echo 'make clean     remove what was built; .venv stays'
	@echo 'JOBS=$(JOBS) compilers, tests or fuzzers run at once.'

.PHONY: demo
demo: build/host/build.ninja
	@echo "host: building the command"
	@$(CMAKE) --build --preset host --parallel $(JOBS) --target vit_command
	build/host/vit classify models/fashion-mnist models/fashion-mnist/images --top-k 1

.PHONY: test checked asan ubsan tsan
test: other-halide-tools test-host
checked tsan: %: test-%
asan ubsan: checked

# What can run here of the other targets. Where this processor has no AVX-512, an emulator has; of CUDA,
# which needs a GPU, there is what can be seen without one: that it says so, and the kit that goes to a GPU.
.PHONY: test-targets test-backends test-runtime test-devices test-arm64-all
emulated := $(shell grep -qw avx512vl /proc/cpuinfo || echo test-avx512-emulated)
test-targets: test-backends test-gpu test-devices test-arm64 $(emulated)
	.venv/bin/python tests/new_target_test.py

# The instruction sets of x86-64, in one library: those that this processor has run.
test-backends: build/x86-64/build.ninja
	@echo "x86-64: building"
	@$(CMAKE) --build --preset x86-64 --parallel $(JOBS) --target backend_tests
	@echo "x86-64: testing"
	@$(CTEST) --preset backends --output-on-failure --parallel $(JOBS)

test-runtime: build-host
	@echo "host: testing"
	@$(CTEST) --preset runtime --output-on-failure --parallel $(JOBS)

# The schedules of devices, compiled in process.
test-devices: opencl-tools build-host
	@echo "devices: testing"
	@$(CTEST) --preset devices --output-on-failure --parallel $(JOBS)

test-arm64-all: build-arm64
	@$(CTEST) --preset arm64-all --output-on-failure --parallel $(JOBS)

.PHONY: bench bench-stages bench-photographs
bench-stages: build-host
	@scripts/setup model
	@mkdir -p build/bench/stages
	for bench in build/host/bench/*_bench; do \
	    $$bench --benchmark_out_format=json --benchmark_out=build/bench/stages/$$(basename $$bench).json; \
	done
	.venv/bin/python scripts/hot_loops.py build/host/stages --measured build/bench/stages

# From photographs to labels, beside ONNX Runtime fed by Pillow; brings the README's table up to date, too.
bench-photographs: build-host
	@scripts/setup peers
	.venv-peers/bin/python bench/peers/photographs.py --readme README.md

# In float32, then in fixed point; brings the README's tables and figure up to date, too.
bench: build-host
	@scripts/setup peers
	.venv-peers/bin/python bench/peers/run.py
	.venv-peers/bin/python bench/peers/run.py --quantized
	.venv/bin/python bench/peers/modes.py
	.venv-peers/bin/python bench/peers/report.py --readme README.md --figure bench/figures/peers.png
	.venv-peers/bin/python bench/peers/report.py --quantized --readme README.md

.PHONY: gpu-kit gpu-report
gpu-kit: build-gpu
	@rm -rf build/gpu-kit
	@scripts/quietly build/gpu-kit.log $(CMAKE) --install build/gpu --prefix build/gpu-kit \
	    --component gpu-kit --strip
	@echo "build/gpu-kit: $$(du -sm build/gpu-kit | cut -f1) MB; there, ./run --help"

gpu-report: .venv/setup.stamp
	@test -n "$(FROM)" || { echo 'FROM=DIR, where ./run left what it found'; exit 2; }
	@scripts/setup report
	.venv-report/bin/python bench/gpu/report.py $(FROM) --readme README.md --figure bench/figures/gpu.png \
	    --tuned schedules/tuned

# Takes the code of the kernels as it is, after a look at what differs (tests/pinned_assembly.py).
.PHONY: pin-assembly
pin-assembly: build-x86-64 build-arm64
	@for preset in x86-64 arm64; do \
	    .venv/bin/python tests/pinned_assembly.py build/$$preset/stages --refresh; \
	done

.PHONY: fuzz
fuzz: fuzz-tools build-fuzz
	@echo "fuzz: $(FUZZ_SECONDS) s for each reader, $(JOBS) at a time"
	@scripts/fuzz $(FUZZ_SECONDS) $(JOBS)

# What clang says of the sources that it compiles nowhere else.
.PHONY: clang-check
clang-check: build-host build-fuzz
	@.venv/bin/python scripts/clang_check.py build/host --compiled build/fuzz --jobs $(JOBS)

.PHONY: install
install: build-host
	$(CMAKE) --install build/host --prefix "$(PREFIX)"

.PHONY: format
format:
	@scripts/setup format
	clang-format-14 -i $$(find generators schedules runtime apps tests bench -name '*.h' -o -name '*.cpp')

.PHONY: clean
clean:
	rm -rf build

.PHONY: setup fuzz-tools arm64-tools avx512-tools opencl-tools other-halide-tools always
setup: .venv/setup.stamp
fuzz-tools arm64-tools avx512-tools opencl-tools other-halide-tools: %-tools:
	@scripts/setup $*

# The set-up writes its stamp only when it installs something: only then is what follows from it repeated.
.venv/setup.stamp: always
	@scripts/setup

# What else CMake depends on, it knows by itself.
$(PRESETS:%=build/%/build.ninja): build/%/build.ninja: CMakePresets.json .venv/setup.stamp
	@echo "$*: configuring"
	@scripts/quietly build/$*-configure.log $(CMAKE) --preset $*
	@touch $@

build/fuzz/build.ninja clang-check: | fuzz-tools
build/arm64/build.ninja: | arm64-tools
build/avx512-emulated/build.ninja: | avx512-tools
build/checked/build.ninja build/opencl/build.ninja build/gpu/build.ninja: | opencl-tools

# The others compile their stages with the compiler of stages of host (VIT_GENERATORS in CMakePresets.json).
$(patsubst %,build/%/build.ninja,$(filter-out host,$(PRESETS))): | generators
.PHONY: generators
generators: build/host/build.ninja
	@echo "host: building the compiler of stages"
	@$(CMAKE) --build --preset host --parallel $(JOBS) --target vit_generators

# ThreadSanitizer finds no room for its shadow where a kernel spreads addresses over more than 28 bits.
# A build, too, runs what it made: to list its tests.
build-tsan test-tsan: unspread = $(shell setarch -R true 2>/dev/null && echo setarch -R)

.PHONY: $(PRESETS:%=build-%) $(PRESETS:%=test-%)
$(PRESETS:%=build-%): build-%: build/%/build.ninja
	@echo "$*: building"
	@$(unspread) $(CMAKE) --build --preset $* --parallel $(JOBS)

$(PRESETS:%=test-%): test-%: build-%
	@echo "$*: testing"
	@$(unspread) $(CTEST) --preset $* --output-on-failure --parallel $(JOBS)
