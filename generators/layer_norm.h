// Layer normalization over the channels of each token (Ba et al. 2016; the paper's eq. 2, 3, 4):
//   normalized(c, t) = (x(c, t) - mean(t)) rstd(t) gamma(c) + beta(c)
//   mean(t) = sum_c x(c, t) / D,  rstd(t) = 1 / sqrt(sum_c (x(c, t) - mean(t))^2 / D + epsilon)
// in two passes, since E[x^2] - mean^2 cancels in float32. Tiles in, tiles out (generators/layout.h); sums
// run lane by lane and then over the lanes.
#pragma once

#include <optional>

#include "generators/quantized.h"

namespace vit {

struct LayerNorm {
    Halide::Func lane_sum{"lane_sum"}, mean{"mean"};           // [ci, ti, tile], [ti, tile]
    Halide::Func lane_squares{"lane_squares"}, rstd{"rstd"};   // [ci, ti, tile], [ti, tile]
    Halide::Func sum{"sum"}, squares{"squares"};               // [ti, tile]
    Halide::Func normalized{"normalized"};                     // [ci, ti, chunk, tile]
    Halide::RDom k;                                            // [chunk]
    Halide::RDom lane;                                         // [ci]
    std::optional<Quantized> quantized;  // [ci, ti, chunk, group, tile]
    Layout layout;

    // x [ci, ti, chunk, tile] with zeros from `channels` on, gamma and beta [c] likewise.
    LayerNorm(Halide::Func x, Halide::Func gamma, Halide::Func beta, Halide::Expr channels,
              Halide::Expr chunks, Halide::Expr epsilon, Layout blocks)
        : k(0, chunks, "k"), lane(0, blocks.lanes, "lane"), layout(blocks) {
        using namespace dims;
        using Halide::Expr;
        const Expr size = Halide::cast<float>(channels);

        lane_sum(ci, ti, tile) = 0.0f;
        lane_sum(ci, ti, tile) += x(ci, ti, k, tile);
        sum(ti, tile) = 0.0f;
        sum(ti, tile) += lane_sum(lane, ti, tile);
        mean(ti, tile) = sum(ti, tile) / size;

        const Expr centred =
            Halide::select(k * layout.lanes + ci < channels, x(ci, ti, k, tile) - mean(ti, tile), 0.0f);
        lane_squares(ci, ti, tile) = 0.0f;
        lane_squares(ci, ti, tile) += centred * centred;
        squares(ti, tile) = 0.0f;
        squares(ti, tile) += lane_squares(lane, ti, tile);
        rstd(ti, tile) = 1.0f / Halide::sqrt(squares(ti, tile) / size + epsilon);

        const Expr channel = chunk * layout.lanes + ci;
        normalized(ci, ti, chunk, tile) =
            (x(ci, ti, chunk, tile) - mean(ti, tile)) * rstd(ti, tile) * gamma(channel) + beta(channel);
    }

    void quantize(Halide::Expr chunks_of_group, const FixedPoint &fixed) {
        using namespace dims;
        Halide::Func grouped("grouped");
        grouped(ci, ti, chunk, group, tile) = normalized(ci, ti, group * chunks_of_group + chunk, tile);
        quantized.emplace(grouped, chunks_of_group, std::vector<Halide::Var>{tile}, fixed, layout);
    }
};

}  // namespace vit
