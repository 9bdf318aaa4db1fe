// What there is to choose from: the tunables of a stage, the values of each that make sense on a machine,
// and their combinations in a fixed order.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "Halide.h"
#include "apps/autotune/values.h"

namespace vit::autotune {

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

// Sorted by name. Halide keeps a registry of where GeneratorParams are in memory: nothing has to be listed
// twice. Throws std::logic_error for a tunable that is not an integer.
template<typename Tuning>
std::vector<Tunable> tunables_of() {
    Tuning tuning;
    return detail::describe(detail::Registry::instances_in_range(&tuning, sizeof(tuning)));
}

Values defaults_of(const std::vector<Tunable> &tunables);

// What decides which values make sense.
struct Circumstances {
    std::map<std::string, Extent> extents;  // by the name of the tunable
    int other_tasks = 1;                    // by which the number of tasks is multiplied: heads, images
    int lanes = 8;                          // float32 lanes of a vector register
    int threads = 1;
    std::vector<std::size_t> caches;  // bytes, of the levels that a core has to itself
};

// The values worth trying of one tunable, ascending, its default among them.
//   <things>_per_task  the largest of equal shares of all things, for 1, 2, 3, 4, 6, 8, 12, ... tasks; one;
//                      and as many as fill half of a cache
//   k_unroll           the powers of two up to `lanes`, beyond which it is cut (schedules/register_tile.cpp)
//   others             all of a short range, else powers of two and their halves again as much
std::vector<int> values_of(const Tunable &tunable, const Circumstances &circumstances);

// All combinations, the defaults first, then those that differ from the defaults in one tunable, in two,
// ...; among these the nearest first, in steps of values_of. Left out are those whose tasks, however they
// are dealt, keep the threads busy for less than four fifths of the time that others do.
std::vector<Values> grid(const std::vector<Tunable> &tunables, const Circumstances &circumstances);

// In how many tunables two candidates differ.
int differences(const Values &a, const Values &b);

// Empty if values are those of the tunables and in range, else what is wrong with them.
std::string problem_with(const Values &values, const std::vector<Tunable> &tunables);

}  // namespace vit::autotune
