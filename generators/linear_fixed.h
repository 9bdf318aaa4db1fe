// A linear layer in fixed point (generators/quantized.h), for every token t:
//   exact(c, t, g) = sum_k x(k, t) W(k, c), k in g, of whole numbers
//   product(c, t)  = sum_g (scale(t, g) exact(c, t, g) + offset(t, g) sum_k W(k, c))
//   z(c, t)        = scale(c) product(c, t) + bias(c)
//   y(c, t)        = epilogue(z(c, t)), as in generators/linear.h
// y is float32, or quantized as it is made: where an activation follows, the next product is all that reads
// it.
#pragma once

#include <optional>

#include "generators/quantized.h"
#include "generators/linear.h"

namespace vit {

struct LinearFixed {
    Halide::Func x;                   // [ki, ti, chunk, group, tile]
    Halide::Func exact{"exact"};      // [ci, ti, chunk, group, tile] int32: the register tiles
    Halide::Func product{"product"};  // [ci, ti, chunk, tile]
    Halide::Func y{"y"};              // [ci, ti, chunk, tile]
    Halide::Func grouped{"grouped"};  // [ci, ti, chunk, group, tile]: y in the groups of what it becomes
    std::optional<Quantized> quantized;  // [ci, ti, chunk, group, tile]
    Halide::RDom k;                   // [k of a multiply-add, multiply-add of a chunk, chunk of a group]
    Halide::RDom groups;              // of x
    Halide::Expr tiles;               // of tokens
    Halide::Expr chunks_of_group;     // of y, if it is quantized
    FixedPoint fixed;
    Layout layout;

    // weights [ki, c in panel, multiply-add, panel]; weight_terms [c, 1 +
    // groups]: the scale and, with offsets, the sum of the weights of each group; bias [c]; residual as y
    // (used by that epilogue alone); chunks of values and groups of x; chunks of a group of y, likewise, if
    // it is quantized.
    LinearFixed(Halide::Func its_x, Halide::Func weights, Halide::Func weight_terms,
                Halide::Func bias, Halide::Func residual, Halide::Expr chunks, Halide::Expr groups_of_x,
                Halide::Expr its_tiles, Halide::Expr its_chunks_of_group, const Epilogue &epilogue,
                const FixedPoint &its_fixed, Layout blocks)
        : x(its_x), k(0, its_fixed.step, 0, blocks.lanes / its_fixed.step, 0, chunks, "k"),
          groups(0, groups_of_x, "groups"), tiles(its_tiles), chunks_of_group(its_chunks_of_group),
          fixed(its_fixed), layout(blocks) {
        using namespace dims;
        using Halide::Expr;
        const int steps = layout.lanes / fixed.step;  // of a chunk

        exact(ci, ti, chunk, group, tile) = 0;
        exact(ci, ti, chunk, group, tile) +=
            Halide::cast<int>(Halide::reinterpret(fixed.activation,
                                                  x(k.y * fixed.step + k.x, ti, k.z, group, tile))) *
            Halide::cast<int>(weights(k.x, chunk % layout.vectors() * layout.lanes + ci,
                                      (group * chunks + k.z) * steps + k.y, chunk / layout.vectors()));

        const Expr channel = chunk * layout.lanes + ci;
        product(ci, ti, chunk, tile) = 0.0f;
        const auto term = [&](int i) { return fixed.term(x, {ti, chunks + i, groups, tile}); };
        Expr part = Halide::cast<float>(exact(ci, ti, chunk, groups, tile)) * term(0);
        if (fixed.offset) {
            part += term(1) * weight_terms(channel, 1 + groups);
        }
        product(ci, ti, chunk, tile) += part;

        Expr z = product(ci, ti, chunk, tile) * weight_terms(channel, 0) + bias(channel);
        if (epilogue.residual) {
            z += residual(ci, ti, chunk, tile);
        } else if (epilogue.activation) {
            z = epilogue.activation->function(z);
        }
        y(ci, ti, chunk, tile) = z;
        if (epilogue.activation) {
            grouped(ci, ti, chunk, group, tile) = y(ci, ti, group * chunks_of_group + chunk, tile);
            quantized.emplace(grouped, chunks_of_group, std::vector<Halide::Var>{tile}, fixed, layout);
        }
    }
};

}  // namespace vit
