// One channel of one embedded token (the paper's eq. 1).
#pragma once

#include <cmath>

namespace vit::reference {

struct Picture {
    const float *pixels;  // [channel][y][x]
    int width, height, channels;
    int patch_width, patch_height;
};

// kernel is [channel][row][col]; patch counts along rows of the grid. With magnitudes, the same of absolute
// values.
inline double patch_product(const Picture &picture, const float *kernel, int patch,
                            bool magnitudes = false) {
    const int grid_width = picture.width / picture.patch_width;
    const int left = patch % grid_width * picture.patch_width,
              top = patch / grid_width * picture.patch_height;
    double sum = 0;
    for (int channel = 0; channel < picture.channels; channel++) {
        for (int row = 0; row < picture.patch_height; row++) {
            for (int col = 0; col < picture.patch_width; col++) {
                const float pixel =
                    picture.pixels[(channel * picture.height + top + row) * picture.width + left + col];
                const double product =
                    static_cast<double>(pixel) *
                    kernel[(channel * picture.patch_height + row) * picture.patch_width + col];
                sum += magnitudes ? std::abs(product) : product;
            }
        }
    }
    return sum;
}

}  // namespace vit::reference
