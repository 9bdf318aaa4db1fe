#include "apps/autotune/candidates.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <stdexcept>

namespace vit::autotune {

namespace {

using Param = Halide::Internal::GeneratorParam_Arithmetic<int>;

// A GeneratorParam tells its value to a generator alone, which a tuning struct on its own is not in.
struct Default : Param {
    static int of(const Param &param) { return param.*(&Default::value_); }
};

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

// The share of the threads' time in which there is a task for them, if all tasks take as long as the
// largest.
double busy_share(const Values &values, const Circumstances &circumstances) {
    double work = circumstances.other_tasks, largest = 1;  // in things times things
    long tasks = circumstances.other_tasks;
    for (const auto &[name, extent] : circumstances.extents) {
        if (const auto value = values.find(name); value != values.end()) {
            const int share = std::min(value->second, extent.count);
            tasks *= (extent.count + share - 1) / share;
            work *= extent.count;
            largest *= share;
        }
    }
    const long turns = (tasks + circumstances.threads - 1) / circumstances.threads;
    return work / (largest * static_cast<double>(turns) * circumstances.threads);
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
        const int value = Default::of(*param);
        tunables.push_back({param->name(), value, furthest(*param, value, -1), furthest(*param, value, 1)});
    }
    std::sort(tunables.begin(), tunables.end(),
              [](const Tunable &a, const Tunable &b) { return a.name < b.name; });
    return tunables;
}

Values defaults_of(const std::vector<Tunable> &tunables) {
    Values values;
    for (const Tunable &tunable : tunables) {
        values[tunable.name] = tunable.value;
    }
    return values;
}

int differences(const Values &a, const Values &b) {
    int count = 0;
    for (const auto &[name, value] : a) {
        const auto other = b.find(name);
        count += other == b.end() || other->second != value;
    }
    return count;
}

std::vector<int> values_of(const Tunable &tunable, const Circumstances &circumstances) {
    std::set<int> values{tunable.value};
    const auto add = [&](std::size_t value) {
        values.insert(static_cast<int>(std::clamp<std::size_t>(value, tunable.low, tunable.high)));
    };
    if (const auto at = circumstances.extents.find(tunable.name); at != circumstances.extents.end()) {
        const auto [count, bytes] = at->second;
        // All at once is what a default beyond the extent already means.
        const auto add_share = [&](std::size_t share) {
            if (share >= 1 && (share < static_cast<std::size_t>(count) || tunable.value < count)) {
                add(std::min<std::size_t>(share, count));
            }
        };
        add_share(1);
        for (const int tasks : steps_up_to(count)) {
            add_share((count + tasks - 1) / tasks);
        }
        for (const std::size_t cache : circumstances.caches) {
            add_share(bytes ? cache / 2 / bytes : 0);
        }
    } else if (tunable.name == "k_unroll") {
        for (int steps = 1; steps <= circumstances.lanes; steps *= 2) {
            add(steps);
        }
    } else if (tunable.high - tunable.low < 8) {
        for (int value = tunable.low; value <= tunable.high; value++) {
            values.insert(value);
        }
    } else {
        values.insert(tunable.low);
        for (const int value : steps_up_to(tunable.high)) {
            values.insert(std::max(value, tunable.low));
        }
    }
    return {values.begin(), values.end()};
}

std::vector<Values> grid(const std::vector<Tunable> &tunables, const Circumstances &circumstances) {
    struct Point {
        Values values;
        int differences = 0, steps = 0;  // from the defaults
    };
    std::vector<Point> points{{}};
    for (const Tunable &tunable : tunables) {
        const std::vector<int> choice = values_of(tunable, circumstances);
        const auto index_of = [&](int value) {
            return static_cast<int>(std::find(choice.begin(), choice.end(), value) - choice.begin());
        };
        std::vector<Point> longer;
        for (const Point &point : points) {
            for (const int value : choice) {
                longer.push_back(point);
                longer.back().values[tunable.name] = value;
                longer.back().differences += value != tunable.value;
                longer.back().steps += std::abs(index_of(value) - index_of(tunable.value));
            }
        }
        points = std::move(longer);
    }
    double busiest = 0;
    for (const Point &point : points) {
        busiest = std::max(busiest, busy_share(point.values, circumstances));
    }
    std::erase_if(points, [&](const Point &point) {
        return point.differences > 0 && busy_share(point.values, circumstances) < 0.8 * busiest;
    });
    std::stable_sort(points.begin(), points.end(), [](const Point &a, const Point &b) {
        return std::pair(a.differences, a.steps) < std::pair(b.differences, b.steps);
    });
    std::vector<Values> all;
    for (Point &point : points) {
        all.push_back(std::move(point.values));
    }
    return all;
}

std::string problem_with(const Values &values, const std::vector<Tunable> &tunables) {
    for (const auto &[name, value] : values) {
        const auto at =
            std::find_if(tunables.begin(), tunables.end(), [&](const Tunable &t) { return t.name == name; });
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
