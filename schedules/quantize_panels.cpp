#include "schedules/quantize_panels.h"

namespace vit {

using namespace Halide;

// Scales first, a panel to each task; then the panels, in the order in which they lie.
void schedule(QuantizePanels &stage, Pipeline, const QuantizePanelsTuning &, const Target &) {
    using namespace dims;
    stage.lane_most.compute_root().vectorize(ci).parallel(panel);
    stage.lane_most.update().reorder(ci, stage.k, panel).vectorize(ci).parallel(panel);
    stage.inverse.compute_root();
    stage.weights.reorder(stage.ki, ci, stage.multiply_add, panel)
        .unroll(stage.ki)
        .vectorize(ci)
        .parallel(panel);
    if (stage.sum.defined()) {
        stage.sum.compute_root().parallel(group);
        stage.sum.update().reorder(c, stage.in_group, group).parallel(group);
    }
}

}  // namespace vit
