// Random test data that replays: --gtest_random_seed=N chooses another sequence, and every failure prints
// its N.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace vit::test {

class Random {
public:
    Random()
        : engine_(static_cast<std::uint32_t>(GTEST_FLAG_GET(random_seed))),
          trace_(__FILE__, __LINE__,
                 "replay with --gtest_random_seed=" + std::to_string(GTEST_FLAG_GET(random_seed))) {}

    // Of [low, high).
    float uniform(float low, float high) {
        return low + (high - low) * static_cast<float>(engine_() >> 8) * 0x1p-24f;
    }

    // Of low to high, both included.
    int integer(int low, int high) {
        return low + static_cast<int>(engine_() % static_cast<std::uint32_t>(high - low + 1));
    }

    std::vector<float> uniforms(std::size_t count, float low, float high) {
        std::vector<float> values(count);
        for (float &value : values) value = uniform(low, high);
        return values;
    }

    std::vector<float> integers(std::size_t count, int low, int high) {
        std::vector<float> values(count);
        for (float &value : values) value = static_cast<float>(integer(low, high));
        return values;
    }

    // Indices below count: all of them if there are at most `most`, else the first, the last and random
    // ones between.
    std::vector<int> sample(int count, int most) {
        std::vector<int> indices;
        for (int i = 0; i < std::min(count, most); i++) {
            indices.push_back(count <= most || i == 0 ? i : i == 1 ? count - 1 : integer(1, count - 2));
        }
        return indices;
    }

private:
    std::mt19937 engine_;
    testing::ScopedTrace trace_;
};

}  // namespace vit::test
