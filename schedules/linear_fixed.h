// When and where a linear layer in fixed point is computed.
#pragma once

#include "generators/linear_fixed.h"
#include "schedules/tunable.h"

namespace vit {

struct LinearFixedTuning {
    // As in LinearTuning; where y is quantized, a task has one group of its panels.
    TaskShare panels_per_task{"panels_per_task", 1, 1, 3, Of::panels};
    TaskShare tiles_per_task{"tiles_per_task", 48, 1, 1024, Of::tiles};
};

void schedule(LinearFixed &stage, Halide::Pipeline pipeline, const LinearFixedTuning &tuning,
              const Halide::Target &target);

}  // namespace vit
