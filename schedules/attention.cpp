#include "schedules/attention.h"

#include "schedules/quantized.h"
#include "schedules/register_tile.h"

namespace vit {

using namespace Halide;

// A task takes some tiles of queries of one head and packs the keys of that head for itself: for ViT-B/16,
// 52 KiB, which then stay in L2 while its tiles pass, as do the values, where they lie. Packed once for all
// tasks, keys came back from L3, which cost 3 % of the stage's time. Packing values, too, cost 3 to 15 % of
// it on two threads: either way they are fetched from L3, for which a copy waits. The scores of a tile
// (6 x 208, 5 KiB) and their weights stay in L1. Buffers whose size depends on the number of tokens come
// from halide_malloc, which the runtime serves from memory that it keeps (runtime/backend/scratch.h).
// Zen 3, AVX2, ViT-B/16, one thread: 79 % of the FMA peak. Of the rest, keys padded to whole panels are 3 %,
// fetching and packing them 6 %, the exponential 7 %, the largest score and the sum 2 %, and the ends of 17
// short products a tile 2 %. Two to four tiles by each panel before the next one comes: 1 to 2 % slower.
// Prefetching keys a panel ahead, or the panels of either product from L2: 1 to 6 % slower.
void schedule(Attention &stage, Pipeline, const AttentionTuning &tuning, const Target &target) {
    using namespace dims;
    const Layout &layout = stage.layout;
    Var task("task"), tile_in_task("tile_in_task"), blocks("blocks"), block("block");

    // Few heads are cut until there are enough tasks, each of which packs again.
    const int most = tuning.tiles_per_task;
    const Expr least = tuning.tasks_per_thread * stage.threads;
    const Expr cuts =
        clamp((least + stage.heads - 1) / stage.heads, (stage.tiles + most - 1) / most, stage.tiles);
    const Expr tiles_per_task = (stage.tiles + cuts - 1) / cuts;

    Func out = stage.quantized ? stage.quantized->q : stage.context;
    if (stage.quantized) {
        out.compute_root()
            .split(tile, blocks, tile_in_task, tiles_per_task, TailStrategy::GuardWithIf)
            .reorder(ci, ti, chunk, tile_in_task, group, b, blocks)
            .fuse(group, b, task)
            .fuse(task, blocks, task)
            .parallel(task);
        schedule_values(*stage.quantized);
        schedule_terms(*stage.quantized, out, tile_in_task);
        stage.context.compute_at(out, tile_in_task)
            .split(chunk, panel, vi, layout.vectors(), TailStrategy::RoundUp)
            .reorder(ci, ti, vi, panel)
            .vectorize(ci, layout.lanes)
            .unroll(ti)
            .unroll(vi);
    } else {
        out.compute_root()
            .split(chunk, panel, vi, layout.vectors(), TailStrategy::GuardWithIf)
            .split(tile, blocks, tile_in_task, tiles_per_task, TailStrategy::GuardWithIf)
            .reorder(ci, ti, vi, panel, tile_in_task, h, b, blocks)
            .vectorize(ci)
            .unroll(ti)
            .unroll(vi)
            .fuse(h, b, task)
            .fuse(task, blocks, task)
            .parallel(task);
    }

    // Squares of lanes x lanes are transposed in registers, from a copy of their rows: the address of a
    // token takes a division, which is then made once for all of its chunks.
    stage.keys.compute_at(out, task)
        .split(d, chunk, di, layout.lanes, TailStrategy::RoundUp)
        .split(si, block, si, layout.lanes, TailStrategy::RoundUp)
        .reorder(si, di, chunk, block, panel, h, b)
        .vectorize(si)
        .unroll(di);
    stage.key_columns.compute_at(stage.keys, chunk).vectorize(s, layout.lanes).vectorize(ci, layout.lanes);
    stage.key_rows.compute_at(stage.keys, panel).reorder(ci, chunk, s).vectorize(ci, layout.lanes);

    stage.mixture.compute_at(stage.context, panel);
    schedule_register_tile(stage.mixture, stage.key.x, {stage.key.y}, layout,
                           tuning.key_unroll.on(layout, target));

    // A query's weights lie in a row, as the second product takes them, whatever the size of a tile.
    stage.weights.compute_at(out, tile_in_task)
        .reorder_storage(ci, chunk, ti)
        .vectorize(ci, layout.lanes)
        .reorder(ci, ti, chunk)
        .unroll(ti);
    stage.scores.compute_at(out, tile_in_task)
        .align_bounds(chunk, layout.vectors())
        .split(chunk, panel, vi, layout.vectors(), TailStrategy::RoundUp)
        .reorder(ci, vi, ti, panel)
        .vectorize(ci, layout.lanes)
        .unroll(vi)
        .unroll(ti);
    stage.similarity.compute_at(stage.scores, panel);
    schedule_register_tile(stage.similarity, stage.d_in_head.x, {stage.d_in_head.y}, layout,
                           tuning.d_unroll.on(layout, target));

    for (Func lanes : {stage.lane_max, stage.lane_sum}) {
        lanes.compute_at(out, tile_in_task).vectorize(ci, layout.lanes).unroll(ti);
        lanes.update().reorder(ci, ti, stage.key_chunk).vectorize(ci, layout.lanes).unroll(ti);
    }
    for (Func row : {stage.row_max, stage.row_sum}) {
        row.compute_at(out, tile_in_task).unroll(ti);
        row.update().reorder(stage.lane, ti).unroll(stage.lane).unroll(ti);
    }
    stage.normalizer.compute_at(out, tile_in_task).unroll(ti);
}

}  // namespace vit
