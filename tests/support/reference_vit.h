// A checkpoint as the reference takes it, so that a wrong answer can be followed step by step.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "runtime/checkpoint/checkpoint.h"
#include "tests/reference/vit.h"

namespace vit::test {

// IEEE 754 binary16.
inline double half_value(std::uint16_t bits) {
    const double sign = bits & 0x8000 ? -1 : 1;
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    if (exponent == 31) return fraction ? NAN : sign * INFINITY;
    return sign * (exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25));
}

// Every value of a tensor, in its order; none if it is absent.
inline std::vector<double> values(const Tensor &tensor) {
    std::size_t count = tensor ? 1 : 0;
    for (const std::int64_t size : tensor.shape) count *= size;
    const char *bytes = static_cast<const char *>(tensor.data);
    std::vector<double> values(count);
    for (std::size_t i = 0; i < count; i++) {
        if (tensor.dtype == DType::f32) {
            float value;
            std::memcpy(&value, bytes + 4 * i, 4);
            values[i] = value;
            continue;
        }
        std::uint16_t bits;
        std::memcpy(&bits, bytes + 2 * i, 2);
        if (tensor.dtype == DType::f16) {
            values[i] = half_value(bits);
        } else {
            const std::uint32_t wide = std::uint32_t{bits} << 16;  // bfloat16: the upper half of a float32
            float value;
            std::memcpy(&value, &wide, 4);
            values[i] = value;
        }
    }
    return values;
}

inline reference::Matrix matrix(const Tensor &tensor, int rows) {
    std::vector<double> all = values(tensor);
    const int columns = static_cast<int>(all.size()) / rows;
    return {rows, columns, std::move(all)};
}

inline reference::Linear linear(const LinearWeights &weights) {
    return {matrix(weights.weight, static_cast<int>(weights.weight.shape.at(0))), values(weights.bias)};
}

inline reference::Norm norm(const NormWeights &weights) {
    return {values(weights.gamma), values(weights.beta)};
}

inline reference::VisionTransformer reference_vit(const Checkpoint &checkpoint) {
    const Architecture &a = checkpoint.architecture;
    std::vector<reference::Block> blocks;
    for (const BlockWeights &block : checkpoint.blocks) {
        blocks.push_back({norm(block.norm1), linear(block.query), linear(block.key), linear(block.value),
                          linear(block.proj), norm(block.norm2), linear(block.fc1), linear(block.fc2)});
    }
    return {a.channels,
            a.image_height,
            a.image_width,
            a.patch_height,
            a.patch_width,
            a.heads,
            a.layer_norm_epsilon,
            a.activation == Activation::gelu_tanh,
            values(checkpoint.class_token),
            matrix(checkpoint.positions, a.tokens()),
            linear(checkpoint.patch),
            std::move(blocks),
            norm(checkpoint.norm),
            linear(checkpoint.head)};
}

}  // namespace vit::test
