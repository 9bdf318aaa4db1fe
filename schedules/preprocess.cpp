#include "schedules/preprocess.h"

#include "schedules/machine.h"
#include "schedules/vector_select.h"

namespace vit {

using namespace Halide;
using namespace dims;

namespace {

// Sums along a row for one x at a time: 24 int32 in registers (3 of AVX2's), for every group one load of 24
// bytes, one of 24 weights. Adding up what belongs to a channel afterwards costs about as much as two
// groups.
void schedule_across(Across &along, const LoopLevel &level) {
    Var lane("lane");
    along.across.compute_at(level)
        .bound_extent(c, 3)
        .bound_extent(along.p, Across::group)
        .fuse(c, along.p, lane)
        .vectorize(lane);
    along.across.update()
        .reorder(c, along.p, along.g, x, y)
        .fuse(c, along.p, lane)
        .vectorize(lane);
}

}  // namespace

void schedule(PreprocessAlongRows &stage, Pipeline pipeline, const PreprocessTuning &tuning,
              const Target &target) {
    Var yi("yi"), task("task");
    stage.between
        .bound(c, 0, 3)
        .split(y, task, yi, tuning.rows_per_task, TailStrategy::GuardWithIf)
        .reorder(c, x, yi, task)
        .unroll(c)
        .parallel(task);
    schedule_across(stage.along, LoopLevel(stage.between, x));
    broadcast_conditions(pipeline, target);
}

void schedule(PreprocessAlongColumns &stage, Pipeline pipeline, const PreprocessTuning &tuning,
              const Target &target) {
    // Columns whose sums stay in registers while the rows pass by: 7 vectors, which divide the 224 pixels of
    // most models at 4, 8 and 16 lanes, and leave registers of 16 for weights and samples.
    const int lanes = machine_of(target).lanes, columns = 7 * lanes;
    Var xi("xi"), yi("yi"), task("task");
    stage.pixels
        .split(y, task, yi, tuning.rows_per_task, TailStrategy::GuardWithIf)
        .split(x, x, xi, columns, TailStrategy::GuardWithIf)
        .reorder(xi, x, c, yi, task)
        .vectorize(xi, lanes)
        .parallel(task);
    // Guarded, since what is read in `between` ends with the row.
    stage.down.compute_at(stage.pixels, x)
        .bound_storage(x, columns)
        .vectorize(x, lanes, TailStrategy::GuardWithIf)
        .unroll(x);
    stage.down.update()
        .reorder(x, stage.j)
        .vectorize(x, lanes, TailStrategy::GuardWithIf)
        .unroll(x);
    broadcast_conditions(pipeline, target);
}

// The sums down a column are taken for one group of pixels at a time; every picture is at least a group
// wide, so the last group of a row can be shifted inwards.
void schedule(PreprocessColumnsFirst &stage, Pipeline pipeline, const PreprocessTuning &tuning,
              const Target &target) {
    Var xi("xi"), yi("yi"), lane("lane"), task("task");
    // All of them at once but on RISC-V, whose averages LLVM 21 compiles for powers of two alone.
    const int lanes = target.arch == Target::RISCV ? Across::group : 3 * Across::group;

    stage.between.compute_root()
        .bound(c, 0, 3)
        .split(y, task, yi, tuning.rows_per_task, TailStrategy::GuardWithIf)
        .split(x, x, xi, Across::group, TailStrategy::ShiftInwards)
        .reorder(c, xi, x, yi, task)
        .fuse(c, xi, lane)
        .vectorize(lane, lanes)
        .parallel(task);
    stage.down.compute_at(stage.between, x)
        .bound_extent(c, 3)
        .bound_extent(x, Across::group)
        .fuse(c, x, lane)
        .vectorize(lane, lanes);
    stage.down.update()
        .reorder(c, x, stage.j, y)
        .fuse(c, x, lane)
        .vectorize(lane, lanes);

    stage.pixels
        .split(y, task, yi, tuning.rows_per_task, TailStrategy::GuardWithIf)
        .reorder(c, x, yi, task)
        .unroll(c)
        .parallel(task);
    schedule_across(stage.along, LoopLevel(stage.pixels, x));
    broadcast_conditions(pipeline, target);
}

}  // namespace vit
