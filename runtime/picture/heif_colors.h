// Planes out of libheif, which before its version 1.16 always converts to RGB.
#pragma once

#include <cstdint>
#include <span>

namespace vit {

// What a file says of its colours, as ITU-T H.273 numbers them.
struct HeifColors {
    bool hidden = false;  // and the file now says that there is nothing to convert
    int primaries = 2, matrix = 2;
    bool full_range = true;
    bool halved_x = false, halved_y = false;  // the planes of colour
};

// libheif repeats samples of colour that are fewer than those of luma, where Pillow and others blend them.
// If the file says, as it does here, that its matrix is the identity, the planes come out as they are, each
// sample repeated, for yuv.h to convert. Files that say nothing, or not one thing alone, stay as they are.
HeifColors hide_heif_colors(std::span<std::uint8_t> file);

}  // namespace vit
