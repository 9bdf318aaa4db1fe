#include "network/kernels.h"

#include "vit/fields.h"

namespace vit {

namespace {

Result<LinearKernels> find_linear(const Backend &backend, const std::string &role) {
    LinearKernels kernels;
    VIT_TRY_ASSIGN(kernels.many, backend.kernel("linear/" + role));
    if (const std::string few = "linear/" + role + "/few"; backend.has_kernel(few)) {
        VIT_TRY_ASSIGN(kernels.few, backend.kernel(few));
    }
    return kernels;
}

}  // namespace

Result<PackKernels> PackKernels::find(const Backend &backend) {
    PackKernels kernels;
    VIT_TRY_ASSIGN(kernels.panels_of_f32, backend.kernel("pack_panels/f32"));
    VIT_TRY_ASSIGN(kernels.panels_of_f16, backend.kernel("pack_panels/f16"));
    VIT_TRY_ASSIGN(kernels.panels_of_bf16, backend.kernel("pack_panels/bf16"));
    VIT_TRY_ASSIGN(kernels.tiles, backend.kernel("pack_tiles"));
    return kernels;
}

Result<NetworkKernels> NetworkKernels::find(const Backend &backend, const Architecture &architecture) {
    NetworkKernels kernels;
    VIT_TRY_ASSIGN(kernels.patch_embed, backend.kernel("patch_embed"));
    VIT_TRY_ASSIGN(kernels.layer_norm, backend.kernel("layer_norm"));
    VIT_TRY_ASSIGN(kernels.qkv, find_linear(backend, "qkv"));
    VIT_TRY_ASSIGN(kernels.proj, find_linear(backend, "proj"));
    const std::string activation = name_of(architecture.activation);
    VIT_TRY_ASSIGN(kernels.fc1, find_linear(backend, "fc1/" + activation));
    VIT_TRY_ASSIGN(kernels.fc2, find_linear(backend, "fc2"));
    if (backend.device_api) {
        VIT_TRY_ASSIGN(kernels.attention_in_one_part, backend.kernel("attention_parts/one_part"));
        VIT_TRY_ASSIGN(kernels.attention_in_parts, backend.kernel("attention_parts/parts"));
    } else {
        VIT_TRY_ASSIGN(kernels.attention, backend.kernel("attention"));
        VIT_TRY_ASSIGN(kernels.class_attention, backend.kernel("class_attention"));
    }
    VIT_TRY_ASSIGN(kernels.pool, backend.kernel("pool"));
    VIT_TRY_ASSIGN(kernels.head, backend.kernel(std::string("head/") + name_of(architecture.scores)));
    VIT_TRY_ASSIGN(kernels.preprocess, PreprocessKernels::find(backend));
    return kernels;
}

}  // namespace vit
