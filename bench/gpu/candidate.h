// What is raced on a GPU: stages compiled ahead of time, since nothing is compiled there (candidates.cmake).
#pragma once

#include <vector>

#include "runtime/backend/kernel.h"
#include "runtime/network/geometry.h"

namespace vit::bench {

struct Candidate {
    const char *target;  // of VIT_TARGETS
    const char *stage;   // "linear/qkv", as tuned files have it
    Layout blocks;
    const char *layout;  // "lanes=4 panel=32 token_tile=8", the values of these blocks
    const char *values;  // of its tunables, likewise
    const char *fixed;   // the parameter that makes it fit the problem: "epilogue=none", "one_part=true"
    Kernel kernel;
};

const std::vector<Candidate> &candidates();  // generated

// What the device can do at most (peak_generators.cpp).
struct Peaks {
    const char *target;
    Kernel multiply_adds;  // (summands, factor, chains)
    Kernel copy;           // (from, to)
};

const std::vector<Peaks> &peaks();  // generated

}  // namespace vit::bench
