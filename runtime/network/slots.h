// The tensors of a Vision Transformer, as this library thinks of them, and the one walk over those that an
// architecture has. How a checkpoint calls them is told by a naming (checkpoint/naming.h); what the kernels
// read of them, by the folds of packing (network/weights.cpp).
#pragma once

#include <cstdint>
#include <vector>

#include "error.h"
#include "vit/vit.h"

namespace vit {

enum class Slot {
    patch_weight,  // E: [D, C, P, P]
    patch_bias,    // [D]
    class_token,   // [D]
    distillation_token,  // [D]
    registers,     // [number, D]
    positions,     // E_pos: [positioned + N, D]
    // Of a block:
    norm1_gamma, norm1_beta,    // [D]
    query_weight, query_bias,   // [D, D], rows [k, D_h]; [D]
    key_weight, key_bias,
    value_weight, value_bias,
    proj_weight, proj_bias,     // U_msa: [D, D]; [D]
    scale1,                     // of what attention adds: [D]
    norm2_gamma, norm2_beta,    // [D]
    gate_weight, gate_bias,     // [mlp_width, D]; [mlp_width]
    fc1_weight, fc1_bias,       // [mlp_width, D]; [mlp_width]
    fc2_weight, fc2_bias,       // [D, mlp_width]; [D]
    scale2,                     // of what the MLP adds: [D]
    // After the last block, the head once for each feature that has one of its own:
    norm_gamma, norm_beta,      // [D]
    head_weight, head_bias,     // [K, D], or [K, features D] for all of them; [K]
    count
};

const char *name_of(Slot slot);

using TensorShape = std::vector<std::int64_t>;  // outermost first

inline bool is_gated(Activation activation) { return activation == Activation::silu_gated; }

// How many classifiers there are, and of how many features each.
inline int heads_of(const Architecture &a) {
    return a.pooling.head_of_each ? static_cast<int>(a.pooling.features.size()) : 1;
}

// visit(slot, index, shape) -> Result<void> for every tensor in the order of a forward pass, until one
// fails; index is the block's number or the classifier's, else 0.
template<typename Visit>
Result<void> for_each_slot(const Architecture &a, Visit visit) {
    const std::int64_t d = a.width, mlp = a.mlp_width, patches = a.patches();
    const auto linear = [&](Slot weight, Slot bias, int i, std::int64_t outputs, std::int64_t inputs,
                            bool has_bias = true) -> Result<void> {
        VIT_TRY(visit(weight, i, TensorShape{outputs, inputs}));
        return has_bias ? visit(bias, i, TensorShape{outputs}) : Result<void>();
    };
    const auto norm = [&](Slot gamma, Slot beta, int i) -> Result<void> {
        VIT_TRY(visit(gamma, i, TensorShape{d}));
        return visit(beta, i, TensorShape{d});
    };

    if (a.prefix.class_token) VIT_TRY(visit(Slot::class_token, 0, TensorShape{d}));
    if (a.prefix.distillation_token) VIT_TRY(visit(Slot::distillation_token, 0, TensorShape{d}));
    if (a.prefix.registers) VIT_TRY(visit(Slot::registers, 0, TensorShape{a.prefix.registers, d}));
    VIT_TRY(visit(Slot::positions, 0, TensorShape{a.prefix.positioned + patches, d}));
    VIT_TRY(visit(Slot::patch_weight, 0, TensorShape{d, a.channels, a.patch_height, a.patch_width}));
    VIT_TRY(visit(Slot::patch_bias, 0, TensorShape{d}));
    for (int i = 0; i < a.depth; i++) {
        VIT_TRY(norm(Slot::norm1_gamma, Slot::norm1_beta, i));
        VIT_TRY(linear(Slot::query_weight, Slot::query_bias, i, d, d, a.qkv_bias));
        VIT_TRY(linear(Slot::key_weight, Slot::key_bias, i, d, d, a.qkv_bias));
        VIT_TRY(linear(Slot::value_weight, Slot::value_bias, i, d, d, a.qkv_bias));
        VIT_TRY(linear(Slot::proj_weight, Slot::proj_bias, i, d, d));
        if (a.layer_scale) VIT_TRY(visit(Slot::scale1, i, TensorShape{d}));
        VIT_TRY(norm(Slot::norm2_gamma, Slot::norm2_beta, i));
        if (is_gated(a.activation)) VIT_TRY(linear(Slot::gate_weight, Slot::gate_bias, i, mlp, d));
        VIT_TRY(linear(Slot::fc1_weight, Slot::fc1_bias, i, mlp, d));
        VIT_TRY(linear(Slot::fc2_weight, Slot::fc2_bias, i, d, mlp));
        if (a.layer_scale) VIT_TRY(visit(Slot::scale2, i, TensorShape{d}));
    }
    VIT_TRY(norm(Slot::norm_gamma, Slot::norm_beta, 0));
    const std::int64_t features = a.pooling.head_of_each ? 1 : a.pooling.features.size();
    for (int i = 0; i < heads_of(a); i++) {
        VIT_TRY(linear(Slot::head_weight, Slot::head_bias, i, a.labels, features * d));
    }
    return {};
}

}  // namespace vit
