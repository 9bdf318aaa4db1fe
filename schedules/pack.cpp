#include "schedules/pack.h"

namespace vit {

using namespace Halide;

// A panel is written from end to end while its rows are read side by side: as many streams as a panel has
// channels, each along its memory.
void schedule(PackPanels &stage, Pipeline, const PackTuning &, const Target &) {
    using namespace dims;
    stage.panels.reorder(ci, stage.k, panel).unroll(ci).parallel(panel);
}

// Scales first, a panel to each task; then the panels, in the order in which they lie.
void schedule(QuantizePanels &stage, Pipeline, const PackTuning &, const Target &) {
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

void schedule(RoundPanels &stage, Pipeline, const PackTuning &, const Target &) {
    using namespace dims;
    stage.rounded.reorder(ci, stage.k, panel).vectorize(ci).parallel(panel);
}

void schedule(PackTiles &stage, Pipeline, const PackTuning &, const Target &) {
    using namespace dims;
    stage.tiles.reorder(ci, ti, chunk, tile).parallel(tile);
}

}  // namespace vit
