// What a checkpoint's preprocessor_config.json asks for, in the order in which it is applied.
#pragma once

#include <array>
#include <string>

#include "error.h"

namespace vit {

// Pillow's filters, with its codes (the JSON's `resample`).
enum class Filter { nearest = 0,
                    lanczos = 1,
                    bilinear = 2,
                    bicubic = 3,
                    box = 4,
                    hamming = 5 };

struct Preprocessing {
    // 1. Resize: to height x width, aspect not kept, or, where shortest_edge > 0, so that the shorter edge
    // gets that
    //    length and the longer one trunc(shortest_edge * long / short), both shrunk if longest_edge > 0 is
    //    passed.
    bool do_resize = true;
    int height = 224, width = 224;
    int shortest_edge = 0, longest_edge = 0;
    Filter filter = Filter::bilinear;
    // 2. Centre crop, with zeros where the picture is smaller.
    bool do_center_crop = false;
    int crop_height = 224, crop_width = 224;
    // 3. x * rescale_factor, then (x - mean) / std, channel by channel.
    bool do_rescale = true;
    double rescale_factor = 1.0 / 255;
    bool do_normalize = true;
    std::array<double, 3> mean{0.5, 0.5, 0.5}, std{0.5, 0.5, 0.5};
};

}  // namespace vit
