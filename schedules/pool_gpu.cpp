#include "schedules/item_tile.h"
#include "schedules/pool.h"

namespace vit {

using namespace Halide;

// A group takes some chunks of one feature of one image. Parts take turns with its tokens, so that the items
// that one image has are enough to keep many reads on their way; their sums meet in local memory.
void schedule(Pool &stage, Pipeline, const PoolGpuTuning &, const Target &target) {
    using namespace dims;
    constexpr int chunks_of_group = 8, parts = 16;
    const Layout &layout = stage.layout;
    Var chunks("chunks"), chunk_in_group("chunk_in_group"), feature("feature"), part("part");
    RVar turn("turn"), part_of_k("part_of_k");

    Func sums = stage.sum.update()
                    .split(stage.k, turn, part_of_k, parts, TailStrategy::GuardWithIf)
                    .rfactor(part_of_k, part);
    stage.pooled.compute_root()
        .split(chunk, chunks, chunk_in_group, chunks_of_group, TailStrategy::GuardWithIf)
        .fuse(ti, tile, feature)
        .reorder(ci, chunk_in_group, chunks, feature, b)
        .gpu_blocks(chunks, feature, b)
        .gpu_threads(chunk_in_group);
    sums.compute_at(stage.pooled, chunks)
        .bound_extent(ci, layout.lanes)
        .bound_extent(part, parts)
        .reorder(ci, chunk, part, ti, tile)
        .gpu_threads(chunk, part);
    sums.update().reorder(ci, turn, chunk, part, ti, tile).gpu_threads(chunk, part);
    stage.sum.compute_at(stage.pooled, chunk_in_group).bound_extent(ci, layout.lanes);
    stage.sum.update().reorder(ci, part_of_k).unroll(part_of_k);
    for (Stage step : {Stage(stage.pooled), Stage(sums), sums.update(), Stage(stage.sum),
                       stage.sum.update()}) {
        vectorize_lanes(step, ci, layout, target);
    }
}

}  // namespace vit
