#include "schedules/layer_norm.h"

#include "schedules/quantized.h"

namespace vit {

using namespace Halide;

// A tile of tokens (18 KiB at 768 channels) passes three times, the second and third time from L1. One
// vector accumulator a token: token_tile of them hide the latency of the addition.
void schedule_statistics(LayerNorm &stage, Func consumer, const Var &at) {
    using namespace dims;
    for (Func lanes : {stage.lane_sum, stage.lane_squares}) {
        lanes.compute_at(consumer, at).vectorize(ci, stage.layout.lanes).unroll(ti);
        lanes.update().reorder(ci, ti, stage.k).vectorize(ci, stage.layout.lanes).unroll(ti);
    }
    for (Func total : {stage.sum, stage.squares}) {
        total.compute_at(consumer, at).unroll(ti);
        total.update().reorder(stage.lane, ti).unroll(stage.lane).unroll(ti);
    }
    stage.mean.compute_at(consumer, at).unroll(ti);
    stage.rstd.compute_at(consumer, at).unroll(ti);
}

void schedule(LayerNorm &stage, Pipeline, const LayerNormTuning &tuning, const Target &) {
    using namespace dims;
    Var task("task"), tile_in_task("tile_in_task");
    if (stage.quantized) {  // from the normalized tile, once more in L1
        Func q = stage.quantized->q;
        q.split(tile, task, tile_in_task, tuning.tiles_per_task, TailStrategy::GuardWithIf)
            .reorder(ci, ti, chunk, group, tile_in_task, task)
            .parallel(task);
        schedule_values(*stage.quantized);
        schedule_terms(*stage.quantized, q, group);
        stage.normalized.compute_at(q, tile_in_task).vectorize(ci, stage.layout.lanes).unroll(ti);
        schedule_statistics(stage, q, tile_in_task);
        return;
    }
    stage.normalized.split(tile, task, tile_in_task, tuning.tiles_per_task, TailStrategy::GuardWithIf)
        .reorder(ci, ti, chunk, tile_in_task, task)
        .vectorize(ci)
        .unroll(ti)
        .parallel(task);
    schedule_statistics(stage, stage.normalized, tile_in_task);
}

}  // namespace vit
