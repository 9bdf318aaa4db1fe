// What the autotuner chooses from, and how it chooses.
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/autotune/candidates.h"
#include "apps/autotune/race.h"
#include "schedules/layer_norm.h"
#include "schedules/linear.h"

namespace vit::test {
namespace {

using namespace autotune;
using testing::ElementsAre;
using testing::HasSubstr;

// Candidates.

const std::vector<Tunable> linear_tunables = tunables_of<LinearTuning>();

Circumstances circumstances() {
    Circumstances c;
    c.extents = {{"panels_per_task", {48, 48 << 10}}, {"tiles_per_task", {33, 18 << 10}}};
    c.threads = 2;
    c.caches = {32 << 10, 512 << 10};
    return c;
}

TEST(CandidatesTest, tunables_are_those_of_the_struct) {
    const Values defaults = defaults_of(tunables_of<LayerNormTuning>());
    ASSERT_EQ(defaults.size(), 1u);
    EXPECT_EQ(defaults.begin()->first, "tiles_per_task");
    const Tunable tunable = tunables_of<LayerNormTuning>()[0];
    EXPECT_EQ(tunable.low, 1);
    EXPECT_EQ(tunable.high, 256);
    EXPECT_GE(tunable.value, tunable.low);
    EXPECT_LE(tunable.value, tunable.high);
}

TEST(CandidatesTest, values_are_equal_shares_and_fill_caches) {
    const Tunable panels{"panels_per_task", 4, 1, 64};
    // Of 48: 1, 1/48, ..., 1/2, all; 5 panels of 48 KiB fill half of 512 KiB.
    EXPECT_THAT(values_of(panels, circumstances()), ElementsAre(1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 48));
    const Tunable unroll{"k_unroll", 8, 1, 16};
    EXPECT_THAT(values_of(unroll, circumstances()), ElementsAre(1, 2, 4, 8));
    const Tunable other{"prefetch", 0, 0, 3};
    EXPECT_THAT(values_of(other, circumstances()), ElementsAre(0, 1, 2, 3));
    const Tunable far{"distance", 5, 0, 16};
    EXPECT_THAT(values_of(far, circumstances()), ElementsAre(0, 1, 2, 3, 4, 5, 6, 8, 12, 16));
}

TEST(CandidatesTest, the_grid_begins_with_the_defaults_and_goes_outwards) {
    const std::vector<Values> all = grid(linear_tunables, circumstances());
    const Values defaults = defaults_of(linear_tunables);
    ASSERT_GT(all.size(), 50u);
    EXPECT_EQ(all[0], defaults);
    for (std::size_t i = 1; i < all.size(); i++) {
        EXPECT_LE(differences(all[i - 1], defaults), differences(all[i], defaults));
        EXPECT_EQ(problem_with(all[i], linear_tunables), "");
    }
    EXPECT_EQ(std::set<Values>(all.begin(), all.end()).size(), all.size()) << "a candidate is there twice";
}

TEST(CandidatesTest, tasks_that_keep_threads_idle_are_left_out) {
    const std::vector<Tunable> panels{{"panels_per_task", 4, 1, 64}};
    Circumstances c;
    c.extents = {{"panels_per_task", {48, 0}}};
    c.threads = 2;
    for (const Values &values : grid(panels, c)) EXPECT_NE(values.at("panels_per_task"), 48);
    c.threads = 1;
    EXPECT_THAT(grid(panels, c), testing::Contains(Values{{"panels_per_task", 48}}));
}

TEST(CandidatesTest, wrong_values_are_named) {
    EXPECT_THAT(problem_with({{"k_unroll", 0}}, linear_tunables), HasSubstr("k_unroll is 0"));
    EXPECT_THAT(problem_with({{"unroll", 1}}, linear_tunables), HasSubstr("no tunable unroll"));
    EXPECT_EQ(problem_with({{"k_unroll", 4}}, linear_tunables), "");
}

// The race.

// Entrants with a true time and noise that only ever adds to it, which is the same from test to test.
struct Track {
    std::vector<double> true_times;  // by entrant
    double noise = 0.02;
    std::vector<int> order = {};
    std::uint32_t state = 1;

    Race::Measure measure() {
        return [this](int entrant, int) {
            order.push_back(entrant);
            state = state * 1664525 + 1013904223;
            const double uniform = (state >> 8) * 0x1p-24;
            return Try{true_times[entrant] * (1 + noise * uniform * uniform), 0.02};
        };
    }
};

TEST(RaceTest, the_score_is_the_median_of_the_faster_half) {
    EXPECT_EQ(score({}), 0);
    EXPECT_EQ(score({3}), 3);
    EXPECT_EQ(score({9, 1, 2, 100, 3, 50}), 2);
    EXPECT_EQ(score({1, 2, 3, 4, 99, 99, 99}), 2.5);
}

TEST(RaceTest, the_fastest_wins) {
    Track track{{10, 10, 11, 9.8, 8, 9, 30, 8.5, 10, 12, 10}};
    Race race(track.measure(), 60);
    for (std::size_t i = 2; i < track.true_times.size(); i++) race.enter();
    race.qualify(race.challengers());
    EXPECT_THAT(race.challengers(), testing::Not(testing::Contains(6))) << "thrice as slow as the best";
    race.halve();
    EXPECT_LE(race.challengers().size(), 3u);
    const Race::Result result = race.finish();
    EXPECT_EQ(result.winner, 4);
    EXPECT_NEAR(result.gain, 0.2, 0.02);
    EXPECT_LT(race.spent(), 61);
}

TEST(RaceTest, nobody_runs_twice_in_a_row) {
    for (const int challengers : {1, 2, 3, 4, 9}) {
        Track track{std::vector<double>(challengers + 2, 10)};
        Race race(track.measure(), 20);
        for (int i = 0; i < challengers; i++) race.enter();
        race.qualify(race.challengers());
        race.halve();
        race.finish();
        int previous = -1;
        for (const int entrant : track.order) {
            const int code = entrant == Race::twin ? Race::incumbent : entrant;
            ASSERT_NE(code, previous) << challengers << " challengers";
            previous = code;
        }
    }
}

// The best of three finalists that are as fast as the incumbent is somewhat faster in almost every race. The
// noise of a race is the largest of six differences like that, so that few of them count as wins.
TEST(RaceTest, a_win_within_the_noise_is_none) {
    int wins = 0;
    for (std::uint32_t seed = 1; seed <= 200; seed++) {
        Track track{{10, 10, 10, 10, 10, 10}, 0.1, {}, seed};
        Race race(track.measure(), 10);
        for (int i = 0; i < 4; i++) race.enter();
        race.qualify(race.challengers());
        race.halve();
        wins += race.finish().winner != Race::incumbent;
    }
    EXPECT_LE(wins, 20);
}

TEST(RaceTest, who_is_kept_races_to_the_end) {
    Track track{{10, 10, 40, 9, 9, 9, 9, 9}};
    Race race(track.measure(), 20);
    const int kept = race.enter(true);
    for (int i = 0; i < 5; i++) race.enter();
    race.qualify(race.challengers());
    race.halve();
    EXPECT_GT(race.finish().final_times[kept], 39);
}

TEST(RaceTest, nobody_to_race_against) {
    Track track{{10, 10}};
    Race race(track.measure(), 20);
    race.qualify({});
    race.halve();
    EXPECT_EQ(race.finish().winner, Race::incumbent);
}

}  // namespace
}  // namespace vit::test
