#include "schedules/linear.h"

#include <algorithm>
#include <numeric>

namespace vit {

using namespace Halide;

void schedule(Linear &stage, const LinearTuning &tuning, const Target &) {
    using namespace dims;
    const Layout &layout = stage.layout;
    Var panel_in_task("panel_in_task"), tile_in_task("tile_in_task"), tiles("tiles"), panels("panels"), task("task");

    stage.y.align_bounds(chunk, layout.vectors())
        .split(chunk, panel, vi, layout.vectors(), TailStrategy::RoundUp)
        .split(panel, panels, panel_in_task, tuning.panels_per_task, TailStrategy::GuardWithIf)
        .split(tile, tiles, tile_in_task, tuning.tiles_per_task, TailStrategy::GuardWithIf)
        .reorder(ci, vi, ti, tile_in_task, panel_in_task, panels, tiles)
        .vectorize(ci)
        .unroll(vi)
        .unroll(ti)
        .fuse(panels, tiles, task)
        .parallel(task);
    stage.product.compute_at(stage.y, tile_in_task)
        .bound_extent(ci, layout.lanes)
        .bound_extent(vi, layout.vectors())
        .bound_extent(ti, layout.token_tile)
        .vectorize(ci)
        .unroll(vi)
        .unroll(ti);
    stage.product.update()
        .reorder(ci, vi, ti, stage.k.x, stage.k.y, panel, tile)
        .vectorize(ci)
        .unroll(vi)
        .unroll(ti)
        .unroll(stage.k.x, std::gcd<int>(tuning.k_unroll, layout.lanes));
}

}  // namespace vit
