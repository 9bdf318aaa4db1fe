// A weight matrix from float32 into fixed point (generators/fixed_point.h), once at load:
//   scale(c) = max_k |W(k, c)| / most
//   w(k, c)  = round(W(k, c) / scale(c))
//   sum(c, g) = sum_k w(k, c), k in g, where activations have offsets
#pragma once

#include "generators/activation.h"
#include "generators/fixed_point.h"

namespace vit {

struct QuantizePanels {
    Halide::Func lane_most{"lane_most"}, inverse{"inverse"};  // [ci, panel]
    Halide::Func weights{"weights"};  // [ki, c in panel, multiply-add, panel]
    Halide::Func sum{"sum"};          // [c, group]
    Halide::Func terms{"terms"};      // [c, 1 + groups]: scale, sums
    Halide::Var ki{"ki"}, multiply_add{"multiply_add"}, row{"row"};
    Halide::RDom k, in_group;

    // panels [c in panel, k, panel] of `inputs` k, `inputs_of_group` of which are a group; those past the
    // last group are pads.
    QuantizePanels(Halide::Func panels, Halide::Expr inputs, Halide::Expr inputs_of_group,
                   const FixedPoint &fixed, Layout layout)
        : k(0, inputs, "k"), in_group(0, inputs_of_group, "in_group") {
        using namespace dims;
        using namespace Halide;
        const float least = 1e-30f;  // so that its inverse is finite

        // By their bits, as in generators/quantized.h: what is not a number is kept.
        lane_most(ci, panel) = 0;
        lane_most(ci, panel) = max(lane_most(ci, panel), reinterpret<int>(abs(panels(ci, k, panel))));
        const auto most = [&](Expr lane, Expr its_panel) {
            return at_least(reinterpret<float>(lane_most(lane, its_panel)), least);
        };
        inverse(ci, panel) = fixed.most_of_weights / most(ci, panel);
        weights(ki, ci, multiply_add, panel) =
            cast(fixed.weight, cast<int>(round(panels(ci, multiply_add * fixed.step + ki, panel) *
                                               inverse(ci, panel))));
        const Expr its_panel = c / layout.panel, its_lane = c % layout.panel;
        Expr term = most(its_lane, its_panel) * (1.0f / fixed.most_of_weights);
        if (fixed.offset) {
            const Expr its_k = group * inputs_of_group + in_group;
            sum(c, group) = 0;
            sum(c, group) += cast<int>(
                weights(its_k % fixed.step, its_lane, its_k / fixed.step, its_panel));
            term = select(row == 0, term, cast<float>(sum(c, max(row - 1, 0))));
        }
        terms(c, row) = term;
    }
};

}  // namespace vit
