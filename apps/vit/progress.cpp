#include "progress.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <unistd.h>

#include "text.h"

namespace command {

namespace {

constexpr std::int64_t few = 4;         // items that need no bar
constexpr std::int64_t bar_width = 30;  // columns; with the numbers it stays within 80

bool terminal_moves_cursor() {
    const char *terminal = std::getenv("TERM");
    return isatty(STDERR_FILENO) && terminal && std::string_view(terminal) != "dumb";
}

}  // namespace

Progress::Progress(std::optional<std::int64_t> total)
    : total_(total), active_((!total || *total > few) && terminal_moves_cursor()) {}

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
    if (done > 0 && seconds > 0) line += "  " + fixed(static_cast<double>(done) / seconds, 1) + " a second";
    std::fwrite(line.data(), 1, line.size(), stderr);
    shown_ = true;
}

void Progress::hide() {
    if (!shown_) return;
    std::fputs("\r\x1b[K", stderr);
    shown_ = false;
}

}  // namespace command
