#include "schedules/layer_norm.h"

namespace vit {

using namespace Halide;

// Items first sum their chunks of all tokens of a tile, so that they read side by side; then one item a
// token adds up what they found.
void schedule_statistics(LayerNorm &stage, Func consumer, const Var &at, const LayerNormGpuTuning &tuning) {
    using namespace dims;
    Var item("item");
    RVar turn("turn"), item_of_turn("item_of_turn");
    struct Step {
        Func lanes, total, result;
    };
    for (Step step : {Step{stage.lane_sum, stage.sum, stage.mean},
                      Step{stage.lane_squares, stage.squares, stage.rstd}}) {
        Func partial = step.lanes.update()
                           .split(stage.k, turn, item_of_turn, tuning.items, TailStrategy::GuardWithIf)
                           .rfactor(item_of_turn, item);
        partial.compute_at(consumer, at).vectorize(ci, stage.layout.lanes).unroll(ti).gpu_threads(item);
        partial.update()
            .reorder(ci, ti, turn, item)
            .vectorize(ci, stage.layout.lanes)
            .unroll(ti)
            .gpu_threads(item);
        // Halide 21 takes what lies behind it in local memory for aligned to vectors, whatever its size.
        step.result.compute_at(consumer, at).align_storage(ti, stage.layout.lanes).gpu_threads(ti);
        step.total.compute_at(step.result, ti);
        step.total.update().unroll(stage.lane);
        step.lanes.compute_at(step.result, ti).vectorize(ci, stage.layout.lanes);
        step.lanes.update().reorder(ci, item_of_turn).vectorize(ci, stage.layout.lanes);
    }
}

void schedule(LayerNorm &stage, Pipeline, const LayerNormGpuTuning &tuning, const Target &) {
    using namespace dims;
    Var turn("turn"), item("item");
    stage.normalized.split(chunk, turn, item, tuning.items, TailStrategy::GuardWithIf)
        .reorder(ci, ti, turn, item, tile)
        .vectorize(ci)
        .unroll(ti)
        .gpu_blocks(tile)
        .gpu_threads(item);
    schedule_statistics(stage, stage.normalized, tile, tuning);
}

}  // namespace vit
