// How matrices in fixed point lie in memory (generators/fixed_point.h), as far as their sizes go.
#pragma once

#include <algorithm>

#include "backend/halide_runtime.h"
#include "generators/layout.h"
#include "vit/vit.h"

namespace vit {

// Of a head, whose channels are one group (generators/fixed_point.h): less than what sums have room for, by
// a chunk of the widest vectors.
inline int most_head_channels(Precision precision) {
    return precision == Precision::i16 ? 512 - 16 : (1 << 16) - 16;
}

// The groups of a token matrix: the chunks of each, terms not counted, and their number.
struct Groups {
    int chunks = 0, count = 0;
};

inline bool is_fixed_point(Precision precision) {
    return precision == Precision::i16 || precision == Precision::i8;
}

struct FixedMatrices {
    Precision precision;
    Layout blocks;

    explicit operator bool() const { return is_fixed_point(precision); }

    halide_type_t activation_type() const {
        return precision == Precision::i16 ? halide_type_t(halide_type_int, 16)
                                           : halide_type_t(halide_type_uint, 8);
    }
    halide_type_t weight_type() const {
        return halide_type_t(halide_type_int, precision == Precision::i16 ? 16 : 8);
    }
    int step() const { return precision == Precision::i16 ? blocks.i16_step : 4; }
    bool has_offsets() const { return precision == Precision::i8; }
    int terms() const { return has_offsets() ? 2 : 1; }

    // Channels of a group at most. What a norm makes is limited by overflow: 512 channels of 16 bits
    // (generators/fixed_point.h). On Zen 5 with VNNI, qkv of ViT-B/16 with 256 channels instead of 128
    // comes 5 to 7 % of the peak closer to it in 16 bits, and with 768 instead of 256 about 7 % in 8.
    int most_of_norm() const { return precision == Precision::i16 ? 512 : 2048; }
    // What an activation makes, also by the weights of a group, which its tiles pass in L2: 256 KiB for 1024
    // inputs. Twice as many channels: 5 % of fc2's time less in 16 bits, which for larger models would leave
    // an L2 of 512 KiB, and no difference in 8.
    int most_of_mlp() const { return precision == Precision::i16 ? 128 : 256; }

    // Groups of whole panels, alike, of so many channels, which are whole panels.
    Groups groups_of(int channels, int most_channels) const {
        const int panels = channels / blocks.panel;
        int panels_of_group = std::max(1, std::min(panels, most_channels / blocks.panel));
        while (panels % panels_of_group != 0) panels_of_group--;
        return {panels_of_group * blocks.panel / blocks.lanes, panels / panels_of_group};
    }
    // At least so many channels, as many as have groups of the largest size.
    int whole_groups(int channels, int most_channels) const {
        const int panels = (channels + blocks.panel - 1) / blocks.panel;
        const int panels_of_group = std::max(1, std::min(panels, most_channels / blocks.panel));
        return (panels + panels_of_group - 1) / panels_of_group * panels_of_group * blocks.panel;
    }
    // Values of a tile with such groups, terms counted.
    std::int64_t tile(const Groups &groups) const {
        return std::int64_t{groups.chunks + terms()} * groups.count * blocks.lanes * blocks.token_tile;
    }
};

}  // namespace vit
