// Packing: the copy, once at load, of what a checkpoint has into the blocks that the stages read
// (generators/layout.h).
//   panels(c, k) = scales(c) weight(columns(k), rows(c)), a row-major matrix [outputs][inputs] of any
//   float type
//   tiles(c, t)  = matrix(c, t)
// An index below zero stands for a pad, which becomes zero: so the caller says where pads lie, such as those
// between heads.
#pragma once

#include "generators/dims.h"
#include "generators/half.h"
#include "generators/layout.h"

namespace vit {

struct PackPanels {
    Halide::Func panels{"panels"};  // [ci, k, panel]
    Halide::Var k{"k"};

    // weight [k, c] of float32, float16 or bfloat16, inputs x outputs; rows [c] and columns [k] are indices
    // into it; scales [c].
    PackPanels(Halide::Func weight, Halide::Func rows, Halide::Func columns, Halide::Expr inputs,
               Halide::Expr outputs, Halide::Func scales, Layout layout) {
        using namespace dims;
        using namespace Halide;
        const Expr row = rows(panel * layout.panel + ci), column = columns(k);
        const Expr value = cast<float>(weight(clamp(column, 0, inputs - 1), clamp(row, 0, outputs - 1)));
        const Expr scale = scales(panel * layout.panel + ci);
        panels(ci, k, panel) = select(row >= 0 && column >= 0, value * scale, 0.0f);
    }
};

// Panels of float32 in half precision, to the nearest.
struct RoundPanels {
    Halide::Func rounded{"rounded"};  // [c in panel, k, panel]
    Halide::Var k{"k"};

    RoundPanels(Halide::Func panels, Half half) {
        using namespace dims;
        rounded(ci, k, panel) = narrowed(panels(ci, k, panel), half);
    }
};

struct PackTiles {
    Halide::Func tiles{"tiles"};  // [ci, ti, chunk, tile]

    // matrix [c, t] of channels x tokens.
    PackTiles(Halide::Func matrix, Halide::Expr channels, Halide::Expr tokens, Layout layout) {
        using namespace dims;
        using namespace Halide;
        const Expr channel = chunk * layout.lanes + ci, token = tile * layout.token_tile + ti;
        tiles(ci, ti, chunk, tile) =
            select(channel < channels && token < tokens,
                   matrix(min(channel, channels - 1), min(token, tokens - 1)), 0.0f);
    }
};

}  // namespace vit
