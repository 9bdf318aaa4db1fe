// A token matrix in float32 as the one in fixed point that the next product reads
// (generators/fixed_point.h), for every token and group of channels:
//   low = max(0, max_c -x(c)),  high = max(0, max_c x(c))    with offsets; otherwise both max_c |x(c)|
//   scale = (low + high) / levels
//   q(c)  = round((x(c) + low) / scale)                      with offsets; otherwise round(x(c) / scale)
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "generators/activation.h"
#include "generators/fixed_point.h"

namespace vit {

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
              const FixedPoint &fixed, Layout blocks)
        : chunks(0, chunks_of_group, "chunks"), lane(0, blocks.lanes, "lane"), layout(blocks) {
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
