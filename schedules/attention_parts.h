// When and where a device computes attention.
#pragma once

#include "generators/attention_parts.h"
#include "schedules/tunable.h"

namespace vit {

struct AttentionPartsTuning {
    // Work items that share the keys of a tile, where values are mixed. More of them would not fit into
    // local memory, whose use the caller bounds by the number of parts (runtime/network/key_parts.h).
    Divisor key_items{"key_items", 4, 4, Steps::vectors_of_panel};
};

void schedule(AttentionParts &stage, Halide::Pipeline pipeline, const AttentionPartsTuning &tuning,
              const Halide::Target &target);

}  // namespace vit
