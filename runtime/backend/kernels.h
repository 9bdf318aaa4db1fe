// The compiled stages of one target (generators/*.cpp), as plain functions. Every one returns 0 or Halide's
// error code, with the sentence left in the KernelContext that is its first argument
// (runtime/backend/kernel_context.h).
#pragma once

#include <cstdint>

struct halide_buffer_t;

namespace vit {

struct Kernels {
    using B = halide_buffer_t *;
    using Preprocess = int (*)(const void *, B picture, B columns, B column_weights, B rows, B row_weights,
                               B levels, B between, B pixels);
    using Linear = int (*)(const void *, B x, B weights, B bias, B y);
    using LinearResidual = int (*)(const void *, B x, B weights, B bias, B residual, B y);
    using Head = int (*)(const void *, B z, B gamma, B beta, B weights, B bias, std::int32_t channels,
                         std::int32_t labels, float epsilon, B logits, B scores);
    using PackPanels = int (*)(const void *, B weight, B rows, B columns, float scale, B panels);

    int (*layout)(const void *, B blocks);
    Preprocess preprocess_rows_first;
    Preprocess preprocess_columns_first;
    int (*patch_embed)(const void *, B pixels, B weights, B bias, B class_token, B positions,
                       std::int32_t patch_width, std::int32_t patch_height, B patches, B embedded);
    int (*layer_norm)(const void *, B x, B gamma, B beta, std::int32_t channels, float epsilon,
                      B normalized);
    // One stage, compiled once for each role, whose shapes ask for schedules of their own.
    Linear linear_qkv;
    LinearResidual linear_proj;
    Linear linear_fc1_gelu_erf;
    Linear linear_fc1_gelu_tanh;
    LinearResidual linear_fc2;
    // The same for few tokens, where a device computes: with k in parts, so that one image keeps it busy.
    Linear few_linear_qkv = nullptr;
    LinearResidual few_linear_proj = nullptr;
    Linear few_linear_fc1_gelu_erf = nullptr;
    Linear few_linear_fc1_gelu_tanh = nullptr;
    LinearResidual few_linear_fc2 = nullptr;
    // Where a processor computes, the first two; where a device does, the others, which have the memory for
    // keys, values, and what they find in parts of the keys, from the caller.
    int (*attention)(const void *, B qkv, std::int32_t tokens, std::int32_t threads, B context) = nullptr;
    int (*class_attention)(const void *, B x, B q, B key_weights, B value_weights, B value_bias,
                           std::int32_t tokens, B context) = nullptr;
    int (*attention_one_part)(const void *, B qkv, std::int32_t tokens, B context, B keys,
                              B values) = nullptr;
    int (*attention_parts)(const void *, B qkv, std::int32_t tokens, std::int32_t parts, B context, B keys,
                           B values, B mixtures) = nullptr;
    Head head_softmax;
    Head head_sigmoid;
    Head head_identity;
    PackPanels pack_panels_f32;
    PackPanels pack_panels_f16;
    PackPanels pack_panels_bf16;
    int (*pack_tiles)(const void *, B matrix, B tiles);
};

}  // namespace vit
