#include "apps/peak/processor_time.h"

#include <unistd.h>

#include <ctime>
#include <fstream>
#include <string>

namespace command {

ProcessorTime processor_time() {
    const auto seconds_of = [](clockid_t clock) {
        timespec time{};
        clock_gettime(clock, &time);
        return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
    };
    ProcessorTime time{0, 0, 0};
    // The first line: cpu user nice system idle iowait irq softirq steal.
    std::ifstream file("/proc/stat");
    std::string name;
    double ticks = 0;
    file >> name;
    for (int field = 0; field < 8 && file >> ticks; field++) {
        if (field != 3 && field != 4) {
            time.all += ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
        }
    }
    // Last, since whoever reads a file on a busy machine may have to wait.
    time.own = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    time.wall = seconds_of(CLOCK_MONOTONIC);
    if (time.all == 0) {
        time.all = time.own;
    }
    return time;
}

double others_between(const ProcessorTime &before, const ProcessorTime &after) {
    return (after.all - before.all) - (after.own - before.own);
}

int processors() { return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)); }

}  // namespace command
