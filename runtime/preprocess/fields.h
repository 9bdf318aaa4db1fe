// The one list of what preprocessing is told, with names and ranges: the packed header walks it.
#pragma once

#include <concepts>
#include <type_traits>

#include "vit/fields.h"
#include "preprocess/preprocessing.h"

namespace vit {

template<>
struct NamesOf<Filter> {
    static constexpr auto &names = filter_names;
};

template<>
struct NamesOf<Resize> {
    static constexpr auto &names = resize_names;
};

template<>
struct NamesOf<Remainder> {
    static constexpr auto &names = remainder_names;
};

// As for an architecture (vit/fields.h); a field of three values has one for each channel.
template<typename P, typename Visit>
requires std::same_as<std::remove_const_t<P>, Preprocessing>
void for_each_field(P &p, Visit &&visit) {
    constexpr Range edge{0, 1 << 20}, level{-0x1p20, 0x1p20};
    visit("resize", p.resize, "how a picture gets its size");
    visit("height", p.height, "pixels, where it is resized to height x width", edge);
    visit("width", p.width, "pixels, likewise", edge);
    visit("shortest_edge", p.shortest_edge, "pixels, where it is resized by its shorter edge", edge);
    visit("longest_edge", p.longest_edge, "pixels that the other edge may have then; 0: any number", edge);
    visit("filter", p.filter, "Pillow's, of resizing");
    visit("do_center_crop", p.do_center_crop, "whether the picture is cropped");
    visit("crop_height", p.crop_height, "pixels", edge);
    visit("crop_width", p.crop_width, "pixels", edge);
    visit("remainder", p.remainder, "how an odd number of pixels around the crop is shared out");
    visit("fill", p.fill, "colour around a picture that is smaller than the crop", Range{0, 255});
    visit("do_rescale", p.do_rescale, "whether samples are multiplied by rescale_factor");
    visit("rescale_factor", p.rescale_factor, "of samples", level);
    visit("do_normalize", p.do_normalize, "whether mean is subtracted from samples and std divides them");
    visit("mean", p.mean, "of samples", level);
    visit("std", p.std, "of samples", level);
}

}  // namespace vit
