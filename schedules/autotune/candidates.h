// What there is to choose from: the tunables of a stage, the values of each that make sense on a machine, and their
// combinations in a fixed order.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "Halide.h"

namespace vit::autotune {

using Values = std::map<std::string, int>;                // of tunables, by name
using GeneratorParams = std::map<std::string, std::string>;

// "k_unroll=8 panels_per_task=4"
std::string text_of(const Values &values);

// One GeneratorParam<int> of a tuning struct (schedules/<stage>.h).
struct Tunable {
    std::string name;
    int value;      // default
    int low, high;  // closed range
};

namespace detail {
using Registry = Halide::Internal::ObjectInstanceRegistry;
std::vector<Tunable> describe(const std::vector<std::pair<void *, Registry::Kind>> &instances);
}  // namespace detail

// Sorted by name. Halide keeps a registry of where GeneratorParams are in memory: nothing has to be listed twice. Throws
// std::logic_error for a tunable that is not an integer.
template<typename Tuning>
std::vector<Tunable> tunables_of() {
    Tuning tuning;
    return detail::describe(detail::Registry::instances_in_range(&tuning, sizeof(tuning)));
}

Values defaults_of(const std::vector<Tunable> &tunables);

// What the values of a tunable are counted against: panels_per_task against the panels there are, and so on.
using Extents = std::map<std::string, int>;

// The values worth trying of one tunable, ascending, its default among them.
//   <things>_per_task  the shares of 1, 2, 3, 4, 6, 8, 12, ... tasks: between two of them the largest task is the same
//   k_unroll           the divisors of `lanes`, beyond which it is cut to one (schedules/register_tile.cpp)
//   others             all of a short range, else powers of two and their halves again as much
std::vector<int> values_of(const Tunable &tunable, const Extents &extents, int lanes);

// All combinations, the defaults first, then those that differ from the defaults in one tunable, in two, ...; among these
// by value. So however many of them are tried, no tunable has been left out.
std::vector<Values> grid(const std::vector<Tunable> &tunables, const Extents &extents, int lanes);

// Empty if values are those of the tunables and in range, else what is wrong with them.
std::string problem_with(const Values &values, const std::vector<Tunable> &tunables);

}  // namespace vit::autotune
