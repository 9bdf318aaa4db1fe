// A bar on standard error, for whoever waits at a terminal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "stopwatch.h"

namespace command {

// Minutes and seconds, rounded up, "1:05", from an hour on with hours, "2:00:00".
std::string duration(double seconds);

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
    // Takes it away for good and leaves a line: "1,234 pictures, 45.6 pictures/s, 3 failed"; of a few items,
    // or where standard error is no terminal, none.
    void finish(std::int64_t done, std::int64_t failed);

private:
    const std::optional<std::int64_t> total_;
    const bool many_, active_;
    bool shown_ = false;
    const Stopwatch stopwatch_;
};

}  // namespace command
