// What the benches of all stages share: a backend's kernels at a named size, and how they are timed.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include <benchmark/benchmark.h>

#include "apps/peak/machine_peak.h"
#include "runtime/backend/backend.h"
#include "runtime/backend/buffer.h"
#include "runtime/network/geometry.h"
#include "runtime/backend/kernel_context.h"
#include "runtime/backend/memory.h"

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

// The first backend that runs here, with the sizes of a named architecture's buffers in its blocks.
struct Stage {
    Architecture architecture;
    KernelContext context;
    const Backend &backend;
    Geometry geometry;

    Stage(const std::string &name, int threads)
        : architecture(value_of(named_architecture(name))),
          context(threads),
          backend(*value_of(choose_backend(""))),
          geometry(architecture, blocks()) {}

    // By its name in generators/kernels.cmake.
    Kernel kernel(const std::string &name) const { return value_of(backend.kernel(name)); }

private:
    Blocks blocks() {
        install_halide_handlers();
        std::int32_t sizes[3] = {};
        BufferView<1> view(sizes, halide_type_of<std::int32_t>(), {3});
        value_of(context.check("layout", kernel("layout")(&context, view)));
        return {sizes[0], sizes[1], sizes[2]};
    }
};

// What one call has to do: of true tokens and channels, pads do not count. Bytes are those of every operand
// once, as if caches were endless.
struct Work {
    double flop;  // 0 where a stage moves or resamples integers, to which the peak says nothing
    double bytes;
};

// Times call(), which returns a Result<void>. The time that Google Benchmark reports is the mean; the
// rates are those of the fastest call, since other programs only ever add to a call's time. Returns how
// many calls there were: one more than was timed, in which the context's memory takes its size.
template<typename Call>
std::int64_t measure(benchmark::State &state, Stage &stage, const Work &work, Call call) {
    using Clock = std::chrono::steady_clock;
    const int threads = stage.context.pool().threads();
    const double peak_before = work.flop > 0 ? command::measure_peak(threads) : 0;
    value_of(call());
    auto fastest = Clock::duration::max();
    for (auto _ : state) {
        const auto start = Clock::now();
        value_of(call());
        fastest = std::min(fastest, Clock::now() - start);
    }
    const double seconds = std::chrono::duration<double>(fastest).count();
    state.counters["fastest_us"] = 1e6 * seconds;
    state.counters["bytes/s"] = work.bytes / seconds;
    if (work.flop > 0) {
        // On either side: the clock may have changed in between.
        const double peak = std::max(peak_before, command::measure_peak(threads));
        state.counters["FLOP/s"] = work.flop / seconds;
        state.counters["peak_percent"] = 100 * work.flop / seconds / peak;
    }
    return static_cast<std::int64_t>(state.iterations()) + 1;
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
