// When and where layer normalization is computed.
#pragma once

#include "generators/layer_norm.h"
#include "schedules/tunable.h"

namespace vit {

struct LayerNormTuning {
    // Tiles of tokens that one task takes.
    TaskShare tiles_per_task{"tiles_per_task", 4, 1, 256, Of::tiles};
};

struct LayerNormGpuTuning {
    // Work items that share a tile's channels.
    Count items{"items", 32, 1, 64};
};

void schedule(LayerNorm &stage, Halide::Pipeline pipeline, const LayerNormTuning &tuning,
              const Halide::Target &target);
void schedule(LayerNorm &stage, Halide::Pipeline pipeline, const LayerNormGpuTuning &tuning,
              const Halide::Target &target);

// The statistics alone, computed for each `at` of `consumer`: for stages that normalize on their way.
void schedule_statistics(LayerNorm &stage, Halide::Func consumer, const Halide::Var &at);
void schedule_statistics(LayerNorm &stage, Halide::Func consumer, const Halide::Var &at,
                         const LayerNormGpuTuning &tuning);

}  // namespace vit
