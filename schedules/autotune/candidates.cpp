#include "schedules/autotune/candidates.h"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace vit::autotune {

std::string text_of(const Values &values) {
    std::string text;
    for (const auto &[name, value] : values) {
        text += (text.empty() ? "" : " ") + name + "=" + std::to_string(value);
    }
    return text;
}

namespace {

using Param = Halide::Internal::GeneratorParam_Arithmetic<int>;

// set_impl and not set: Halide 21's set does not look at the range.
bool accepts(Param &param, int value) {
    try {
        param.set_impl(value);
        return true;
    } catch (const Halide::CompileError &) {
        return false;
    }
}

// How far one can go from `inside` by doubling and then halving steps (direction is 1 or -1).
int furthest(Param &param, int inside, int direction) {
    int step = 1;
    while (step < 1 << 24 && accepts(param, inside + direction * step)) {
        step *= 2;
    }
    for (; step > 0; step /= 2) {
        if (accepts(param, inside + direction * step)) {
            inside += direction * step;
        }
    }
    return inside;
}

bool ends_with(const std::string &text, const std::string &end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// 1, 2, 3, 4, 6, 8, 12, 16, 24, ... up to `high`.
std::vector<int> steps_up_to(int high) {
    std::vector<int> steps;
    for (int n = 1; n <= high; n *= 2) {
        steps.push_back(n);
        if (n > 1 && n + n / 2 <= high) {
            steps.push_back(n + n / 2);
        }
    }
    return steps;
}

int differences(const Values &a, const Values &b) {
    int count = 0;
    for (const auto &[name, value] : a) {
        count += b.at(name) != value;
    }
    return count;
}

}  // namespace

std::vector<Tunable> detail::describe(const std::vector<std::pair<void *, Registry::Kind>> &instances) {
    std::vector<Tunable> tunables;
    for (const auto &[subject, kind] : instances) {
        auto *base = static_cast<Halide::Internal::GeneratorParamBase *>(subject);
        auto *param = dynamic_cast<Param *>(base);
        if (!param) {
            throw std::logic_error("the tunable " + base->name() + " is not an integer");
        }
        const int value = param->value();
        tunables.push_back({param->name(), value, furthest(*param, value, -1), furthest(*param, value, 1)});
    }
    std::sort(tunables.begin(), tunables.end(), [](const Tunable &a, const Tunable &b) { return a.name < b.name; });
    return tunables;
}

Values defaults_of(const std::vector<Tunable> &tunables) {
    Values values;
    for (const Tunable &tunable : tunables) {
        values[tunable.name] = tunable.value;
    }
    return values;
}

std::vector<int> values_of(const Tunable &tunable, const Extents &extents, int lanes) {
    std::set<int> values;
    const auto add = [&](int value) { values.insert(std::clamp(value, tunable.low, tunable.high)); };
    if (const auto extent = extents.find(tunable.name); extent != extents.end()) {
        for (const int parts : steps_up_to(extent->second)) {
            add((extent->second + parts - 1) / parts);
        }
        // A default beyond the extent is the same as the extent.
        if (tunable.value > extent->second) {
            values.erase(std::clamp(extent->second, tunable.low, tunable.high));
        }
    } else if (ends_with(tunable.name, "k_unroll")) {
        for (int steps = 1; steps <= lanes; steps *= 2) {
            add(steps);
        }
    } else if (tunable.high - tunable.low < 8) {
        for (int value = tunable.low; value <= tunable.high; value++) {
            add(value);
        }
    } else {
        add(tunable.low);
        for (const int value : steps_up_to(tunable.high)) {
            add(value);
        }
    }
    add(tunable.value);
    return {values.begin(), values.end()};
}

std::vector<Values> grid(const std::vector<Tunable> &tunables, const Extents &extents, int lanes) {
    std::vector<Values> all{{}};
    for (const Tunable &tunable : tunables) {
        std::vector<Values> longer;
        for (const Values &values : all) {
            for (const int value : values_of(tunable, extents, lanes)) {
                longer.push_back(values);
                longer.back()[tunable.name] = value;
            }
        }
        all = std::move(longer);
    }
    const Values defaults = defaults_of(tunables);
    std::stable_sort(all.begin(), all.end(), [&](const Values &a, const Values &b) {
        return differences(a, defaults) < differences(b, defaults);
    });
    return all;
}

std::string problem_with(const Values &values, const std::vector<Tunable> &tunables) {
    for (const auto &[name, value] : values) {
        const auto at = std::find_if(tunables.begin(), tunables.end(), [&](const Tunable &t) { return t.name == name; });
        if (at == tunables.end()) {
            return "there is no tunable " + name;
        }
        if (value < at->low || value > at->high) {
            return name + " is " + std::to_string(value) + ", outside " + std::to_string(at->low) + " to " +
                   std::to_string(at->high);
        }
    }
    return {};
}

}  // namespace vit::autotune
