// When and where weights are packed.
#pragma once

#include "generators/pack.h"

namespace vit {

// Nothing is searched for.
struct PackTuning {};

void schedule(PackPanels &stage, Halide::Pipeline pipeline, const PackTuning &tuning,
              const Halide::Target &target);
void schedule(RoundPanels &stage, Halide::Pipeline pipeline, const PackTuning &tuning,
              const Halide::Target &target);
void schedule(PackTiles &stage, Halide::Pipeline pipeline, const PackTuning &tuning,
              const Halide::Target &target);

}  // namespace vit
