// Multi-head self-attention (the paper's eq. 5 to 8, before U_msa), for every head:
//   scores(s, t)  = q(t) . k(s)                                        (eq. 6, in base 2: see below)
//   weights(s, t) = 2^(scores(s, t) - max_s scores)                    (eq. 6's softmax, not yet divided)
//   context(d, t) = sum_s weights(s, t) v(d, s) / sum_s weights(s, t)  (eq. 7)
// q comes scaled by log2(e) / sqrt(D_h), which is folded into its weights: eq. 6's factor and the base of
// its exponential cost nothing then. Dividing D_h sums a token is less work than dividing N + 1 weights.
//
// Both products read tiles on the left and panels on the right (generators/layout.h): q and the weights are
// tiles; keys and values are copied into panels first, once an image, into buffers that the caller lends:
//   keys   [s in panel, d, panel, h, b]
//   values [d in panel, s, panel, h, b]
// Tokens past the last one repeat it there, and keys among them get a score of -1e30, so that their weight
// is 2^-126.
#pragma once

#include "generators/activation.h"
#include "generators/dims.h"
#include "generators/layout.h"

namespace vit {

struct Attention {
    Halide::Func keys{"keys"}, values{"values"};
    Halide::Func similarity{"similarity"};  // [si, vi, ti, panel, tile, h, b]: the register tile of q . k
    Halide::Func scores{"scores"};          // [si, ti, chunk, tile, h, b]
    Halide::Func lane_max{"lane_max"};      // [si, ti, tile, h, b]
    Halide::Func row_max{"row_max"};        // [ti, tile, h, b]
    Halide::Func weights{"weights"};        // [si, ti, chunk, tile, h, b]
    Halide::Func lane_sum{"lane_sum"};      // [si, ti, tile, h, b]
    Halide::Func row_sum{"row_sum"};        // [ti, tile, h, b]
    Halide::Func normalizer{"normalizer"};  // [ti, tile, h, b]
    Halide::Func mixture{"mixture"};  // [ci, vi, ti, panel, tile, h, b]: the register tile of weights . v
    Halide::Func context{"context"};        // [ci, ti, chunk, h, tile, b]
    Halide::RDom d_in_head;                 // [d in chunk, chunk]
    Halide::RDom key_chunk;                 // [chunk] of keys
    Halide::RDom key;                       // [s in chunk, chunk]
    Halide::RDom lane;                      // [si]
    Layout layout;

    // q, k and v are [di, ti, chunk, h, tile, b]; tokens is N + 1; chunks are those of a head.
    Attention(Halide::Func q, Halide::Func k, Halide::Func v, Halide::Expr tokens, Halide::Expr chunks,
              Layout layout)
        : d_in_head(0, layout.lanes, 0, chunks, "d_in_head"),
          key_chunk(0, (tokens + layout.lanes - 1) / layout.lanes, "key_chunk"),
          key(0, layout.lanes, 0, (tokens + layout.lanes - 1) / layout.lanes, "key"),
          lane(0, layout.lanes, "lane"), layout(layout) {
        using namespace dims;
        using namespace Halide;
        const int lanes = layout.lanes, vectors = layout.vectors();
        const float excluded = -1e30f;

        // si runs over a whole panel here, over one of its vectors below.
        const Expr s_of_key = min(panel * layout.panel + si, tokens - 1);
        keys(si, d, panel, h, b) =
            k(d % lanes, s_of_key % layout.token_tile, d / lanes, h, s_of_key / layout.token_tile, b);
        const Expr s_of_value = min(s, tokens - 1);
        values(di, s, panel, h, b) =
            v(di % lanes, s_of_value % layout.token_tile, min(panel * vectors + di / lanes, chunks - 1), h,
              s_of_value / layout.token_tile, b);

        similarity(ci, vi, ti, panel, tile, h, b) =
            select(panel * layout.panel + vi * lanes + ci < tokens, 0.0f, excluded);
        similarity(ci, vi, ti, panel, tile, h, b) +=
            q(d_in_head.x, ti, d_in_head.y, h, tile, b) *
            keys(vi * lanes + ci, d_in_head.y * lanes + d_in_head.x, panel, h, b);
        scores(ci, ti, chunk, tile, h, b) = similarity(ci, chunk % vectors, ti, chunk / vectors, tile, h, b);

        lane_max(ci, ti, tile, h, b) = excluded;
        lane_max(ci, ti, tile, h, b) =
            max(lane_max(ci, ti, tile, h, b), scores(ci, ti, key_chunk, tile, h, b));
        row_max(ti, tile, h, b) = excluded;
        row_max(ti, tile, h, b) = max(row_max(ti, tile, h, b), lane_max(lane, ti, tile, h, b));

        weights(ci, ti, chunk, tile, h, b) =
            exp2_nonpositive(scores(ci, ti, chunk, tile, h, b) - row_max(ti, tile, h, b));
        lane_sum(ci, ti, tile, h, b) = 0.0f;
        lane_sum(ci, ti, tile, h, b) += weights(ci, ti, key_chunk, tile, h, b);
        row_sum(ti, tile, h, b) = 0.0f;
        row_sum(ti, tile, h, b) += lane_sum(lane, ti, tile, h, b);
        normalizer(ti, tile, h, b) = 1.0f / row_sum(ti, tile, h, b);

        mixture(ci, vi, ti, panel, tile, h, b) = 0.0f;
        mixture(ci, vi, ti, panel, tile, h, b) +=
            weights(key.x, ti, key.y, tile, h, b) *
            values(vi * lanes + ci, key.y * lanes + key.x, panel, h, b);
        context(ci, ti, chunk, h, tile, b) =
            mixture(ci, chunk % vectors, ti, chunk / vectors, tile, h, b) * normalizer(ti, tile, h, b);
    }
};

}  // namespace vit
