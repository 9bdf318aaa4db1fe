// When and where a picture is resized and normalized.
#pragma once

#include "generators/preprocess.h"
#include "schedules/tunable.h"

namespace vit {

struct PreprocessTuning {
    // Rows of the picture, and of pixels, that one task takes.
    TaskShare rows_per_task{"rows_per_task", 8, 1, 256, Of::rows};
    // Vectors of columns whose sums stay in registers while the rows pass by.
    Count vectors{"vectors", 4, 1, 8};
};

void schedule(Preprocess &stage, Halide::Pipeline pipeline, const PreprocessTuning &tuning,
              const Halide::Target &target);

}  // namespace vit
