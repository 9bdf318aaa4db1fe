// What LLVM takes of a vector select on RISC-V's vectors.
#pragma once

#include "Halide.h"

namespace vit {

// Halide 21 gives LLVM a select of vectors by one condition as it stands, which is no valid vp.select; here
// the condition becomes a vector. Does nothing for other targets.
void broadcast_conditions(Halide::Pipeline pipeline, const Halide::Target &target);

}  // namespace vit
