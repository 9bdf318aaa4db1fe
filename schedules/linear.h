// When and where a linear layer is computed.
#pragma once

#include "generators/linear.h"

namespace vit {

struct LinearTuning {
    // Panels that one task takes: more share the tile of tokens in L1, fewer balance better.
    Halide::GeneratorParam<int> panels_per_task{"panels_per_task", 4, 1, 64};
    // Tiles that one task takes before it goes on to its next panel, while that panel is in L2.
    Halide::GeneratorParam<int> tiles_per_task{"tiles_per_task", 64, 1, 1024};
    // Steps of k in a row without a branch, at most one chunk.
    Halide::GeneratorParam<int> k_unroll{"k_unroll", 8, 1, 16};
};

void schedule(Linear &stage, const LinearTuning &tuning, const Halide::Target &target);

}  // namespace vit
