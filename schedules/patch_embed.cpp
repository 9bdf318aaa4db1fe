#include "schedules/patch_embed.h"

#include "schedules/register_tile.h"
#include "schedules/vector_select.h"

namespace vit {

using namespace Halide;

// The patches of all tokens are laid out first (as many bytes as the picture has), then embedded as a linear
// layer is (schedules/linear.cpp). Which patch a token is takes two divisions; with ti outside they are done
// once a token.
void schedule(PatchEmbed &stage, Pipeline pipeline, const PatchEmbedTuning &tuning, const Target &target) {
    using namespace dims;
    const Layout &layout = stage.layout;
    Var panel_in_task("panel_in_task"), panels("panels"), task("task");

    stage.patches.compute_root()
        .reorder(ci, chunk, stage.row, stage.channel, ti, tile, b)
        .vectorize(ci)
        .fuse(tile, b, task)
        .parallel(task);

    stage.embedded.compute_root()
        .align_bounds(chunk, layout.vectors())
        .split(chunk, panel, vi, layout.vectors(), TailStrategy::RoundUp)
        .split(panel, panels, panel_in_task, tuning.panels_per_task, TailStrategy::GuardWithIf)
        .reorder(ci, vi, ti, tile, panel_in_task, panels, b)
        .vectorize(ci)
        .unroll(vi)
        .unroll(ti)
        .fuse(panels, b, task)
        .parallel(task);
    stage.projection.compute_at(stage.embedded, tile);
    schedule_register_tile(stage.projection, stage.k.x, {stage.k.y, stage.k.z, stage.k.w}, layout,
                           tuning.k_unroll.on(layout, target));
    broadcast_conditions(pipeline, target);
}

}  // namespace vit
