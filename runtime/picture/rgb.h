// Rows of samples -> RGB, upright.
#pragma once

#include <cstdint>

#include "picture/picture.h"

namespace vit {

// One row of `width` pixels of 1 to 4 channels -> width x 3 bytes of RGB. Alpha is laid over white with
// rounded integers, as Pillow's alpha_composite does it, or dropped, as its convert("RGB") does it.
void row_to_rgb(const std::uint8_t *row, int width, int channels, Alpha alpha, std::uint8_t *rgb);

// Row y of a checked view (image.h), likewise.
void row_to_rgb(const ImageView &view, int y, Alpha alpha, std::uint8_t *rgb);

// RGB of a checked view, turned and mirrored by EXIF's orientation, 1 to 8, as Pillow's
// ImageOps.exif_transpose does it; data is null if there is no memory.
Samples to_rgb(const ImageView &view, int orientation, Alpha alpha);

}  // namespace vit
