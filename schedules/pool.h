// When and where tokens are pooled.
#pragma once

#include "generators/pool.h"

namespace vit {

// Nothing is searched for.
struct PoolTuning {};
struct PoolGpuTuning {};

void schedule(Pool &stage, Halide::Pipeline pipeline, const PoolTuning &tuning,
              const Halide::Target &target);
void schedule(Pool &stage, Halide::Pipeline pipeline, const PoolGpuTuning &tuning,
              const Halide::Target &target);

}  // namespace vit
