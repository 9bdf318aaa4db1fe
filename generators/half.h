// Weights in half precision: 16 bits of memory, multiplied in float32.
//   f16   IEEE 754's binary16: 11 bits of mantissa, up to 65504
//   bf16  the upper half of a float32: 8 bits of mantissa, its whole range
#pragma once

#include <string>

#include "Halide.h"

namespace vit {

enum class Half { none,
                  f16,
                  bf16 };

inline Half half_named(const std::string &precision) {
    _halide_user_assert(precision == "f32" || precision == "f16" || precision == "bf16")
        << "no precision of weights is called " << precision << "\n";
    return precision == "f16" ? Half::f16 : precision == "bf16" ? Half::bf16 : Half::none;
}

// Float32, or bits.
inline Halide::Type stored_type_of(Half half) {
    return half == Half::none ? Halide::Float(32) : Halide::UInt(16);
}

// A stored value in float32. Of f16, all but infinities and NaN where the target has no instruction for it:
// exponents differ by 112.
inline Halide::Expr widened(Halide::Expr stored, Half half, bool has_f16) {
    using namespace Halide;
    if (half == Half::none) return stored;
    if (half == Half::f16 && has_f16) return cast<float>(reinterpret<float16_t>(stored));
    const Expr bits = cast<std::uint32_t>(stored);
    if (half == Half::bf16) return reinterpret<float>(bits << 16);
    const Expr magnitude = reinterpret<float>((bits & 0x7fff) << 13) * 0x1p112f;
    return reinterpret<float>(reinterpret<std::uint32_t>(magnitude) | ((bits & 0x8000) << 16));
}

// Whether a load can do it, with no other instruction.
inline bool loads_widened(Half half, bool has_f16) {
    return half == Half::none || (half == Half::f16 && has_f16);
}

// The nearest stored value, of two as near the even one. What is beyond f16's range becomes its bound.
inline Halide::Expr narrowed(Halide::Expr value, Half half) {
    using namespace Halide;
    if (half == Half::none) return value;
    const auto upper_half = [](Expr bits, int dropped) {
        return (bits + ((1 << (dropped - 1)) - 1) + ((bits >> dropped) & 1)) >> dropped;
    };
    const Expr bits = reinterpret<std::uint32_t>(value);
    if (half == Half::bf16) return cast<std::uint16_t>(upper_half(bits, 16));
    const Expr magnitude = reinterpret<std::uint32_t>(min(abs(value), 65504.0f) * 0x1p-112f);
    return cast<std::uint16_t>(upper_half(magnitude, 13) | ((bits >> 16) & 0x8000));
}

}  // namespace vit
