#include "schedules/tunable.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "schedules/machine.h"

namespace vit {

using Halide::Target;

namespace {

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

}  // namespace

int largest_divisor(int n, int most) {
    most = std::min(n, most);
    while (n % most != 0) {
        most--;
    }
    return most;
}

std::string Tunable::problem_with(int value, const Layout &, const Target &) const {
    return value >= low && value <= high ? std::string()
                                         : name() + " is " + std::to_string(value) + ", outside " +
                                               std::to_string(low) + " to " + std::to_string(high);
}

std::vector<int> Tunable::extremes(const Layout &, const Target &) const { return {low, high}; }

std::vector<int> Count::candidates(const Circumstances &) const {
    std::set<int> values{value_by_default};
    if (high - low < 8) {
        for (int value = low; value <= high; value++) {
            values.insert(value);
        }
    } else {
        values.insert(low);
        for (const int value : steps_up_to(high)) {
            values.insert(std::max(value, low));
        }
    }
    return {values.begin(), values.end()};
}

Extent TaskShare::extent(const Circumstances &circumstances) const {
    const auto at = circumstances.extents.find(of);
    if (at == circumstances.extents.end()) {
        throw std::logic_error(name() + " is a share of things of which nobody said how many there are");
    }
    return at->second;
}

std::vector<int> TaskShare::candidates(const Circumstances &circumstances) const {
    const Extent all_tasks = extent(circumstances);
    const int count = all_tasks.count;
    std::set<int> values{value_by_default};
    // All at once is what a default beyond the extent already means.
    const auto add_share = [&](std::size_t share) {
        const std::size_t all = count;
        if (share >= 1 && (share < all || value_by_default < count)) {
            values.insert(static_cast<int>(std::clamp<std::size_t>(std::min(share, all), low, high)));
        }
    };
    add_share(1);
    for (const int tasks : steps_up_to(count)) {
        add_share((count + tasks - 1) / tasks);
    }
    for (const std::size_t cache : circumstances.caches) {
        add_share(all_tasks.bytes ? cache / 2 / all_tasks.bytes : 0);
    }
    return {values.begin(), values.end()};
}

int Divisor::count(const Layout &layout, const Target &) const {
    return steps == Steps::lanes_of_chunk   ? layout.lanes
           : steps == Steps::tokens_of_tile ? layout.token_tile
                                            : layout.vectors();
}

std::string Divisor::name_of_steps() const {
    return steps == Steps::lanes_of_chunk   ? "lanes of a chunk"
           : steps == Steps::tokens_of_tile ? "tokens of a tile"
                                            : "vectors of a panel";
}

std::vector<int> Divisor::divisors(const Layout &layout, const Target &target) const {
    const int all = count(layout, target);
    std::vector<int> values;
    for (int value = 1; value <= std::min(all, high); value++) {
        if (all % value == 0) {
            values.push_back(value);
        }
    }
    return values;
}

int Divisor::default_on(const Layout &layout, const Target &target) const {
    return largest_divisor(count(layout, target), suggested);
}

std::string Divisor::problem_with(int value, const Layout &layout, const Target &target) const {
    const std::string out_of_range = Tunable::problem_with(value, layout, target);
    const int all = count(layout, target);
    if (!out_of_range.empty() || value == 0 || all % value == 0) {
        return out_of_range;
    }
    return name() + " is " + std::to_string(value) +
           (all == 1 ? ", where steps are taken one by one"
                     : ", which does not divide the " + std::to_string(all) + " " + name_of_steps());
}

std::vector<int> Divisor::candidates(const Circumstances &circumstances) const {
    return divisors(circumstances.layout, circumstances.target);
}

std::vector<int> Divisor::extremes(const Layout &layout, const Target &target) const {
    const std::vector<int> all = divisors(layout, target);
    return {all.front(), all.back()};
}

int Divisor::on(const Layout &layout, const Target &target) const {
    const int value = *this;
    const std::string problem = problem_with(value, layout, target);
    _halide_user_assert(problem.empty()) << problem << "\n";
    return value == 0 ? default_on(layout, target) : value;
}

int Unroll::count(const Layout &layout, const Target &target) const {
    return machine_of(target).fma ? Divisor::count(layout, target) : 1;
}

}  // namespace vit
