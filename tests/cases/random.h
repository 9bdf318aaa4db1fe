// Random operands that replay: the same seed gives the same values.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace vit::cases {

class Random {
public:
    explicit Random(std::uint32_t seed = 1) : engine_(seed) {}

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

    // Indices below count: all of them if there are at most `most`, else the first, the last and, of as many
    // equal stretches as are left between them, one of each.
    std::vector<int> sample(int count, int most) {
        std::vector<int> indices;
        for (std::int64_t i = 0; i < std::min(count, most); i++) {
            if (count <= most) {
                indices.push_back(static_cast<int>(i));
            } else if (i == 0 || i == most - 1) {
                indices.push_back(i == 0 ? 0 : count - 1);
            } else {
                const auto stretch = [&](std::int64_t n) {
                    return static_cast<int>(1 + (n - 1) * (count - 2) / (most - 2));
                };
                indices.push_back(integer(stretch(i), stretch(i + 1) - 1));
            }
        }
        return indices;
    }

private:
    std::mt19937 engine_;
};

}  // namespace vit::cases
