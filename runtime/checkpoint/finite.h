// Looking for values that are no numbers.
#pragma once

#include <cstdint>

#include "checkpoint/checkpoint.h"

namespace vit {

// Index of the first of `count` values that is NaN or infinite, -1 if there is none. Values may have any
// alignment. Runs at the speed of memory: every weight of a checkpoint passes through it once.
std::int64_t first_non_finite(const void *values, DType dtype, std::int64_t count);

}  // namespace vit
