#include "backend/cpu_features.h"

#include <string_view>

#include "words.h"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

namespace vit {

namespace {

#if defined(__x86_64__)
constexpr std::string_view architecture = "x86-64";
#elif defined(__aarch64__)
constexpr std::string_view architecture = "arm-64";
#elif defined(__riscv) && __riscv_xlen == 64
constexpr std::string_view architecture = "riscv-64";
#else
constexpr std::string_view architecture = "unknown";
#endif

// Words of a target that ask nothing of a processor. Of a device others ask (runtime/backend/device_api.h).
bool says_nothing_of_the_processor(std::string_view word) {
    constexpr std::string_view words[] = {"linux",        "no_asserts", "no_bounds_query", "no_runtime",
                                          "user_context", "debug",      "large_buffers",   "no_neon",
                                          "opencl",       "cl_half",    "cuda"};
    for (const std::string_view known : words) {
        if (word == known) {
            return true;
        }
    }
    return word.starts_with("tune_") || word.starts_with("cuda_capability_") ||
           word.starts_with("vector_bits_");
}

}  // namespace

#if defined(__x86_64__)

namespace {

// What GCC 12 cannot ask for, by the bits of CPUID that the manuals of Intel and AMD name.
bool has_avxvnni() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __builtin_cpu_supports("avx2") && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1);
}

// clang 14 cannot ask for this one.
bool has_f16c() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __builtin_cpu_supports("avx") && __get_cpuid(1, &a, &b, &c, &d) && (c >> 29 & 1);
}

// Version 1 or later, with registers of 512 bits.
bool has_avx10() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (d >> 19 & 1) &&
           __get_cpuid_count(0x24, 0, &a, &b, &c, &d) && (b & 0xff) >= 1 && (b >> 18 & 1);
}

// APX, and registers 16 to 31 saved by the operating system.
bool has_apx() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid_count(7, 1, &a, &b, &c, &d) || !(d >> 21 & 1) || !__get_cpuid(1, &a, &b, &c, &d) ||
        !(c >> 27 & 1)) {
        return false;
    }
    __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    return a >> 19 & 1;
}

// amx_bf16, amx_tile and amx_int8. No stage computes with tiles, so whether they were asked for from the
// operating system does not matter.
bool has_amx() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d >> 22 & 1) && (d >> 24 & 3) == 3;
}

}  // namespace

// GCC's __builtin_cpu_supports reads CPUID and checks by XGETBV that the operating system saves the
// registers.
bool processor_has(const std::string &feature) {
    __builtin_cpu_init();
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd");
    const bool skylake = avx512 && __builtin_cpu_supports("avx512vl") &&
                         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
    const bool cannonlake =
        skylake && __builtin_cpu_supports("avx512ifma") && __builtin_cpu_supports("avx512vbmi");
    const bool zen4 =
        cannonlake && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16");
    const bool zen5 = zen4 && has_avxvnni() && __builtin_cpu_supports("avx512vp2intersect");
    return feature == "sse41"                   ? __builtin_cpu_supports("sse4.1") != 0
           : feature == "avx"                   ? __builtin_cpu_supports("avx") != 0
           : feature == "f16c"                  ? has_f16c()
           : feature == "fma"                   ? __builtin_cpu_supports("fma") != 0
           : feature == "avx2"                  ? __builtin_cpu_supports("avx2") != 0
           : feature == "avxvnni"               ? has_avxvnni()
           : feature == "avx512"                ? avx512
           : feature == "avx512_skylake"        ? skylake
           : feature == "avx512_cannonlake"     ? cannonlake
           : feature == "avx512_zen4"           ? zen4
           : feature == "avx512_zen5"           ? zen5
           : feature == "avx512_sapphirerapids" ? zen4 && has_amx()
           : feature == "avx10_1"               ? zen4 && has_avx10()
           : feature == "x86apx"                ? has_apx()
                                                : false;
}

#elif defined(__aarch64__) && defined(__linux__)

// What the kernel says in AT_HWCAP, by the numbers of its <asm/hwcap.h>.
bool processor_has(const std::string &feature) {
    constexpr unsigned long asimddp = 1ul << 20;
    return feature == "arm_dot_prod" && (getauxval(AT_HWCAP) & asimddp);
}

#else

// Only what every processor of the architecture has.
bool processor_has(const std::string &) {
    return false;
}

#endif

std::string unsupported_cpu(const std::string &target, const HasFeature &has) {
    const std::string prefix = std::string(architecture) + "-";
    if (!target.starts_with(prefix)) {
        return "it is for another kind of processor than this one, which is " + std::string(architecture);
    }
    std::string_view rest = std::string_view(target).substr(prefix.size());
    for (std::string word; !(word = take_word(rest, "-")).empty();) {
        if (!says_nothing_of_the_processor(word) && !has(word)) {
            return "this processor has no " + word;
        }
    }
    return {};
}

}  // namespace vit
