// Values of tunables, and what they are counted against: as plain data, without Halide.
#pragma once

#include <cstddef>
#include <map>
#include <string>

namespace vit::autotune {

using Values = std::map<std::string, int>;  // of tunables, by name
using GeneratorParams = std::map<std::string, std::string>;

// "k_unroll=8 panels_per_task=4"
std::string text_of(const Values &values);

// What the values of a tunable <things>_per_task are counted against.
struct Extent {
    int count;          // of the things there are
    std::size_t bytes;  // that one of them keeps in a cache while its task runs
};

}  // namespace vit::autotune
