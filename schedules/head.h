// When and where the classifier is computed.
#pragma once

#include "generators/head.h"

namespace vit {

struct HeadTuning {
    // Panels of labels that one task takes.
    Halide::GeneratorParam<int> panels_per_task{"panels_per_task", 8, 1, 256};
};

void schedule(Head &stage, const HeadTuning &tuning, const Halide::Target &target);

}  // namespace vit
