// What a checkpoint asks for before its network sees a picture, in the order in which it is applied.
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
inline constexpr const char *filter_names[] = {"nearest", "lanczos", "bilinear",
                                               "bicubic", "box", "hamming"};

// How a picture gets its size.
enum class Resize { none,
                    squash,         // to height x width, whatever its shape
                    shortest_edge,  // the shorter edge to that length, the longer one in proportion
                    cover,          // in proportion: both edges at least those of height x width
                    contain };      // in proportion: both edges at most those
inline constexpr const char *resize_names[] = {"none", "squash", "shortest_edge", "cover", "contain"};

// How many of the samples that a centred crop leaves over lie before it when their number is odd: half of
// them, rounded. (Where it is larger than the picture, that is a number below zero.)
enum class Remainder { floor,
                       half_to_even };  // and towards zero where the crop is larger
inline constexpr const char *remainder_names[] = {"floor", "half_to_even"};

struct Preprocessing {
    // 1. Resize. By shortest_edge, the longer edge is trunc(shortest_edge * long / short), and both are
    // shrunk if it passes a longest_edge > 0; where a picture covers height x width or is contained in it,
    // both edges are rounded, halves to even.
    Resize resize = Resize::squash;
    int height = 224, width = 224;
    int shortest_edge = 0, longest_edge = 0;
    Filter filter = Filter::bilinear;
    // 2. Centre crop, padded with the colour `fill` where the picture is smaller.
    bool do_center_crop = false;
    int crop_height = 224, crop_width = 224;
    Remainder remainder = Remainder::floor;
    std::array<int, 3> fill{0, 0, 0};
    // 3. x * rescale_factor, then (x - mean) / std, channel by channel.
    bool do_rescale = true;
    double rescale_factor = 1.0 / 255;
    bool do_normalize = true;
    std::array<double, 3> mean{0.5, 0.5, 0.5}, std{0.5, 0.5, 0.5};
};

}  // namespace vit
