// When and where weights are packed.
#pragma once

#include "generators/pack.h"

namespace vit {

struct PackTuning {};  // nothing is searched for

void schedule(PackPanels &stage, Halide::Pipeline pipeline, const PackTuning &tuning,
              const Halide::Target &target);
void schedule(PackTiles &stage, Halide::Pipeline pipeline, const PackTuning &tuning,
              const Halide::Target &target);

}  // namespace vit
