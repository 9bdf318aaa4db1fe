#include "schedules/attention.h"

#include "schedules/register_tile.h"

namespace vit {

using namespace Halide;

// Keys are laid out in panels first, in memory of the device. Then a group takes a tile of queries of one
// head: each of its items makes a register tile of scores, the group keeps them in local memory, and some
// of the items make the register tiles of the context.
void schedule(Attention &stage, const AttentionGpuTuning &tuning, const Target &target) {
    using namespace dims;
    const Layout &layout = stage.layout;
    Var heads("heads"), rows("rows"), row("row");

    stage.keys.compute_root()
        .split(si, vi, si, layout.lanes)
        .split(d, rows, row, layout.lanes)
        .fuse(h, b, heads)
        .reorder(si, row, vi, rows, panel, heads)
        .vectorize(si)
        .gpu_blocks(panel, heads)
        .gpu_threads(vi, rows);

    stage.context.compute_root()
        .split(chunk, panel, vi, layout.vectors(), TailStrategy::GuardWithIf)
        .reorder(ci, ti, vi, panel, tile, h, b)
        .vectorize(ci)
        .unroll(ti)
        .unroll(vi)
        .gpu_blocks(tile, h, b)
        .gpu_threads(panel);
    // Its guard hides from Halide that an item has one panel.
    stage.mixture.compute_at(stage.context, panel).bound_extent(panel, 1);
    schedule_register_tile(stage.mixture, stage.key.x, layout.token_tile, {stage.key.y}, layout,
                           tuning.k_unroll, target);

    stage.weights.compute_at(stage.context, tile)
        .reorder_storage(ci, chunk, ti)
        .vectorize(ci, layout.lanes)
        .reorder(ci, ti, chunk)
        .unroll(ti)
        .gpu_threads(chunk);
    stage.scores.compute_at(stage.context, tile)
        .align_bounds(chunk, layout.vectors())
        .split(chunk, panel, vi, layout.vectors(), TailStrategy::RoundUp)
        .reorder(ci, vi, ti, panel)
        .vectorize(ci, layout.lanes)
        .unroll(vi)
        .unroll(ti)
        .gpu_threads(panel);
    stage.similarity.compute_at(stage.scores, panel);
    schedule_register_tile(stage.similarity, stage.d_in_head.x, layout.lanes, {stage.d_in_head.y}, layout,
                           tuning.k_unroll, target);

    for (Func lanes : {stage.lane_max, stage.lane_sum}) {
        lanes.compute_at(stage.context, tile).vectorize(ci, layout.lanes).gpu_threads(ti);
        lanes.update().reorder(ci, stage.key_chunk, ti).vectorize(ci, layout.lanes).gpu_threads(ti);
    }
    for (Func row : {stage.row_max, stage.row_sum}) {
        row.compute_at(stage.context, tile).gpu_threads(ti);
        row.update().reorder(stage.lane, ti).unroll(stage.lane).gpu_threads(ti);
    }
    stage.normalizer.compute_at(stage.context, tile).gpu_threads(ti);
}

}  // namespace vit
