// Features of an image: the means of ranges of its tokens.
//   pooled(c, f) = sum_(first(f) <= t < first(f) + count(f)) x(c, t) / count(f)
// A range of one token is a class token as it is, one of all patches their mean. Features lie as tokens do:
// those that pad the last tile are zero, as is one of no tokens.
#pragma once

#include "generators/dims.h"
#include "generators/layout.h"

namespace vit {

struct Pool {
    Halide::Func sum{"sum"};        // [ci, ti, chunk, tile, b]
    Halide::Func pooled{"pooled"};  // [ci, ti, chunk, tile, b]: token f is feature f
    Halide::RDom k;                 // [token of a range]
    Layout layout;

    // x [ci, ti, chunk, tile, b] of so many tokens, pads included; ranges [first or count, f].
    Pool(Halide::Func x, Halide::Func ranges, Halide::Expr tokens, Halide::Expr features, Layout blocks)
        : k(0, tokens, "k"), layout(blocks) {
        using namespace dims;
        using Halide::Expr;

        const Expr f = tile * layout.token_tile + ti, f_inside = Halide::min(f, features - 1);
        const Expr first = ranges(0, f_inside);
        const Expr count = Halide::select(f < features, ranges(1, f_inside), 0);
        k.where(k < count);
        const Expr token = Halide::clamp(first + k, 0, tokens - 1);
        sum(ci, ti, chunk, tile, b) = 0.0f;
        sum(ci, ti, chunk, tile, b) += x(ci, token % layout.token_tile, chunk, token / layout.token_tile, b);
        pooled(ci, ti, chunk, tile, b) =
            sum(ci, ti, chunk, tile, b) / Halide::cast<float>(Halide::max(count, 1));
    }
};

}  // namespace vit
