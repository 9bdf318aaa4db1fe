// The schedule that every matrix product shares: the accumulators of one tile of tokens times one panel stay
// in registers while k runs.
#pragma once

#include "Halide.h"
#include "generators/layout.h"

namespace vit {

// product is [ci, ti, chunk, ...] with one update over k_in_block and the RVars outside it; its register
// tile is a tile of tokens times a panel of chunks. Of k_in_block, `unroll` steps stand in a row without a
// branch. Expects product.compute_at to be set by the caller.
void schedule_register_tile(Halide::Func product, const Halide::RVar &k_in_block,
                            const std::vector<Halide::RVar> &k_outer, const Layout &layout, int unroll);

}  // namespace vit
