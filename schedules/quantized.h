// When and where a matrix is quantized: as the last step of the stage that makes it.
#pragma once

#include "generators/quantized.h"

namespace vit {

// Terms and what they are found by are computed for each `at` of `consumer`.
void schedule_terms(Quantized &stage, Halide::Func consumer, const Halide::Var &at);

// Of a stage whose output is quantized: a tile's rows in order, the terms behind the values.
void schedule_values(Quantized &stage);

}  // namespace vit
