// Pixels as video holds them: a plane of luma, two of colour that may be smaller, perhaps one of alpha.
#pragma once

#include <cstddef>
#include <cstdint>

#include "picture/picture.h"

namespace vit {

// Samples of 8 bits, or in two bytes each, in this machine's order, of 9 to 16.
struct YuvPlane {
    const std::uint8_t *data = nullptr;  // null: there is none
    std::ptrdiff_t stride = 0;           // bytes from row to row
    int step = 1;                        // samples from column to column
    int bits = 8;
};

struct YuvPicture {
    int width = 0, height = 0;
    YuvPlane y, u, v, alpha;           // u and v: none, if it is grey
    bool halved_x = false, halved_y = false;  // u and v have half the columns, half the rows, rounded up
    bool premultiplied = false;        // by alpha
    bool full_range = true;            // 0 to 255, not 16 to 235
    // As ITU-T H.273 numbers them.
    int primaries = 2, matrix = 2;
};

// Is the matrix known?
bool yuv_is_supported(const YuvPicture &picture);

// Grey, RGB, or RGB and alpha of a picture that is supported, by the arithmetic of libyuv in libavif, which
// is Pillow's; data is null if there is no memory.
Samples yuv_to_samples(const YuvPicture &picture);

}  // namespace vit
