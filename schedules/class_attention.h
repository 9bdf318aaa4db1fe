// When and where attention of the class token alone is computed.
#pragma once

#include "generators/class_attention.h"

namespace vit {

// Nothing is searched for.
struct ClassAttentionTuning {};

void schedule(ClassAttention &stage, Halide::Pipeline pipeline, const ClassAttentionTuning &tuning,
              const Halide::Target &target);

}  // namespace vit
