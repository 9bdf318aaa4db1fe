// A linear layer and what follows it at once, for every token t (the paper's eq. 2, 3, 5, 8):
//   product(c, t) = sum_k x(k, t) W(k, c)
//   y(c, t)       = epilogue(product(c, t) + bias(c))
// with the epilogues
//   none      z
//   gelu_erf  GELU(z) = z / 2 (1 + erf(z / sqrt 2))                                  (Hendrycks and Gimpel
//   2016) gelu_tanh GELU(z) ~ z / 2 (1 + tanh(sqrt(2 / pi) (z + 0.044715 z^3)))            (same, eq. 2)
//   residual  z + residual(c, t)
// All token matrices are tiles, the weights are panels (generators/layout.h).
#pragma once

#include "generators/activation.h"
#include "generators/dims.h"
#include "generators/layout.h"

namespace vit {

enum class Epilogue { none,
                      gelu_erf,
                      gelu_tanh,
                      residual };

struct Linear {
    Halide::Func x, weights;          // [ki, ti, chunk, tile], [c in panel, k, panel]
    Halide::Func product{"product"};  // [ci, ti, chunk, tile]: the register tiles
    Halide::Func y{"y"};              // [ci, ti, chunk, tile]
    Halide::RDom k;                   // [k in chunk, chunk]: inputs

    Halide::Expr tiles;               // of tokens
    Layout layout;

    // bias [c], residual as y (used by that epilogue alone). Where a schedule's groups reach past the last
    // tile or panel, which only a device's do, the product reads the last one again.
    Linear(Halide::Func x, Halide::Func weights, Halide::Func bias, Halide::Func residual,
           Halide::Expr chunks, Halide::Expr tiles, Halide::Expr panels, bool reaches_past,
           Epilogue epilogue, Layout layout)
        : x(x), weights(weights), k(0, layout.lanes, 0, chunks, "k"), tiles(tiles), layout(layout) {
        using namespace dims;
        using Halide::Expr;

        Expr x_tile = tile, weights_panel = chunk / layout.vectors();
        if (reaches_past) {
            x_tile = Halide::min(x_tile, tiles - 1);
            weights_panel = Halide::min(weights_panel, panels - 1);
        }
        product(ci, ti, chunk, tile) = 0.0f;
        product(ci, ti, chunk, tile) +=
            x(k.x, ti, k.y, x_tile) *
            weights(chunk % layout.vectors() * layout.lanes + ci, k.y * layout.lanes + k.x, weights_panel);

        Expr z = product(ci, ti, chunk, tile) + bias(chunk * layout.lanes + ci);
        switch (epilogue) {
        case Epilogue::none:
            break;
        case Epilogue::gelu_erf:
            z = gelu_erf(z);
            break;
        case Epilogue::gelu_tanh:
            z = gelu_tanh(z);
            break;
        case Epilogue::residual:
            z += residual(ci, ti, chunk, tile);
            break;
        }
        y(ci, ti, chunk, tile) = z;
    }
};

}  // namespace vit
