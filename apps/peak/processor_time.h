// How much of the machine went to others while something was measured. Linux tells; elsewhere nobody else
// seems to be there.
#pragma once

namespace command {

// Seconds since some time in the past.
struct ProcessorTime {
    double wall;  // of the clock
    double all;   // that all processors worked, and that a hypervisor gave to others
    double own;   // that this process computed
};

ProcessorTime processor_time();

// Seconds of all processors together that went to others. The system counts in hundredths of a second: over
// a short time it may say less than nothing.
double others_between(const ProcessorTime &before, const ProcessorTime &after);

int processors();

}  // namespace command
