// Multi-head self-attention (generators/attention.h) as a device computes it: keys fall into parts, as many
// as it takes for the scores of a part to fit into the memory that a group of work items shares. Of each
// part p,
//   weights(s, t) = 2^(scores(s, t) - largest(t))        largest(t) = max_s scores(s, t), total(t) = sum_s
//   mixture(d, t) = sum_s weights(s, t) v(d, s)          weights(s, t), over the keys s of the part
// and all parts together, once scaled to one maximum (Milakov and Gimelshein 2018, section 3),
//   context(d, t) = sum_p scale(t, p) mixture(d, t, p) / sum_p scale(t, p) total(t, p),
//   scale(t, p)   = 2^(largest(t, p) - max_p largest(t, p))
// With one part that is the equation of generators/attention.h.
//
// Keys are transposed into panels first, as there, and values laid out in rows of a head's channels, so
// that work items side by side read side by side. Keys past the last one get a score of -1e30, so that
// their weight is 0.
#pragma once

#include "generators/activation.h"
#include "generators/dims.h"
#include "generators/layout.h"

namespace vit {

struct AttentionParts {
    Halide::Func qkv;                       // [di, ti, chunk, h, part, tile, b]
    Halide::Func keys{"keys"};              // [si, d, panel, h, b]: panels; si runs over a panel here
    Halide::Func values{"values"};          // [d, s, h, b]
    Halide::Func similarity{"similarity"};  // [si, ti, chunk, tile, p, h, b]: the register tiles of q . k
    Halide::Func scores{"scores"};          // [si, ti, chunk, tile, p, h, b]
    Halide::Func lane_max{"lane_max"};      // [si, ti, tile, p, h, b]
    Halide::Func largest{"largest"};        // [ti, tile, p, h, b]
    Halide::Func weights{"weights"};        // [si, ti, chunk, tile, p, h, b]
    Halide::Func lane_sum{"lane_sum"};      // [si, ti, tile, p, h, b]
    Halide::Func total{"total"};            // [ti, tile, p, h, b]
    Halide::Func mixture{"mixture"};        // [ci, ti, chunk, tile, p, h, b]: register tiles of weights . v
    Halide::Func mixtures{"mixtures"};      // [ci, ti, chunk, tile, p, h, b]: these, largest, total
    Halide::Func context{"context"};        // [ci, ti, chunk, h, tile, b]
    Halide::Func joint_max{"joint_max"};    // [ti, tile, h, b]
    Halide::Func joint_total{"joint_total"};      // [ti, tile, h, b]
    Halide::Func joint_mixture{"joint_mixture"};  // [ci, ti, chunk, tile, h, b]
    Halide::Var p{"p"};                     // part
    Halide::RDom d_in_head;                 // [d in chunk, chunk]
    Halide::RDom key_chunk;                 // [chunk] of a part
    Halide::RDom key;                       // [s in chunk, chunk] of a part
    Halide::RDom lane;                      // [si]
    Halide::RDom all;                       // [p]
    Layout layout;

    // tokens is N + 1, chunks are those of a head.
    AttentionParts(Halide::Func its_qkv, Halide::Expr tokens, Halide::Expr chunks, Halide::Expr parts,
                   bool one_part, Layout blocks)
        : AttentionParts(its_qkv, tokens, chunks, parts, one_part, blocks,
                         panels_of_part(tokens, parts, blocks)) {}

private:
    static Halide::Expr panels_of_part(Halide::Expr tokens, Halide::Expr parts, Layout layout) {
        const Halide::Expr panels = (tokens + layout.panel - 1) / layout.panel;
        return (panels + parts - 1) / parts;
    }

    AttentionParts(Halide::Func its_qkv, Halide::Expr tokens, Halide::Expr chunks, Halide::Expr parts,
                   bool one_part, Layout blocks, Halide::Expr panels)
        : qkv(its_qkv), d_in_head(0, blocks.lanes, 0, chunks, "d_in_head"),
          key_chunk(0, panels * blocks.vectors(), "key_chunk"),
          key(0, blocks.lanes, 0, panels * blocks.vectors(), "key"), lane(0, blocks.lanes, "lane"),
          layout(blocks) {
        using namespace dims;
        using namespace Halide;
        const int lanes = layout.lanes, vectors = layout.vectors(), token_tile = layout.token_tile;
        const float excluded = -1e30f;
        const Expr last_panel = (tokens + layout.panel - 1) / layout.panel - 1;

        const Expr token = min(panel * layout.panel + si, tokens - 1);
        keys(si, d, panel, h, b) =
            qkv(d % lanes, token % token_tile, d / lanes, h, 1, token / token_tile, b);

        const Expr value_token = min(s, tokens - 1);
        values(d, s, h, b) =
            qkv(d % lanes, value_token % token_tile, d / lanes, h, 2, value_token / token_tile, b);

        similarity(ci, ti, chunk, tile, p, h, b) =
            select((p * panels * vectors + chunk) * lanes + ci < tokens, 0.0f, excluded);
        similarity(ci, ti, chunk, tile, p, h, b) +=
            qkv(d_in_head.x, ti, d_in_head.y, h, 0, tile, b) *
            keys(chunk % vectors * lanes + ci, d_in_head.y * lanes + d_in_head.x,
                 min(p * panels + chunk / vectors, last_panel), h, b);
        scores(ci, ti, chunk, tile, p, h, b) = similarity(ci, ti, chunk, tile, p, h, b);

        lane_max(ci, ti, tile, p, h, b) = excluded;
        lane_max(ci, ti, tile, p, h, b) =
            max(lane_max(ci, ti, tile, p, h, b), scores(ci, ti, key_chunk, tile, p, h, b));
        largest(ti, tile, p, h, b) = excluded;
        largest(ti, tile, p, h, b) = max(largest(ti, tile, p, h, b), lane_max(lane, ti, tile, p, h, b));

        weights(ci, ti, chunk, tile, p, h, b) =
            exp2_nonpositive(scores(ci, ti, chunk, tile, p, h, b) - largest(ti, tile, p, h, b));
        lane_sum(ci, ti, tile, p, h, b) = 0.0f;
        lane_sum(ci, ti, tile, p, h, b) += weights(ci, ti, key_chunk, tile, p, h, b);
        total(ti, tile, p, h, b) = 0.0f;
        total(ti, tile, p, h, b) += lane_sum(lane, ti, tile, p, h, b);

        // Where there are no more keys, the last one is read: times a weight of zero.
        const Expr seen = min((p * panels * vectors + key.y) * lanes + key.x, tokens - 1);
        mixture(ci, ti, chunk, tile, p, h, b) = 0.0f;
        mixture(ci, ti, chunk, tile, p, h, b) +=
            weights(key.x, ti, key.y, tile, p, h, b) *
            values(min(chunk, chunks - 1) * lanes + ci, seen, h, b);

        if (one_part) {
            context(ci, ti, chunk, h, tile, b) =
                mixture(ci, ti, chunk, tile, 0, h, b) / total(ti, tile, 0, h, b);
            return;
        }
        // A sum, not a select: of what a select may leave out, Halide 21 skips what all items of a group
        // need.
        mixtures(ci, ti, chunk, tile, p, h, b) =
            cast<float>(chunk < chunks) * mixture(ci, ti, chunk, tile, p, h, b) +
            cast<float>(chunk == chunks) * largest(ti, tile, p, h, b) +
            cast<float>(chunk == chunks + 1) * total(ti, tile, p, h, b);
        all = RDom(0, parts, "all");
        const Expr largest_of_part = mixtures(0, ti, chunks, tile, all, h, b);
        joint_max(ti, tile, h, b) = excluded;
        joint_max(ti, tile, h, b) = max(joint_max(ti, tile, h, b), largest_of_part);
        const Expr scale = exp2_nonpositive(largest_of_part - joint_max(ti, tile, h, b));
        joint_total(ti, tile, h, b) = 0.0f;
        joint_total(ti, tile, h, b) += scale * mixtures(0, ti, chunks + 1, tile, all, h, b);
        joint_mixture(ci, ti, chunk, tile, h, b) = 0.0f;
        joint_mixture(ci, ti, chunk, tile, h, b) += scale * mixtures(ci, ti, chunk, tile, all, h, b);
        context(ci, ti, chunk, h, tile, b) =
            joint_mixture(ci, ti, chunk, tile, h, b) / joint_total(ti, tile, h, b);
    }
};

}  // namespace vit
