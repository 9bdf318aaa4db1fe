#include "apps/autotune/race.h"

#include <algorithm>
#include <cmath>

namespace vit::autotune {

namespace {

constexpr double hopeless = 1.25;  // times the best
constexpr int finalists = 3;
constexpr int least_final_rounds = 8, most_final_rounds = 40, most_halving_rounds = 8;

// Any mixing of bits does: SplitMix64's.
std::uint64_t mix(std::uint64_t z) {
    z = (z + 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

double difference(double a, double b) { return std::abs(a - b) / std::min(a, b); }

}  // namespace

double score(std::vector<double> times) {
    if (times.empty()) {
        return 0;
    }
    std::sort(times.begin(), times.end());
    const std::size_t half = (times.size() + 1) / 2;
    return half % 2 ? times[half / 2] : (times[half / 2 - 1] + times[half / 2]) / 2;
}

int Race::enter(bool keep) {
    entrants_.emplace_back().keep = keep;
    return static_cast<int>(entrants_.size()) - 1;
}

double Race::time_of(int entrant) const { return score(entrants_[entrant].times); }

std::vector<int> Race::challengers() const {
    std::vector<int> in;
    for (int i = twin + 1; i < static_cast<int>(entrants_.size()); i++) {
        if (!entrants_[i].out) {
            in.push_back(i);
        }
    }
    return in;
}

// The incumbent begins and a challenger ends, so rounds can follow each other. A single challenger runs
// twice.
std::vector<int> Race::line_up(std::vector<int> challengers) {
    for (std::size_t i = challengers.size(); i > 1; i--) {
        std::swap(challengers[i - 1], challengers[mix(rounds_ << 32 | i) % i]);
    }
    if (challengers.size() == 1) {
        challengers.resize(2, challengers[0]);
    }
    std::vector<int> order{incumbent};
    for (std::size_t i = 0; i < challengers.size(); i++) {
        if (i == challengers.size() / 2) {
            order.push_back(twin);
        }
        order.push_back(challengers[i]);
    }
    return order;
}

double Race::run_round(const std::vector<int> &challengers) {
    const double before = spent_;
    const std::vector<int> order = line_up(challengers);
    rounds_++;
    for (const int entrant : order) {
        std::vector<double> &times = entrants_[entrant].times;
        const Try result = measure_(entrant, static_cast<int>(times.size()));
        times.push_back(result.milliseconds);
        spent_ += result.seconds;
        watched_ += result.watched;
        others_ += result.others;
    }
    last_cost_ = (spent_ - before) / static_cast<double>(order.size());
    return spent_ - before;
}

void Race::drop_slower_than(double milliseconds, const std::vector<int> &challengers) {
    for (const int entrant : challengers) {
        entrants_[entrant].out = !entrants_[entrant].keep && time_of(entrant) > milliseconds;
    }
}

int Race::rounds_in(double seconds, double cost_of_round, int least, int most) const {
    return cost_of_round > 0 ? static_cast<int>(std::clamp<double>(seconds / cost_of_round, least, most))
                             : least;
}

void Race::qualify(const std::vector<int> &challengers) {
    if (challengers.empty()) {
        return;
    }
    run_round(challengers);
    run_round(challengers);
    double best = std::min(time_of(incumbent), time_of(twin));
    for (const int entrant : this->challengers()) {
        if (!entrants_[entrant].times.empty()) {
            best = std::min(best, time_of(entrant));
        }
    }
    drop_slower_than(hopeless * best, challengers);
}

// What is left of the time is shared by the halvings to come and the final, which gets as much as two of
// them.
void Race::halve() {
    while (true) {
        std::vector<int> left = challengers();
        const auto kept = std::count_if(left.begin(), left.end(), [&](int i) { return entrants_[i].keep; });
        const int racing = static_cast<int>(left.size() - kept);
        if (racing <= finalists) {
            return;
        }
        const double halvings = std::ceil(std::log2(racing / double{finalists}));
        const double share = (budget_ - spent_) / (halvings + 2);
        const double cost = last_cost_ * static_cast<double>(left.size() + 2);
        for (int i = rounds_in(share, cost, 1, most_halving_rounds); i > 0; i--) {
            run_round(left);
        }
        std::erase_if(left, [&](int i) { return entrants_[i].keep; });
        std::stable_sort(left.begin(), left.end(), [&](int a, int b) { return time_of(a) < time_of(b); });
        for (std::size_t i = std::max(finalists, (racing + 1) / 2); i < left.size(); i++) {
            entrants_[left[i]].out = true;
        }
    }
}

double Race::share_of_others() const {
    return watched_ > 0 ? std::clamp(others_ / (watched_ * processors_), 0.0, 1.0) : 0;
}

Race::Result Race::finish() {
    Result result{incumbent, 0, 0, std::vector<double>(entrants_.size())};
    const std::vector<int> left = challengers();
    if (left.empty()) {
        result.final_times[incumbent] = result.final_times[twin] = time_of(incumbent);
        result.others = share_of_others();
        return result;
    }
    std::vector<std::size_t> first;
    for (const Entrant &entrant : entrants_) {
        first.push_back(entrant.times.size());
    }
    watched_ = others_ = 0;
    const double cost = last_cost_ * static_cast<double>(std::max<std::size_t>(2, left.size()) + 2);
    for (int i = rounds_in(budget_ - spent_, cost, least_final_rounds, most_final_rounds); i > 0; i--) {
        run_round(left);
    }
    const auto tries_of = [&](int entrant) {
        const std::vector<double> &times = entrants_[entrant].times;
        return std::vector<double>(times.begin() + static_cast<std::ptrdiff_t>(first[entrant]), times.end());
    };
    const auto halves_differ = [](const std::vector<double> &tries) {
        std::vector<double> halves[2];
        for (std::size_t i = 0; i < tries.size(); i++) {
            halves[i % 2].push_back(tries[i]);
        }
        return difference(score(halves[0]), score(halves[1]));
    };
    std::vector<int> runners = left;
    runners.insert(runners.begin(), {incumbent, twin});
    int best = left[0];
    for (const int entrant : runners) {
        const std::vector<double> tries = tries_of(entrant);
        result.final_times[entrant] = score(tries);
        result.noise = std::max(result.noise, halves_differ(tries));
        if (entrant > twin && result.final_times[entrant] < result.final_times[best]) {
            best = entrant;
        }
    }
    result.noise =
        std::max(result.noise, difference(result.final_times[incumbent], result.final_times[twin]));
    const double to_beat = std::min(result.final_times[incumbent], result.final_times[twin]);
    result.gain = 1 - result.final_times[best] / to_beat;
    result.others = share_of_others();
    if (result.gain > result.noise && result.is_trusted()) {
        result.winner = best;
    }
    return result;
}

}  // namespace vit::autotune
