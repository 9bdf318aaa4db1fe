// Inputs whose answer is known, and the comparison with it.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "bench/support/stage_bench.h"
#include "tests/support/tolerance.h"

namespace vit::bench {

inline void expect(const char *what, double computed, double exact, double tolerance) {
    if (!(std::abs(computed - exact) <= tolerance)) {
        require(false, std::string("wrong answer: ") + what + " is " + std::to_string(computed) +
                           " instead of " + std::to_string(exact));
    }
}

// A power of two, so that a sum of `inputs` times it is at most one and exact in any order.
inline float exact_weight(int inputs) {
    return std::exp2(-std::ceil(std::log2(static_cast<float>(inputs))));
}

inline Memory constants(std::size_t count, float value) {
    Memory memory = value_of(Memory::of_floats(count));
    std::fill_n(memory.data(), count, value);
    return memory;
}

// Calls visit(i, t, c) for the i-th float of one image's token matrix, pads included.
template<typename Visit>
void for_tokens(const Geometry &g, int padded_channels, Visit visit) {
    const int lanes = g.blocks.lanes, token_tile = g.blocks.token_tile, chunks = g.chunks(padded_channels);
    std::size_t i = 0;
    for (int tile = 0; tile < g.tiles; tile++) {
        for (int chunk = 0; chunk < chunks; chunk++) {
            for (int ti = 0; ti < token_tile; ti++) {
                for (int ci = 0; ci < lanes; ci++) {
                    visit(i++, tile * token_tile + ti, chunk * lanes + ci);
                }
            }
        }
    }
}

// Tokens of -1, 1, -1, ...: mean 0, variance 1, so that normalizing does not change them.
inline Memory normal_tokens(const Stage &stage) {
    const Geometry &g = stage.geometry;
    Memory x = value_of(Memory::of_floats(g.token_matrix(g.width)));
    for_tokens(g, g.width, [&](std::size_t i, int, int c) {
        if (c < stage.architecture.width) x.data()[i] = c % 2 == 0 ? -1.0f : 1.0f;
    });
    return x;
}

// How far they are then, relative to themselves: the reciprocal root, and at most four roundings of the
// variance, its sum with epsilon and the product.
inline constexpr double normal_error = test::quotient_error + 4 * test::unit;

}  // namespace vit::bench
