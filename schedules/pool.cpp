#include "schedules/pool.h"

namespace vit {

using namespace Halide;

// A panel's sums stay in registers while the tokens pass, which are in L2 or L3 and read once. A task takes
// some panels of one image, a microsecond of work.
void schedule(Pool &stage, Pipeline, const PoolTuning &, const Target &) {
    using namespace dims;
    constexpr int panels_per_task = 4;
    const int vectors = stage.layout.vectors();
    Var panels("panels"), panel_in_task("panel_in_task"), task("task");

    stage.pooled.compute_root()
        .align_bounds(chunk, vectors)
        .split(chunk, panel, vi, vectors, TailStrategy::RoundUp)
        .split(panel, panels, panel_in_task, panels_per_task, TailStrategy::GuardWithIf)
        .reorder(ci, vi, panel_in_task, ti, tile, panels, b)
        .vectorize(ci)
        .unroll(vi)
        .fuse(panels, b, task)
        .parallel(task);
    stage.sum.compute_at(stage.pooled, panel_in_task)
        .bound_extent(ci, stage.layout.lanes)
        .bound_extent(chunk, vectors)
        .vectorize(ci)
        .unroll(chunk);
    stage.sum.update()
        .reorder(ci, chunk, stage.k)
        .vectorize(ci)
        .unroll(chunk);
}

}  // namespace vit
