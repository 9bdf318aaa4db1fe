// The schedule that every matrix product shares: the accumulators of one tile of tokens times one panel stay
// in registers while k runs.
#pragma once

#include "Halide.h"
#include "generators/layout.h"

namespace vit {

// product is [ci, vi, ti, ...] with one update over k_in_chunk (of lanes steps) and the RVars outside it;
// k_unroll steps stand in a row without a branch. Expects product.compute_at to be set by the caller.
void schedule_register_tile(Halide::Func product, const Halide::RVar &k_in_chunk,
                            const std::vector<Halide::RVar> &k_outer, const Layout &layout, int k_unroll,
                            const Halide::Target &target);

}  // namespace vit
