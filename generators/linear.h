// A linear layer and what follows it at once, for every token t (the paper's eq. 2, 3, 5, 8):
//   product(c, t) = sum_k x(k, t) W(k, c)
//   z(c, t)       = product(c, t) + bias(c)
//   y(c, t)       = epilogue(z(c, t))
// with the epilogues
//   none        z(c, t)
//   residual    z(c, t) + residual(c, t)
//   activation  f(z(c, t)), f one of generators/activation.h
//   gated       f(z(c, t)) value(c, t), where panels of W for z and for values take turns, so that y has
//               half as many channels as W (Shazeer 2020)
// All token matrices are tiles, the weights are panels (generators/layout.h).
#pragma once

#include <string>
#include <vector>

#include "generators/activation.h"
#include "generators/dims.h"
#include "generators/layout.h"

namespace vit {

struct Epilogue {
    bool residual = false;
    const NamedActivation *activation = nullptr;  // none otherwise

    bool gated() const { return activation && activation->gated; }

    static Epilogue named(const std::string &name) {
        if (name == "none" || name == "residual") {
            return {name == "residual", nullptr};
        }
        for (const NamedActivation &activation : activations) {
            if (name == activation.name) {
                return {false, &activation};
            }
        }
        _halide_user_assert(false) << "no epilogue is called " << name << "\n";
        return {};
    }
};

struct Linear {
    Halide::Func x, weights;          // [ki, ti, chunk, tile], [c in panel, k, panel]
    Halide::Func product{"product"};  // [ci, ti, chunk, tile]: the register tiles; of values, if y is gated
    Halide::Func gate{"gate"};        // [ci, ti, chunk, tile]: f(z), if it is, of
    Halide::Func gate_product{"gate_product"};  // [ci, ti, chunk, tile]
    Halide::Func y{"y"};                        // [ci, ti, chunk, tile]
    Halide::RDom k;                   // [k in chunk, chunk]: inputs

    Halide::Expr tiles;               // of tokens
    bool gated;
    bool widens = false;  // weights, by other instructions than a load
    Layout layout;

    // bias [c], residual as y (used by that epilogue alone). Where a schedule's groups reach past the last
    // tile or panel, which only a device's do, the product reads the last one again.
    Linear(Halide::Func its_x, Halide::Func its_weights, Halide::Func bias, Halide::Func residual,
           Halide::Expr chunks, Halide::Expr its_tiles, Halide::Expr panels, bool reaches_past,
           const Epilogue &epilogue, Layout blocks)
        : x(its_x), weights(its_weights), k(0, blocks.lanes, 0, chunks, "k"), tiles(its_tiles),
          gated(epilogue.gated()), layout(blocks) {
        using namespace dims;
        using Halide::Expr;

        const auto define = [&](Halide::Func sum, Expr panel_of_weights) {
            Expr x_tile = tile;
            if (reaches_past) {
                x_tile = Halide::min(x_tile, tiles - 1);
                panel_of_weights = Halide::min(panel_of_weights, panels - 1);
            }
            sum(ci, ti, chunk, tile) = 0.0f;
            sum(ci, ti, chunk, tile) += x(k.x, ti, k.y, x_tile) *
                                        weights(chunk % layout.vectors() * layout.lanes + ci,
                                                k.y * layout.lanes + k.x, panel_of_weights);
        };
        const Expr panel_of_y = chunk / layout.vectors();
        if (gated) {
            define(gate_product, panel_of_y * 2);
            define(product, panel_of_y * 2 + 1);
            // A panel's gates stand as many chunks further in the bias as there are values before it.
            const Expr chunk_of_bias = panel_of_y * layout.vectors() + chunk;
            const auto z = [&](Halide::Func sum, Expr its_chunk) {
                return sum(ci, ti, chunk, tile) + bias(its_chunk * layout.lanes + ci);
            };
            gate(ci, ti, chunk, tile) = epilogue.activation->function(z(gate_product, chunk_of_bias));
            y(ci, ti, chunk, tile) =
                gate(ci, ti, chunk, tile) * z(product, chunk_of_bias + layout.vectors());
            return;
        }
        define(product, panel_of_y);
        Expr z = product(ci, ti, chunk, tile) + bias(chunk * layout.lanes + ci);
        if (epilogue.residual) {
            z += residual(ci, ti, chunk, tile);
        } else if (epilogue.activation) {
            z = epilogue.activation->function(z);
        }
        y(ci, ti, chunk, tile) = z;
    }

    std::vector<Halide::Func> products() const {
        return gated ? std::vector<Halide::Func>{gate_product, product} : std::vector<Halide::Func>{product};
    }
};

}  // namespace vit
