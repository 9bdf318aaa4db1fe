// From stages, a shape and a budget to tuned values.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "apps/autotune/stages.h"
#include "apps/peak/processor_time.h"

namespace vit::autotune {

struct Candidate {
    Values values;
    std::string generator = {};  // other than the stage's own

    std::string name() const {
        return generator.empty() ? text_of(values) : generator + " " + text_of(values);
    }
};

struct Options {
    std::vector<std::string> stages;  // as stages_named takes them
    Shape shape;
    std::string name = "host";  // of the target, which the journal is called after
    Halide::Target target = Halide::get_host_target();
    int threads = 1;
    double budget_seconds = 600;
    std::filesystem::path incumbents;                    // the tuned file in use; empty: output
    std::filesystem::path output;                        // has the incumbents and what was found, at last
    std::filesystem::path journal_directory;             // measurements, to go on from
    std::map<std::string, std::vector<Candidate>> more;  // candidates of stages beside those of the grid
    std::function<command::ProcessorTime()> processor_time = command::processor_time;
};

struct Rejection {
    std::string candidate, reason;
};

struct StageResult {
    std::string stage;
    Values old_values, new_values;                  // the same if the incumbent stays
    double old_ms = 0, new_ms = 0, default_ms = 0;  // of a call, from the final of one race
    double gain = 0, noise = 0;                     // shares of old_ms; of the best challenger
    double gflops = 0, peak_percent = 0;            // with the new values; 0 for integers
    double others = 0;                              // share of the processors' time that others took
    bool trusted = true;                            // else others took too much, and nothing is kept
    int known = 0, tried = 0;                       // candidates: in the grid and beside it, timed
    std::vector<Rejection> rejected;                // not timed
    std::string note;                               // what the user should know, a sentence
    std::string date;                               // of the last measurement
};

// Where the tuner is; all shares of 0 to 1.
struct Progress {
    std::string stage, doing;
    double stage_share, share;
};

// Asked to stop by Callbacks::stop.
struct Stopped {};

struct Callbacks {
    std::function<bool()> stop = [] { return false; };
    std::function<void(const Progress &)> progress = [](const Progress &) {};
    std::function<void(const StageResult &)> finished = [](const StageResult &) {};
};

struct Summary {
    std::vector<StageResult> stages;
    int measured = 0, resumed = 0;  // measurements: made now, found in the journal
};

// Tunes one stage after the other, rewrites options.output once, and returns what came out. Throws Stopped,
// and std::runtime_error with a sentence for the user.
Summary tune(const Options &options, const Callbacks &callbacks);

// The file that measurements of these options are kept in.
std::filesystem::path journal_path(const Options &options);

}  // namespace vit::autotune
