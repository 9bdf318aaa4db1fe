// What the autotuner chooses from, and how it chooses.
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/autotune/candidates.h"
#include "apps/autotune/race.h"
#include "schedules/layer_norm.h"
#include "schedules/linear.h"
#include "schedules/preprocess.h"

namespace vit::test {
namespace {

using namespace autotune;
using testing::ElementsAre;
using testing::HasSubstr;

// Candidates.

const Tunables linear_tunables = tunables_of<LinearTuning>();
const Layout layout{8, 6, 16};
const Halide::Target fused("x86-64-linux-sse41-avx-avx2-f16c-fma"), not_fused("x86-64-linux-sse41");

Circumstances circumstances() {
    Circumstances c{layout, fused};
    c.extents = {{Of::panels, {48, 48 << 10}}, {Of::tiles, {33, 18 << 10}}};
    c.threads = 2;
    c.caches = {32 << 10, 512 << 10};
    return c;
}

TEST(CandidatesTest, tunables_are_those_of_the_struct) {
    EXPECT_EQ(defaults_of(tunables_of<LayerNormTuning>(), layout, fused), (Values{{"tiles_per_task", 4}}));
    EXPECT_THAT(tunables_of<LayerNormTuning>()[0]->extremes(layout, fused), ElementsAre(1, 256));
    EXPECT_EQ(defaults_of(linear_tunables, layout, fused),
              (Values{{"k_unroll", 8}, {"panels_per_task", 1}, {"tiles_per_task", 48}}));
    struct Stranger {
        Halide::GeneratorParam<int> number{"number", 1};
    };
    EXPECT_THROW(tunables_of<Stranger>(), std::logic_error);
}

TEST(CandidatesTest, values_are_equal_shares_and_fill_caches) {
    const TaskShare panels("of_a_task", 4, 1, 64, Of::panels);
    // Of 48: 1, 1/48, ..., 1/2, all; 5 panels of 48 KiB fill half of 512 KiB.
    EXPECT_THAT(panels.candidates(circumstances()), ElementsAre(1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 48));
    const Count other("prefetch", 0, 0, 3);
    EXPECT_THAT(other.candidates(circumstances()), ElementsAre(0, 1, 2, 3));
    const Count far("distance", 5, 0, 16);
    EXPECT_THAT(far.candidates(circumstances()), ElementsAre(0, 1, 2, 3, 4, 5, 6, 8, 12, 16));
}

TEST(CandidatesTest, a_share_of_what_nobody_counted_is_an_error) {
    const TaskShare rows("of_a_task", 4, 1, 64, Of::rows);
    EXPECT_THROW(rows.candidates(circumstances()), std::logic_error);
    EXPECT_THROW(grid(tunables_of<PreprocessTuning>(), circumstances()), std::logic_error);
}

TEST(CandidatesTest, only_what_divides_is_tried) {
    const Unroll of_chunk("steps", 8, 16, Steps::lanes_of_chunk);
    const Unroll of_tile("steps", 4, 16, Steps::tokens_of_tile);
    EXPECT_THAT(of_chunk.candidates(circumstances()), ElementsAre(1, 2, 4, 8));
    EXPECT_THAT(of_tile.candidates(circumstances()), ElementsAre(1, 2, 3, 6));
    EXPECT_EQ(of_tile.default_on(layout, fused), 3) << "the largest divisor of 6 up to 4";
    EXPECT_THAT(of_tile.problem_with(4, layout, fused), HasSubstr("is 4, which does not divide the 6"));
    EXPECT_THAT(of_tile.problem_with(17, layout, fused), HasSubstr("outside 0 to 16"));
    EXPECT_EQ(of_tile.problem_with(6, layout, fused), "");
    EXPECT_THAT(of_chunk.candidates({layout, not_fused}), ElementsAre(1));
    EXPECT_EQ(of_chunk.default_on(layout, not_fused), 1);
    EXPECT_THAT(of_chunk.problem_with(8, layout, not_fused), HasSubstr("steps is 8"));
}

TEST(CandidatesTest, the_grid_begins_with_the_defaults_and_goes_outwards) {
    const std::vector<Values> all = grid(linear_tunables, circumstances());
    const Values defaults = defaults_of(linear_tunables, layout, fused);
    ASSERT_GT(all.size(), 50u);
    EXPECT_EQ(all[0], defaults);
    for (std::size_t i = 1; i < all.size(); i++) {
        EXPECT_LE(differences(all[i - 1], defaults), differences(all[i], defaults));
        EXPECT_EQ(problem_with(all[i], linear_tunables, layout, fused), "");
    }
    EXPECT_EQ(std::set<Values>(all.begin(), all.end()).size(), all.size()) << "a candidate is there twice";
}

TEST(CandidatesTest, tasks_that_keep_threads_idle_are_left_out) {
    const Tunables panels{std::make_shared<TaskShare>("panels_per_task", 4, 1, 64, Of::panels)};
    Circumstances c{layout, fused};
    c.extents = {{Of::panels, {48, 0}}};
    c.threads = 2;
    for (const Values &values : grid(panels, c)) EXPECT_NE(values.at("panels_per_task"), 48);
    c.threads = 1;
    EXPECT_THAT(grid(panels, c), testing::Contains(Values{{"panels_per_task", 48}}));
}

TEST(CandidatesTest, wrong_values_are_named) {
    const auto problem = [](const Values &values) {
        return problem_with(values, linear_tunables, layout, fused);
    };
    EXPECT_THAT(problem({{"panels_per_task", 0}}), HasSubstr("panels_per_task is 0"));
    EXPECT_THAT(problem({{"k_unroll", 6}}), HasSubstr("k_unroll is 6"));
    EXPECT_THAT(problem({{"unroll", 1}}), HasSubstr("no tunable unroll"));
    EXPECT_EQ(problem({{"k_unroll", 4}}), "");
}

// The race.

// Entrants with a true time and noise that only ever adds to it, which is the same from test to test.
struct Track {
    std::vector<double> true_times;  // by entrant
    double noise = 0.02;
    std::vector<int> order = {};
    std::uint32_t state = 1;
    double others = 0;  // processors that they keep busy

    Race::Measure measure() {
        return [this](int entrant, int) {
            order.push_back(entrant);
            state = state * 1664525 + 1013904223;
            const double uniform = (state >> 8) * 0x1p-24;
            return Try{true_times[entrant] * (1 + noise * uniform * uniform), 0.02, 0.02 * others, 0.02};
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

// Others that keep half of a machine busy decide more than a schedule does.
TEST(RaceTest, nobody_wins_on_a_busy_machine) {
    for (const auto &[others, processors, trusted] :
         {std::tuple{1.0, 2, false}, {0.11, 2, false}, {0.09, 2, true}, {1.0, 64, true}, {-0.2, 2, true}}) {
        Track track{{10, 10, 8, 9}};
        track.others = others;
        Race race(track.measure(), 20, processors);
        race.enter();
        race.enter();
        race.qualify(race.challengers());
        race.halve();
        const Race::Result result = race.finish();
        EXPECT_EQ(result.is_trusted(), trusted) << others << " of " << processors;
        EXPECT_EQ(result.winner, trusted ? 2 : Race::incumbent) << others << " of " << processors;
        EXPECT_NEAR(result.others, std::max(0.0, others / processors), 1e-9);
    }
}

// Who was there before the final is no matter: its tries alone decide.
TEST(RaceTest, a_quiet_final_is_trusted) {
    Track track{{10, 10, 8, 9, 9, 9, 9, 9}};
    track.others = 1;
    Race race(track.measure(), 20);
    for (int i = 0; i < 6; i++) race.enter();
    race.qualify(race.challengers());
    race.halve();
    track.others = 0;
    EXPECT_EQ(race.finish().winner, 2);
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
