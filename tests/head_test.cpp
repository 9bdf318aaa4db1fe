// The stage head against its reference: every kind of score, shape and way to compile it.
#include <gtest/gtest.h>

#include "runtime/backend/buffer.h"
#include "tests/reference/head.h"
#include "tests/reference/layer_norm.h"
#include "tests/support/comparison.h"
#include "tests/support/layer_norm_error.h"
#include "tests/support/random.h"
#include "tests/support/stage.h"
#include "tests/support/tiles.h"

namespace vit::test {
namespace {

struct Shape {
    const char *name;
    int tokens, channels, labels, batch;

    friend void PrintTo(const Shape &shape, std::ostream *out) { *out << shape.name; }
};

// Widths that no vector divides: some end in the first chunk of their last panel, some (45, 109) in its
// last.
const Shape awkward_shapes[] = {
    {"1_token_36_to_10", 1, 36, 10, 1},
    {"2_tokens_109_to_1", 2, 109, 1, 1},
    {"5_tokens_130_to_17_batch_3", 5, 130, 17, 3},
    {"13_tokens_7_to_2", 13, 7, 2, 1},
    {"197_tokens_45_to_1000_batch_3", 197, 45, 1000, 3},
};

const Shape model_shapes[] = {
    {"vit_ti16", 197, 192, 1000, 1},
    {"vit_b16_batch_3", 197, 768, 1000, 3},
    {"vit_l16_imagenet_21k", 197, 1024, 21843, 1},
    {"vit_h14", 257, 1280, 1000, 1},
};

constexpr float epsilon = 1e-6f;

// A classifier's buffers, filled, and what they must become.
struct Classifier {
    Shape shape;
    std::vector<float> z_rows, gamma_values, beta_values, weight_rows, bias_values;
    Floats logits, scores;  // [n, b], n padded
    int padded_labels;
    std::vector<std::vector<double>> exact_logits, logit_tolerance;  // [b][n]

    // Logits are about within 5 of the offset.
    Classifier(const Variant &variant, const Shape &shape, const char *kernel, float offset)
        : shape(shape),
          logits(static_cast<std::size_t>(shape.batch) * round_up(shape.labels, variant.blocks.panel)),
          scores(logits.size()),
          padded_labels(round_up(shape.labels, variant.blocks.panel)) {
        Random random;
        const int width = shape.channels;
        z_rows = random.uniforms(static_cast<std::size_t>(shape.batch) * shape.tokens * width, -2, 3);
        gamma_values = random.uniforms(width, 0.5f, 1.5f);
        beta_values = random.uniforms(width, -1, 1);
        const float weight = 3 / std::sqrt(static_cast<float>(width));
        weight_rows = random.uniforms(static_cast<std::size_t>(shape.labels) * width, -weight, weight);
        bias_values = random.uniforms(shape.labels, offset - 1, offset + 1);

        Tiles z(variant.blocks, shape.tokens, width, shape.batch);
        z.fill(z_rows, garbage, 0);
        Floats gamma(padded(variant.blocks, gamma_values)), beta(padded(variant.blocks, beta_values));
        Panels weights(variant.blocks, weight_rows, width, shape.labels);
        Floats bias(padded(variant.blocks, bias_values));
        FloatView<5> z_view(z.values.data(),
                            {z.blocks.lanes, z.blocks.token_tile, z.chunks, z.tiles, shape.batch});
        FloatView<1> gamma_view(gamma.data(), {z.padded_channels()}),
            beta_view(beta.data(), {z.padded_channels()});
        FloatView<3> weights_view(weights.values.data(), {z.blocks.panel, weights.inputs, weights.panels});
        FloatView<1> bias_view(bias.data(), {padded_labels});
        FloatView<2> logits_view(logits.data(), {padded_labels, shape.batch});
        FloatView<2> scores_view(scores.data(), {padded_labels, shape.batch});
        kernel_of(variant, kernel)(z_view, gamma_view, beta_view, weights_view,
                                                             bias_view, width, shape.labels, epsilon,
                                                             logits_view, scores_view);
        compute_exact();
    }

    // The logits see the errors of the normalized features, weighted, and those of their own sum.
    void compute_exact() {
        const int width = shape.channels;
        for (int b = 0; b < shape.batch; b++) {
            const float *token = &z_rows[static_cast<std::size_t>(b) * shape.tokens * width];
            const auto feature =
                reference::layer_norm(token, gamma_values.data(), beta_values.data(), width, epsilon);
            const LayerNormError error(token, width, epsilon, feature);
            std::vector<double> feature_error;
            for (int c = 0; c < width; c++) {
                feature_error.push_back(error.of(token[c], gamma_values[c], epsilon, feature, feature.y[c]));
            }
            exact_logits.emplace_back();
            logit_tolerance.emplace_back();
            for (int n = 0; n < shape.labels; n++) {
                const float *weight = &weight_rows[static_cast<std::size_t>(n) * width];
                double logit = bias_values[n], magnitude = std::abs(bias_values[n]), from_features = 0;
                for (int c = 0; c < width; c++) {
                    logit += feature.y[c] * weight[c];
                    magnitude += std::abs(feature.y[c] * weight[c]);
                    from_features += feature_error[c] * std::abs(weight[c]);
                }
                exact_logits[b].push_back(logit);
                logit_tolerance[b].push_back(sum_error(width + 1) * magnitude + from_features);
            }
        }
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
        const Classifier head(variant(), shape(), "head/softmax", offset);
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
    const Classifier head(variant(), shape(), "head/sigmoid", 0);
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
    const Classifier head(variant(), shape(), "head/identity", 0);
    head.expect_logits();
    for (int b = 0; b < shape().batch; b++) {
        for (int n = 0; n < shape().labels; n++) ASSERT_EQ(head.score(b, n), head.logit(b, n));
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
