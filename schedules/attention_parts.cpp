#include "schedules/attention_parts.h"

#include "schedules/item_tile.h"

namespace vit {

using namespace Halide;

namespace {

// Items share the chunks of keys of a query, and leave what they found side by side; one item a query then
// has the rest.
void schedule_reduction(const AttentionParts &stage, Func over_lanes, Func result, Func group,
                        const Target &target) {
    using namespace dims;
    Var key_item("key_item"), item("item");
    RVar turn("turn"), item_of_turn("item_of_turn");
    Func partial = over_lanes.update()
                       .split(stage.key_chunk, turn, item_of_turn, stage.layout.vectors())
                       .rfactor(item_of_turn, key_item);
    partial.compute_at(group, tile)
        .bound_extent(ti, stage.layout.token_tile)
        .bound_extent(key_item, stage.layout.vectors())
        .fuse(ti, key_item, item)
        .reorder(ci, item)
        .gpu_threads(item);
    vectorize_lanes(partial, ci, stage.layout, target);
    partial.update().fuse(ti, key_item, item).reorder(ci, turn, item).gpu_threads(item);
    vectorize_lanes(partial.update(), ci, stage.layout, target);

    // Halide 21 takes what lies behind it in local memory for aligned to vectors, whatever its size.
    result.compute_at(group, tile)
        .bound_extent(ti, stage.layout.token_tile)
        .align_storage(ti, stage.layout.lanes)
        .gpu_threads(ti);
    result.update().reorder(stage.lane, ti).unroll(stage.lane).gpu_threads(ti);
    over_lanes.compute_at(result, ti);
    vectorize_lanes(over_lanes, ci, stage.layout, target);
    over_lanes.update().reorder(ci, item_of_turn).unroll(item_of_turn);
    vectorize_lanes(over_lanes.update(), ci, stage.layout, target);
}

// Of each chunk of a head's channels, several items mix the values of every so many chunks of keys; what
// they found meets in local memory, where each has some of the queries.
void schedule_mixture(AttentionParts &stage, Func group, const Var &item, int key_items, int tokens,
                      const Target &target) {
    using namespace dims;
    const Layout &layout = stage.layout;
    Var key_item("key_item"), item_of_sums("item_of_sums");
    RVar turn("turn"), item_of_turn("item_of_turn");
    Func sums = stage.mixture.update()
                    .split(stage.key.y, turn, item_of_turn, key_items)
                    .rfactor(item_of_turn, key_item);
    Func met = sums.in(stage.mixture);
    met.compute_at(group, tile)
        .bound_extent(ci, layout.lanes)
        .bound_extent(ti, layout.token_tile)
        .bound_extent(key_item, key_items)
        .fuse(chunk, key_item, item_of_sums)
        .reorder(ci, ti, item_of_sums)
        .unroll(ti)
        .gpu_threads(item_of_sums);
    vectorize_lanes(met, ci, layout, target);
    sums.compute_at(met, item_of_sums);
    schedule_item_tile(sums, stage.weights, stage.key.x, turn, {}, layout, 1, target);

    stage.mixture.compute_at(group, item).bound_extent(ti, tokens).bound_extent(chunk, 1).unroll(ti);
    vectorize_lanes(stage.mixture, ci, layout, target);
    stage.mixture.update().reorder(ci, item_of_turn, ti).unroll(ti).unroll(item_of_turn);
    vectorize_lanes(stage.mixture.update(), ci, layout, target);
}

// What each part left becomes the context.
void schedule_joint(AttentionParts &stage, const Target &target) {
    using namespace dims;
    Var heads("heads"), item("item");
    stage.context.compute_root()
        .fuse(ti, chunk, item)
        .fuse(h, b, heads)
        .reorder(ci, item, tile, heads)
        .gpu_blocks(tile, heads)
        .gpu_threads(item);
    vectorize_lanes(stage.context, ci, stage.layout, target);
    for (Func of_query : {stage.joint_max, stage.joint_total}) {
        of_query.compute_at(stage.context, tile).align_storage(ti, stage.layout.lanes).gpu_threads(ti);
        of_query.update().reorder(stage.all, ti).gpu_threads(ti);
    }
    stage.joint_mixture.compute_at(stage.context, item);
    vectorize_lanes(stage.joint_mixture, ci, stage.layout, target);
    stage.joint_mixture.update().reorder(ci, stage.all);
    vectorize_lanes(stage.joint_mixture.update(), ci, stage.layout, target);
}

}  // namespace

// Keys and values are laid out first, in memory of the device. Then a group takes a tile of queries of one
// head and one part of the keys. Its items make the scores as linear does (schedules/linear_gpu.cpp), keep
// them in local memory, and share what runs over keys.
// H200, ViT-B/16, the three kernels together: 25 % of the float32 peak for 64 images, 9 % for one. Values
// read where they lie, a line for each item, took 1.3 times as long: L1 was busy 96 % of the time.
void schedule(AttentionParts &stage, Pipeline, const AttentionPartsTuning &tuning, const Target &target) {
    using namespace dims;
    const Layout &layout = stage.layout;
    const int vectors = layout.vectors();
    const int key_items = tuning.key_items.on(layout, target);
    const int tokens = layout.token_tile / largest_divisor(layout.token_tile, key_items);
    const bool one_part = !stage.mixtures.defined();
    Var heads("heads"), key_item("key_item"), token("token"), turn("turn"), item("item"), keys("keys"),
        key("key");

    stage.keys.compute_root()
        .split(d, chunk, di, layout.lanes, TailStrategy::RoundUp)
        .split(chunk, turn, chunk, 4, TailStrategy::GuardWithIf)
        .fuse(h, b, heads)
        .reorder(di, turn, si, chunk, panel, heads)
        .unroll(di)
        .gpu_blocks(panel, heads)
        .gpu_threads(si, chunk);

    stage.values.compute_root()
        .split(d, chunk, di, layout.lanes, TailStrategy::RoundUp)
        .split(s, keys, key, 8, TailStrategy::GuardWithIf)
        .fuse(h, b, heads)
        .reorder(di, chunk, key, keys, heads)
        .gpu_blocks(keys, heads)
        .gpu_threads(chunk, key);
    vectorize_lanes(stage.values, di, layout, target);

    Func mixed = one_part ? stage.context : stage.mixtures;
    mixed.compute_root()
        .split(ti, key_item, token, tokens)
        .fuse(chunk, key_item, item)
        .fuse(h, b, heads)
        .unroll(token);
    vectorize_lanes(mixed, ci, layout, target);
    if (one_part) {
        mixed.reorder(ci, token, item, tile, heads).gpu_blocks(tile, heads).gpu_threads(item);
    } else {
        mixed.reorder(ci, token, item, tile, stage.p, heads)
            .gpu_blocks(tile, stage.p, heads)
            .gpu_threads(item);
        schedule_joint(stage, target);
    }
    schedule_mixture(stage, mixed, item, key_items, tokens, target);
    schedule_reduction(stage, stage.lane_max, stage.largest, mixed, target);
    schedule_reduction(stage, stage.lane_sum, stage.total, mixed, target);

    stage.weights.compute_at(mixed, tile)
        .bound_extent(ti, layout.token_tile)
        .split(chunk, turn, chunk, vectors)
        .fuse(ti, chunk, item)
        .reorder(ci, turn, item)
        .gpu_threads(item);
    vectorize_lanes(stage.weights, ci, layout, target);
    stage.scores.compute_at(mixed, tile)
        .bound_extent(ti, layout.token_tile)
        .align_bounds(chunk, vectors)
        .reorder(ci, ti, chunk)
        .unroll(ti)
        .gpu_threads(chunk);
    vectorize_lanes(stage.scores, ci, layout, target);
    stage.similarity.compute_at(stage.scores, chunk);
    schedule_item_tile(stage.similarity, stage.qkv, stage.d_in_head.x, stage.d_in_head.y, {}, layout, 1,
                       target);
}

}  // namespace vit
