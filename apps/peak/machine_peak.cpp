#include "apps/peak/machine_peak.h"

#include <algorithm>
#include <barrier>
#include <chrono>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace command {

namespace {

using Clock = std::chrono::steady_clock;

// A multiply-add takes 4 cycles on the x86 and arm64 cores of the last decade, and at most 2 (some arm64: 4)
// start in each: 8 chains (16) keep the units busy. With the two operands, 12 fit in the 16 registers of
// AVX2, 24 in the 32 of the others.
constexpr int few_chains = 12, many_chains = 24;

// Of all chains, between two looks at the clock: 6 cycles each, so fractions of a millisecond.
constexpr long iterations = 100000;
constexpr std::chrono::milliseconds duration{20};

// Each runs `n` steps of all its chains and returns something of the result, so that it has to be computed.
// The multiplier is just below one and the addend small: the values stay normal numbers.
struct Chains {
    const char *instructions;
    float (*run)(long n, float multiplier, float addend);
    double operations;  // a step
};

#if defined(__x86_64__)

__attribute__((target("avx512f"))) float avx512_chains(long n, float multiplier, float addend) {
    const __m512 m = _mm512_set1_ps(multiplier), a = _mm512_set1_ps(addend);
    __m512 sum[many_chains];
    for (__m512 &s : sum) {
        s = a;
    }
    for (long i = 0; i < n; i++) {
#pragma GCC unroll 24
        for (int j = 0; j < many_chains; j++) {
            sum[j] = _mm512_fmadd_ps(sum[j], m, a);
        }
    }
    for (int j = 1; j < many_chains; j++) {
        sum[0] = _mm512_add_ps(sum[0], sum[j]);
    }
    return _mm512_cvtss_f32(sum[0]);
}

__attribute__((target("avx2,fma"))) float avx2_chains(long n, float multiplier, float addend) {
    const __m256 m = _mm256_set1_ps(multiplier), a = _mm256_set1_ps(addend);
    __m256 sum[few_chains];
    for (__m256 &s : sum) {
        s = a;
    }
    for (long i = 0; i < n; i++) {
#pragma GCC unroll 12
        for (int j = 0; j < few_chains; j++) {
            sum[j] = _mm256_fmadd_ps(sum[j], m, a);
        }
    }
    for (int j = 1; j < few_chains; j++) {
        sum[0] = _mm256_add_ps(sum[0], sum[j]);
    }
    return _mm256_cvtss_f32(sum[0]);
}

// SSE2, which every x86-64 has: a multiplication and an addition apart.
float baseline_chains(long n, float multiplier, float addend) {
    const __m128 m = _mm_set1_ps(multiplier), a = _mm_set1_ps(addend);
    __m128 sum[few_chains];
    for (__m128 &s : sum) {
        s = a;
    }
    for (long i = 0; i < n; i++) {
#pragma GCC unroll 12
        for (int j = 0; j < few_chains; j++) {
            sum[j] = _mm_add_ps(_mm_mul_ps(sum[j], m), a);
        }
    }
    for (int j = 1; j < few_chains; j++) {
        sum[0] = _mm_add_ps(sum[0], sum[j]);
    }
    return _mm_cvtss_f32(sum[0]);
}

Chains widest_chains() {
    if (__builtin_cpu_supports("avx512f")) return {"AVX-512", avx512_chains, 2.0 * 16 * many_chains};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        return {"AVX2 and FMA", avx2_chains, 2.0 * 8 * few_chains};
    }
    return {"SSE2", baseline_chains, 2.0 * 4 * few_chains};
}

#elif defined(__aarch64__)

float neon_chains(long n, float multiplier, float addend) {
    const float32x4_t m = vdupq_n_f32(multiplier), a = vdupq_n_f32(addend);
    float32x4_t sum[many_chains];
    for (float32x4_t &s : sum) {
        s = a;
    }
    for (long i = 0; i < n; i++) {
#pragma GCC unroll 24
        for (int j = 0; j < many_chains; j++) {
            sum[j] = vfmaq_f32(sum[j], sum[j], m);
        }
    }
    for (int j = 1; j < many_chains; j++) {
        sum[0] = vaddq_f32(sum[0], sum[j]);
    }
    return vgetq_lane_f32(sum[0], 0);
}

Chains widest_chains() {
    return {"NEON", neon_chains, 2.0 * 4 * many_chains};
}

#else

// What the compiler makes of vectors of four.
float portable_chains(long n, float multiplier, float addend) {
    typedef float Vector __attribute__((vector_size(16)));
    Vector sum[few_chains];
    for (Vector &s : sum) {
        s = Vector{} + addend;
    }
    for (long i = 0; i < n; i++) {
#pragma GCC unroll 12
        for (int j = 0; j < few_chains; j++) {
            sum[j] = sum[j] * multiplier + addend;
        }
    }
    for (int j = 1; j < few_chains; j++) {
        sum[0] += sum[j];
    }
    return sum[0][0];
}

Chains widest_chains() {
    return {"four lanes", portable_chains, 2.0 * 4 * few_chains};
}

#endif

// The most operations a second of one thread: of the stretches between two looks, the best, since other
// programs may have had the processor in some.
double measure_thread(const Chains &chains) {
    // volatile: operands that the compiler does not know, and a result that it cannot throw away.
    volatile float multiplier = 0.999f, addend = 0.001f, result;
    const auto end = Clock::now() + duration;
    double best = 0;
    for (auto before = Clock::now(); before < end;) {
        result = chains.run(iterations, multiplier, addend);
        const auto after = Clock::now();
        const double seconds = std::chrono::duration<double>(after - before).count();
        best = std::max(best, iterations * chains.operations / seconds);
        before = after;
    }
    static_cast<void>(result);
    return best;
}

}  // namespace

double measure_peak(int threads) {
    const Chains chains = widest_chains();
    // More would take turns, each at a processor's full speed.
    threads = std::clamp(threads, 1, std::max(1, static_cast<int>(std::thread::hardware_concurrency())));
    std::vector<double> rates(static_cast<std::size_t>(threads));
    std::barrier start(threads);  // all at once, or the first would run without the others beside them
    std::vector<std::thread> others;
    const auto measure = [&](std::size_t i) {
        start.arrive_and_wait();
        rates[i] = measure_thread(chains);
    };
    for (std::size_t i = 1; i < rates.size(); i++) {
        others.emplace_back(measure, i);
    }
    measure(0);
    for (std::thread &other : others) {
        other.join();
    }
    double sum = 0;
    for (const double rate : rates) {
        sum += rate;
    }
    return sum;
}

std::string peak_instructions() {
    return widest_chains().instructions;
}

}  // namespace command
