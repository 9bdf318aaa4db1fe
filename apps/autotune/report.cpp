#include "apps/autotune/report.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>

namespace vit::autotune {

namespace {

double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string format(const char *pattern, double value) {
    char text[64];
    std::snprintf(text, sizeof(text), pattern, value);
    return text;
}

// Three digits that count: 12.3, 1.23, 0.0123
std::string milliseconds(double value) {
    return format(value >= 100   ? "%.0f"
                  : value >= 10  ? "%.1f"
                  : value >= 1   ? "%.2f"
                  : value >= 0.1 ? "%.3f"
                                 : "%.4f",
                  value);
}

std::string percent(double share) { return format("%.1f %%", 100 * share); }

}  // namespace

ProgressLine::ProgressLine(std::FILE *out) : out_(out), terminal_(isatty(fileno(out)) != 0) {}

void ProgressLine::show(const Progress &progress) {
    const double time = now();
    const bool new_stage = progress.stage != last_stage_;
    if (time - last_ < (terminal_ ? 0.1 : 30) && !new_stage) {
        return;
    }
    last_ = time;
    last_stage_ = progress.stage;
    if (!terminal_) {
        std::fprintf(out_, "%3.0f %%  %s: %s\n", 100 * progress.share, progress.stage.c_str(),
                     progress.doing.c_str());
        std::fflush(out_);
        return;
    }
    constexpr int width = 30;
    const int done = std::clamp(static_cast<int>(progress.share * width), 0, width);
    const std::string text = progress.stage + ": " + progress.doing;
    std::fprintf(out_, "\r\033[K[%s%s] %3.0f %%  %.70s", std::string(done, '=').c_str(),
                 std::string(width - done, ' ').c_str(), 100 * progress.share, text.c_str());
    std::fflush(out_);
    shown_ = true;
}

void ProgressLine::say(const std::string &line) {
    clear();
    std::fprintf(out_, "%s\n", line.c_str());
    std::fflush(out_);
}

void ProgressLine::clear() {
    if (shown_) {
        std::fputs("\r\033[K", out_);
        std::fflush(out_);
        shown_ = false;
    }
}

std::string sentence_of(const StageResult &result) {
    const bool stays = result.new_values == result.old_values;
    std::string text = result.stage + ": " + text_of(result.new_values) +
                       (stays ? " stays" : " instead of ") + (stays ? "" : text_of(result.old_values)) +
                       ", " + milliseconds(result.new_ms) + " ms";
    if (!stays) {
        text += " instead of " + milliseconds(result.old_ms) + " ms";
    }
    if (result.peak_percent > 0) {
        text += ", " + format("%.1f", result.gflops) + " GFLOP/s, " + format("%.1f", result.peak_percent) +
                " % of the peak";
    }
    text += "; others took " + percent(result.others) + " of the processors' time";
    text += "; " + std::to_string(result.tried) + " of " +
            std::to_string(std::max(result.known, result.tried)) + " candidates were timed";
    if (!result.note.empty()) {
        text += "\n  " + result.note;
    }
    for (const Rejection &rejection : result.rejected) {
        text += "\n  rejected: " + rejection.candidate + ": " + rejection.reason;
    }
    return text;
}

std::string table_of(const std::vector<StageResult> &results) {
    std::vector<std::vector<std::string>> rows{
        {"stage", "old values", "ms", "new values", "ms", "gain", "noise", "others"}};
    for (const StageResult &result : results) {
        const bool stays = result.new_values == result.old_values;
        rows.push_back({result.stage, text_of(result.old_values), milliseconds(result.old_ms),
                        stays ? "(the same)" : text_of(result.new_values), milliseconds(result.new_ms),
                        percent(stays ? 0 : result.gain), percent(result.noise), percent(result.others)});
    }
    std::vector<std::size_t> widths(rows[0].size());
    for (const auto &row : rows) {
        for (std::size_t i = 0; i < row.size(); i++) {
            widths[i] = std::max(widths[i], row[i].size());
        }
    }
    std::string table;
    for (const auto &row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); i++) {
            const std::string pad(widths[i] - row[i].size(), ' ');
            const bool text = i == 0 || i == 1 || i == 3;
            line += (i ? "  " : "") + (text ? row[i] + pad : pad + row[i]);
        }
        table += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return table;
}

double seconds_of(const std::string &text) {
    double seconds = 0;
    const auto wrong = [&] {
        return std::runtime_error("a time of " + text + " is not understood; write 10m, 90s or 1h30m");
    };
    for (std::size_t at = 0; at < text.size();) {
        std::size_t digits = 0;
        double number = 0;
        try {
            number = std::stod(text.substr(at), &digits);
        } catch (const std::logic_error &) {
            throw wrong();
        }
        at += digits;
        const char unit = at < text.size() ? text[at++] : 's';
        seconds += number * (unit == 'h' ? 3600 : unit == 'm' ? 60
                                              : unit == 's'   ? 1
                                                              : NAN);
    }
    if (!(seconds > 0) || std::isinf(seconds)) {
        throw wrong();
    }
    return seconds;
}

}  // namespace vit::autotune
