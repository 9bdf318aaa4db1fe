// When and where attention is computed.
#pragma once

#include "generators/attention.h"
#include "schedules/tunable.h"

namespace vit {

struct AttentionTuning {
    // Tiles of queries of one head that one task takes at most: fewer balance better, and pack more often.
    TaskShare tiles_per_task{"tiles_per_task", 64, 1, 256, Of::tiles};
    // Tasks that each thread should have at least, where there are few heads.
    Count tasks_per_thread{"tasks_per_thread", 3, 1, 16};
    // Steps of q . k, and of weights . v, in a row without a branch.
    Unroll d_unroll{"d_unroll", 8, 16, Steps::lanes_of_chunk};
    Unroll key_unroll{"key_unroll", 8, 16, Steps::tokens_of_tile};
};

void schedule(Attention &stage, Halide::Pipeline pipeline, const AttentionTuning &tuning,
              const Halide::Target &target);

}  // namespace vit
