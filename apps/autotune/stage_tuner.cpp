#include "apps/autotune/stage_tuner.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>

#include "apps/autotune/host.h"
#include "apps/peak/machine_peak.h"
#include "tests/cases/kernel_list.h"

namespace vit::autotune {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// A try: long against the clock's resolution and an interrupt, short against how long a machine stays the
// same.
constexpr int least_calls = 3, most_calls = 200;
constexpr double least_seconds = 0.02;
constexpr int calls_in_queue = 8;

// Of a stage's budget: until when single steps have qualified, until when combinations have.
constexpr double single_share = 0.35, combination_share = 0.65;

// What a combination may be expected to take, in times of the default, to be tried; what a step that was not
// tried counts.
constexpr double hopeless = 1.25, unknown_step = 1.1;

std::string untrusted(double others) {
    char text[160];
    std::snprintf(text, sizeof(text),
                  "others took %.0f %% of the processors' time, and more than %.0f %% hides what a schedule "
                  "gains: the values in use stay",
                  100 * others, 100 * Race::most_others);
    return text;
}

}  // namespace

StageTuner::StageTuner(const Options &options, const Callbacks &callbacks, const Stage &stage,
                       const Values &layout, const Layout &blocks, const Values &incumbent, Journal &journal,
                       CallContext &context)
    : options_(options), callbacks_(callbacks), stage_(stage), layout_(layout),
      blocks_(blocks), in_{blocks.lanes, blocks.token_tile, blocks.panel},
      defaults_(defaults_of(stage.tunables, in_, options.target)), journal_(journal), context_(context) {
    result_.stage = stage.name;
    incumbent_.values = defaults_;
    const std::string wrong = problem_with(incumbent, stage.tunables, in_, options.target);
    if (wrong.empty()) {
        for (const auto &[name, value] : incumbent) {
            incumbent_.values[name] = value;
        }
    } else {
        result_.note =
            options.output.string() + ": " + stage.name + ": " + wrong + "; the defaults take its place";
    }
}

Problem &StageTuner::problem() {
    if (!problem_) {
        Shape shape = options_.shape;
        shape.threads = options_.threads;
        problem_ = stage_.problem(shape, blocks_);
        if (stage_.on_device) {
            problem_->device = mirror_of(options_.target);
        }
    }
    return *problem_;
}

const Halide::Callable &StageTuner::kernel_of(Runner &runner) {
    if (!runner.kernel) {
        const KernelRow &row = kernel_row(problem().stage->kernel());
        GeneratorParams params = row.params;
        for (const Values *values : {&layout_, &runner.candidate.values}) {
            for (const auto &[name, value] : *values) {
                params[name] = std::to_string(value);
            }
        }
        const std::string &generator = runner.candidate.generator;
        runner.kernel =
            autotune::compile(options_.target, generator.empty() ? row.generator : generator, params);
    }
    return *runner.kernel;
}

void StageTuner::see(const nlohmann::json &result) {
    result_.date = std::max(result_.date, result.value("date", ""));
}

void StageTuner::report(const std::string &doing) {
    if (callbacks_.stop()) {
        throw Stopped();
    }
    const double share = race_ && race_->budget() > 0 ? std::min(1.0, race_->spent() / race_->budget()) : 0;
    callbacks_.progress({stage_.name, doing, share, share_before_ + share * (share_after_ - share_before_)});
}

nlohmann::json StageTuner::check(Runner &runner) {
    const Journal::Key key{stage_.name, "check", runner.candidate.name(), 0};
    if (const nlohmann::json *known = journal_.find(key)) {
        see(*known);
        return *known;
    }
    report("compiling " + runner.candidate.name());
    problem();
    const auto start = Clock::now();
    std::string wrong;
    try {
        const Halide::Callable &kernel = kernel_of(runner);
        problem().stage->reset();
        if (problem().device) {
            problem().device->host_changed();
        }
        const int code = problem().call(called(kernel, &context_), 0);
        if (problem().device) {
            problem().device->fetch();
        }
        wrong = code ? "it returned the error " + std::to_string(code) : problem().stage->judge();
    } catch (const Halide::Error &error) {
        wrong = error.what();
    }
    const nlohmann::json &result = journal_.add(key, {{"seconds", seconds_since(start)}, {"wrong", wrong}});
    see(result);
    return result;
}

Try StageTuner::time(Runner &runner, const std::string &kind, int index) {
    const Journal::Key key{stage_.name, kind, runner.candidate.name(), index};
    const nlohmann::json *result = journal_.find(key);
    if (!result) {
        report("timing " + runner.candidate.name());
        const Halide::Callable &kernel = kernel_of(runner);
        const auto start = Clock::now();
        // A device's calls are queued, as a pass queues them: none waits for the one before to be reported.
        const int queued = problem().device ? calls_in_queue : 1;
        const auto call = [&] {
            for (int i = 0; i < queued; i++) {
                problem().call(called(kernel, &context_), next_copy_++ % problem().stage->copies());
            }
            if (problem().device) {
                problem().device->finish();
            }
        };
        call();  // its code is cold, and in the product too, but not by as much as after a compiler
        std::vector<double> milliseconds;
        const command::ProcessorTime before_all = options_.processor_time();
        const auto first = Clock::now();
        for (auto before = first; static_cast<int>(milliseconds.size()) < most_calls;) {
            call();
            const auto after = Clock::now();
            milliseconds.push_back(std::chrono::duration<double, std::milli>(after - before).count() /
                                   queued);
            before = after;
            if (static_cast<int>(milliseconds.size()) >= least_calls &&
                seconds_since(first) >= least_seconds) {
                break;
            }
        }
        const command::ProcessorTime after = options_.processor_time();
        result = &journal_.add(key, {{"ms", score(std::move(milliseconds))},
                                     {"seconds", seconds_since(start)},
                                     {"others", command::others_between(before_all, after)},
                                     {"watched", after.wall - before_all.wall}});
    }
    see(*result);
    return {result->at("ms"), result->at("seconds"), result->at("others"), result->at("watched")};
}

// What the file has, if it is right, else the defaults.
void StageTuner::choose_incumbent() {
    runners_.clear();
    runners_.push_back({incumbent_});
    std::string wrong = check(runners_[0])["wrong"];
    if (!wrong.empty() && incumbent_.values != defaults_) {
        result_.rejected.push_back({incumbent_.name(), wrong});
        result_.note = options_.output.string() + ": " + stage_.name +
                       ": its values are not fit; the defaults take their place";
        incumbent_.values = defaults_;
        runners_[0] = {incumbent_};
        wrong = check(runners_[0])["wrong"].get<std::string>();
    }
    if (!wrong.empty()) {
        throw std::runtime_error("stage " + stage_.name + " is wrong with its default values: " + wrong);
    }
    runners_.push_back({incumbent_});
}

double StageTuner::weigh() {
    choose_incumbent();
    const Try result = time(runners_[0], "weigh", 0);
    cost_of_try_ = result.seconds;
    return result.milliseconds * problem().calls_in_pass;
}

std::optional<int> StageTuner::enter(const Candidate &candidate, bool keep) {
    Runner runner{candidate};
    const nlohmann::json checked = check(runner);
    race_->charge(checked.at("seconds"));
    if (const std::string wrong = checked.at("wrong"); !wrong.empty()) {
        result_.rejected.push_back({candidate.name(), wrong});
        return {};
    }
    runners_.push_back(std::move(runner));
    return race_->enter(keep);
}

std::vector<int> StageTuner::enter_all(const std::vector<Candidate> &candidates, double share_of_budget) {
    std::vector<int> entered;
    for (const Candidate &candidate : candidates) {
        const double qualifying = 2 * cost_of_try_ * static_cast<double>(entered.size() + 3);
        const bool must =
            !candidate.generator.empty() || candidate.values == defaults_ || race_->challengers().empty();
        if (!must && race_->spent() + qualifying > share_of_budget * race_->budget()) {
            continue;
        }
        const bool is_default = candidate.generator.empty() && candidate.values == defaults_;
        if (const auto entrant = enter(candidate, is_default)) {
            entered.push_back(*entrant);
            if (is_default) {
                default_entrant_ = *entrant;
            }
        }
    }
    return entered;
}

// Candidates from beside the grid, the defaults, and what differs from them in one tunable.
std::vector<Candidate> StageTuner::single_steps() const {
    std::vector<Candidate> candidates;
    if (const auto more = options_.more.find(stage_.name); more != options_.more.end()) {
        candidates = more->second;
    }
    for (const Values &values : grid_) {
        if (values != incumbent_.values && differences(values, defaults_) <= 1) {
            candidates.push_back({values});
        }
    }
    return candidates;
}

// What differs from the defaults in more, the most promising first: its steps one by one, multiplied.
std::vector<Candidate> StageTuner::combinations() const {
    std::map<Values, double> times;
    for (std::size_t i = 0; i < runners_.size(); i++) {
        if (i != Race::twin && runners_[i].candidate.generator.empty()) {
            times[runners_[i].candidate.values] = race_->time_of(static_cast<int>(i));
        }
    }
    const double default_time = times[defaults_];
    std::vector<std::pair<double, Values>> promising;
    for (const Values &values : grid_) {
        if (values == incumbent_.values || differences(values, defaults_) < 2) {
            continue;
        }
        double expected = 1;
        for (const auto &[name, value] : values) {
            Values step = defaults_;
            step[name] = value;
            const auto tried = times.find(step);
            expected *=
                tried != times.end() && tried->second > 0 ? tried->second / default_time : unknown_step;
        }
        if (expected < hopeless) {
            promising.emplace_back(expected, values);
        }
    }
    std::stable_sort(promising.begin(), promising.end(),
                     [](const auto &a, const auto &b) { return a.first < b.first; });
    std::vector<Candidate> candidates;
    for (const auto &[expected, values] : promising) {
        candidates.push_back({values});
    }
    return candidates;
}

StageResult StageTuner::run(double budget_seconds, double share_before, double share_after) {
    share_before_ = share_before;
    share_after_ = share_after;
    weigh();
    grid_ = grid(stage_.tunables, {in_, options_.target, problem().extents, problem().other_tasks,
                                   options_.threads, private_caches()});
    const auto measure = [this](int entrant, int index) {
        return time(runners_[entrant == Race::twin ? Race::incumbent : entrant],
                    entrant == Race::twin ? "twin" : "try", index);
    };
    race_.emplace(measure, budget_seconds, command::processors());
    race_->charge(check(runners_[0]).at("seconds").get<double>() + cost_of_try_);
    race_->qualify(enter_all(single_steps(), single_share));
    race_->qualify(enter_all(combinations(), combination_share));
    race_->halve();
    conclude(race_->finish());
    return std::move(result_);
}

double StageTuner::peak_flops() {
    const Journal::Key key{stage_.name, "peak", "", 0};
    const nlohmann::json *result = journal_.find(key);
    if (!result) {
        double peak = 0;
        for (int i = 0; i < 3; i++) {
            report("measuring the peak");
            peak = std::max(peak, command::measure_peak(options_.threads));
        }
        result = &journal_.add(key, {{"flops", peak}});
    }
    see(*result);
    return result->at("flops");
}

void StageTuner::conclude(const Race::Result &outcome) {
    const std::vector<double> &times = outcome.final_times;
    result_.old_values = incumbent_.values;
    result_.new_values = runners_[outcome.winner].candidate.values;
    result_.old_ms = std::min(times[Race::incumbent], times[Race::twin]);
    result_.new_ms = outcome.winner == Race::incumbent ? result_.old_ms : times[outcome.winner];
    result_.default_ms = default_entrant_ == Race::incumbent ? result_.old_ms : times[default_entrant_];
    result_.gain = outcome.gain;
    result_.noise = outcome.noise;
    result_.others = outcome.others;
    result_.trusted = outcome.is_trusted();
    if (!result_.trusted) {
        result_.note += (result_.note.empty() ? "" : "\n  ") + untrusted(outcome.others);
    }
    result_.known = static_cast<int>(grid_.size());
    result_.tried = static_cast<int>(runners_.size()) - 1;
    const cases::Work work = problem().stage->work();
    if (work.flop > 0 && result_.new_ms > 0) {
        const double flops = work.flop / result_.new_ms * 1e3;
        result_.gflops = flops / 1e9;
        result_.peak_percent = 100 * flops / (peak_flops() * work.step);
    }
}

}  // namespace vit::autotune
