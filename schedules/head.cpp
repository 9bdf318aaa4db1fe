#include "schedules/head.h"

#include "schedules/layer_norm.h"

namespace vit {

using namespace Halide;

// One token an image: a matrix times a vector, which reads every weight once and waits for memory (3 MiB for
// 1000 labels of ViT-B/16, against 340 MiB of the whole model).
void schedule(Head &stage, const HeadTuning &tuning, const Target &) {
    using namespace dims;
    const Layout &layout = stage.layout;
    Var n = stage.n, label_in_panel("label_in_panel"), task("task"), panel_in_task("panel_in_task");

    stage.feature.compute_root().reorder(ci, chunk, b).vectorize(ci, layout.lanes);
    stage.norm.normalized.compute_at(stage.feature, b).vectorize(ci, layout.lanes);
    schedule_statistics(stage.norm, stage.feature, b);

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
        .reorder(ci, vi, stage.k.x, stage.k.y, panel, b)
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
