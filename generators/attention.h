// Multi-head self-attention (the paper's eq. 5 to 8, before U_msa), for every head:
//   scores(s, t)  = q(t) . k(s)                                        (eq. 6, in base 2: see below)
//   weights(s, t) = 2^(scores(s, t) - max_s scores)                    (eq. 6's softmax, not yet divided)
//   context(d, t) = sum_s weights(s, t) v(d, s) / sum_s weights(s, t)  (eq. 7)
// q comes scaled by log2(e) / sqrt(D_h), which is folded into its weights: eq. 6's factor and the base of
// its exponential cost nothing then. Dividing D_h sums a token is less work than dividing N + 1 weights.
//
// q . k reads tiles on the left and panels on the right (generators/layout.h): keys are transposed into
// panels first, where tokens past the last one repeat it. Values are read where they lie: a tile's values
// of a chunk are rows of channels, as in a panel. Keys past the last one get a score of -1e30, so that
// their weight is 0, and their values are finite, as all pads.
#pragma once

#include <optional>

#include "generators/activation.h"
#include "generators/quantized.h"

namespace vit {

struct Attention {
    Halide::Func key_rows{"key_rows"};        // [ci, s, chunk, h, b]
    Halide::Func key_columns{"key_columns"};  // [s, ci, chunk, h, b]
    Halide::Func keys{"keys"};      // [si, d, panel, h, b]: panels of keys; si runs over a panel here
    Halide::Func similarity{"similarity"};  // [si, ti, chunk, tile, h, b]: the register tiles of q . k
    Halide::Func scores{"scores"};          // [si, ti, chunk, tile, h, b]
    Halide::Func lane_max{"lane_max"};      // [si, ti, tile, h, b]
    Halide::Func row_max{"row_max"};        // [ti, tile, h, b]
    Halide::Func weights{"weights"};        // [si, ti, chunk, tile, h, b]
    Halide::Func lane_sum{"lane_sum"};      // [si, ti, tile, h, b]
    Halide::Func row_sum{"row_sum"};        // [ti, tile, h, b]
    Halide::Func normalizer{"normalizer"};  // [ti, tile, h, b]
    Halide::Func mixture{"mixture"};        // [ci, ti, chunk, tile, h, b]: the register tiles of weights . v
    Halide::Func context{"context"};        // [ci, ti, chunk, h, tile, b]
    std::optional<Quantized> quantized;     // context, a head in each group
    Halide::RDom d_in_head;                 // [d in chunk, chunk]
    Halide::RDom key_chunk;                 // [chunk] of keys
    Halide::RDom key;                       // [s in tile, tile]
    Halide::RDom lane;                      // [si]
    Halide::Expr chunks;                    // of a head
    Halide::Expr tiles, heads, threads;     // tiles of an image, heads of all images; who shares the tasks
    Layout layout;

    // qkv is [di, ti, chunk, h, part, tile, b]; tokens is N + 1; chunks are those of a head, tiles those of
    // an image, heads those of all images.
    Attention(Halide::Func qkv, Halide::Expr tokens, Halide::Expr its_chunks, Halide::Expr its_tiles,
              Halide::Expr its_heads, Halide::Expr its_threads, Layout blocks)
        : d_in_head(0, blocks.lanes, 0, its_chunks, "d_in_head"),
          key_chunk(0, (tokens + blocks.lanes - 1) / blocks.lanes, "key_chunk"),
          key(0, blocks.token_tile, 0, (tokens + blocks.token_tile - 1) / blocks.token_tile, "key"),
          lane(0, blocks.lanes, "lane"), chunks(its_chunks), tiles(its_tiles), heads(its_heads),
          threads(its_threads), layout(blocks) {
        using namespace dims;
        using namespace Halide;
        const int lanes = layout.lanes, vectors = layout.vectors();
        const float excluded = -1e30f;

        const Expr token = min(s, tokens - 1);
        key_rows(ci, s, chunk, h, b) =
            qkv(ci, token % layout.token_tile, chunk, h, 1, token / layout.token_tile, b);
        key_columns(s, ci, chunk, h, b) = key_rows(ci, s, chunk, h, b);
        keys(si, d, panel, h, b) = key_columns(panel * layout.panel + si, d % lanes, d / lanes, h, b);

        similarity(ci, ti, chunk, tile, h, b) = select(chunk * lanes + ci < tokens, 0.0f, excluded);
        similarity(ci, ti, chunk, tile, h, b) +=
            qkv(d_in_head.x, ti, d_in_head.y, h, 0, tile, b) *
            keys(chunk % vectors * lanes + ci, d_in_head.y * lanes + d_in_head.x, chunk / vectors, h, b);
        scores(ci, ti, chunk, tile, h, b) = similarity(ci, ti, chunk, tile, h, b);

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

        mixture(ci, ti, chunk, tile, h, b) = 0.0f;
        const Expr seen = key.y * layout.token_tile + key.x;
        mixture(ci, ti, chunk, tile, h, b) +=
            weights(seen % lanes, ti, seen / lanes, tile, h, b) *
            qkv(ci, key.x, min(likely(chunk), chunks - 1), h, 2, key.y, b);
        context(ci, ti, chunk, h, tile, b) = mixture(ci, ti, chunk, tile, h, b) * normalizer(ti, tile, h, b);
    }

    void quantize(const FixedPoint &fixed) {
        using namespace dims;
        quantized.emplace(context, chunks, std::vector<Halide::Var>{tile, b}, fixed, layout);
    }
};

}  // namespace vit
