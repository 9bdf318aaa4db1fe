// The ways to compile a stage in fixed point.
#pragma once

#include <string>
#include <vector>

#include "tests/support/stage.h"

namespace vit::test {

struct FixedVariant {
    Variant variant;
    std::string precision;

    std::string name() const { return precision + "_" + variant.name; }
    std::string kernel(const std::string &generator, const std::string &role = "") const {
        return generator + "/" + precision + (role.empty() ? "" : "/" + role);
    }
    friend void PrintTo(const FixedVariant &its, std::ostream *out) { *out << its.name(); }
};

// Only processors have such kernels, and their chunks are as long as a term is in whole numbers, or longer.
// Those of the library are compiled as released.
inline bool has_fixed_point(const Variant &variant) {
    const bool is_released = !variant.backend && !variant.checked;
    return !variant.on_device && !is_released && variant.blocks.lanes >= 4 &&
           has_kernel(variant, "layer_norm/i16") && has_kernel(variant, "layer_norm/i8");
}

// Each with both precisions.
inline std::vector<FixedVariant> with_both(const std::vector<Variant> &variants) {
    std::vector<FixedVariant> all;
    for (const Variant &variant : variants) {
        if (!has_fixed_point(variant)) continue;
        for (const char *precision : {"i16", "i8"}) all.push_back({variant, precision});
    }
    return all;
}

// With the one and the other by turns, of every `stride` variants the first: half as many to compile, and
// what precisions differ in is not what these variants do.
inline std::vector<FixedVariant> with_either(const std::vector<Variant> &variants, int stride = 1) {
    std::vector<FixedVariant> all;
    int i = 0;
    for (const Variant &variant : variants) {
        if (!has_fixed_point(variant) || i++ % stride != 0) continue;
        all.push_back({variant, all.size() % 2 ? "i8" : "i16"});
    }
    return all;
}

inline std::vector<FixedVariant> joined(std::vector<FixedVariant> variants,
                                        const std::vector<FixedVariant> &more) {
    variants.insert(variants.end(), more.begin(), more.end());
    return variants;
}

}  // namespace vit::test
