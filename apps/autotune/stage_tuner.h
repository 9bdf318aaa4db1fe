// One stage's race: what is compiled, checked and timed when.
#pragma once

#include <optional>

#include "apps/autotune/journal.h"
#include "apps/autotune/kernel.h"
#include "apps/autotune/race.h"
#include "apps/autotune/tuner.h"

namespace vit::autotune {

class StageTuner {
public:
    // blocks follow from layout, which, like incumbent, is what the tuned file has. Borrows everything.
    StageTuner(const Options &options, const Callbacks &callbacks, const Stage &stage, const Values &layout,
               const Layout &blocks, const Values &incumbent, Journal &journal, CallContext &context);

    // Milliseconds that the stage takes of a pass through the model, roughly.
    double weigh();
    // The race. share_before and share_after say how far that takes the whole run.
    StageResult run(double budget_seconds, double share_before, double share_after);

private:
    struct Runner {
        Candidate candidate;
        std::optional<Halide::Callable> kernel = {};  // compiled when it is first needed
    };

    Problem &problem();
    const Halide::Callable &kernel_of(Runner &runner);
    // Compiles, calls and compares it with the reference, or knows from the journal what came of that.
    nlohmann::json check(Runner &runner);
    Try time(Runner &runner, const std::string &kind, int index);

    void choose_incumbent();
    // Checks the candidate and, if it is right, enters it into the race.
    std::optional<int> enter(const Candidate &candidate, bool keep = false);
    // Enters candidates in their order, until checking and qualifying them would take this share of the
    // budget.
    std::vector<int> enter_all(const std::vector<Candidate> &candidates, double share_of_budget);
    std::vector<Candidate> single_steps() const;
    std::vector<Candidate> combinations() const;
    void conclude(const Race::Result &outcome);
    double peak_flops();

    void see(const nlohmann::json &result);
    void report(const std::string &doing);

    const Options &options_;
    const Callbacks &callbacks_;
    const Stage &stage_;
    Values layout_;
    Layout blocks_;
    Layout in_;  // these
    Values defaults_;
    Candidate incumbent_;
    Journal &journal_;
    CallContext &context_;
    std::optional<Problem> problem_;  // made when it is first needed
    std::vector<Values> grid_;
    std::optional<Race> race_;
    std::vector<Runner> runners_;  // by entrant; the twin's is not used
    int default_entrant_ = Race::incumbent;
    double cost_of_try_ = 0;  // seconds
    double share_before_ = 0, share_after_ = 1;
    int next_copy_ = 0;
    StageResult result_;
};

}  // namespace vit::autotune
