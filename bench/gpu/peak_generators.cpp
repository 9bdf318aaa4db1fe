// What a device can do at most, which the speed of stages is measured against. No stages: with their
// schedules here.
#include "Halide.h"

namespace vit {

using namespace Halide;

// chains(c, i) = (... (c f + s(0)) f + s(1) ...) f + s(n - 1): independent chains in registers, 32 a work
// item. A multiply-add takes a GPU about 4 cycles, and its items take turns besides.
class PeakMultiplyAdds : public Generator<PeakMultiplyAdds> {
public:
    Input<Buffer<float, 1>> summands{"summands"};  // [n], a multiple of 4
    Input<float> factor{"factor"};
    Output<Buffer<float, 2>> chains{"chains"};  // [32, i]

    void generate() {
        const RDom step(0, summands.dim(0).extent() / 4 * 4, "step");
        Func chain("chain");
        chain(c, i) = cast<float>(c);
        chain(c, i) = chain(c, i) * factor + summands(step);
        chains(c, i) = chain(c, i);

        Var group("group"), item("item");
        chains.dim(0).set_bounds(0, 32);
        chains.bound(c, 0, 32).split(i, group, item, 128).unroll(c).gpu_blocks(group).gpu_threads(item);
        chain.compute_at(chains, item).unroll(c);
        chain.update().reorder(c, step).unroll(c).unroll(step, 4);
    }

private:
    Var c{"c"}, i{"i"};
};

// to(i) = from(i), vectors side by side.
class PeakCopy : public Generator<PeakCopy> {
public:
    Input<Buffer<float, 1>> from{"from"};  // [i], a multiple of 1024
    Output<Buffer<float, 1>> to{"to"};

    void generate() {
        Var i("i"), group("group"), item("item"), lane("lane");
        to(i) = from(i);
        from.dim(0).set_min(0);
        to.dim(0).set_min(0);
        to.split(i, item, lane, 4)
            .split(item, group, item, 256)
            .vectorize(lane)
            .gpu_blocks(group)
            .gpu_threads(item);
    }
};

}  // namespace vit

HALIDE_REGISTER_GENERATOR(vit::PeakMultiplyAdds, peak_multiply_adds)
HALIDE_REGISTER_GENERATOR(vit::PeakCopy, peak_copy)
