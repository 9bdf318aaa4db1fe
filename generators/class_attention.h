// Attention of one query an image, the class token's, which is all that the last block needs: the paper's
// eq. 5 to 8 before U_msa, from the normalized tokens x themselves. No key and no value is computed; both
// are linear in x, so that for every head
//   score(s)   = q . (W_k x(s) + b_k) = (W_k^T q) . x(s) + q . b_k
//   context(d) = sum_s weights(s) (W_v x(s) + b_v)(d) / sum_s weights(s)
//              = (W_v sum_s weights(s) x(s))(d) / sum_s weights(s) + b_v(d)
// with weights(s) = 2^(score(s) - max_s score) as in generators/attention.h, where q . b_k cancels, being
// the same for every s. 2 (N + 1) D^2 multiply-adds become 2 D^2 + 2 k (N + 1) D: for ViT-B/16, 232 million
// become 5.
#pragma once

#include "generators/activation.h"
#include "generators/dims.h"
#include "generators/layout.h"

namespace vit {

struct ClassAttention {
    Halide::Func lane_folded{"lane_folded"};          // [di, ci, chunk, h, b]: sums lane by lane
    Halide::Func folded_query{"folded_query"};        // [ci, chunk, h, b]: W_k^T q
    Halide::Func lane_score{"lane_score"};            // [ci, ti, tile, h, b]: likewise
    Halide::Func score{"score"};                      // [ti, tile, h, b]
    Halide::Func largest{"largest"};                  // [h, b]
    Halide::Func weights{"weights"};                  // [ti, tile, h, b]
    Halide::Func total{"total"};                      // [h, b]
    Halide::Func mixture{"mixture"};                  // [ci, chunk, h, b]: sum_s weights(s) x(s)
    Halide::Func product{"product"};                  // [di, chunk, h, b]: W_v mixture
    Halide::Func context{"context"};                  // [di, chunk, h, b]
    Halide::RDom head_chunk;                          // [chunk] of a head
    Halide::RDom x_chunk;                             // [chunk] of a token
    Halide::RDom k;                                   // [c in chunk, chunk] of a token
    Halide::RDom key;                                 // [s in tile, tile]
    Halide::RDom lane;                                // [ci]
    Layout layout;

    // x is [ci, ti, chunk, tile, b], q [di, chunk, h, b]; key_weights and value_weights are [d in panel, c,
    // panel] and value_bias [d], all heads side by side; tokens is N + 1; chunks are those of a token,
    // head_chunks those of a head, tiles those of an image.
    ClassAttention(Halide::Func x, Halide::Func q, Halide::Func key_weights, Halide::Func value_weights,
                   Halide::Func value_bias, Halide::Expr tokens, Halide::Expr chunks,
                   Halide::Expr head_chunks, Halide::Expr tiles, Layout blocks)
        : head_chunk(0, head_chunks, "head_chunk"), x_chunk(0, chunks, "x_chunk"),
          k(0, blocks.lanes, 0, chunks, "k"), key(0, blocks.token_tile, 0, tiles, "key"),
          lane(0, blocks.lanes, "lane"), layout(blocks) {
        using namespace dims;
        using namespace Halide;
        const int lanes = layout.lanes, vectors = layout.vectors();
        const float excluded = -1e30f;
        // The weight from a channel of a token to channel `to` of chunk `to_chunk` of head h.
        const auto weight = [&](Func of, Expr to, Expr to_chunk, Expr channel) {
            const Expr row_of_chunks = h * head_chunks + to_chunk;  // across all heads
            return of(row_of_chunks % vectors * lanes + to, channel, row_of_chunks / vectors);
        };

        lane_folded(di, ci, chunk, h, b) = 0.0f;
        lane_folded(di, ci, chunk, h, b) +=
            q(di, head_chunk, h, b) * weight(key_weights, di, head_chunk, chunk * lanes + ci);
        folded_query(ci, chunk, h, b) = 0.0f;
        folded_query(ci, chunk, h, b) += lane_folded(lane, ci, chunk, h, b);

        lane_score(ci, ti, tile, h, b) = 0.0f;
        lane_score(ci, ti, tile, h, b) += folded_query(ci, x_chunk, h, b) * x(ci, ti, x_chunk, tile, b);
        score(ti, tile, h, b) = select(tile * layout.token_tile + ti < tokens, 0.0f, excluded);
        score(ti, tile, h, b) += lane_score(lane, ti, tile, h, b);
        largest(h, b) = excluded;
        largest(h, b) = max(largest(h, b), score(key.x, key.y, h, b));
        weights(ti, tile, h, b) = exp2_nonpositive(score(ti, tile, h, b) - largest(h, b));
        total(h, b) = 0.0f;
        total(h, b) += weights(key.x, key.y, h, b);

        mixture(ci, chunk, h, b) = 0.0f;
        mixture(ci, chunk, h, b) += weights(key.x, key.y, h, b) * x(ci, key.x, chunk, key.y, b);
        product(di, chunk, h, b) = 0.0f;
        product(di, chunk, h, b) +=
            mixture(k.x, k.y, h, b) * weight(value_weights, di, chunk, k.y * lanes + k.x);
        context(di, chunk, h, b) = product(di, chunk, h, b) / total(h, b) +
                                   value_bias((h * head_chunks + chunk) * lanes + di);
    }
};

}  // namespace vit
