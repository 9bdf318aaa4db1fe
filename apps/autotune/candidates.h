// What there is to choose from: the tunables of a stage, and the combinations of their values in a fixed
// order.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/autotune/values.h"
#include "schedules/tunable.h"

namespace vit::autotune {

// Of one tuning struct (schedules/<stage>.h), sorted by name.
using Tunables = std::vector<std::shared_ptr<const Tunable>>;

namespace detail {
using Registry = Halide::Internal::ObjectInstanceRegistry;
Tunables describe(const std::shared_ptr<void> &tuning,
                  const std::vector<std::pair<void *, Registry::Kind>> &instances);
}  // namespace detail

// Halide keeps a registry of where GeneratorParams are in memory: nothing has to be listed twice. Throws
// std::logic_error for a parameter that is no Tunable.
template<typename Tuning>
Tunables tunables_of() {
    const auto tuning = std::make_shared<Tuning>();
    return detail::describe(tuning, detail::Registry::instances_in_range(tuning.get(), sizeof(Tuning)));
}

Values defaults_of(const Tunables &tunables, const Layout &layout, const Halide::Target &target);

// All combinations, the defaults first, then those that differ from the defaults in one tunable, in two,
// ...; among these the nearest first, in steps of Tunable::candidates. Left out are those whose tasks,
// however they are dealt, keep the threads busy for less than four fifths of the time that others do.
std::vector<Values> grid(const Tunables &tunables, const Circumstances &circumstances);

// In how many tunables two candidates differ.
int differences(const Values &a, const Values &b);

// Empty if the schedule takes these values, else what is wrong with them.
std::string problem_with(const Values &values, const Tunables &tunables, const Layout &layout,
                         const Halide::Target &target);

}  // namespace vit::autotune
