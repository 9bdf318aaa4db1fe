#include "network/kernels.h"

#include "network/fixed_matrix.h"
#include "vit/fields.h"

namespace vit {

namespace {

Result<LinearKernels> find_linear(const Backend &backend, const std::string &role, Precision precision) {
    LinearKernels kernels;
    VIT_TRY_ASSIGN(kernels.many, backend.kernel("linear/" + role));
    if (const std::string few = "linear/" + role + "/few"; backend.has_kernel(few)) {
        VIT_TRY_ASSIGN(kernels.few, backend.kernel(few));
    }
    if (precision != Precision::f32) {
        const std::string variant = is_fixed_point(precision) ? "linear_fixed/" : "linear/";
        VIT_TRY_ASSIGN(kernels.reduced, backend.kernel(variant + name_of(precision) + "/" + role));
    }
    return kernels;
}

}  // namespace

Result<PackKernels> PackKernels::find(const Backend &backend, Precision precision) {
    PackKernels kernels;
    VIT_TRY_ASSIGN(kernels.panels_of_f32, backend.kernel("pack_panels/f32"));
    VIT_TRY_ASSIGN(kernels.panels_of_f16, backend.kernel("pack_panels/f16"));
    VIT_TRY_ASSIGN(kernels.panels_of_bf16, backend.kernel("pack_panels/bf16"));
    VIT_TRY_ASSIGN(kernels.tiles, backend.kernel("pack_tiles"));
    if (is_fixed_point(precision)) {
        VIT_TRY_ASSIGN(kernels.quantize,
                       backend.kernel(std::string("quantize_panels/") + name_of(precision)));
    } else if (precision != Precision::f32) {
        VIT_TRY_ASSIGN(kernels.round, backend.kernel(std::string("round_panels/") + name_of(precision)));
    }
    return kernels;
}

Result<NetworkKernels> NetworkKernels::find(const Backend &backend, const Architecture &architecture,
                                            Precision precision) {
    NetworkKernels kernels;
    if (precision != Precision::f32) {
        const std::string name = name_of(precision);
        if (backend.device_api) {
            return fail(ErrorCode::backend, "precision " + name + ": backend " + backend.name +
                                                " computes on a device, which has f32 alone");
        }
    }
    if (is_fixed_point(precision)) {
        const std::string name = name_of(precision);
        if (const int most = most_head_channels(precision); architecture.head_size() > most) {
            const std::string channels = std::to_string(architecture.head_size());
            return fail(ErrorCode::unsupported, "its heads have " + channels +
                                                    " channels, and sums in precision " + name +
                                                    " have room for " + std::to_string(most));
        }
        VIT_TRY_ASSIGN(kernels.layer_norm_fixed, backend.kernel("layer_norm/" + name));
        VIT_TRY_ASSIGN(kernels.attention_fixed, backend.kernel("attention/" + name));
    }
    VIT_TRY_ASSIGN(kernels.patch_embed, backend.kernel("patch_embed"));
    VIT_TRY_ASSIGN(kernels.layer_norm, backend.kernel("layer_norm"));
    VIT_TRY_ASSIGN(kernels.qkv, find_linear(backend, "qkv", precision));
    VIT_TRY_ASSIGN(kernels.proj, find_linear(backend, "proj", precision));
    const std::string activation = name_of(architecture.activation);
    VIT_TRY_ASSIGN(kernels.fc1, find_linear(backend, "fc1/" + activation, precision));
    VIT_TRY_ASSIGN(kernels.fc2, find_linear(backend, "fc2", precision));
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
