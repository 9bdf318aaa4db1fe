// Checking of a Vision Transformer's sizes.
#pragma once

#include "error.h"

namespace vit {

// Sizes that contradict each other or lie outside what buffers can be indexed with. Errors: argument.
Result<void> check(const Architecture &architecture);

}  // namespace vit
