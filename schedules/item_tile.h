// What the matrix products of devices share.
#pragma once

#include "Halide.h"
#include "generators/layout.h"

namespace vit {

// product is [ci, ti, chunk, ...] with an update over k_in_chunk, chunk_of_k and the RVars outside it, which
// reads `left` as [k, ti, ...]. A work item's accumulators, token_tile x lanes of them, stay in registers
// while k runs. All loads are vectors: of the right operand as it is used, of a chunk of the left one before
// its values are used one by one. Expects product.compute_at to be set by the
// caller.
void schedule_item_tile(Halide::Func product, Halide::Func left, const Halide::RVar &k_in_chunk,
                        const Halide::RVar &chunk_of_k, const std::vector<Halide::RVar> &k_outer,
                        const Layout &layout, int chunk_unroll, const Halide::Target &target);

// The lanes of a chunk, as vectors that the device loads and stores at once.
void vectorize_lanes(Halide::Stage stage, const Halide::Var &ci, const Layout &layout,
                     const Halide::Target &target);

}  // namespace vit
