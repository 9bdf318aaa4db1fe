// When and where a picture is resized and normalized.
#pragma once

#include "generators/preprocess.h"
#include "schedules/tunable.h"

namespace vit {

struct PreprocessTuning {
    // Rows of the picture, and of pixels, that one task takes.
    TaskShare rows_per_task{"rows_per_task", 8, 1, 256, Of::rows};
};

void schedule(PreprocessAlongRows &stage, Halide::Pipeline pipeline, const PreprocessTuning &tuning,
              const Halide::Target &target);
void schedule(PreprocessAlongColumns &stage, Halide::Pipeline pipeline, const PreprocessTuning &tuning,
              const Halide::Target &target);
void schedule(PreprocessColumnsFirst &stage, Halide::Pipeline pipeline, const PreprocessTuning &tuning,
              const Halide::Target &target);

}  // namespace vit
