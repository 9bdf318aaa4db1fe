#include "schedules/register_tile.h"

#include "generators/dims.h"

namespace vit {

using namespace Halide;

// Generated for 6 x 2 vectors on AVX2, a step of k is 12 vfmadd231ps, 6 vbroadcastss and 2 vmovups,
// without a spill: 6 cycles of Zen 3's two multiply-add units, against 4 of its loads.
void schedule_register_tile(Func product, const RVar &k_in_block, const std::vector<RVar> &k_outer,
                            const Layout &layout, int unroll) {
    using namespace dims;
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
        .unroll(k_in_block, unroll);
}

}  // namespace vit
