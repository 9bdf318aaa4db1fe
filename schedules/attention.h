// When and where attention is computed.
#pragma once

#include "generators/attention.h"

namespace vit {

struct AttentionTuning {
    // Tiles of queries of one head that one task takes.
    Halide::GeneratorParam<int> tiles_per_task{"tiles_per_task", 8, 1, 256};
    // Steps of either product in a row without a branch, at most one chunk.
    Halide::GeneratorParam<int> k_unroll{"k_unroll", 8, 1, 16};
};

void schedule(Attention &stage, const AttentionTuning &tuning, const Halide::Target &target);

}  // namespace vit
