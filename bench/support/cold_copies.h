// Weights as a forward pass finds them: not in a cache, since those of all other layers were read in
// between.
#pragma once

#include <algorithm>
#include <cstddef>

#include "bench/support/stage_bench.h"

namespace vit::bench {

// As many copies of one block of floats as a model has layers, within 256 MB, taken in turn.
class ColdCopies {
public:
    ColdCopies(std::size_t floats, int layers)
        : floats_((floats + 31) / 32 * 32),
          copies_(std::clamp<std::size_t>(most_bytes / sizeof(float) / floats_, 1, layers)),
          memory_(value_of(Memory::of_floats(floats_ * copies_))) {}

    float *first() { return memory_.data(); }
    // After the first copy has been filled.
    void repeat() {
        for (std::size_t i = 1; i < copies_; i++) {
            std::copy_n(first(), floats_, first() + i * floats_);
        }
    }
    float *next() {
        last_ = last_ + 1 < copies_ ? last_ + 1 : 0;
        return last();
    }
    float *last() { return first() + last_ * floats_; }

private:
    static constexpr std::size_t most_bytes = std::size_t{256} << 20;

    std::size_t floats_, copies_, last_ = 0;
    Memory memory_;
};

}  // namespace vit::bench
