// When and where a linear layer is computed.
#pragma once

#include "generators/linear.h"
#include "schedules/tunable.h"

namespace vit {

struct LinearTuning {
    // Panels that one task takes: more have less overhead (1 % at most), fewer balance better. ViT-Ti/16 has
    // 12 panels in its narrowest layers, which even numbers of threads have to share.
    TaskShare panels_per_task{"panels_per_task", 1, 1, 3, Of::panels};
    // Tiles that one task passes by a panel at most.
    TaskShare tiles_per_task{"tiles_per_task", 48, 1, 1024, Of::tiles};
    // Steps of k in a row without a branch.
    Unroll k_unroll{"k_unroll", 8, 16, Steps::lanes_of_chunk};
};

struct LinearGpuTuning {
    // Panels and tiles of a group at most, whose items share both: a device bounds their number.
    Count group_panels{"group_panels", 1, 1, 16};
    Count group_tiles{"group_tiles", 8, 1, 32};
    // Parts of k, each summed by items of its own: for few tokens, which alone would not fill a device.
    Divisor k_parts{"k_parts", 1, 16, Steps::vectors_of_panel};
    // Chunks of k in a row without a branch, at most those of a panel that a part has.
    Count chunk_unroll{"chunk_unroll", 1, 1, 4};
};

void schedule(Linear &stage, Halide::Pipeline pipeline, const LinearGpuTuning &tuning,
              const Halide::Target &target);

void schedule(Linear &stage, Halide::Pipeline pipeline, const LinearTuning &tuning,
              const Halide::Target &target);

}  // namespace vit
