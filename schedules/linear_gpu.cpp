#include "schedules/linear.h"

#include <algorithm>

#include "schedules/item_tile.h"

namespace vit {

using namespace Halide;

// Items that stand side by side take the vectors of a row of a panel, which they read in one go, and share
// the tile that they multiply it by.
// H200, ViT-B/16, of the 56.5 TFLOP/s that multiply-adds in registers reach: 64 images 48 to 55 % in blocks
// of 4, 8 and 32, up to 62 % in blocks of 8, 12 and 64, whose attention is three times as slow; one image, k
// in parts, 20 to 36 %, and without parts 6 to 23 %. (cuBLAS: 82 to 86 % and 28 to 45 %.) What is missing
// are warps: each waits for a chunk of both operands, which 255 registers leave no room to fetch ahead.
void schedule(Linear &stage, Pipeline, const LinearGpuTuning &tuning, const Target &target) {
    using namespace dims;
    const Layout &layout = stage.layout;
    const int vectors = layout.vectors();
    const int parts = tuning.k_parts.on(layout, target);
    const int tokens = layout.token_tile / largest_divisor(layout.token_tile, parts);
    const std::vector<Func> products = stage.products();
    // At most 256 items, which may have 255 registers each, and 32 KiB of local memory for what parts leave.
    const int left_by_parts = static_cast<int>(products.size()) * parts * layout.token_tile * layout.panel;
    const int most_tiles_of_panels = std::max(1, std::min(256 / (vectors * parts), 8192 / left_by_parts));
    const int group_panels = parts > 1 ? 1 : std::min<int>(tuning.group_panels, most_tiles_of_panels);
    const int group_tiles = std::min<int>(tuning.group_tiles, most_tiles_of_panels / group_panels);
    const int chunk_unroll = largest_divisor(vectors / parts, tuning.chunk_unroll);
    Var panels("panels"), tiles("tiles"), panel_in_group("panel_in_group"), tile_in_group("tile_in_group"),
        part("part"), token("token");

    stage.y.align_bounds(chunk, vectors)
        .split(chunk, panel, vi, vectors, TailStrategy::RoundUp)
        .split(panel, panels, panel_in_group, group_panels, TailStrategy::GuardWithIf)
        .split(tile, tiles, tile_in_group, group_tiles, TailStrategy::GuardWithIf);
    vectorize_lanes(stage.y, ci, layout, target);
    if (parts == 1) {
        stage.y.reorder(ci, ti, vi, panel_in_group, tile_in_group, panels, tiles)
            .unroll(ti)
            .gpu_blocks(panels, tiles)
            .gpu_threads(vi, panel_in_group, tile_in_group);
        for (Func product : products) {
            product.compute_at(stage.y, vi);
            schedule_item_tile(product, stage.x, stage.k.x, stage.k.y, {}, layout, chunk_unroll, target);
        }
        return;
    }
    // Parts take turns with the chunks of k. Their sums meet in local memory, where each part's items add up
    // some of the tokens.
    stage.y.split(ti, part, token, tokens)
        .reorder(ci, token, vi, tile_in_group, part, panel_in_group, panels, tiles)
        .unroll(token)
        .unroll(panel_in_group)
        .gpu_blocks(panels, tiles)
        .gpu_threads(vi, tile_in_group, part);
    for (Func product : products) {
        RVar rest("rest"), part_of_k("part_of_k");
        Func sums = product.update().split(stage.k.y, rest, part_of_k, parts).rfactor(part_of_k, part);
        Func met = sums.in(product);
        met.compute_at(stage.y, panels)
            .bound_extent(ci, layout.lanes)
            .bound_extent(ti, layout.token_tile)
            .align_bounds(chunk, vectors)
            .bound_extent(chunk, vectors)
            .bound_extent(tile, group_tiles)
            .bound_extent(part, parts)
            .reorder(ci, ti, chunk, tile, part)
            .unroll(ti)
            .gpu_threads(chunk, tile, part);
        vectorize_lanes(met, ci, layout, target);
        sums.compute_at(met, chunk);
        schedule_item_tile(sums, stage.x, stage.k.x, rest, {}, layout, chunk_unroll, target);
        product.compute_at(stage.y, vi).bound_extent(ti, tokens).bound_extent(chunk, 1).unroll(ti);
        vectorize_lanes(product, ci, layout, target);
        product.update().reorder(ci, part_of_k, ti).unroll(ti).unroll(part_of_k);
        vectorize_lanes(product.update(), ci, layout, target);
    }
}

}  // namespace vit
