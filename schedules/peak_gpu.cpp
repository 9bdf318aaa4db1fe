#include "schedules/peak_gpu.h"

namespace vit {

using namespace Halide;

void schedule(PeakMultiplyAdds &stage) {
    Var group("group"), item("item");
    stage.chains.bound(stage.c, 0, chains_of_item)
        .split(stage.i, group, item, 128)
        .unroll(stage.c)
        .gpu_blocks(group)
        .gpu_threads(item);
    stage.chain.compute_at(stage.chains, item).unroll(stage.c);
    stage.chain.update().reorder(stage.c, stage.step).unroll(stage.c).unroll(stage.step, 4);
}

void schedule(PeakCopy &stage) {
    Var group("group"), item("item"), lane("lane");
    stage.to.split(stage.i, item, lane, 4)
        .split(item, group, item, 256)
        .vectorize(lane)
        .gpu_blocks(group)
        .gpu_threads(item);
}

}  // namespace vit
