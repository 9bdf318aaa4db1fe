// What the cases of all stages (tests/cases) are made of.
#include <climits>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cases/comparison.h"
#include "tests/cases/floats.h"
#include "tests/cases/random.h"
#include "tests/cases/tiles.h"

namespace vit::test {
namespace {

using namespace cases;
using testing::HasSubstr;

TEST(FloatsTest, what_is_written_outside_is_found) {
    Floats floats(5);
    EXPECT_TRUE(std::isnan(floats[0]));
    for (int i = 0; i < 5; i++) floats[i] = 1;
    EXPECT_EQ(floats.written_outside(), "");
    floats.data()[5] = 0;
    EXPECT_EQ(floats.written_outside(), "written 0 values past a buffer");
    floats.data()[5] = NAN;
    floats.data()[-3] = 0;
    EXPECT_EQ(floats.written_outside(), "written 3 values before a buffer");
}

TEST(ColdCopiesTest, copies_are_alike_and_apart) {
    ColdCopies copies(40, 3);
    ASSERT_EQ(copies.count(), 3);
    copies.copy(0)[39] = 7;
    copies.repeat();
    EXPECT_EQ(copies.copy(2)[39], 7);
    EXPECT_GE(copies.copy(1) - copies.copy(0), 40);
    EXPECT_EQ(copies.copy(3), copies.copy(0));
    EXPECT_EQ(ColdCopies(std::size_t{1} << 25, 3).count(), 2) << "256 MiB";
}

TEST(CaseComparisonTest, says_what_is_wrong) {
    cases::Comparison comparison("y");
    EXPECT_EQ(comparison.text(), "y: nothing was compared");
    comparison.add({0}, 1, 1.125, 0.125);
    EXPECT_THAT(comparison.text(), HasSubstr("the tolerance hides the signal"));
    for (int i = 1; i < 20; i++) comparison.add({i}, 1, 1, 0);
    EXPECT_EQ(comparison.text(), "");
    comparison.add({3, 4}, 1, 1.25, 0.125);
    EXPECT_THAT(comparison.text(), HasSubstr("1 are wrong, the worst at (3, 4): expected 1, actual 1.25"));
    comparison.add({5, 6}, 1, NAN, 0.125);
    EXPECT_THAT(comparison.text(), HasSubstr("2 are wrong, the worst at (5, 6)"));
}

TEST(CaseRandomTest, samples_are_spread_from_the_first_to_the_last) {
    cases::Random random(1);
    for (const auto &[count, most] : {std::pair{1, 5}, {5, 5}, {5, INT_MAX}, {100, 2}, {100, 3}, {100, 12},
                                      {100, 99}, {1000, 64}}) {
        const std::vector<int> sample = random.sample(count, most);
        ASSERT_EQ(sample.size(), static_cast<std::size_t>(std::min(count, most)));
        EXPECT_EQ(sample.front(), 0);
        EXPECT_EQ(sample.back(), count - 1);
        const int stretch = most > 2 ? (count - 2) / (most - 2) + 1 : count;  // that has one of them
        for (std::size_t i = 1; i < sample.size(); i++) {
            EXPECT_LT(sample[i - 1], sample[i]);
            EXPECT_LT(sample[i] - sample[i - 1], 2 * stretch) << count << ", " << most;
        }
    }
}

TEST(TilesTest, every_value_has_a_place_of_its_own) {
    const Layout blocks{4, 3, 8};
    Tiles tiles(blocks, 5, 10, 2);
    std::set<std::size_t> offsets;
    for (int b = 0; b < 2; b++) {
        for (int t = 0; t < tiles.padded_tokens(); t++) {
            for (int c = 0; c < tiles.padded_channels(); c++) offsets.insert(tiles.offset(b, t, c));
        }
    }
    EXPECT_EQ(offsets.size(), tiles.values.size());
    EXPECT_EQ(*offsets.rbegin(), tiles.values.size() - 1);
    EXPECT_THAT(tiles.not_finite(), HasSubstr("never written"));
    tiles.fill(std::vector<float>(2 * 5 * 10, 1), garbage, 0);
    EXPECT_EQ(tiles.not_finite(), "");
    EXPECT_EQ(tiles.pads_not_zero(), "");
    tiles.at(1, 2, 10) = 1;
    EXPECT_THAT(tiles.pads_not_zero(), HasSubstr("pad (10, 2, 1)"));
}

}  // namespace
}  // namespace vit::test
