#include "tests/cases/head.h"

#include <algorithm>
#include <cmath>

#include "tests/cases/comparison.h"
#include "tests/cases/kernel_list.h"
#include "tests/cases/tolerance.h"
#include "tests/reference/head.h"
#include "tests/reference/linear.h"

namespace vit::cases {

using namespace tolerance;

HeadCase::HeadCase(const HeadShape &shape, const Layout &blocks, std::string kernel, float offset,
                   Random &random)
    : shape_(shape), kernel_(std::move(kernel)), kind_(kernel_row(kernel_).params.at("kind")),
      token_rows_(random.uniforms(static_cast<std::size_t>(shape.batch) * shape.tokens * shape.channels,
                                  -1.7f, 1.7f)),
      tokens_(blocks, shape.tokens, shape.channels, shape.batch),
      panels_(blocks, shape.features * tokens_.padded_channels(), shape.labels),
      weights_(panels_.floats() + panels_.outputs(), shape.layers),
      logits_(static_cast<std::size_t>(shape.batch) * panels_.outputs()), scores_(logits_.size()) {
    const std::size_t inputs = static_cast<std::size_t>(shape.features) * shape.channels;
    const float height = 3 / std::sqrt(static_cast<float>(inputs));
    weight_rows_ = random.uniforms(shape.labels * inputs, -height, height);
    bias_ = random.uniforms(shape.labels, offset - 1, offset + 1);
    tokens_.fill(token_rows_, garbage, garbage);  // the weights of padded channels are zero
    for (int n = 0; n < shape.labels; n++) {
        for (int f = 0; f < shape.features; f++) {
            for (int c = 0; c < shape.channels; c++) {
                weights_.copy(0)[panels_.offset(f * tokens_.padded_channels() + c, n)] =
                    weight_rows_[weight(n, f) + c];
            }
        }
    }
    std::copy(bias_.begin(), bias_.end(), weights_.copy(0) + panels_.floats());
    weights_.repeat();
}

void HeadCase::set_weight(int n, int f, int c, float value) {
    weight_rows_[weight(n, f) + c] = value;
    weights_.copy(0)[panels_.offset(f * tokens_.padded_channels() + c, n)] = value;
    weights_.repeat();
}

int HeadCase::call(const CalledKernel &kernel, int copy) {
    const float *weights = weights_.copy(copy);
    FloatView<1> bias(weights + panels_.floats(), {panels_.outputs()});
    FloatView<2> logits(logits_.data(), {panels_.outputs(), shape_.batch}),
        scores(scores_.data(), {panels_.outputs(), shape_.batch});
    return kernel(tokens_.view_of_images(), panels_.view(weights), bias, shape_.features, shape_.labels,
                  logits, scores);
}

void HeadCase::reset() {
    logits_.set(NAN);
    scores_.set(NAN);
}

void HeadCase::expect() {
    for (int b = 0; b < shape_.batch; b++) {
        exact_logits_.emplace_back();
        logit_tolerance_.emplace_back();
        for (int n = 0; n < shape_.labels; n++) {
            double logit = bias_[n], magnitude = std::abs(bias_[n]);
            for (int f = 0; f < shape_.features; f++) {
                const float *x = &token_rows_[token(b, f)], *w = &weight_rows_[weight(n, f)];
                logit += reference::linear(x, w, 0, shape_.channels);
                magnitude += reference::linear_magnitude(x, w, 0, shape_.channels);
            }
            exact_logits_[b].push_back(logit);
            logit_tolerance_[b].push_back(sum_error(shape_.features * shape_.channels + 1) * magnitude);
        }
    }
}

std::string HeadCase::judge_scores() const {
    Comparison comparison("scores");
    const int labels = shape_.labels;
    for (int b = 0; b < shape_.batch; b++) {
        const std::vector<double> &logits = exact_logits_[b], &tolerance = logit_tolerance_[b];
        if (kind_ == "softmax") {
            const std::vector<double> exact = reference::softmax(logits);
            const double largest = *std::max_element(logits.begin(), logits.end());
            // An exponential is as far off, relatively, as its exponent is absolutely; their sum as they
            // are, weighted.
            const auto exponential_error = [&](int n) {
                return tolerance[n] + unit * (largest - logits[n]) + exp_error;
            };
            double divisor = sum_error(labels) + quotient_error;
            for (int n = 0; n < labels; n++) divisor += exact[n] * exponential_error(n);
            for (int n = 0; n < labels; n++) {
                comparison.add({b, n}, exact[n], score(b, n), exact[n] * (exponential_error(n) + divisor));
            }
        } else if (kind_ == "sigmoid") {
            for (int n = 0; n < labels; n++) {
                // The logistic function's slope is sigma (1 - sigma).
                const double exact = reference::sigmoid(logits[n]);
                comparison.add({b, n}, exact, score(b, n),
                               exact * ((1 - exact) * tolerance[n] + sigmoid_error));
            }
        } else {
            for (int n = 0; n < labels; n++) comparison.add({b, n}, logit(b, n), score(b, n), 0);
        }
    }
    return comparison.text();
}

std::string HeadCase::judge() {
    if (exact_logits_.empty()) expect();
    Comparison comparison("logits");
    for (int b = 0; b < shape_.batch; b++) {
        for (int n = 0; n < shape_.labels; n++) {
            comparison.add({b, n}, exact_logits_[b][n], logit(b, n), logit_tolerance_[b][n]);
        }
    }
    return first_of({comparison.text(), judge_scores(), tokens_.values.written_outside(),
                     weights_.written_outside(), logits_.written_outside(), scores_.written_outside()});
}

Work HeadCase::work() const {
    const double inputs = shape_.features * shape_.channels, labels = shape_.labels, batch = shape_.batch;
    return {2 * batch * inputs * labels, 4 * (batch * (inputs + 2 * labels) + (inputs + 1) * labels)};
}

}  // namespace vit::cases
