// What the problems share: memory, random numbers, samples, tolerances.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <string>
#include <vector>

#include "runtime/network/geometry.h"
#include "runtime/backend/memory.h"

namespace vit::autotune {

// Zeroed float32 as the product allocates them: huge pages where there are any.
class Floats {
public:
    explicit Floats(std::size_t count) : count_(count) {
        auto memory = Memory::of_floats(count);
        if (!memory) {
            throw std::bad_alloc();
        }
        memory_ = std::move(*memory);
    }
    float *data() { return memory_.data(); }
    const float *data() const { return memory_.data(); }
    std::size_t size() const { return count_; }
    float &operator[](std::size_t i) { return memory_.data()[i]; }
    float operator[](std::size_t i) const { return memory_.data()[i]; }
    void set(float value) { std::fill_n(data(), count_, value); }

private:
    std::size_t count_;
    Memory memory_;
};

inline constexpr float unwritten = std::numeric_limits<float>::quiet_NaN();

// SplitMix64 (Steele, Lea and Flood 2014).
class Random {
public:
    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    int below(int n) { return static_cast<int>(next() % static_cast<std::uint64_t>(n)); }
    // Uniform with mean 0 and this standard deviation.
    float value(float deviation) {
        return (static_cast<float>(next() >> 40) * 0x1p-23f - 1) * 1.7320508f * deviation;
    }
    void fill(Floats &floats, float deviation) {
        for (std::size_t i = 0; i < floats.size(); i++) {
            floats[i] = value(deviation);
        }
    }

private:
    std::uint64_t state_ = 1;
};

// Copies of a layer's weights that a pass through the model reads one after the other: one a layer, as long
// as all of them stay below what memory there surely is and above what a cache holds.
inline constexpr std::size_t most_weight_bytes = std::size_t{256} << 20;

class WeightCopies {
public:
    WeightCopies(std::size_t floats, int layers, float deviation, Random &random)
        : size_((floats + 31) / 32 * 32),
          copies_(static_cast<int>(
              std::clamp<std::size_t>(most_weight_bytes / (size_ * sizeof(float)), 1, std::max(1, layers)))),
          values_(size_ * copies_) {
        for (std::size_t i = 0; i < floats; i++) {
            values_[i] = random.value(deviation);
        }
        for (int copy = 1; copy < copies_; copy++) {
            std::memcpy(values_.data() + copy * size_, values_.data(), size_ * sizeof(float));
        }
    }
    int copies() const { return copies_; }
    const float *copy(int i) const { return values_.data() + i % copies_ * size_; }

private:
    std::size_t size_;
    int copies_;
    Floats values_;
};

// Schedules treat all tokens of a tile, and all tiles of a task, alike: one token of each tile, at most 128
// tiles with the first and the last among them, and all channels, meet every register tile that a schedule
// could get wrong. Tokens are counted over the tiles of all images, pads included; those returned are no
// pads.
inline std::vector<int> sampled_tokens(int tiles_of_image, int images, int token_tile, int tokens_of_image,
                                       Random &random) {
    const int tiles = tiles_of_image * images, count = std::min(tiles, 128);
    std::vector<int> tokens;
    for (std::int64_t i = 0; i < count; i++) {
        const int tile = count == 1 ? 0 : static_cast<int>(i * (tiles - 1) / (count - 1));
        const int in_tile = std::min(token_tile, tokens_of_image - tile % tiles_of_image * token_tile);
        tokens.push_back(tile * token_tile + random.below(in_tile));
    }
    return tokens;
}

// Where channel c of token t stands in tiles [ci, ti, chunk, tile] of so many channels.
inline std::size_t at(const Blocks &blocks, int channels, int t, int c) {
    const std::size_t tile = t / blocks.token_tile, chunk = c / blocks.lanes;
    return ((tile * (channels / blocks.lanes) + chunk) * blocks.token_tile + t % blocks.token_tile) *
               blocks.lanes +
           c % blocks.lanes;
}

inline constexpr double roundoff = 0x1p-24;

// How far a float32 sum of n products, in any order, may be off, relative to the sum of their magnitudes: n
// roundings at worst (Higham 2002, section 3.1), 6 sqrt(n) with a probability of 1 - 3e-8 (Higham and Mary
// 2019, theorem 2.4).
inline double sum_error(double n) { return roundoff * std::min(n, 6 * std::sqrt(n)); }

// The worst of many comparisons.
class Verdict {
public:
    explicit Verdict(const char *output) : output_(output) {}
    void compare(double expected, double actual, double tolerance) {
        count_++;
        if (!(std::abs(actual - expected) <= tolerance) && wrong_++ == 0) {  // NaN is not within it
            first_ = std::to_string(actual) + " instead of " + std::to_string(expected);
        }
    }
    // Empty if all are within their tolerances.
    std::string text() const {
        return wrong_ == 0
                   ? std::string()
                   : std::string(output_) + ": " + std::to_string(wrong_) + " of " + std::to_string(count_) +
                         " compared values are wrong, the first is " + first_;
    }

private:
    const char *output_;
    long count_ = 0, wrong_ = 0;
    std::string first_;
};

}  // namespace vit::autotune
