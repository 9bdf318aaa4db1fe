// Who is the fastest, and is the difference real: the policy of the autotuner, apart from compilers and
// clocks.
//
// Entrant 0 is the incumbent, entrant 1 its twin: the same code, so what tells them apart is noise.
// Challengers follow.
//   rounds      Each entrant has one try a round, in an order that is shuffled anew; the incumbent and its
//               twin half a round apart. So none runs twice in a row, with caches that are warm already, and
//               slow stretches of the machine meet all alike.
//   score       The median of the faster half of an entrant's tries: other programs only ever make a try
//               slower, and the single fastest one may be luck.
//   qualifying  Two rounds; who is more than a quarter slower than the best is out.
//   halving     The slower half leaves, again and again, until three are left, with as many rounds as there
//               is time for.
//   final       Rounds of its own, of which alone the result is made: what brought a challenger here was
//               partly luck.
//   noise       The largest difference between scores of the same code in the final: the incumbent's against
//               its twin's, and those of even rounds against those of odd ones, of everybody.
//   winner      The best challenger, if it is faster than the incumbent and its twin by more than the noise.
//   trust       Where others took more than most_others of the processors' time in the final, nobody wins:
//               they slow the tries down by more than the scores differ, and not all of them alike.
// The race has no clock but the tries' own costs, so one that is replayed from its tries takes the same
// decisions.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace vit::autotune {

// The median of the faster half.
double score(std::vector<double> times);

struct Try {
    double milliseconds;  // of one call
    double seconds;       // that the try took altogether
    double others = 0;    // seconds of all processors together that went to others meanwhile,
    double watched = 0;   // of so many seconds of the clock
};

class Race {
public:
    // Try number `index`, from 0, of an entrant. What it throws passes through.
    using Measure = std::function<Try(int entrant, int index)>;
    static constexpr int incumbent = 0, twin = 1;

    static constexpr double most_others = 0.05;

    Race(Measure measure, double budget_seconds, int processors = 1)
        : measure_(std::move(measure)), budget_(budget_seconds), processors_(processors), entrants_(2) {}

    // Enters a challenger and returns its number. One that is kept races to the end, whatever its times.
    int enter(bool keep = false);
    // Time that went into other things, such as compiling.
    void charge(double seconds) { spent_ += seconds; }

    // Two rounds of these challengers with the incumbent.
    void qualify(const std::vector<int> &challengers);
    void halve();

    struct Result {
        int winner;                       // 0: the incumbent stays
        double gain;                      // of the best challenger, a share of the incumbent's time
        double noise;                     // likewise
        std::vector<double> final_times;  // by entrant; 0 for who was not in the final
        double others = 0;                // share of the processors' time in the final, or in all rounds

        bool is_trusted() const { return others <= most_others; }
    };
    Result finish();

    double spent() const { return spent_; }
    double budget() const { return budget_; }
    // Of all tries so far; 0 if there was none.
    double time_of(int entrant) const;
    // Challengers that are still in the race.
    std::vector<int> challengers() const;

private:
    struct Entrant {
        std::vector<double> times;
        bool out = false, keep = false;
    };

    std::vector<int> line_up(std::vector<int> challengers);
    double run_round(const std::vector<int> &challengers);  // what it cost
    void drop_slower_than(double milliseconds, const std::vector<int> &challengers);
    int rounds_in(double seconds, double cost_of_round, int least, int most) const;

    Measure measure_;
    // What others took since the tries began or since the final did.
    double share_of_others() const;

    double budget_, spent_ = 0, last_cost_ = 0;  // seconds; the last one of a round, for one entrant
    int processors_;
    double watched_ = 0, others_ = 0;
    std::uint64_t rounds_ = 0;
    std::vector<Entrant> entrants_;
};

}  // namespace vit::autotune
