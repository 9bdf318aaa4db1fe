// Pictures inside the library: what Image and the preprocessing share.
#pragma once

#include <cstdint>

#include "error.h"
#include "vit/vit.h"

namespace vit {

// Whether a view can be read: data, sizes, channels and stride. Errors: argument, and unsupported for too
// many pixels.
Result<void> check_view(const ImageView &view);

// Bytes from one row of a view to the next; negative for a picture that lies bottom up.
std::ptrdiff_t row_stride(const ImageView &view);

// One row of `width` pixels of 1 to 4 channels -> width x 3 bytes of RGB; alpha is laid over white with
// rounded integers, as Pillow's alpha_composite does it.
void row_to_rgb(const std::uint8_t *row, int width, int channels, std::uint8_t *rgb);

}  // namespace vit
