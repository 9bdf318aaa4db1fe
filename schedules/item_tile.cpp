#include "schedules/item_tile.h"

#include "generators/dims.h"
#include "schedules/machine.h"

namespace vit {

using namespace Halide;

void vectorize_lanes(Stage stage, const Var &ci, const Layout &layout, const Target &target) {
    int width = machine_of(target).load;  // a power of two
    while (layout.lanes % width != 0) {
        width /= 2;
    }
    if (width == layout.lanes) {
        stage.vectorize(ci);
    } else {
        stage.vectorize(ci, width).unroll(ci);
    }
}

void schedule_item_tile(Func product, Func left, const RVar &k_in_chunk, const RVar &chunk_of_k,
                        const std::vector<RVar> &k_outer, const Layout &layout, int chunk_unroll,
                        const Target &target) {
    using namespace dims;
    RVar turn("turn"), in_turn("in_turn");
    product.bound_extent(ci, layout.lanes)
        .bound_extent(ti, layout.token_tile)
        .bound_extent(chunk, 1)
        .unroll(ti);
    vectorize_lanes(product, ci, layout, target);

    std::vector<VarOrRVar> order{ci, ti, k_in_chunk, in_turn, turn};
    order.insert(order.end(), k_outer.begin(), k_outer.end());
    product.update()
        .split(chunk_of_k, turn, in_turn, chunk_unroll)
        .reorder(order)
        .unroll(ti)
        .unroll(k_in_chunk)
        .unroll(in_turn);
    vectorize_lanes(product.update(), ci, layout, target);

    Func copy = left.in(product);
    const std::vector<Var> of_copy = copy.args();
    copy.compute_at(product, in_turn)
        .bound_extent(of_copy[0], layout.lanes)
        .bound_extent(of_copy[1], layout.token_tile)
        .unroll(of_copy[1]);
    vectorize_lanes(copy, of_copy[0], layout, target);
}

}  // namespace vit
