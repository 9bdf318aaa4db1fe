// When and where tokens are pooled.
#pragma once

#include "generators/pool.h"

namespace vit {

void schedule(Pool &stage, const Halide::Target &target);
void schedule_on_device(Pool &stage, const Halide::Target &target);

}  // namespace vit
