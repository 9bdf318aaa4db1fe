// What the user sees: progress on the way, a table at the end.
#pragma once

#include <cstdio>
#include <string>

#include "apps/autotune/tuner.h"

namespace vit::autotune {

// A bar in place on a terminal; elsewhere a line a stage, and one every half minute.
class ProgressLine {
public:
    explicit ProgressLine(std::FILE *out);
    ~ProgressLine() { clear(); }

    void show(const Progress &progress);
    void say(const std::string &line);  // above the bar
    void clear();

private:
    std::FILE *out_;
    bool terminal_, shown_ = false;
    double last_ = -1e9;  // seconds
    std::string last_stage_;
};

// One stage's result in a line: what it found, what it rejected.
std::string sentence_of(const StageResult &result);

// Stage, old values and time, new values and time, gain, noise.
std::string table_of(const std::vector<StageResult> &results);

// "10m", "90s", "1h", "1h30m", "45" (seconds). Throws std::runtime_error.
double seconds_of(const std::string &text);

}  // namespace vit::autotune
