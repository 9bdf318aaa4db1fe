// How matrices lie in memory so that a product reads both of its operands from one pointer each.
//
//   tiles   the left operand (activations: tokens x channels), float32 [ci, ti, chunk, tile]
//           element (c, t) stands at (c % lanes, t % token_tile, c / lanes, t / token_tile).
//           A producer writes whole vectors of channels; a product reads token_tile broadcasts at constant
//           offsets.
//           In fixed point (generators/fixed_point.h) [ci, ti, chunk, group, tile], int16 or uint8, each
//           group's values followed by its terms.
//   panels  the right operand (weights: inputs x outputs), float32 [c in panel, k, panel]
//           element (k, c) stands at (c % panel, k, c / panel).
//           A product reads panel / lanes vectors for every k, one after the other.
//           In half precision uint16 (generators/half.h). In fixed point [ki, c in panel, multiply-add,
//           panel], int16 or int8, ki the neighbouring k that a multiply-add takes at once.
//
// Channels are padded with zeros to whole panels, the tokens of an image to whole tiles. A zero weight times
// a finite pad is zero, so pads never need a branch; what must not count them (a mean, a softmax) says so
// itself.
//
// lanes, token_tile and panel are fixed when a target is compiled (schedules/machine.h has the reasons for
// each value) and told by the library itself (generators/layout.cpp): the runtime includes this file, but
// knows no value until it asks.
#pragma once

namespace vit {

struct Layout {
    int lanes;       // channels in a chunk: one vector register
    int token_tile;  // tokens in a tile: rows of the register tile
    int panel;       // channels in a panel: columns of the register tile, a multiple of lanes
    int i16_step = 2;  // k that a multiply-add of 16 bits takes; of 8 bits, it is always 4

    int vectors() const {
        return panel / lanes;
    }
};

}  // namespace vit
