// How a device is kept busy with nothing but multiply-adds, or nothing but a copy.
#pragma once

#include "generators/peak.h"

namespace vit {

// Chains of an item: a multiply-add takes a GPU about 4 cycles, and its items take turns besides.
inline constexpr int chains_of_item = 32;

void schedule(PeakMultiplyAdds &stage);
void schedule(PeakCopy &stage);

}  // namespace vit
