// What is raced on a GPU: stages compiled ahead of time, since nothing is compiled there (candidates.cmake).
#pragma once

#include <vector>

#include "runtime/network/geometry.h"

struct halide_buffer_t;

namespace vit::bench {

struct Candidate {
    const char *target;  // of VIT_TARGETS
    const char *stage;   // "linear/qkv", as tuned files have it
    Blocks blocks;
    const char *layout;  // "lanes=4 panel=32 token_tile=8", the values of these blocks
    const char *values;  // of its tunables, likewise
    const char *fixed;   // the parameter that makes it fit the problem: "epilogue=none", "one_part=true"
    void (*kernel)();    // of the type that its problem calls (apps/autotune/problem.h)
};

const std::vector<Candidate> &candidates();  // generated

// What the device can do at most (peak_generators.cpp).
struct Peaks {
    const char *target;
    int (*multiply_adds)(const void *, halide_buffer_t *summands, float factor, halide_buffer_t *chains);
    int (*copy)(const void *, halide_buffer_t *from, halide_buffer_t *to);
};

const std::vector<Peaks> &peaks();  // generated

}  // namespace vit::bench
