#include "schedules/linear.h"

#include "schedules/register_tile.h"

namespace vit {

using namespace Halide;

namespace {

// Stretches of k one after the other: the group copies its tiles' and its panels' part of one to local
// memory, each item adds up its register tile, and what that gives is added to the tile's sum, in local
// memory, too: Halide keeps no register from one stretch to the next, since the items wait for each other
// in between.
void stage_in_local_memory(Linear &stage, const Var &group, const LinearGpuTuning &tuning,
                           const Target &target) {
    using namespace dims;
    const Layout &layout = stage.layout;
    RVar stretch("stretch"), chunk_in_stretch("chunk_in_stretch");
    Var s("s"), row("row"), turn("turn"), item("item");

    Func partial = stage.product.update()
                       .split(stage.k.y, stretch, chunk_in_stretch, tuning.local_chunks,
                              TailStrategy::GuardWithIf)
                       .rfactor(stretch, s);
    stage.product.compute_at(stage.y, group)
        .bound_extent(ci, layout.lanes)
        .bound_extent(vi, layout.vectors())
        .bound_extent(ti, layout.token_tile)
        .vectorize(ci)
        .unroll(vi)
        .unroll(ti)
        .gpu_threads(panel, tile);
    stage.product.update()
        .reorder(ci, vi, ti, panel, tile, stretch)
        .vectorize(ci)
        .unroll(vi)
        .unroll(ti)
        .gpu_threads(panel, tile);
    partial.compute_at(stage.product, panel);
    schedule_register_tile(partial, stage.k.x, layout.lanes, {chunk_in_stretch}, layout, tuning.k_unroll,
                           target);

    stage.x_stretch.compute_at(stage.product, stretch)
        .fuse(ti, chunk, row)
        .split(row, turn, item, tuning.group_panels, TailStrategy::GuardWithIf)
        .reorder(ci, turn, item, tile)
        .vectorize(ci, layout.lanes)
        .gpu_threads(item, tile);
    stage.weights_stretch.compute_at(stage.product, stretch)
        .split(d, turn, item, tuning.group_tiles, TailStrategy::GuardWithIf)
        .reorder(ci, turn, panel, item)
        .vectorize(ci, layout.lanes)
        .gpu_threads(panel, item);
}

}  // namespace

// A work item holds a register tile, a group shares panels and tiles: group_panels x group_tiles items,
// which read each panel group_tiles times from a cache near them and each tile group_panels times.
void schedule(Linear &stage, const LinearGpuTuning &tuning, const Target &target) {
    using namespace dims;
    Var panels("panels"), tiles("tiles"), panel_in_group("panel_in_group"), tile_in_group("tile_in_group");
    stage.y.align_bounds(chunk, stage.layout.vectors())
        .split(chunk, panel, vi, stage.layout.vectors(), TailStrategy::RoundUp)
        .split(panel, panels, panel_in_group, tuning.group_panels, TailStrategy::GuardWithIf)
        .split(tile, tiles, tile_in_group, tuning.group_tiles, TailStrategy::GuardWithIf)
        .reorder(ci, vi, ti, panel_in_group, tile_in_group, panels, tiles)
        .vectorize(ci)
        .unroll(vi)
        .unroll(ti)
        .gpu_blocks(panels, tiles)
        .gpu_threads(panel_in_group, tile_in_group);
    if (tuning.local_chunks > 0) {
        stage_in_local_memory(stage, panels, tuning, target);
    } else {
        stage.product.compute_at(stage.y, panel_in_group);
        schedule_register_tile(stage.product, stage.k.x, stage.layout.lanes, {stage.k.y}, stage.layout,
                               tuning.k_unroll, target);
    }
}

}  // namespace vit
