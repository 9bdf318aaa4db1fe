// What every generator promises about buffers in the blocks of generators/layout.h: blocks lie densely one
// after the other, so that addresses in a block are constants.
#pragma once

#include "generators/fixed_point.h"
#include "generators/layout.h"

namespace vit {

// [ci, ti, chunk, ...]: a token matrix or a part of its channels.
template<typename Parameter>
void bound_tiles(Parameter &buffer, const Layout &layout) {
    buffer.dim(0).set_bounds(0, layout.lanes);
    buffer.dim(1).set_bounds(0, layout.token_tile).set_stride(layout.lanes);
    buffer.dim(2).set_min(0).set_stride(layout.lanes * layout.token_tile);
    // Distances are whole chunks, which is how Halide knows that vectors are aligned.
    const int block = layout.lanes * layout.token_tile;
    for (int i = 3; i < buffer.dimensions(); i++) {
        buffer.dim(i).set_min(0).set_stride(buffer.dim(i).stride() / block * block);
    }
}

// [ci, chunk, ...]: the first token of each of the tiles of a token matrix.
template<typename Parameter>
void bound_first_token(Parameter &buffer, const Layout &layout) {
    buffer.dim(0).set_bounds(0, layout.lanes);
    buffer.dim(1).set_min(0).set_stride(layout.lanes * layout.token_tile);
    for (int i = 2; i < buffer.dimensions(); i++) {
        buffer.dim(i).set_min(0);
    }
}

// [c in panel, k, panel, ...]: a weight matrix, or one a head.
template<typename Parameter>
void bound_panels(Parameter &buffer, const Layout &layout) {
    buffer.dim(0).set_bounds(0, layout.panel);
    buffer.dim(1).set_min(0).set_stride(layout.panel);
    buffer.dim(2).set_min(0).set_stride(layout.panel * buffer.dim(1).extent());
    for (int i = 3; i < buffer.dimensions(); i++) {
        buffer.dim(i).set_min(0).set_stride(buffer.dim(i).stride() / layout.panel * layout.panel);
    }
}

// [ki, c in panel, multiply-add, panel]: a weight matrix in fixed point.
template<typename Parameter>
void bound_fixed_panels(Parameter &buffer, const FixedPoint &fixed, const Layout &layout) {
    const int row = fixed.step * layout.panel;
    buffer.dim(0).set_bounds(0, fixed.step);
    buffer.dim(1).set_bounds(0, layout.panel).set_stride(fixed.step);
    buffer.dim(2).set_min(0).set_stride(row);
    buffer.dim(3).set_min(0).set_stride(row * buffer.dim(2).extent());
}

}  // namespace vit
