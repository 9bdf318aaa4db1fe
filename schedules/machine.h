// What a target has, as plain data: the schedules' only source of hardware numbers.
#pragma once

#include "Halide.h"
#include "generators/fixed_point.h"
#include "generators/layout.h"

namespace vit {

struct Machine {
    int lanes;      // float32 lanes of one vector register
    int registers;  // vector registers
    bool fma;       // multiplies and adds in one instruction, which leaves the factors as they are
    bool by_lane;   // multiplies by one lane of a register, so that nothing needs to be broadcast
    bool has_f16;   // turns float16 into float32 in one instruction
    int load;       // float32 lanes that a device loads and stores at once
};

Machine machine_of(const Halide::Target &target);

// What the target's multiply-adds of whole numbers take, for the precision i16 or i8.
FixedPoint fixed_point_of(const std::string &precision, const Halide::Target &target);

// The blocks of generators/layout.h for a target, as generator parameters. 0 means: what the machine
// suggests.
struct LayoutParams {
    Halide::GeneratorParam<int> lanes{"lanes", 0, 0, 64};
    Halide::GeneratorParam<int> token_tile{"token_tile", 0, 0, 64};
    Halide::GeneratorParam<int> panel{"panel", 0, 0, 256};

    Layout resolve(const Halide::Target &target) const;
};

}  // namespace vit
