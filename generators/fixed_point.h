// Matrices in fixed point. A token's channels stand in groups, and each group of a token has terms of its
// own, found as its values are made:
//   x(c, t)   = scale(t, g) q(c, t) + offset(t, g)        g the group of c
// a weight matrix has a scale for each output:
//   W(k, c)   = scale(c) w(k, c)
// so that a product takes whole numbers but for a sum over the groups:
//   sum_k x(k, t) W(k, c) = scale(c) sum_g (scale(t, g) exact(c, t, g) + offset(t, g) sum_k w(k, c))
//   exact(c, t, g)        = sum_k q(k, t) w(k, c), k in g
// Two precisions:
//   i16  q and w in 13 bits with their sign, held in 16. No offset. A group has up to 128 channels, since
//        128 * 4095 * 4095 < 2^31: exact cannot overflow.
//   i8   q in 8 bits without a sign (dot products of x86 take such a factor on the left) or with one (those
//        of Arm), w in 8 with a sign and 127 levels either side. Offsets, which cost a product nothing but
//        a sum of weights made at packing: on a real DINOv2's photographs the error of tokens is 2.8 %
//        with them and 5.2 % without. exact cannot overflow below 2^16 channels.
// A group's values are followed by its terms, bit for bit, each in the first elements of a chunk of its own:
// so a matrix is one buffer [ci, ti, chunk, group, tile], and is written in one go.
// Terms are not finite where a value is not, and so is every product that they have a part in.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "generators/activation.h"
#include "generators/dims.h"
#include "generators/layout.h"

namespace vit {

struct FixedPoint {
    Halide::Type stored;              // activations' in memory
    Halide::Type activation, weight;  // as they are multiplied
    int lowest = 0, highest = 0;  // of activations
    int most_of_weights = 0;      // either side
    int step = 1;        // neighbouring k that one multiply-add takes: those of a chunk, or fewer
    bool offset = false;
    bool fused = false;  // a multiply-add is one instruction, which leaves its factors as they are

    int terms() const { return offset ? 2 : 1; }  // scale, offset

    // A term of the group of a matrix [ci, ti, chunk, ...] at `index` = {ti, chunk, ...}, its chunk that of
    // the term.
    Halide::Expr term(Halide::Func matrix, std::vector<Halide::Expr> index) const {
        using namespace Halide;
        index.insert(index.begin(), 0);
        Expr bits = cast<std::uint32_t>(0);
        for (int i = 0; i < elements_of_term(); i++) {
            index[0] = i;
            const Expr element = reinterpret(stored.with_code(Type::UInt), matrix(index));
            bits = bits | cast<std::uint32_t>(element) << (i * stored.bits());
        }
        return reinterpret<float>(bits);
    }
    // Element ci of a chunk with that term.
    Halide::Expr element(Halide::Expr term) const {
        using namespace Halide;
        const Expr shift = cast<std::uint32_t>(min(dims::ci, elements_of_term() - 1) * stored.bits());
        const Expr bits = reinterpret<std::uint32_t>(term) >> shift;
        return reinterpret(stored, cast(stored.with_code(Type::UInt), bits));
    }
    int elements_of_term() const { return 32 / stored.bits(); }
};

// A token matrix and what it is quantized to. value is [ci, ti, chunk, group, ...]: the chunks of a group.
struct Quantized {
    Halide::Func lane_highest{"lane_highest"}, highest{"highest"};  // [ci, ti, group, ...], [ti, group, ...]
    Halide::Func lane_lowest{"lane_lowest"}, lowest{"lowest"};      // the same, with offsets
    Halide::Func scale{"scale"}, inverse{"inverse"}, offset{"offset"};  // [ti, group, ...]
    Halide::Func q{"q"};        // [ci, ti, chunk, group, ...]: values, then terms
    Halide::RDom chunks, lane;  // [chunk] of a group, [ci]
    Layout layout;

    // `rest` are the dimensions behind the group's.
    Quantized(Halide::Func value, Halide::Expr chunks_of_group, const std::vector<Halide::Var> &rest,
              const FixedPoint &fixed, Layout layout)
        : chunks(0, chunks_of_group, "chunks"), lane(0, layout.lanes, "lane"), layout(layout) {
        using namespace dims;
        using namespace Halide;
        const auto with_rest = [&](auto first) {
            first.insert(first.end(), rest.begin(), rest.end());
            return first;
        };
        const std::vector<Var> token = with_rest(std::vector<Var>{ti, group});
        const std::vector<Var> lanes = with_rest(std::vector<Var>{ci, ti, group});
        const std::vector<Var> channel = with_rest(std::vector<Var>{ci, ti, chunk, group});
        // The largest of values that are not below zero, by their bits, whose order is the same; bits of
        // what is not a number come behind all others, so that it is kept.
        const auto largest = [&](Func of_lanes, Func of_all, Expr bits) {
            of_lanes(lanes) = 0;
            of_lanes(lanes) = max(of_lanes(lanes), bits);
            of_all(token) = 0;
            of_all(token) = max(of_all(token), of_lanes(with_rest(std::vector<Expr>{lane, ti, group})));
            return reinterpret<float>(of_all(token));
        };
        const Expr sign = std::numeric_limits<std::int32_t>::min();
        const Expr seen = value(with_rest(std::vector<Expr>{ci, ti, chunks, group}));
        const Expr its_chunk = min(chunk, chunks_of_group - 1);
        const Expr mine = value(with_rest(std::vector<Expr>{ci, ti, its_chunk, group}));
        const float levels = static_cast<float>(fixed.highest - fixed.lowest);
        const float least = 1e-30f;  // of a range, so that its inverse is finite
        Expr steps, terms;
        if (fixed.offset) {
            const Expr high = largest(lane_highest, highest, reinterpret<int>(seen));
            // How far below zero.
            const Expr low = largest(lane_lowest, lowest, reinterpret<int>(seen) ^ sign);
            scale(token) = at_least(high + low, least) * (1 / levels);
            inverse(token) = levels / at_least(high + low, least);
            offset(token) = -low - fixed.lowest * scale(token);
            steps = cast<int>(round((mine + low) * inverse(token))) + fixed.lowest;
            terms = select(chunk == chunks_of_group, scale(token), offset(token));
        } else {
            const Expr most = at_least(largest(lane_highest, highest, reinterpret<int>(abs(seen))), least);
            scale(token) = most * (2 / levels);
            inverse(token) = levels / 2 / most;
            steps = cast<int>(round(mine * inverse(token)));
            terms = scale(token);
        }
        const Expr stored = reinterpret(fixed.stored, cast(fixed.activation, steps));
        q(channel) = select(chunk < chunks_of_group, likely(stored), fixed.element(terms));
    }
};

}  // namespace vit
