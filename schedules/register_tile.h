// The schedule that every matrix product shares: the accumulators of one tile of tokens times one panel stay
// in registers while k runs.
#pragma once

#include "Halide.h"
#include "generators/layout.h"

namespace vit {

// product is [ci, ti, chunk, ...] with one update over k_in_block, of `steps` steps, and the RVars outside
// it; its register tile is a tile of tokens times a panel of chunks. As many steps stand in a row without a
// branch as divide these, at most k_unroll. Expects product.compute_at to be set by the caller.
void schedule_register_tile(Halide::Func product, const Halide::RVar &k_in_block, int steps,
                            const std::vector<Halide::RVar> &k_outer, const Layout &layout, int k_unroll,
                            const Halide::Target &target);

}  // namespace vit
