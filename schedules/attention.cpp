#include "schedules/attention.h"

#include "schedules/register_tile.h"

namespace vit {

using namespace Halide;

// One head of ViT-B/16 has 52 KiB of keys and as much of values: both stay in L2 while its tiles of queries
// pass. The scores of a tile (6 x 208, 5 KiB) and their weights stay in L1. Buffers whose size depends on
// the number of tokens come from halide_malloc, which the runtime serves from memory that it keeps
// (runtime/scratch.h).
void schedule(Attention &stage, const AttentionTuning &tuning, const Target &) {
    using namespace dims;
    const Layout &layout = stage.layout;
    Var task("task"), tile_in_task("tile_in_task"), tiles("tiles");

    stage.keys.compute_root()
        .reorder(si, d, panel, h, b)
        .vectorize(si, layout.lanes)
        .unroll(si)
        .fuse(h, b, task)
        .parallel(task);
    stage.values.compute_root()
        .reorder(di, s, panel, h, b)
        .vectorize(di, layout.lanes)
        .unroll(di)
        .fuse(h, b, task)
        .parallel(task);

    stage.context.compute_root()
        .split(chunk, panel, vi, layout.vectors(), TailStrategy::GuardWithIf)
        .split(tile, tiles, tile_in_task, tuning.tiles_per_task, TailStrategy::GuardWithIf)
        .reorder(ci, ti, vi, panel, tile_in_task, tiles, h, b)
        .vectorize(ci)
        .unroll(ti)
        .unroll(vi)
        .fuse(h, b, task)
        .fuse(tiles, task, task)
        .parallel(task);
    stage.mixture.compute_at(stage.context, panel);
    schedule_register_tile(stage.mixture, stage.key.x, {stage.key.y}, layout, tuning.k_unroll);

    stage.weights.compute_at(stage.context, tile_in_task)
        .vectorize(ci, layout.lanes)
        .reorder(ci, ti, chunk)
        .unroll(ti);
    stage.scores.compute_at(stage.context, tile_in_task)
        .align_bounds(chunk, layout.vectors())
        .split(chunk, panel, vi, layout.vectors(), TailStrategy::RoundUp)
        .reorder(ci, vi, ti, panel)
        .vectorize(ci, layout.lanes)
        .unroll(vi)
        .unroll(ti);
    stage.similarity.compute_at(stage.scores, panel);
    schedule_register_tile(stage.similarity, stage.d_in_head.x, {stage.d_in_head.y}, layout,
                           tuning.k_unroll);

    for (Func lanes : {stage.lane_max, stage.lane_sum}) {
        lanes.compute_at(stage.context, tile_in_task).vectorize(ci, layout.lanes).unroll(ti);
        lanes.update().reorder(ci, ti, stage.key_chunk).vectorize(ci, layout.lanes).unroll(ti);
    }
    for (Func row : {stage.row_max, stage.row_sum}) {
        row.compute_at(stage.context, tile_in_task).unroll(ti);
        row.update().reorder(stage.lane, ti).unroll(stage.lane).unroll(ti);
    }
    stage.normalizer.compute_at(stage.context, tile_in_task).unroll(ti);
}

}  // namespace vit
