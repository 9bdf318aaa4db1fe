#include "schedules/preprocess.h"

#include "schedules/machine.h"

namespace vit {

using namespace Halide;

void schedule(Preprocess &stage, const PreprocessTuning &tuning, const Target &target) {
    using namespace dims;
    const int lanes = machine_of(target).lanes;
    const int columns = lanes * tuning.vectors;
    Var lane("lane"), xi("xi"), yi("yi"), task("task");

    stage.across.compute_root()
        .split(y, task, yi, tuning.rows_per_task, TailStrategy::GuardWithIf)
        .reorder(c, x, yi, task)
        .bound(c, 0, 3)
        .unroll(c)
        .parallel(task);
    stage.sums.compute_at(stage.across, x)
        .bound_extent(c, 3)
        .bound_extent(stage.p, Preprocess::group)
        .fuse(c, stage.p, lane)
        .vectorize(lane);
    stage.sums.update()
        .reorder(c, stage.p, stage.g, x, y)
        .fuse(c, stage.p, lane)
        .vectorize(lane);

    stage.pixels
        .split(y, task, yi, tuning.rows_per_task, TailStrategy::GuardWithIf)
        .split(x, x, xi, columns, TailStrategy::GuardWithIf)
        .reorder(xi, x, c, yi, task)
        .vectorize(xi, lanes)
        .parallel(task);
    stage.down.compute_at(stage.pixels, x)
        .bound_storage(x, columns)
        .vectorize(x, lanes)
        .unroll(x);
    stage.down.update()
        .reorder(x, stage.j)
        .vectorize(x, lanes)
        .unroll(x);
}

}  // namespace vit
