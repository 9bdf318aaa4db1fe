// What the stages of forward passes took.
#pragma once

#include <vector>

#include "vit/vit.h"

namespace vit {

// Adds up what the calls of each kind of stage took, in the order in which they first ran.
class StageClock {
public:
    bool running = false;
    std::vector<StageTime> times;

    void add(const char *name, double milliseconds, double flop) {
        for (StageTime &time : times) {
            if (time.name == name) {
                time.calls++;
                time.milliseconds += milliseconds;
                time.flop += flop;
                return;
            }
        }
        times.push_back({name, 1, milliseconds, flop});
    }
};

}  // namespace vit
