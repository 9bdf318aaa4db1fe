#include "schedules/linear.h"

#include "schedules/register_tile.h"
#include "schedules/spread_prefetch.h"

namespace vit {

using namespace Halide;

// A task passes its tiles by each of its panels: the panel (48 KiB for k = 768 and 16 channels) stays in L2,
// a tile (18 KiB) streams. Meanwhile the next panel comes from memory: read when it is needed, it costs 2 %
// of the time. Tiles are cut into blocks of equal size, so that no task has a remainder of one. Splits are
// guarded, not shifted: y may be the residual, which must be added once.
// Zen 3, AVX2, ViT-B/16, weights cold, one thread: 95 to 96 % of the FMA peak for qkv, proj and fc2, 93 %
// for fc1 with its GELU by erf. Tiles of 8, 11 or 17 in a task, so that they stay in L2 instead: no better
// for k = 768, 1 to 4 % worse for k = 3072.
// Gates are made of all tiles of a task before their values: tile by tile, AVX2's registers spill in the
// second loop, and arm64's accumulators are stored at every step if both are one.
// One level of Strassen's algorithm, an eighth fewer multiply-adds, its sums of weights made for each pair
// of panels: 0.99 of the time for 192 x 768 x 2304, 1.01 for 1152 tokens, 0.95 if all sums came from L2, of
// which they need 270 KiB. Prefetching weights into L1 or L2 by other hints: no difference.
void schedule(Linear &stage, Pipeline pipeline, const LinearTuning &tuning, const Target &target) {
    using namespace dims;
    Var panel_in_task("panel_in_task"), tile_in_task("tile_in_task"), tiles("tiles"), panels("panels"),
        task("task");
    const int most = tuning.tiles_per_task;
    const Expr blocks = (stage.tiles + most - 1) / most;
    const Expr tiles_per_task = (stage.tiles + blocks - 1) / blocks;

    // Weights that take registers to be widened are kept apart by the branch, as in Unroll.
    const int k_unroll = stage.widens ? 1 : tuning.k_unroll.on(stage.layout, target);

    // While a panel passes its tiles, the next comes: of gates, that of their values.
    const auto schedule_product = [&](Func product, Func consumer, const Var &its_tile) {
        product.compute_at(consumer, its_tile);
        schedule_register_tile(product, stage.k.x, {stage.k.y}, stage.layout, k_unroll);
        prefetch_spread(pipeline, {"weights", 2, consumer.name() + "." + its_tile.name(),
                                   product.name() + "." + stage.k.y.name()});
    };

    stage.y.align_bounds(chunk, stage.layout.vectors())
        .split(chunk, panel, vi, stage.layout.vectors(), TailStrategy::RoundUp)
        .split(panel, panels, panel_in_task, tuning.panels_per_task, TailStrategy::GuardWithIf)
        .split(tile, tiles, tile_in_task, tiles_per_task, TailStrategy::GuardWithIf)
        .reorder(ci, vi, ti, tile_in_task, panel_in_task, panels, tiles)
        .vectorize(ci)
        .unroll(vi)
        .unroll(ti)
        .fuse(panels, tiles, task)
        .parallel(task);
    schedule_product(stage.product, stage.y, tile_in_task);
    if (stage.gated) {
        stage.gate.compute_at(stage.y, panel_in_task)
            .bound_extent(ti, stage.layout.token_tile)
            .bound_extent(chunk, stage.layout.vectors())
            .reorder(ci, chunk, ti, tile)
            .vectorize(ci)
            .unroll(chunk)
            .unroll(ti);
        schedule_product(stage.gate_product, stage.gate, tile);
    }
}

}  // namespace vit
