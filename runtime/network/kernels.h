// The kernels that run one architecture on one backend, found once, when a model is loaded.
#pragma once

#include "backend/backend.h"
#include "checkpoint/tensor.h"
#include "preprocess/preprocess_plan.h"

namespace vit {

// How the checkpoint's tensors become what the network's kernels read (generators/pack.h).
struct PackKernels {
    Kernel panels_of_f32, panels_of_f16, panels_of_bf16, tiles;
    Kernel round, quantize;  // panels into half precision, or into fixed point

    const Kernel &panels_of(DType type) const {
        return type == DType::f32 ? panels_of_f32 : type == DType::f16 ? panels_of_f16 : panels_of_bf16;
    }
    // Errors: backend.
    static Result<PackKernels> find(const Backend &backend, Precision precision);
};

struct LinearKernels {
    Kernel many;
    Kernel few;  // for few tokens, where a device computes and there is one (generators/kernels.cmake)
    Kernel reduced;  // of layers in another precision than float32
};

struct NetworkKernels {
    Kernel patch_embed, layer_norm;
    LinearKernels qkv, proj, fc1, fc2;
    Kernel layer_norm_fixed, attention_fixed;          // whose results layers in fixed point read
    Kernel attention, class_attention;                // of a processor, or
    Kernel attention_in_one_part, attention_in_parts;  // of a device
    Kernel pool, head;
    PreprocessKernels preprocess;

    // Errors: backend, if one that the architecture or the precision needs was not compiled; unsupported, if
    // its heads are too large for the precision.
    static Result<NetworkKernels> find(const Backend &backend, const Architecture &architecture,
                                       Precision precision);
};

}  // namespace vit
