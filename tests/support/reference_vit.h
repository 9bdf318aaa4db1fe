// A checkpoint as the reference takes it, so that a wrong answer can be followed step by step.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "runtime/checkpoint/checkpoint.h"
#include "runtime/network/slots.h"
#include "tests/cases/activations.h"
#include "tests/reference/vit.h"
#include "vit/fields.h"

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
    const int columns = rows ? static_cast<int>(all.size()) / rows : 0;
    return {rows, columns, std::move(all)};
}

// The slots of a checkpoint as the reference has them.
class Slots {
public:
    explicit Slots(const Checkpoint &checkpoint) : checkpoint_(checkpoint) {}

    std::vector<double> vector(Slot slot, int index = 0) const {
        return values(checkpoint_.tensor(slot, index));
    }
    reference::Linear linear(Slot weight, Slot bias, int index = 0) const {
        const Tensor &tensor = checkpoint_.tensor(weight, index);
        return {matrix(tensor, tensor ? static_cast<int>(tensor.shape.at(0)) : 0), vector(bias, index)};
    }
    reference::Norm norm(Slot gamma, Slot beta, int index = 0) const {
        return {vector(gamma, index), vector(beta, index)};
    }
    reference::Block block(int i) const {
        return {norm(Slot::norm1_gamma, Slot::norm1_beta, i),
                linear(Slot::query_weight, Slot::query_bias, i),
                linear(Slot::key_weight, Slot::key_bias, i),
                linear(Slot::value_weight, Slot::value_bias, i),
                linear(Slot::proj_weight, Slot::proj_bias, i),
                vector(Slot::scale1, i),
                norm(Slot::norm2_gamma, Slot::norm2_beta, i),
                linear(Slot::gate_weight, Slot::gate_bias, i),
                linear(Slot::fc1_weight, Slot::fc1_bias, i),
                linear(Slot::fc2_weight, Slot::fc2_bias, i),
                vector(Slot::scale2, i)};
    }
    // Class token, distillation token and registers, a row each.
    reference::Matrix prefix(int width) const {
        std::vector<double> rows;
        for (const Slot slot : {Slot::class_token, Slot::distillation_token, Slot::registers}) {
            const std::vector<double> more = vector(slot);
            rows.insert(rows.end(), more.begin(), more.end());
        }
        const int count = static_cast<int>(rows.size()) / width;
        return {count, width, std::move(rows)};
    }

private:
    const Checkpoint &checkpoint_;
};

inline reference::VisionTransformer reference_vit(const Checkpoint &checkpoint) {
    const Architecture &a = checkpoint.architecture;
    const Slots slots(checkpoint);
    std::vector<reference::Block> blocks;
    for (int i = 0; i < a.depth; i++) blocks.push_back(slots.block(i));
    std::vector<reference::Feature> features;
    for (const Feature feature : a.pooling.features) {
        features.push_back(feature == Feature::class_token ? reference::Feature{0, 1}
                           : feature == Feature::distillation_token
                               ? reference::Feature{a.prefix.class_token, 1}
                               : reference::Feature{a.prefix.tokens(), a.patches()});
    }
    std::vector<reference::Linear> head;
    for (int i = 0; i < heads_of(a); i++) {
        head.push_back(slots.linear(Slot::head_weight, Slot::head_bias, i));
    }
    return {a.channels,
            a.image_height,
            a.image_width,
            a.patch_height,
            a.patch_width,
            a.heads,
            a.layer_norm_epsilon,
            cases::known_activation(name_of(a.activation)).exact,
            slots.prefix(a.width),
            matrix(checkpoint.tensor(Slot::positions), a.prefix.positioned + a.patches()),
            a.prefix.positioned,
            slots.linear(Slot::patch_weight, Slot::patch_bias),
            std::move(blocks),
            slots.norm(Slot::norm_gamma, Slot::norm_beta),
            a.pooling.norm_last,
            std::move(features),
            a.pooling.head_of_each,
            std::move(head)};
}

}  // namespace vit::test
