#include "schedules/pack.h"

namespace vit {

using namespace Halide;

// A panel is written from end to end while its rows are read side by side: as many streams as a panel has
// channels, each along its memory.
void schedule(PackPanels &stage, Pipeline, const PackTuning &, const Target &) {
    using namespace dims;
    stage.panels.reorder(ci, stage.k, panel).unroll(ci).parallel(panel);
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
