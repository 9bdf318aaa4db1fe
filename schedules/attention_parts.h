// When and where a device computes attention.
#pragma once

#include "generators/attention_parts.h"
#include "generators/key_parts.h"

namespace vit {

struct AttentionPartsTuning {
    // Work items that share the keys of a tile, where values are mixed.
    Halide::GeneratorParam<int> key_items{"key_items", 4, 1, most_key_items};
};

void schedule(AttentionParts &stage, const AttentionPartsTuning &tuning, const Halide::Target &target);

}  // namespace vit
