#include "bench/gpu/race_clock.h"

#include <algorithm>
#include <chrono>

namespace vit::bench {

namespace {
constexpr double try_ms = 5;
constexpr int least_calls = 2, most_calls = 256;
}  // namespace

double milliseconds_of(int calls, const std::function<void()> &call, const std::function<void()> &finish) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < calls; i++) {
        call();
    }
    finish();
    const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
    return taken.count() / calls;
}

int calls_for_a_try(const std::function<void()> &call, const std::function<void()> &finish) {
    const double one = milliseconds_of(least_calls, call, finish);
    return static_cast<int>(std::clamp(try_ms / one, double{least_calls}, double{most_calls}));
}

}  // namespace vit::bench
