// When and where a linear layer is computed.
#pragma once

#include "generators/linear.h"

namespace vit {

struct LinearTuning {
    // Panels that one task takes: more have less overhead (1 % at most), fewer balance better. ViT-Ti/16 has
    // 12 panels in its narrowest layers, which even numbers of threads have to share.
    Halide::GeneratorParam<int> panels_per_task{"panels_per_task", 1, 1, 3};
    // Tiles that one task passes by a panel at most.
    Halide::GeneratorParam<int> tiles_per_task{"tiles_per_task", 48, 1, 1024};
    // Steps of k in a row without a branch, at most one chunk.
    Halide::GeneratorParam<int> k_unroll{"k_unroll", 8, 1, 16};
};

struct LinearGpuTuning {
    // Panels and tiles of a group, whose items share both.
    Halide::GeneratorParam<int> group_panels{"group_panels", 1, 1, 16};
    Halide::GeneratorParam<int> group_tiles{"group_tiles", 8, 1, 32};
    // Parts of k, each summed by items of its own: for few tokens, which alone would not fill a device.
    Halide::GeneratorParam<int> k_parts{"k_parts", 1, 1, 16};
    // Chunks of k in a row without a branch.
    Halide::GeneratorParam<int> chunk_unroll{"chunk_unroll", 1, 1, 4};
};

void schedule(Linear &stage, Halide::Pipeline pipeline, const LinearGpuTuning &tuning,
              const Halide::Target &target);

void schedule(Linear &stage, Halide::Pipeline pipeline, const LinearTuning &tuning,
              const Halide::Target &target);

}  // namespace vit
