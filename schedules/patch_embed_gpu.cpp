#include "schedules/patch_embed.h"

#include <algorithm>

#include "schedules/item_tile.h"

namespace vit {

using namespace Halide;

// The patches of all tokens are laid out first, then embedded as a linear layer is
// (schedules/linear_gpu.cpp).
void schedule(PatchEmbed &stage, Pipeline, const PatchEmbedGpuTuning &tuning, const Target &target) {
    using namespace dims;
    const Layout &layout = stage.layout;
    const int group_panels = std::min<int>(tuning.group_panels, std::max(1, 256 / layout.vectors()));
    const int group_tiles =
        std::min<int>(tuning.group_tiles, std::max(1, 256 / (layout.vectors() * group_panels)));
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
        .split(panel, panels, panel_in_group, group_panels, TailStrategy::GuardWithIf)
        .split(tile, tiles, tile_in_group, group_tiles, TailStrategy::GuardWithIf)
        .reorder(ci, ti, vi, panel_in_group, tile_in_group, panels, tiles, b)
        .unroll(ti)
        .gpu_blocks(panels, tiles, b)
        .gpu_threads(vi, panel_in_group, tile_in_group);
    vectorize_lanes(stage.embedded, ci, layout, target);
    stage.projection.compute_at(stage.embedded, vi);
    schedule_item_tile(stage.projection, stage.patches, stage.k.x, stage.k.y, {stage.k.z, stage.k.w},
                       layout, 1, target);
}

}  // namespace vit
