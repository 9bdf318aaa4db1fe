// When and where patches are cut out and embedded.
#pragma once

#include "generators/patch_embed.h"
#include "schedules/tunable.h"

namespace vit {

struct PatchEmbedTuning {
    // Panels that one task takes, as in schedules/linear.h.
    TaskShare panels_per_task{"panels_per_task", 1, 1, 3, Of::panels};
    // Steps of k in a row without a branch.
    Unroll k_unroll{"k_unroll", 8, 16, Steps::lanes_of_chunk};
};

struct PatchEmbedGpuTuning {
    // As in schedules/linear.h.
    Count group_panels{"group_panels", 1, 1, 16};
    Count group_tiles{"group_tiles", 4, 1, 32};
};

void schedule(PatchEmbed &stage, Halide::Pipeline pipeline, const PatchEmbedTuning &tuning,
              const Halide::Target &target);
void schedule(PatchEmbed &stage, Halide::Pipeline pipeline, const PatchEmbedGpuTuning &tuning,
              const Halide::Target &target);

}  // namespace vit
