// What packing makes of one value of a checkpoint's matrix.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace vit::reference {

// matrix is [outputs][inputs]; a row or column below zero is a pad.
inline float packed(const float *matrix, int inputs, int row, int column, float scale) {
    return row < 0 || column < 0 ? 0 : matrix[static_cast<std::size_t>(row) * inputs + column] * scale;
}

// By its definition (IEEE 754): sign, 5 bits of exponent, 10 of fraction. Finite values.
inline float from_float16(std::uint16_t bits) {
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    const double magnitude =
        exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
    return static_cast<float>(bits >> 15 ? -magnitude : magnitude);
}

// The upper half of a float32.
inline float from_bfloat16(std::uint16_t bits) {
    return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

}  // namespace vit::reference
