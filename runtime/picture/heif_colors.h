// Planes out of libheif, which before its version 1.16 always converts to RGB.
#pragma once

#include <cstdint>
#include <vector>

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
// sample repeated, for yuv.h to convert. Of AV1 in a file that says nothing, the stream's word counts. Files
// that do not say one thing alone, and HEVC of which nothing is said, stay as they are.
HeifColors hide_heif_colors(std::vector<std::uint8_t> &file);

}  // namespace vit
