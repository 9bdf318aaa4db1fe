// Views of pictures: what Image and the preprocessing share.
#pragma once

#include "error.h"

namespace vit {

// Whether a view can be read: data, sizes, channels and stride. Errors: argument, and unsupported for too
// many pixels.
Result<void> check_view(const ImageView &view);

// Bytes from one row of a view to the next; negative for a picture that lies bottom up.
std::ptrdiff_t row_stride(const ImageView &view);

}  // namespace vit
