#include "schedules/patch_embed.h"

#include "schedules/register_tile.h"

namespace vit {

using namespace Halide;

// The patches of all tokens are laid out first, then embedded as a linear layer is
// (schedules/linear_gpu.cpp).
void schedule(PatchEmbed &stage, const PatchEmbedGpuTuning &tuning, const Target &target) {
    using namespace dims;
    const Layout &layout = stage.layout;
    Var panels("panels"), tiles("tiles"), panel_in_group("panel_in_group"), tile_in_group("tile_in_group"),
        image("image"), plane("plane");

    stage.patches.compute_root()
        .fuse(tile, b, image)
        .fuse(stage.row, stage.channel, plane)
        .reorder(ci, chunk, ti, plane, image)
        .vectorize(ci)
        .gpu_blocks(plane, image)
        .gpu_threads(ti);

    stage.embedded.compute_root()
        .align_bounds(chunk, layout.vectors())
        .split(chunk, panel, vi, layout.vectors(), TailStrategy::RoundUp)
        .split(panel, panels, panel_in_group, tuning.group_panels, TailStrategy::GuardWithIf)
        .split(tile, tiles, tile_in_group, tuning.group_tiles, TailStrategy::GuardWithIf)
        .reorder(ci, vi, ti, panel_in_group, tile_in_group, panels, tiles, b)
        .vectorize(ci)
        .unroll(vi)
        .unroll(ti)
        .gpu_blocks(panels, tiles, b)
        .gpu_threads(panel_in_group, tile_in_group);
    stage.projection.compute_at(stage.embedded, panel_in_group);
    schedule_register_tile(stage.projection, stage.k.x, layout.lanes, {stage.k.y, stage.k.z, stage.k.w},
                           layout, tuning.k_unroll, target);
}

}  // namespace vit
