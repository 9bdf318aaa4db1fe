// The stage head against its reference: every kind of score, shape and way to compile it.
#include <gtest/gtest.h>

#include "runtime/backend/buffer.h"
#include "tests/reference/head.h"
#include "tests/reference/linear.h"
#include "tests/support/comparison.h"
#include "tests/support/random.h"
#include "tests/support/stage.h"
#include "tests/support/tiles.h"
#include "tests/support/tolerance.h"

namespace vit::test {
namespace {

struct Shape {
    const char *name;
    int tokens, features, channels, labels, batch;

    friend void PrintTo(const Shape &shape, std::ostream *out) { *out << shape.name; }
};

// Widths that no vector divides: some end in the first chunk of their last panel, some (45, 109) in its
// last.
const Shape awkward_shapes[] = {
    {"1_token_36_to_10", 1, 1, 36, 10, 1},
    {"2_tokens_109_to_1", 2, 1, 109, 1, 1},
    {"5_tokens_2_features_130_to_17_batch_3", 5, 2, 130, 17, 3},
    {"13_tokens_13_features_7_to_2", 13, 13, 7, 2, 1},
    {"197_tokens_45_to_1000_batch_3", 197, 1, 45, 1000, 3},
};

const Shape model_shapes[] = {
    {"vit_ti16", 197, 1, 192, 1000, 1},
    {"vit_b16_batch_3", 197, 1, 768, 1000, 3},
    {"vit_b16_class_token_beside_mean", 197, 2, 768, 1000, 1},
    {"vit_l16_imagenet_21k", 197, 1, 1024, 21843, 1},
    {"vit_h14", 257, 1, 1280, 1000, 1},
};

// A classifier's buffers, filled, and what they must become.
struct Classifier {
    Shape shape;
    std::vector<float> token_rows, weight_rows, bias_values;  // [b][t][c], [n][f][c], [n]
    Floats logits, scores;                                    // [n, b], n padded
    int padded_labels;
    std::vector<std::vector<double>> exact_logits, logit_tolerance;  // [b][n]

    // Logits are about within 5 of the offset.
    Classifier(const Variant &variant, const Shape &shape, float offset)
        : shape(shape),
          logits(static_cast<std::size_t>(shape.batch) * round_up(shape.labels, variant.blocks.panel)),
          scores(logits.size()),
          padded_labels(round_up(shape.labels, variant.blocks.panel)) {
        Random random;
        const std::size_t inputs = static_cast<std::size_t>(shape.features) * shape.channels;
        token_rows = random.uniforms(static_cast<std::size_t>(shape.batch) * shape.tokens * shape.channels,
                                     -1.7f, 1.7f);
        const float weight = 3 / std::sqrt(static_cast<float>(inputs));
        weight_rows = random.uniforms(shape.labels * inputs, -weight, weight);
        bias_values = random.uniforms(shape.labels, offset - 1, offset + 1);
    }

    void run(const Variant &variant, const char *kernel) {
        Tiles tokens(variant.blocks, shape.tokens, shape.channels, shape.batch);
        tokens.fill(token_rows, garbage, garbage);  // the weights of padded channels are zero
        const int width = tokens.padded_channels();
        Panels weights(variant.blocks, shape.features * width, shape.labels);
        for (int n = 0; n < shape.labels; n++) {
            for (int f = 0; f < shape.features; f++) {
                for (int c = 0; c < shape.channels; c++) {
                    weights.at(f * width + c, n) = weight_of(n, f)[c];
                }
            }
        }
        Floats bias(padded(variant.blocks, bias_values));
        FloatView<5> tokens_view(tokens.values.data(),
                                 {tokens.blocks.lanes, tokens.blocks.token_tile, tokens.chunks, tokens.tiles,
                                  shape.batch});
        FloatView<3> weights_view(weights.values.data(),
                                  {tokens.blocks.panel, weights.inputs, weights.panels});
        FloatView<1> bias_view(bias.data(), {padded_labels});
        FloatView<2> logits_view(logits.data(), {padded_labels, shape.batch});
        FloatView<2> scores_view(scores.data(), {padded_labels, shape.batch});
        kernel_of(variant, kernel)(tokens_view, weights_view, bias_view, shape.features, shape.labels,
                                   logits_view, scores_view);
        compute_exact();
    }

    void compute_exact() {
        for (int b = 0; b < shape.batch; b++) {
            exact_logits.emplace_back();
            logit_tolerance.emplace_back();
            for (int n = 0; n < shape.labels; n++) {
                double logit = bias_values[n], magnitude = std::abs(bias_values[n]);
                for (int f = 0; f < shape.features; f++) {
                    logit += reference::linear(token(b, f), weight_of(n, f), 0, shape.channels);
                    magnitude +=
                        reference::linear_magnitude(token(b, f), weight_of(n, f), 0, shape.channels);
                }
                exact_logits[b].push_back(logit);
                logit_tolerance[b].push_back(sum_error(shape.features * shape.channels + 1) * magnitude);
            }
        }
    }

    float *token(int b, int t) {
        return &token_rows[(static_cast<std::size_t>(b) * shape.tokens + t) * shape.channels];
    }
    float *weight_of(int n, int f) {
        return &weight_rows[(static_cast<std::size_t>(n) * shape.features + f) * shape.channels];
    }
    float logit(int b, int n) const { return logits[static_cast<std::size_t>(b) * padded_labels + n]; }
    float score(int b, int n) const { return scores[static_cast<std::size_t>(b) * padded_labels + n]; }

    void expect_logits() const {
        Comparison comparison("logits");
        for (int b = 0; b < shape.batch; b++) {
            for (int n = 0; n < shape.labels; n++) {
                comparison.add({b, n}, exact_logits[b][n], logit(b, n), logit_tolerance[b][n]);
            }
        }
    }
};

class HeadTest : public testing::TestWithParam<std::tuple<Variant, Shape>> {
protected:
    const Variant &variant() const { return std::get<0>(GetParam()); }
    const Shape &shape() const { return std::get<1>(GetParam()); }

    void test_softmax(float offset) {
        Classifier head(variant(), shape(), offset);
        head.run(variant(), "head/softmax");
        head.expect_logits();
        Comparison comparison("scores");
        for (int b = 0; b < shape().batch; b++) {
            const std::vector<double> &logits = head.exact_logits[b], exact = reference::softmax(logits);
            const double largest = *std::max_element(logits.begin(), logits.end());
            // An exponential is as far off, relatively, as its exponent is absolutely; their sum as they
            // are, weighted.
            const auto exponential_error = [&](int n) {
                return head.logit_tolerance[b][n] + unit * (largest - logits[n]) + exp_error;
            };
            double divisor = sum_error(shape().labels) + quotient_error;
            for (int n = 0; n < shape().labels; n++) divisor += exact[n] * exponential_error(n);
            for (int n = 0; n < shape().labels; n++) {
                comparison.add({b, n}, exact[n], head.score(b, n),
                               exact[n] * (exponential_error(n) + divisor));
            }
        }
    }
};

TEST_P(HeadTest, softmax) { test_softmax(0); }

// Padded labels have a logit of zero: beside logits that are all far below it they must not count.
TEST_P(HeadTest, softmax_far_below_the_pads) { test_softmax(-200); }

TEST_P(HeadTest, sigmoid) {
    Classifier head(variant(), shape(), 0);
    head.run(variant(), "head/sigmoid");
    head.expect_logits();
    Comparison comparison("scores");
    for (int b = 0; b < shape().batch; b++) {
        for (int n = 0; n < shape().labels; n++) {
            // The logistic function's slope is sigma (1 - sigma).
            const double exact = reference::sigmoid(head.exact_logits[b][n]);
            comparison.add({b, n}, exact, head.score(b, n),
                           exact * ((1 - exact) * head.logit_tolerance[b][n] + sigmoid_error));
        }
    }
}

TEST_P(HeadTest, identity) {
    Classifier head(variant(), shape(), 0);
    head.run(variant(), "head/identity");
    head.expect_logits();
    for (int b = 0; b < shape().batch; b++) {
        for (int n = 0; n < shape().labels; n++) ASSERT_EQ(head.score(b, n), head.logit(b, n));
    }
}

// What is not a number is not given a score: one such logit leaves a softmax none at all.
TEST_P(HeadTest, nan_stays_nan) {
    for (const char *kernel : {"head/softmax", "head/sigmoid", "head/identity"}) {
        SCOPED_TRACE(kernel);
        Classifier head(variant(), shape(), 0);
        const int first = 0, last = shape().labels - 1;
        head.weight_of(last, 0)[0] = NAN;
        head.run(variant(), kernel);
        for (int b = 0; b < shape().batch; b++) {
            ASSERT_TRUE(std::isnan(head.logit(b, last)));
            ASSERT_TRUE(std::isnan(head.score(b, last)));
            if (first != last) {
                ASSERT_FALSE(std::isnan(head.logit(b, first)));
                ASSERT_EQ(std::isnan(head.score(b, first)), kernel == std::string("head/softmax"));
            }
        }
    }
}

std::string name_of(const testing::TestParamInfo<std::tuple<Variant, Shape>> &info) {
    return std::get<0>(info.param).name + "_" + std::get<1>(info.param).name;
}

INSTANTIATE_TEST_SUITE_P(models, HeadTest,
                         testing::Combine(testing::ValuesIn(default_variants()),
                                          testing::ValuesIn(model_shapes)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(awkward, HeadTest,
                         testing::Combine(testing::ValuesIn(all_variants("head")),
                                          testing::ValuesIn(awkward_shapes)),
                         name_of);

}  // namespace
}  // namespace vit::test
