#include "apps/autotune/candidates.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace vit::autotune {

namespace {

// The share of the threads' time in which there is a task for them, if all tasks take as long as the
// largest.
double busy_share(const Values &values, const Tunables &tunables, const Circumstances &circumstances) {
    double work = circumstances.other_tasks, largest = 1;  // in things times things
    long tasks = circumstances.other_tasks;
    for (const auto &tunable : tunables) {
        if (const auto *task = dynamic_cast<const TaskShare *>(tunable.get())) {
            const int count = task->extent(circumstances).count;
            const int share = std::min(values.at(task->name()), count);
            tasks *= (count + share - 1) / share;
            work *= count;
            largest *= share;
        }
    }
    const long turns = (tasks + circumstances.threads - 1) / circumstances.threads;
    return work / (largest * static_cast<double>(turns) * circumstances.threads);
}

}  // namespace

Tunables detail::describe(const std::shared_ptr<void> &tuning,
                          const std::vector<std::pair<void *, Registry::Kind>> &instances) {
    Tunables tunables;
    for (const auto &[subject, kind] : instances) {
        auto *param = static_cast<Halide::Internal::GeneratorParamBase *>(subject);
        const auto *tunable = dynamic_cast<const Tunable *>(param);
        if (!tunable) {
            throw std::logic_error(param->name() + " is among the tunables and no Tunable");
        }
        tunables.emplace_back(tuning, tunable);
    }
    std::sort(tunables.begin(), tunables.end(),
              [](const auto &a, const auto &b) { return a->name() < b->name(); });
    return tunables;
}

Values defaults_of(const Tunables &tunables, const Layout &layout, const Halide::Target &target) {
    Values values;
    for (const auto &tunable : tunables) {
        values[tunable->name()] = tunable->default_on(layout, target);
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

std::vector<Values> grid(const Tunables &tunables, const Circumstances &circumstances) {
    struct Point {
        Values values;
        int differences = 0, steps = 0;  // from the defaults
    };
    std::vector<Point> points{{}};
    for (const auto &tunable : tunables) {
        const std::vector<int> choice = tunable->candidates(circumstances);
        const int usual = tunable->default_on(circumstances.layout, circumstances.target);
        const auto index_of = [&](int value) {
            return static_cast<int>(std::find(choice.begin(), choice.end(), value) - choice.begin());
        };
        std::vector<Point> longer;
        for (const Point &point : points) {
            for (const int value : choice) {
                longer.push_back(point);
                longer.back().values[tunable->name()] = value;
                longer.back().differences += value != usual;
                longer.back().steps += std::abs(index_of(value) - index_of(usual));
            }
        }
        points = std::move(longer);
    }
    double busiest = 0;
    for (const Point &point : points) {
        busiest = std::max(busiest, busy_share(point.values, tunables, circumstances));
    }
    std::erase_if(points, [&](const Point &point) {
        return point.differences > 0 && busy_share(point.values, tunables, circumstances) < 0.8 * busiest;
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

std::string problem_with(const Values &values, const Tunables &tunables, const Layout &layout,
                         const Halide::Target &target) {
    for (const auto &[name, value] : values) {
        const auto at = std::find_if(tunables.begin(), tunables.end(),
                                     [&name = name](const auto &t) { return t->name() == name; });
        const std::string problem = at == tunables.end() ? "there is no tunable " + name
                                                         : (*at)->problem_with(value, layout, target);
        if (!problem.empty()) {
            return problem;
        }
    }
    return {};
}

}  // namespace vit::autotune
