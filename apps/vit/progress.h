// A bar on standard error, for whoever waits at a terminal.
#pragma once

#include <cstdint>
#include <optional>

#include "stopwatch.h"

namespace command {

class Progress {
public:
    // Shows itself if standard error is a terminal that can move its cursor and there are more than a few
    // items to come.
    explicit Progress(std::optional<std::int64_t> total);
    ~Progress();

    // Draws the bar at `done` items of the total.
    void show(std::int64_t done);
    // Takes the bar away, so that something else can be written.
    void hide();

private:
    const std::optional<std::int64_t> total_;
    const bool active_;
    bool shown_ = false;
    const Stopwatch stopwatch_;
};

}  // namespace command
