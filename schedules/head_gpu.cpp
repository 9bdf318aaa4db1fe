#include "schedules/head.h"

#include "schedules/item_tile.h"

namespace vit {

using namespace Halide;

namespace {

// Items reduce labels that lie side by side; one of them reduces what they found.
void reduce_labels(Func total, Func consumer, const RVar &label, int items) {
    using namespace dims;
    Var item("item");
    RVar turn("turn"), item_of_turn("item_of_turn");
    Func partial = total.update()
                       .split(label, turn, item_of_turn, items, TailStrategy::GuardWithIf)
                       .rfactor(item_of_turn, item);
    partial.compute_at(consumer, b).gpu_threads(item);
    partial.update().reorder(turn, item).gpu_threads(item);
    total.compute_at(consumer, b);
}

// Parts take turns with the chunks of k, as in linear (schedules/linear_gpu.cpp): one item for all of k took
// 0.2 ms on an H200 for the 768 channels of ViT-B/16.
void schedule_product(Head &stage, const Var &group, const Var &item, const Target &target) {
    using namespace dims;
    const Layout &layout = stage.layout;
    Var part("part");
    RVar rest("rest"), part_of_k("part_of_k");
    Func sums = stage.product.update()
                    .split(stage.k.y, rest, part_of_k, layout.vectors())
                    .rfactor(part_of_k, part);
    Func met = sums.in(stage.product);
    for (Func func : {sums, met, stage.product}) {
        func.bound_extent(ci, layout.lanes).bound_extent(vi, layout.vectors()).unroll(vi);
        vectorize_lanes(func, ci, layout, target);
    }
    met.compute_at(stage.logits, group)
        .bound_extent(part, layout.vectors())
        .reorder(ci, vi, part, panel)
        .gpu_threads(part, panel);
    sums.compute_at(met, part);
    sums.update().reorder(ci, vi, stage.k.x, rest, stage.k.z).unroll(vi).unroll(stage.k.x);
    vectorize_lanes(sums.update(), ci, layout, target);
    stage.feature.compute_at(sums, rest).bound_extent(ci, layout.lanes);
    vectorize_lanes(stage.feature, ci, layout, target);
    stage.product.compute_at(stage.logits, item);
    stage.product.update().reorder(ci, vi, part_of_k).unroll(vi).unroll(part_of_k);
    vectorize_lanes(stage.product.update(), ci, layout, target);
}

}  // namespace

// A group of items makes some panels of labels of one image.
void schedule(Head &stage, Pipeline, const HeadGpuTuning &tuning, const Target &target) {
    using namespace dims;
    const Layout &layout = stage.layout;
    Var n = stage.n, label_in_panel("label_in_panel"), panels("panels"), panel_in_group("panel_in_group"),
        label_in_chunk("label_in_chunk"), turn("turn"), item("item");

    stage.logits.compute_root()
        .split(n, panel, label_in_panel, layout.panel, TailStrategy::RoundUp)
        .split(panel, panels, panel_in_group, tuning.group_panels, TailStrategy::GuardWithIf)
        .split(label_in_panel, vi, label_in_chunk, layout.lanes)
        .reorder(label_in_chunk, vi, panel_in_group, panels, b)
        .vectorize(label_in_chunk)
        .unroll(vi)
        .gpu_blocks(panels, b)
        .gpu_threads(panel_in_group);
    schedule_product(stage, panels, panel_in_group, target);

    stage.scores.compute_root()
        .split(n, turn, item, tuning.items, TailStrategy::GuardWithIf)
        .reorder(turn, item, b)
        .gpu_blocks(b)
        .gpu_threads(item);
    if (stage.kind == HeadScores::softmax) {
        reduce_labels(stage.largest, stage.scores, stage.label, tuning.items);
        reduce_labels(stage.total, stage.scores, stage.label, tuning.items);
    }
}

}  // namespace vit
