// When and where attention of the class token alone is computed.
#pragma once

#include "generators/class_attention.h"

namespace vit {

void schedule(ClassAttention &stage, const Halide::Target &target);

}  // namespace vit
