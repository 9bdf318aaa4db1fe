// What the stages of forward passes took.
#pragma once

#include <array>
#include <cstring>
#include <vector>

#include "vit/vit.h"

namespace vit {

// Adds up what the calls of each kind of stage took, in the order in which they first ran. A pass that is
// timed allocates no more than another does.
class StageClock {
public:
    // Of those that Pass names.
    static constexpr int most_kinds = 16;

    bool is_running() const { return running_; }

    // `name` lasts as long as the program.
    void add(const char *name, double milliseconds, double flop, int calls = 1) {
        int i = 0;
        while (i < count_ && std::strcmp(kinds_[i].name, name) != 0) i++;
        if (i == most_kinds) return;
        if (i == count_) kinds_[count_++] = {name, 0, 0, 0};
        kinds_[i].calls += calls;
        kinds_[i].milliseconds += milliseconds;
        kinds_[i].flop += flop;
    }

    // Starts from nothing, and runs where `other` does.
    void restart_as(const StageClock &other) {
        count_ = 0;
        running_ = other.running_;
    }

    // What the clock of one of several threads counted, which all computed at the same time.
    void add_share(const StageClock &its, int threads) {
        for (int i = 0; i < its.count_; i++) {
            const Kind &kind = its.kinds_[i];
            add(kind.name, kind.milliseconds / threads, kind.flop, kind.calls);
        }
    }

    // What has been added since the last time, which is forgotten; from now on the clock runs.
    std::vector<StageTime> take() {
        running_ = true;
        std::vector<StageTime> times;
        times.reserve(count_);
        for (int i = 0; i < count_; i++) {
            const Kind &its = kinds_[i];
            times.push_back({its.name, its.calls, its.milliseconds, its.flop});
        }
        count_ = 0;
        return times;
    }

private:
    struct Kind {
        const char *name;
        int calls;
        double milliseconds, flop;
    };
    std::array<Kind, most_kinds> kinds_{};
    int count_ = 0;
    bool running_ = false;
};

}  // namespace vit
