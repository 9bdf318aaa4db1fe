#include "cpu_features.h"

#include <string_view>

namespace vit {

#if defined(__x86_64__)

// GCC's __builtin_cpu_supports reads CPUID and checks by XGETBV that the operating system saves the
// registers.
std::string unsupported_cpu(const char *target) {
    __builtin_cpu_init();
    const std::string features = std::string("-") + target + "-";
    const auto needs = [&](std::string_view feature) {
        return features.find("-" + std::string(feature) + "-") != std::string::npos;
    };
    const auto missing = [&](std::string_view feature, bool present) {
        return needs(feature) && !present;
    };
    const bool f16c = __builtin_cpu_supports("f16c") != 0;
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd");
    const bool skylake = avx512 && __builtin_cpu_supports("avx512vl") &&
                         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
    const bool cannonlake =
        skylake && __builtin_cpu_supports("avx512ifma") && __builtin_cpu_supports("avx512vbmi");
    const bool zen4 =
        cannonlake && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16");
    for (const auto &[feature, present] : {
             std::pair<const char *, bool>{"sse41", __builtin_cpu_supports("sse4.1")},
             {"avx", __builtin_cpu_supports("avx")},
             {"f16c", f16c},
             {"fma", __builtin_cpu_supports("fma")},
             {"avx2", __builtin_cpu_supports("avx2")},
             {"avx512", avx512},
             {"avx512_skylake", skylake},
             {"avx512_cannonlake", cannonlake},
             {"avx512_zen4", zen4},
         }) {
        if (missing(feature, present)) {
            return std::string("this processor has no ") + feature;
        }
    }
    return {};
}

#else

std::string unsupported_cpu(const char *) {
    return {};
}

#endif

}  // namespace vit
