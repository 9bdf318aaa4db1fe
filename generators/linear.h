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
    // x [ki, ti, chunk, tile] and weights [c in panel, k, panel] again, their last chunk of k repeated for
    // ever: a device's schedule copies stretches of k, which need not end where k does.
    Halide::Func x_stretch{"x_stretch"}, weights_stretch{"weights_stretch"};
    Halide::Func product{"product"};  // [ci, vi, ti, panel, tile]: the register tile
    Halide::Func y{"y"};              // [ci, ti, chunk, tile]
    Halide::RDom k;                   // [k in chunk, chunk]: inputs

    Halide::Expr tiles;               // of tokens
    Layout layout;

    // x [ki, ti, chunk, tile], weights [c in panel, k, panel], bias [c], residual as y (used by that
    // epilogue alone). The product reads stretches, if they are to be copied.
    Linear(Halide::Func x, Halide::Func weights, Halide::Func bias, Halide::Func residual,
           Halide::Expr chunks, Halide::Expr tiles, Epilogue epilogue, bool copies,
           Layout layout)
        : k(0, layout.lanes, 0, chunks, "k"), tiles(tiles), layout(layout) {
        using namespace dims;
        using Halide::Expr;

        x_stretch(ci, ti, chunk, tile) = x(ci, ti, Halide::min(chunk, chunks - 1), tile);
        weights_stretch(ci, d, panel) = weights(ci, Halide::min(d, chunks * layout.lanes - 1), panel);
        if (copies) {
            x = x_stretch;
            weights = weights_stretch;
        }
        product(ci, vi, ti, panel, tile) = 0.0f;
        product(ci, vi, ti, panel, tile) +=
            x(k.x, ti, k.y, tile) * weights(vi * layout.lanes + ci, k.y * layout.lanes + k.x, panel);

        Expr z = product(ci, chunk % layout.vectors(), ti, chunk / layout.vectors(), tile) +
                 bias(chunk * layout.lanes + ci);
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
