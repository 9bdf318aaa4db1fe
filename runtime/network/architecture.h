// Checking of a Vision Transformer's sizes.
#pragma once

#include "error.h"

namespace vit {

// Sizes that contradict each other or lie outside what buffers can be indexed with. Errors: argument.
Result<void> check(const Architecture &architecture);

// Those of named_architecture, in order; null from the first i that there is none for.
const char *architecture_name(int i);

}  // namespace vit
