#include "network/slots.h"

#include <array>

namespace vit {

const char *name_of(Slot slot) {
    static constexpr std::array names{
        "patch_weight", "patch_bias",  "class_token", "distillation_token", "registers",   "positions",
        "norm1_gamma",  "norm1_beta",  "query_weight", "query_bias",        "key_weight",  "key_bias",
        "value_weight", "value_bias",  "proj_weight", "proj_bias",          "scale1",      "norm2_gamma",
        "norm2_beta",   "gate_weight", "gate_bias",   "fc1_weight",         "fc1_bias",    "fc2_weight",
        "fc2_bias",     "scale2",      "norm_gamma",  "norm_beta",          "head_weight", "head_bias"};
    static_assert(names.size() == static_cast<std::size_t>(Slot::count));
    return names[static_cast<std::size_t>(slot)];
}

}  // namespace vit
