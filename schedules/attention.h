// When and where attention is computed.
#pragma once

#include "generators/attention.h"

namespace vit {

struct AttentionTuning {
    // Tiles of queries of one head that one task takes at most: fewer balance better, and pack more often.
    Halide::GeneratorParam<int> tiles_per_task{"tiles_per_task", 64, 1, 256};
    // Tasks that each thread should have at least, where there are few heads.
    Halide::GeneratorParam<int> tasks_per_thread{"tasks_per_thread", 3, 1, 16};
    // Steps of either product in a row without a branch, at most one chunk or tile.
    Halide::GeneratorParam<int> k_unroll{"k_unroll", 8, 1, 16};
};

void schedule(Attention &stage, Halide::Pipeline pipeline, const AttentionTuning &tuning,
              const Halide::Target &target);

}  // namespace vit
