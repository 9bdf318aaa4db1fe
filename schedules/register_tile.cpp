#include "schedules/register_tile.h"

#include <algorithm>

#include "generators/dims.h"
#include "schedules/machine.h"

namespace vit {

using namespace Halide;

// Generated for 6 x 2 vectors on AVX2, a step of k is 12 vfmadd231ps, 6 vbroadcastss and 2 vmovups,
// without a spill: 6 cycles of Zen 3's two multiply-add units, against 4 of its loads. Products that are
// not fused are kept apart, by the branch: several steps of k in a row had 16 registers spill.
void schedule_register_tile(Func product, const RVar &k_in_block, int steps,
                            const std::vector<RVar> &k_outer, const Layout &layout, int k_unroll,
                            const Target &target) {
    using namespace dims;
    int unrolled = machine_of(target).fma ? std::min(k_unroll, steps) : 1;
    while (steps % unrolled != 0) {
        unrolled--;
    }
    product.bound_extent(ci, layout.lanes)
        .align_bounds(chunk, layout.vectors())
        .bound_extent(chunk, layout.vectors())
        .split(chunk, panel, vi, layout.vectors())
        .bound_extent(ti, layout.token_tile)
        .vectorize(ci)
        .unroll(vi)
        .unroll(ti);
    std::vector<VarOrRVar> order{ci, vi, ti, k_in_block};
    order.insert(order.end(), k_outer.begin(), k_outer.end());
    product.update()
        .split(chunk, panel, vi, layout.vectors())
        .reorder(order)
        .vectorize(ci)
        .unroll(vi)
        .unroll(ti)
        .unroll(k_in_block, unrolled);
}

}  // namespace vit
