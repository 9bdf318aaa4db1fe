#include "schedules/linear_fixed.h"

#include "schedules/quantized.h"
#include "schedules/spread_prefetch.h"

namespace vit {

using namespace Halide;
using namespace dims;

namespace {

// The sums of whole numbers stay in registers for a group of k, and are added to those in float once for
// each.
// Zen 5, AVX-512 with VNNI, ViT-B/16, weights cold, one thread: of the peak of 16 bits 95 % for qkv, 88 %
// for proj, whose groups are heads, 88 % for fc1 with its GELU and what quantizes its result, 87 % for fc2;
// of 8 bits 94, 83, 83 and 89 %.
void schedule_products(LinearFixed &stage, Func consumer, const Var &at) {
    const Layout &layout = stage.layout;
    stage.product.compute_at(consumer, at)
        .bound_extent(ci, layout.lanes)
        .align_bounds(chunk, layout.vectors())
        .bound_extent(chunk, layout.vectors())
        .bound_extent(ti, layout.token_tile)
        .vectorize(ci)
        .unroll(chunk)
        .unroll(ti);
    stage.product.update()
        .reorder(ci, chunk, ti, stage.groups)
        .vectorize(ci)
        .unroll(chunk)
        .unroll(ti);
    stage.exact.compute_at(stage.product, stage.groups)
        .bound_extent(ci, layout.lanes)
        .align_bounds(chunk, layout.vectors())
        .bound_extent(chunk, layout.vectors())
        .bound_extent(ti, layout.token_tile)
        .vectorize(ci)
        .unroll(chunk)
        .unroll(ti);
    // Neighbouring k first: these become one multiply-add. Products that are not fused with their sum are
    // kept apart by the branch: several steps in a row had 16 registers spill, and 32 as well.
    if (stage.fixed.fused) {
        stage.exact.update().unroll(stage.k.y);
    }
    stage.exact.update()
        .reorder(stage.k.x, ci, chunk, ti, stage.k.y, stage.k.z)
        .atomic()
        .vectorize(stage.k.x)
        .vectorize(ci)
        .unroll(chunk)
        .unroll(ti);
}

}  // namespace

// As generators/linear.h's: a task passes its tiles by each of its panels, while the next panel comes from
// memory. Where y is quantized, a token's extremes are those of a whole group, so that a tile passes by all
// panels of a group, which stay in L2, and leaves its values in L1 until they are quantized.
void schedule(LinearFixed &stage, Pipeline pipeline, const LinearFixedTuning &tuning, const Target &) {
    const Layout &layout = stage.layout;
    Var panel_in_task("panel_in_task"), tile_in_task("tile_in_task"), blocks("blocks"), panels("panels"),
        task("task");
    const int most = tuning.tiles_per_task;
    const Expr cuts = (stage.tiles + most - 1) / most;
    const Expr tiles_per_task = (stage.tiles + cuts - 1) / cuts;
    const std::string step = stage.exact.name() + "." + stage.k.z.name();
    const std::string loop_of_groups = stage.product.name() + "." + stage.groups.x.name();

    if (!stage.quantized) {
        stage.y.align_bounds(chunk, layout.vectors())
            .split(chunk, panel, vi, layout.vectors(), TailStrategy::RoundUp)
            .split(panel, panels, panel_in_task, tuning.panels_per_task, TailStrategy::GuardWithIf)
            .split(tile, blocks, tile_in_task, tiles_per_task, TailStrategy::GuardWithIf)
            .reorder(ci, vi, ti, tile_in_task, panel_in_task, panels, blocks)
            .vectorize(ci)
            .unroll(vi)
            .unroll(ti)
            .fuse(panels, blocks, task)
            .parallel(task);
        schedule_products(stage, stage.y, tile_in_task);
        prefetch_spread(pipeline, {"weights", 3, stage.y.name() + "." + tile_in_task.name(), step,
                                   {loop_of_groups}});
        return;
    }
    Quantized &quantized = *stage.quantized;
    quantized.q.split(tile, blocks, tile_in_task, tiles_per_task, TailStrategy::GuardWithIf)
        .reorder(ci, ti, chunk, tile_in_task, group, blocks)
        .fuse(group, blocks, task)
        .parallel(task);
    schedule_values(quantized);
    schedule_terms(quantized, quantized.q, tile_in_task);
    stage.grouped.compute_at(quantized.q, tile_in_task)
        .split(chunk, panel, vi, layout.vectors(), TailStrategy::RoundUp)
        .reorder(ci, vi, ti, panel)
        .vectorize(ci)
        .unroll(vi)
        .unroll(ti);
    schedule_products(stage, stage.grouped, panel);
    prefetch_spread(pipeline, {"weights", 3, quantized.q.name() + "." + tile_in_task.name(), step,
                               {loop_of_groups}, stage.chunks_of_group / layout.vectors()});
}

}  // namespace vit
