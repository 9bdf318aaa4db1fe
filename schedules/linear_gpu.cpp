#include "schedules/linear.h"

#include "schedules/register_tile.h"

namespace vit {

using namespace Halide;

// A work item holds a register tile, a group shares panels and tiles: group_panels x group_tiles items,
// which read each panel group_tiles times from a cache near them and each tile group_panels times.
void schedule(Linear &stage, const LinearGpuTuning &tuning, const Target &target) {
    using namespace dims;
    Var panels("panels"), tiles("tiles"), panel_in_group("panel_in_group"), tile_in_group("tile_in_group");
    stage.y.align_bounds(chunk, stage.layout.vectors())
        .split(chunk, panel, vi, stage.layout.vectors(), TailStrategy::RoundUp)
        .split(panel, panels, panel_in_group, tuning.group_panels, TailStrategy::GuardWithIf)
        .split(tile, tiles, tile_in_group, tuning.group_tiles, TailStrategy::GuardWithIf)
        .reorder(ci, vi, ti, panel_in_group, tile_in_group, panels, tiles)
        .vectorize(ci)
        .unroll(vi)
        .unroll(ti)
        .gpu_blocks(panels, tiles)
        .gpu_threads(panel_in_group, tile_in_group);
    stage.product.compute_at(stage.y, panel_in_group);
    schedule_register_tile(stage.product, stage.k.x, {stage.k.y}, stage.layout, tuning.k_unroll, target);
}

}  // namespace vit
