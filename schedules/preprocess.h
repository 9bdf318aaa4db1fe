// When and where a picture is resized and normalized.
#pragma once

#include "generators/preprocess.h"

namespace vit {

struct PreprocessTuning {
    // Rows of the picture, and of pixels, that one task takes.
    Halide::GeneratorParam<int> rows_per_task{"rows_per_task", 8, 1, 256};
    // Vectors of columns whose sums stay in registers while the rows pass by.
    Halide::GeneratorParam<int> vectors{"vectors", 4, 1, 8};
};

void schedule(Preprocess &stage, Halide::Pipeline pipeline, const PreprocessTuning &tuning,
              const Halide::Target &target);

}  // namespace vit
