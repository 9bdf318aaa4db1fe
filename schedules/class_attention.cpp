#include "schedules/class_attention.h"

namespace vit {

using namespace Halide;

// A task takes one head of one image. The same head of the next image comes after it, and finds the head's
// weights (for ViT-B/16, 192 KiB for keys and as many for values) in L2. Multiply-adds are not what takes
// the time: weights come from memory, and every head reads x twice, from L2 or L3.
// Zen 3, AVX2, ViT-B/16, weights cold, one thread: 0.48 ms, where keys and values took 3.8.
void schedule(ClassAttention &stage, Pipeline, const ClassAttentionTuning &, const Target &) {
    using namespace dims;
    const Layout &layout = stage.layout;
    Var task("task");

    stage.context.compute_root()
        .reorder(di, chunk, b, h)
        .vectorize(di)
        .fuse(b, h, task)
        .parallel(task);

    // Blocks of a chunk of sums and a chunk (or tile) of terms: while the sums of one block are waited for,
    // the next begins.
    stage.product.compute_at(stage.context, task).vectorize(di, layout.lanes);
    stage.product.update()
        .reorder(di, stage.k.x, chunk, stage.k.y)
        .vectorize(di, layout.lanes)
        .unroll(stage.k.x);
    stage.mixture.compute_at(stage.context, task).vectorize(ci, layout.lanes);
    stage.mixture.update()
        .reorder(ci, stage.key.x, chunk, stage.key.y)
        .vectorize(ci, layout.lanes)
        .unroll(stage.key.x);

    stage.total.compute_at(stage.context, task);
    stage.weights.compute_at(stage.context, task).unroll(ti, layout.token_tile);
    stage.largest.compute_at(stage.context, task);
    stage.score.compute_at(stage.context, task).unroll(ti, layout.token_tile);
    stage.score.update().reorder(stage.lane, ti, tile).unroll(stage.lane).unroll(ti, layout.token_tile);
    stage.lane_score.compute_at(stage.score, tile).vectorize(ci, layout.lanes).unroll(ti);
    stage.lane_score.update().reorder(ci, ti, stage.x_chunk).vectorize(ci, layout.lanes).unroll(ti);

    stage.folded_query.compute_at(stage.context, task).vectorize(ci, layout.lanes);
    stage.folded_query.update()
        .reorder(ci, stage.lane, chunk)
        .vectorize(ci, layout.lanes)
        .unroll(stage.lane);
    stage.lane_folded.compute_at(stage.folded_query, chunk).vectorize(di, layout.lanes);
    stage.lane_folded.update()
        .reorder(di, stage.head_chunk, ci)
        .vectorize(di, layout.lanes);
}

}  // namespace vit
