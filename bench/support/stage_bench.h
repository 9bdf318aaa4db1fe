// What the benches of all stages share: a backend's kernels at a named size, and how they are timed.
#pragma once

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include <benchmark/benchmark.h>

#include "apps/peak/machine_peak.h"
#include "runtime/backend/backend.h"
#include "runtime/backend/kernel_context.h"
#include "runtime/network/geometry.h"
#include "tests/cases/case.h"
#include "tests/cases/random.h"
#include "tests/cases/tiles.h"

namespace vit::bench {

inline constexpr const char *architectures[] = {"vit-ti16", "vit-b16", "vit-l16", "vit-h14"};

// A bench fails by throwing; add() turns that into Google Benchmark's error.
inline void require(bool condition, const std::string &message) {
    if (!condition) throw std::runtime_error(message);
}

template<typename T>
T value_of(Result<T> result) {
    require(result.has_value(), result ? "" : result.error().message);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// The first backend that runs here, for a named architecture.
struct Stage {
    Architecture architecture;
    KernelContext context;
    const Backend &backend;
    Layout blocks;
    cases::Random random;

    Stage(const std::string &name, int threads)
        : architecture(value_of(named_architecture(name))),
          context(threads),
          backend(*value_of(choose_backend(""))),
          blocks(ask_blocks()) {}

    // By its name in generators/kernels.cmake.
    Kernel kernel(const std::string &name) const { return value_of(backend.kernel(name)); }

private:
    Layout ask_blocks() {
        install_halide_handlers();
        return cases::blocks_of(CalledKernel(kernel("layout"), &context));
    }
};

// Times calls of a case, which find their weights in no cache, and expects its answer to be right. The time
// that Google Benchmark reports is the mean; the rates are those of the fastest call, since other programs
// only ever add to a call's time. The answer is that of a call before, in which the context's memory takes
// its size. The peak is that of float32, times the products that the stage's instruction adds at once: for
// whole numbers, what the widest of them would reach (vpdpwssd or vpmaddwd, vpdpbusd), whether this machine
// has it or not.
inline void measure(benchmark::State &state, Stage &stage, cases::Case &its) {
    using Clock = std::chrono::steady_clock;
    const std::string name = its.kernel();
    const CalledKernel kernel(stage.kernel(name), &stage.context);
    int copy = 0;
    const auto call = [&] {
        value_of(stage.context.check(name.c_str(), its.call(kernel, copy++ % its.copies())));
    };
    const cases::Work work = its.work();
    const int threads = stage.context.pool().threads();
    const double peak_before = work.flop > 0 ? command::measure_peak(threads) : 0;
    its.reset();
    call();
    const std::string wrong = its.judge();
    require(wrong.empty(), "wrong answer: " + wrong);
    auto fastest = Clock::duration::max();
    for (auto _ : state) {
        const auto start = Clock::now();
        call();
        fastest = std::min(fastest, Clock::now() - start);
    }
    const double seconds = std::chrono::duration<double>(fastest).count();
    state.counters["fastest_us"] = 1e6 * seconds;
    state.counters["bytes/s"] = work.bytes / seconds;
    if (work.flop > 0) {
        // On either side: the clock may have changed in between.
        const double peak = std::max(peak_before, command::measure_peak(threads));
        state.counters["FLOP/s"] = work.flop / seconds;
        state.counters["peak_percent"] = 100 * work.flop / seconds / (peak * work.step);
    }
}

// Registers run(state, threads) as NAME/threads:1 and NAME/threads:2. Returns true, so that a file can do so
// while it initializes a constant.
template<typename Run>
bool add(const std::string &name, Run run) {
    const auto guarded = [run](benchmark::State &state) {
        try {
            run(state, static_cast<int>(state.range(0)));
        } catch (const std::exception &error) {
            state.SkipWithError(error.what());
        }
    };
    benchmark::RegisterBenchmark(name.c_str(), guarded)
        ->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMicrosecond);
    return true;
}

}  // namespace vit::bench
