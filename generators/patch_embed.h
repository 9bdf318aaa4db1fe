// Patches, their embedding, the class token and the positions (the paper's eq. 1):
//   z0 = [x_class; x_p^1 E; x_p^2 E; ...; x_p^N E] + E_pos
// with the bias of E, which published checkpoints have and the paper leaves out. Token 0 is the class token;
// token t > 0 is patch t - 1, counted along rows of the grid. Pixels right of and below the last whole patch
// are not seen.
//
// The P x P x C values of a patch are the k of the product. A row of a patch is padded to whole chunks, in
// the patches and in the weights alike (their pads are zero), so that it is copied as vectors: k = (col in
// chunk, chunk of the row, row, channel), innermost first.
#pragma once

#include "generators/dims.h"
#include "generators/layout.h"

namespace vit {

struct PatchEmbed {
    Halide::Func patches{"patches"};        // [ki, ti, chunk, row, channel, tile, b]
    Halide::Func projection{"projection"};  // [ci, ti, chunk, tile, b]: the register tiles
    Halide::Func embedded{"embedded"};      // [ci, ti, chunk, tile, b]: z0
    Halide::RDom k;                         // [col in chunk, chunk, row, channel]
    Halide::Var row{"row"}, channel{"channel"};
    Layout layout;

    // pixels [x, y, channel, b], weights [c in panel, k, panel], bias and class_token [c],
    // positions [ci, ti, chunk, tile]; sizes in pixels, grid in patches.
    struct Sizes {
        Halide::Expr patch_width, patch_height, channels, grid_width, grid_height;
    };
    PatchEmbed(Halide::Func pixels, Halide::Func weights, Halide::Func bias, Halide::Func class_token,
               Halide::Func positions, const Sizes &size, Layout layout)
        : k(0, layout.lanes, 0, (size.patch_width + layout.lanes - 1) / layout.lanes, 0, size.patch_height,
            0, size.channels, "k"),
          layout(layout) {
        using namespace dims;
        using namespace Halide;
        const int lanes = layout.lanes, vectors = layout.vectors();
        const Expr t = tile * layout.token_tile + ti;

        const Expr last_patch = size.grid_width * size.grid_height - 1;
        const Expr patch = clamp(t - 1, 0, last_patch);
        const Expr col = min(chunk * lanes + ci, size.patch_width - 1);
        const Expr pixel = pixels((patch % size.grid_width) * size.patch_width + col,
                                  (patch / size.grid_width) * size.patch_height + row, channel, b);
        patches(ci, ti, chunk, row, channel, tile, b) = select(t >= 1 && t - 1 <= last_patch, pixel, 0.0f);

        const Expr chunks_in_row = (size.patch_width + lanes - 1) / lanes;
        const Expr k_in_weights = ((k.w * size.patch_height + k.z) * chunks_in_row + k.y) * lanes + k.x;
        projection(ci, ti, chunk, tile, b) = 0.0f;
        projection(ci, ti, chunk, tile, b) +=
            patches(k.x, ti, k.y, k.z, k.w, tile, b) *
            weights(chunk % vectors * lanes + ci, k_in_weights, chunk / vectors);

        const Expr c = chunk * lanes + ci;
        embedded(ci, ti, chunk, tile, b) =
            select(t == 0, class_token(c),
                   projection(ci, ti, chunk, tile, b) + bias(c)) +
            positions(ci, ti, chunk, tile);
    }
};

}  // namespace vit
