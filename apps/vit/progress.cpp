#include "progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <unistd.h>

#include "text.h"

namespace command {

namespace {

constexpr std::int64_t few = 4;         // items that need no bar
constexpr std::int64_t bar_width = 24;  // columns; with the numbers it stays within 80

bool is_terminal() {
    return isatty(STDERR_FILENO);
}

bool terminal_moves_cursor() {
    const char *terminal = std::getenv("TERM");
    return is_terminal() && terminal && std::string_view(terminal) != "dumb";
}

// "45.6 pictures/s"
std::string throughput(std::int64_t done, double seconds) {
    return fixed(static_cast<double>(done) / seconds, 1) + " pictures/s";
}

}  // namespace

std::string duration(double seconds) {
    const auto all = static_cast<std::int64_t>(std::ceil(std::clamp(seconds, 0.0, 1e9)));
    const auto two_digits = [](std::int64_t number) {
        return (number < 10 ? "0" : "") + std::to_string(number);
    };
    const std::int64_t hours = all / 3600, minutes = all / 60 % 60;
    const std::string start =
        hours > 0 ? std::to_string(hours) + ":" + two_digits(minutes) : std::to_string(minutes);
    return start + ":" + two_digits(all % 60);
}

Progress::Progress(std::optional<std::int64_t> total)
    : total_(total), many_(!total || *total > few), active_(many_ && terminal_moves_cursor()) {}

Progress::~Progress() {
    hide();
}

void Progress::show(std::int64_t done) {
    if (!active_) return;
    const double seconds = stopwatch_.seconds();
    std::string line = "\r\x1b[K";
    if (total_) {
        const auto filled = static_cast<std::size_t>(bar_width * std::min(done, *total_) / *total_);
        line += "[" + std::string(filled, '#') + std::string(bar_width - filled, '.') + "] " +
                std::to_string(done) + "/" + std::to_string(*total_);
    } else {
        line += std::to_string(done) + " done";
    }
    if (done > 0 && seconds > 0) {
        line += "  " + throughput(done, seconds);
        if (total_ && done < *total_) {
            const auto left = static_cast<double>(*total_ - done);
            line += "  " + duration(left * seconds / static_cast<double>(done)) + " left";
        }
    }
    std::fwrite(line.data(), 1, line.size(), stderr);
    shown_ = true;
}

void Progress::hide() {
    if (!shown_) return;
    std::fputs("\r\x1b[K", stderr);
    shown_ = false;
}

void Progress::finish(std::int64_t done, std::int64_t failed) {
    hide();
    if (!many_ || !is_terminal() || done == 0) return;
    std::string line = grouped(done) + (done == 1 ? " picture, " : " pictures, ") +
                       throughput(done, std::max(stopwatch_.seconds(), 1e-3));
    if (failed > 0) line += ", " + grouped(failed) + " failed";
    line += "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace command
