#include "schedules/head.h"

namespace vit {

using namespace Halide;

// One feature, or a few, an image: a matrix times a vector, which reads every weight once and waits for
// memory (3 MiB for 1000 labels of ViT-B/16, against 340 MiB of the whole model). Features are copied first:
// read a chunk a tile from where they lie, they cost ViT-B/16 6 % of the time.
void schedule(Head &stage, Pipeline, const HeadTuning &tuning, const Target &) {
    using namespace dims;
    const Layout &layout = stage.layout;
    Var n = stage.n, label_in_panel("label_in_panel"), task("task"), panel_in_task("panel_in_task");

    stage.feature.compute_root().vectorize(ci, layout.lanes);
    stage.logits.compute_root()
        .split(n, panel, label_in_panel, layout.panel, TailStrategy::RoundUp)
        .split(panel, task, panel_in_task, tuning.panels_per_task, TailStrategy::GuardWithIf)
        .reorder(label_in_panel, panel_in_task, b, task)
        .vectorize(label_in_panel)
        .parallel(task);
    stage.product.compute_at(stage.logits, panel_in_task)
        .bound_extent(ci, layout.lanes)
        .bound_extent(vi, layout.vectors())
        .vectorize(ci)
        .unroll(vi);
    stage.product.update()
        .reorder(ci, vi, stage.k.x, stage.k.y, stage.k.z, panel, b)
        .vectorize(ci)
        .unroll(vi)
        .unroll(stage.k.x);

    stage.scores.compute_root().vectorize(n, layout.lanes, TailStrategy::RoundUp);
    if (stage.kind == HeadScores::softmax) {
        stage.largest.compute_at(stage.scores, b);
        stage.exponential.compute_at(stage.scores, b).vectorize(n, layout.lanes, TailStrategy::RoundUp);
        stage.total.compute_at(stage.scores, b);
    }
}

}  // namespace vit
