// The golden models through the checkpoint reader and the reference, without any compiled stage. When this
// passes and model_test does not, a stage is at fault; when both fail, the reader or the golden files are.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/checkpoint/checkpoint.h"
#include "tests/support/golden.h"
#include "tests/support/reference_vit.h"

namespace vit::test {
namespace {

class GoldenTest : public testing::TestWithParam<std::string> {};

TEST_P(GoldenTest, the_reference_gives_what_transformers_gives) {
    const auto checkpoint = read_checkpoint(GetParam());
    ASSERT_TRUE(checkpoint) << checkpoint.error().message;
    const reference::VisionTransformer vit = reference_vit(*checkpoint);
    const Golden golden(GetParam());
    // Both sides compute in float64, and the golden logits are rounded to float32 at the end. A hundredth
    // of that rounding is granted for float64's own errors (2^-52 times the lengths of some sums) and for
    // the reader's epsilon, whose rounding to float32 moves a variance by 2^-24 of at most a hundredth
    // (embedding_scale in tests/golden/configurations.py).
    const auto expect_near = [&](const float *pixels, const float *logits) {
        const std::vector<double> exact = reference::logits(vit, pixels);
        ASSERT_EQ(static_cast<int>(exact.size()), golden.labels());
        const double slack = 0.01 * 0x1p-24 * largest_magnitude(logits, golden.labels());
        for (int i = 0; i < golden.labels(); i++) {
            EXPECT_LE(std::abs(exact[i] - logits[i]), 0x1p-24 * std::abs(exact[i]) + slack) << "label " << i;
        }
    };
    for (int b = 0; b < golden.batch(); b++) expect_near(golden.pixels.item(b), golden.logits.item(b));
    expect_near(golden.picture_pixels.values.data(), golden.picture_logits.values.data());
}

INSTANTIATE_TEST_SUITE_P(models, GoldenTest, testing::ValuesIn(golden_directories(false)), golden_name);

}  // namespace
}  // namespace vit::test
