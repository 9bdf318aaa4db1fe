// What a device can do at most, which the speed of stages is measured against.
//   multiply_adds  chains(c, i) = (... (c f + s(0)) f + s(1) ...) f + s(n - 1): independent chains in registers
//   copy           to(i) = from(i)
#pragma once

#include "Halide.h"

namespace vit {

struct PeakMultiplyAdds {
    Halide::Func chain{"chain"};    // [c, i]: chain of a work item, work item
    Halide::Func chains{"chains"};  // the same, kept
    Halide::Var c{"c"}, i{"i"};
    Halide::RDom step;

    // summands [n], of which there are a multiple of 4.
    PeakMultiplyAdds(Halide::Func summands, Halide::Expr n, Halide::Expr factor) : step(0, n / 4 * 4, "step") {
        chain(c, i) = Halide::cast<float>(c);
        chain(c, i) = chain(c, i) * factor + summands(step);
        chains(c, i) = chain(c, i);
    }
};

struct PeakCopy {
    Halide::Func to{"to"};  // [i]
    Halide::Var i{"i"};

    explicit PeakCopy(Halide::Func from) { to(i) = from(i); }
};

}  // namespace vit
