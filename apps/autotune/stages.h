// The stages that can be tuned, by the keys that tuned files and cmake/stages.cmake have for them.
#pragma once

#include <functional>

#include "apps/autotune/candidates.h"
#include "apps/autotune/problem.h"

namespace vit::autotune {

struct Stage {
    std::string name;  // "linear/qkv"
    bool on_device;    // computes on the target's device
    Tunables tunables;
    std::function<Problem(const Shape &, const Layout &)> problem;
};

// In the order of a forward pass, for the processor or for a device. Pictures are preprocessed by the
// processor.
const std::vector<Stage> &stages(bool on_device = false);

// Those named, in that order; all if none is. A name that is no stage's own stands for all whose names it
// begins: linear for linear/qkv, linear/proj, ... Throws std::runtime_error that lists the stages.
std::vector<const Stage *> stages_named(const std::vector<std::string> &names, bool on_device = false);

// The blocks of generators/layout.h on a target, as the stage `layout` tells them; `layout` are the values
// that a tuned file has for it. Throws Halide::Error.
Layout blocks_of(const Halide::Target &target, const Values &layout);

}  // namespace vit::autotune
