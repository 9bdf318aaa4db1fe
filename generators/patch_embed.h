// Patches and their embedding (the paper's eq. 1), with positions and all that is no patch in one matrix:
//   z0(c, t) = origin(c, t) + sum_k patch(t - prefix)(k) E(k, c)
// origin is what a token is before its patch is added, the same for every image: its position and the bias
// of E where it has a patch; the class token or a register, with its position if it has one, in the `prefix`
// tokens before these. Patches are counted along rows of the grid. Tokens of the prefix, and those that pad
// the last tile, have a patch of zeros. Pixels right of and below the last whole patch are not seen.
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

    // pixels [x, y, channel, b], weights [c in panel, k, panel], origin [ci, ti, chunk, tile]; prefix in
    // tokens, sizes in pixels, grid in patches.
    struct Sizes {
        Halide::Expr prefix, patch_width, patch_height, channels, grid_width, grid_height;
    };
    PatchEmbed(Halide::Func pixels, Halide::Func weights, Halide::Func origin, const Sizes &size,
               Layout blocks)
        : k(0, blocks.lanes, 0, (size.patch_width + blocks.lanes - 1) / blocks.lanes, 0, size.patch_height,
            0, size.channels, "k"),
          layout(blocks) {
        using namespace dims;
        using namespace Halide;
        const int lanes = layout.lanes, vectors = layout.vectors();
        const Expr token = tile * layout.token_tile + ti;

        const Expr last_patch = size.grid_width * size.grid_height - 1;
        const Expr patch = clamp(token - size.prefix, 0, last_patch);
        const Expr col = min(chunk * lanes + ci, size.patch_width - 1);
        const Expr pixel = pixels((patch % size.grid_width) * size.patch_width + col,
                                  (patch / size.grid_width) * size.patch_height + row, channel, b);
        patches(ci, ti, chunk, row, channel, tile, b) =
            select(token >= size.prefix && token - size.prefix <= last_patch, pixel, 0.0f);

        const Expr chunks_in_row = (size.patch_width + lanes - 1) / lanes;
        const Expr k_in_weights = ((k.w * size.patch_height + k.z) * chunks_in_row + k.y) * lanes + k.x;
        projection(ci, ti, chunk, tile, b) = 0.0f;
        projection(ci, ti, chunk, tile, b) +=
            patches(k.x, ti, k.y, k.z, k.w, tile, b) *
            weights(chunk % vectors * lanes + ci, k_in_weights, chunk / vectors);

        embedded(ci, ti, chunk, tile, b) =
            projection(ci, ti, chunk, tile, b) + origin(ci, ti, chunk, tile);
    }
};

}  // namespace vit
